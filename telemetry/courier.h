/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that delivers something to somebody who may be slow, silent or
 * gone: it may wait, and nobody waits for it. What is to be delivered belongs
 * to the job; a job's struct is shared between its callers and the courier's
 * thread, and has a lock of its own.
 *
 *	any thread ─ courier_wake() ─►  run ─► time of the next run
 *	                                 ▲            │
 *	                                 └────────────┘
 */
#ifndef TELEMETRY_COURIER_H
#define TELEMETRY_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define COURIER_NEVER INT64_MAX

struct courier;

struct courier_job {
	/* On the courier's thread: delivers what there is. `last`: there will
	 * be no other time. Returns when to run again if nobody wakes it
	 * (monotonic µs), or COURIER_NEVER. It gives up when cancel_fd becomes
	 * readable. */
	int64_t (*run)(void *arg, int cancel_fd, bool last);
	/* On its thread, behind the last run: frees arg. */
	void (*free)(void *arg);
	void *arg; /* taken, if there is a courier */
};

/* Starts the thread. Returns owned, or NULL and err. */
struct courier *courier_new(const struct courier_job *job, struct error *err);
/* Has it run soon. Any thread. */
void courier_wake(struct courier *c);
/* Has it run for the last time and end; neither it nor its job may be used
 * afterwards. Waits for that at most wait_us, then has it give up and waits as
 * long again at most (0: returns at once, and it takes its time). NULL is
 * accepted. */
void courier_end(struct courier *c, int64_t wait_us);

#endif
