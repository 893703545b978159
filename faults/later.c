/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of datagrams by due time. */
#include "faults/later.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "base/xalloc.h"

static bool
is_before(const struct later_item *a, const struct later_item *b)
{
	if (a->due_us != b->due_us)
		return a->due_us < b->due_us;
	return a->order < b->order;
}

void
later_add(struct later_heap *heap, struct seg *seg, int64_t due_us)
{
	struct later_item item = {due_us, heap->next_order++, seg};
	size_t at = heap->count++;

	if (heap->count > heap->room) {
		heap->room = heap->room > 0 ? 2 * heap->room : 8;
		heap->items =
		    xrealloc(heap->items, heap->room * sizeof(*heap->items));
	}
	while (at > 0 && is_before(&item, &heap->items[(at - 1) / 2])) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = item;
}

int64_t
later_next(const struct later_heap *heap)
{
	return heap->count > 0 ? heap->items[0].due_us : DEADLINE_NEVER;
}

struct later_item
later_take(struct later_heap *heap)
{
	struct later_item first = heap->items[0];
	struct later_item last = heap->items[--heap->count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    is_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (!is_before(&heap->items[child], &last))
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	heap->items[at] = last;
	return first;
}

void
later_fini(struct later_heap *heap)
{
	assert(heap->count == 0);
	free(heap->items);
	*heap = (struct later_heap){0};
}
