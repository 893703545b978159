/* SPDX-License-Identifier: Apache-2.0 */
/* Which listener got which address. */
#include "proxy/bound.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct bound_listener {
	const char *id; /* interned */
	char *address;	/* owned */
};

static int
by_id(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct bound_listener *)a)->id;
	uintptr_t y = (uintptr_t)((const struct bound_listener *)b)->id;

	return x < y ? -1 : x > y;
}

void
bound_update(struct bound *b, const struct plan *plan,
	     const struct opened_listener *opened, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (plan_listener(plan, b->items[i].id) != NULL)
			b->items[kept++] = b->items[i];
		else
			free(b->items[i].address);
	}
	b->items = xrealloc(b->items, (kept + count + 1) * sizeof(*b->items));
	for (size_t i = 0; i < count; i++)
		b->items[kept++] = (struct bound_listener){
		    opened[i].id, xstrdup(opened[i].address)};
	b->count = kept;
	qsort(b->items, kept, sizeof(*b->items), by_id);
}

const char *
bound_address(const struct bound *b, const char *id)
{
	const struct bound_listener key = {.id = id}, *at;

	if (b->count == 0)
		return NULL;
	at = bsearch(&key, b->items, b->count, sizeof(key), by_id);
	return at != NULL ? at->address : NULL;
}

void
bound_hold(struct bound *b, const struct plan *plan,
	   const struct opened_listener *opened, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->held_count; i++) {
		if (plan_listener(plan, b->held[i].id) != NULL)
			b->held[kept++] = b->held[i];
		else
			listener_discard(&b->held[i]);
	}
	b->held = xrealloc(b->held, (kept + count + 1) * sizeof(*b->held));
	for (size_t i = 0; i < count; i++)
		b->held[kept++] = opened[i];
	b->held_count = kept;
}

void
bound_fini(struct bound *b)
{
	for (size_t i = 0; i < b->held_count; i++)
		listener_discard(&b->held[i]);
	free(b->held);
	for (size_t i = 0; i < b->count; i++)
		free(b->items[i].address);
	free(b->items);
	*b = (struct bound){0};
}
