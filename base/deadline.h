/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of deadlines. It knows no event loop: its owner asks for the
 * earliest, sleeps, and runs what is due. */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEADLINE_NEVER INT64_MAX

/* Embedded in what waits. Zeroed memory plus on_due is a disarmed one. */
struct deadline {
	void (*on_due)(struct deadline *, int64_t now_us);
	int64_t at_us;
	size_t slot; /* place in the heap + 1; 0: disarmed */
};

/* Zeroed memory is an empty heap. */
struct deadline_heap {
	struct deadline **slots; /* owned; slots[0] is the earliest */
	size_t count, room;
};

/* Frees the heap, not what waited in it: that is disarmed. */
void deadline_heap_fini(struct deadline_heap *heap);
/* Arms `d` for `at_us`, or moves it there if armed. Borrows `d` until it runs
 * or is disarmed. */
void deadline_arm(struct deadline_heap *heap, struct deadline *d,
    int64_t at_us);
/* Takes `d` out; nothing if it is not armed. */
void deadline_disarm(struct deadline_heap *heap, struct deadline *d);
/* The earliest time, or DEADLINE_NEVER. */
int64_t deadline_next(const struct deadline_heap *heap);
/* Runs what is due (at_us <= now_us), in order of time; each is disarmed
 * before its on_due runs and may arm itself or others again. At most as many
 * run as were armed when the call began, so that deadlines which arm
 * themselves for now end the call all the same; what is left is due still. */
void deadline_run(struct deadline_heap *heap, int64_t now_us);

static inline bool
deadline_armed(const struct deadline *d)
{
	return d->slot != 0;
}

#endif
