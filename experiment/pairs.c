/* SPDX-License-Identifier: Apache-2.0 */
/* By a list of the requests, in order of their ids. */
#include "experiment/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static int
by_id(const void *a, const void *b)
{
	const struct sample *x = *(const struct sample *const *)a;
	const struct sample *y = *(const struct sample *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static const struct sample *
find(const struct sample *const *list, size_t n, uint64_t id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low]->id == id ? list[low] : NULL;
}

/* Did the driver send it to that route? */
static bool
is_sent_to(const struct run *run, const struct sample *s, const char *route)
{
	const char *target = run->asked->loads[s->load].target;

	return target != NULL && strcmp(target, route) == 0;
}

void
pairs_visit(struct run *run, pairs_wanted_fn wanted, pairs_each_fn each,
	    void *arg)
{
	const struct sample **list =
	    xcalloc(run->samples.count + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < run->samples.count; i++) {
		const struct sample *s = &run->samples.items[i];

		if (s->id != 0 && wanted(run, s))
			list[n++] = s;
	}
	qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 0; n > 0 && i < run->record.routes_count; i++) {
		struct route *r = &run->record.routes[i];

		for (size_t k = 0; k < r->calls.count; k++) {
			struct call *c = &r->calls.items[k];
			const struct sample *s =
			    c->id != 0 ? find(list, n, c->id) : NULL;

			if (s != NULL && is_sent_to(run, s, r->name))
				each(arg, s, c);
		}
	}
	free(list);
}
