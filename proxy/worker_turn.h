/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, and what a turn of the loop leaves for its end; for the worker
 * alone (others call worker_arm(), worker_at_turn_end(), worker_run_due()). */
#ifndef PROXY_WORKER_TURN_H
#define PROXY_WORKER_TURN_H

#include "proxy/worker.h"

/* Makes the timer and the batch of a worker that has its base. False: errno
 * says why; worker_turn_fini() is to be called even so. */
bool worker_turn_init(struct worker *w) WARN_UNUSED;
/* Gives both back; the base is still there. */
void worker_turn_fini(struct worker *w);
/* Runs the deadlines that are due and the turn's ends, and sets the timer for
 * the next one. Called between two turns of the loop. */
void worker_turn(struct worker *w);

#endif
