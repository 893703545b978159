/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of exemplars. Every store but the first has release order and every
 * load acquire order: who reads a new word also reads the sequence that goes
 * with it, or a later one. On x86 these are plain moves. */
#include "observe/exemplar.h"

#include <string.h>

#define TRIES 4

static void
put(atomic_uint_fast64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_release);
}

static uint64_t
get(const atomic_uint_fast64_t *from)
{
	return atomic_load_explicit(from, memory_order_acquire);
}

void
exemplar_set(struct exemplar_slot *slot,
    const unsigned char trace_id[TRACE_ID_SIZE], int64_t value_us,
    int64_t wall_us)
{
	unsigned sequence =
	    atomic_load_explicit(&slot->sequence, memory_order_relaxed);
	uint64_t id[2];

	memcpy(id, trace_id, sizeof(id));
	atomic_store_explicit(
	    &slot->sequence, sequence + 1, memory_order_relaxed);
	put(&slot->id[0], id[0]);
	put(&slot->id[1], id[1]);
	put(&slot->value_us, (uint64_t)value_us);
	put(&slot->wall_us, (uint64_t)wall_us);
	atomic_store_explicit(
	    &slot->sequence, sequence + 2, memory_order_release);
}

/* False: it was written meanwhile. */
static bool
try_read(const struct exemplar_slot *slot, struct exemplar *to)
{
	unsigned before =
	    atomic_load_explicit(&slot->sequence, memory_order_acquire);
	uint64_t id[2] = {get(&slot->id[0]), get(&slot->id[1])};

	to->value_us = (int64_t)get(&slot->value_us);
	to->wall_us = (int64_t)get(&slot->wall_us);
	memcpy(to->trace_id, id, sizeof(id));
	return before % 2 == 0 && atomic_load_explicit(&slot->sequence,
				      memory_order_relaxed) == before;
}

void
exemplar_read(const struct exemplar_slot *slot, struct exemplar *to)
{
	struct exemplar read;

	for (int i = 0; i < TRIES; i++) {
		if (!try_read(slot, &read))
			continue;
		if (read.wall_us > to->wall_us)
			*to = read;
		return;
	}
}
