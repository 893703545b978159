/* SPDX-License-Identifier: Apache-2.0 */
/* The clockwork of a driver: a heap of deadlines behind one timerfd, exact
 * whatever the flags of the event loop it lives on. Times are microseconds
 * since the run's start. */
#ifndef LOAD_TIMER_H
#define LOAD_TIMER_H

#include <event2/event_struct.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/error.h"

struct load_timer {
	struct event_base *base;   /* borrowed */
	const struct clock *clock; /* borrowed */
	int64_t origin_us;	   /* the run's start, on that clock */
	struct deadline_heap heap;
	int fd;
	int64_t armed_us; /* what the timerfd waits for */
	struct event event;
	/* Runs after deadlines, or a socket, did, before the next sleep. */
	void (*settle)(void *arg);
	void *arg;
};

/* Begins to watch; base, clock, origin_us, settle and arg are set, fd is -1.
 * False (and err filled in) without a descriptor. To be finished in both
 * cases. */
bool load_timer_init(struct load_timer *t, struct error *err) WARN_UNUSED;
void load_timer_fini(struct load_timer *t);
/* The time now. At least 1: 0 says "never" in samples. */
int64_t load_timer_now(const struct load_timer *t);
/* To be called when deadlines may have changed, before the loop sleeps. */
void load_timer_rearm(struct load_timer *t);

#endif
