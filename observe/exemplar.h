/* SPDX-License-Identifier: Apache-2.0 */
/* An exemplar: the newest traced request behind a count. One thread writes a
 * slot, any may read it, and nobody waits: a sequence number tells a reader
 * that it saw half of a write. */
#ifndef OBSERVE_EXEMPLAR_H
#define OBSERVE_EXEMPLAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "observe/trace.h"

struct exemplar_slot {
	atomic_uint sequence; /* odd: being written */
	atomic_uint_fast64_t id[2], value_us, wall_us;
};

struct exemplar {
	unsigned char trace_id[TRACE_ID_SIZE];
	int64_t value_us; /* what was counted, µs; 0: a count of one */
	int64_t wall_us;  /* when; 0: there is none */
};

/* Writes the slot, on its thread. */
void exemplar_set(struct exemplar_slot *slot,
    const unsigned char trace_id[TRACE_ID_SIZE], int64_t value_us,
    int64_t wall_us);
/* Replaces *to by what the slot holds if that is newer. */
void exemplar_read(const struct exemplar_slot *slot, struct exemplar *to);

#endif
