/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted by endpoint, then by time. */
#include "experiment/endpoints.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "experiment/inbound.h"

#define LINKED_MIN 0.01

static int
by_endpoint(const void *a, const void *b)
{
	const struct inbound *x = a, *y = b;

	if (x->call->endpoint != y->call->endpoint)
		return x->call->endpoint < y->call->endpoint ? -1 : 1;
	if (x->call->start_us != y->call->start_us)
		return x->call->start_us < y->call->start_us ? -1 : 1;
	return (x->call > y->call) - (x->call < y->call);
}

/* Takes those of one endpoint, from place i on. Returns the place behind. */
static size_t
take(struct endpoint *to, const struct scope *s, const struct inbounds *in,
    size_t i)
{
	uint64_t key = in->items[i].call->endpoint;

	*to = (struct endpoint){.key = key};
	for (; i < in->count && in->items[i].call->endpoint == key; i++) {
		const struct inbound *b = &in->items[i];
		bool base = b->call->start_us < s->baseline_to_us;

		*record_add(&to->calls) = *b->call;
		to->base += base;
		to->linked += base && b->attempts > 0;
	}
	to->independent = key != 0 && to->base >= COMPARE_MIN &&
	    (double)to->linked < LINKED_MIN * (double)to->base;
	return i;
}

static int
by_key(const void *key, const void *item)
{
	const uint64_t *a = key;
	const struct endpoint *b = item;

	return (*a > b->key) - (*a < b->key);
}

static bool
is_independent(const struct endpoints *e, uint64_t key)
{
	const struct endpoint *found = e->count == 0
	    ? NULL
	    : bsearch(&key, e->items, e->count, sizeof(*e->items), by_key);

	return found != NULL && found->independent;
}

void
endpoints_init(struct endpoints *e, const struct scope *s)
{
	struct inbounds in;
	size_t i = 0;

	*e = (struct endpoints){0};
	inbounds_match(s, 0, &in);
	if (in.count > 1)
		qsort(in.items, in.count, sizeof(*in.items), by_endpoint);
	while (i < in.count) {
		e->items = xrealloc(e->items,
		    (e->count + 1) * sizeof(*e->items));
		i = take(&e->items[e->count++], s, &in, i);
	}
	inbounds_fini(&in);
	for (i = 0; i < s->edge->calls.count; i++) {
		const struct call *c = &s->edge->calls.items[i];

		if (!c->probe && !is_independent(e, c->endpoint))
			*record_add(&e->dependent) = *c;
	}
}

void
endpoints_fini(struct endpoints *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->items[i].calls.items);
	free(e->items);
	free(e->dependent.items);
	*e = (struct endpoints){0};
}
