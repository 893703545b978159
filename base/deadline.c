/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of deadlines; each knows its slot, so that it can be moved
 * and taken out without a search. */
#include "base/deadline.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"

static void
place(struct deadline_heap *heap, struct deadline *d, size_t slot)
{
	heap->slots[slot] = d;
	d->slot = slot + 1;
}

static void
sift_up(struct deadline_heap *heap, struct deadline *d, size_t slot)
{
	while (slot > 0) {
		size_t parent = (slot - 1) / 2;

		if (heap->slots[parent]->at_us <= d->at_us)
			break;
		place(heap, heap->slots[parent], slot);
		slot = parent;
	}
	place(heap, d, slot);
}

static void
sift_down(struct deadline_heap *heap, struct deadline *d, size_t slot)
{
	for (;;) {
		size_t child = 2 * slot + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->slots[child + 1]->at_us <
			heap->slots[child]->at_us)
			child++;
		if (d->at_us <= heap->slots[child]->at_us)
			break;
		place(heap, heap->slots[child], slot);
		slot = child;
	}
	place(heap, d, slot);
}

void
deadline_heap_fini(struct deadline_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++)
		heap->slots[i]->slot = 0;
	free(heap->slots);
	*heap = (struct deadline_heap){0};
}

void
deadline_arm(struct deadline_heap *heap, struct deadline *d, int64_t at_us)
{
	int64_t before = d->at_us;

	assert(d->on_due != NULL);
	d->at_us = at_us;
	if (d->slot == 0) {
		if (heap->count == heap->room) {
			heap->room = heap->room ? 2 * heap->room : 64;
			heap->slots = xrealloc(heap->slots,
			    heap->room * sizeof(*heap->slots));
		}
		sift_up(heap, d, heap->count++);
	} else if (at_us < before) {
		sift_up(heap, d, d->slot - 1);
	} else if (at_us > before) {
		sift_down(heap, d, d->slot - 1);
	}
}

void
deadline_disarm(struct deadline_heap *heap, struct deadline *d)
{
	size_t slot = d->slot;
	struct deadline *last;

	if (slot-- == 0)
		return;
	d->slot = 0;
	last = heap->slots[--heap->count];
	if (last == d)
		return;
	if (slot > 0 && heap->slots[(slot - 1) / 2]->at_us > last->at_us)
		sift_up(heap, last, slot);
	else
		sift_down(heap, last, slot);
}

int64_t
deadline_next(const struct deadline_heap *heap)
{
	return heap->count > 0 ? heap->slots[0]->at_us : DEADLINE_NEVER;
}

void
deadline_run(struct deadline_heap *heap, int64_t now_us)
{
	/* Bounded, so that deadlines that arm themselves for now cannot keep
	 * the loop from its sockets. */
	for (size_t budget = heap->count; budget > 0; budget--) {
		struct deadline *d;

		if (deadline_next(heap) > now_us)
			break;
		d = heap->slots[0];
		deadline_disarm(heap, d);
		d->on_due(d, now_us);
	}
}
