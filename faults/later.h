/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams that leave at a time of their own: a heap by due time; of those
 * that are due together the first to come is the first to go. Pure data: the
 * caller brings the time. */
#ifndef FAULTS_LATER_H
#define FAULTS_LATER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct later_item {
	int64_t due_us;
	uint64_t order;	 /* in which they came */
	struct seg *seg; /* owned */
};

/* Zeroed memory is an empty heap. */
struct later_heap {
	struct later_item *items; /* owned */
	size_t count, room;
	uint64_t next_order;
};

/* Takes the segment. */
void later_add(struct later_heap *heap, struct seg *seg, int64_t due_us);
/* The earliest due time, or DEADLINE_NEVER. */
int64_t later_next(const struct later_heap *heap);
/* Takes the earliest out (there must be one); its segment is owned. */
struct later_item later_take(struct later_heap *heap);
/* Frees the heap, which must be empty. */
void later_fini(struct later_heap *heap);

#endif
