/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver knows of its requests, written beside the calls that the
 * proxy saw: told by the id that each request bears. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "experiment/run_parts.h"

static int
by_id(const void *a, const void *b)
{
	const struct sample *x = *(const struct sample *const *)a;
	const struct sample *y = *(const struct sample *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Those that are worth a mark. */
static size_t
collect(const struct run *run, const struct sample **to)
{
	size_t n = 0;

	for (size_t i = 0; i < run->samples.count; i++) {
		const struct sample *s = &run->samples.items[i];

		if (s->id != 0 &&
		    (s->degraded ||
		     run->asked->loads[s->load].probe != NULL))
			to[n++] = s;
	}
	qsort(to, n, sizeof(*to), by_id);
	return n;
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

/* Services pass ids on: only what came in over the load's own route is its
 * request. */
void
run_mark(struct run *run)
{
	const struct sample **list =
	    xcalloc(run->samples.count + 1, sizeof(*list));
	size_t n = collect(run, list);

	for (size_t i = 0; n > 0 && i < run->record.routes_count; i++) {
		struct route *r = &run->record.routes[i];

		for (size_t k = 0; k < r->calls.count; k++) {
			struct call *c = &r->calls.items[k];
			const struct sample *s =
			    c->id != 0 ? find(list, n, c->id) : NULL;
			const struct conf_load *load =
			    s != NULL ? &run->asked->loads[s->load] : NULL;

			if (load == NULL || load->target == NULL ||
			    strcmp(load->target, r->name) != 0)
				continue;
			c->degraded = s->degraded;
			c->probe = load->probe != NULL;
		}
	}
	free(list);
}
