/* SPDX-License-Identifier: Apache-2.0 */
/* Listening and dealing out: the acceptor numbers every connection and hands
 * it to the workers in turn, so that numbers and decisions do not depend on
 * how threads run. Faults that act on a port act here. */
#ifndef PROXY_ACCEPTOR_H
#define PROXY_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "proxy/plan.h"
#include "proxy/worker.h"

struct acceptor;
struct opened_listener;

/* Makes an acceptor that deals to `workers` (one at least; borrowed). With one
 * worker it runs on that worker's loop, otherwise on a thread of its own.
 * Returns owned, or NULL and err. */
struct acceptor *acceptor_new(struct worker **workers, size_t count,
    struct error *err);
/* Starts its thread, if it has one. */
void acceptor_start(struct acceptor *a);
/* Applies a plan (a reference is taken): takes the newly opened listeners of
 * streams, closes those that the plan lacks, keeps the others. `done` (NULL:
 * nobody is told) runs on the acceptor's thread. Any thread. */
void acceptor_post_plan(struct acceptor *a, struct plan *plan,
    const struct opened_listener *opened, size_t opened_count,
    void (*done)(void *arg), void *arg);
/* Closes every listener; `done` likewise. */
void acceptor_post_close(struct acceptor *a, void (*done)(void *), void *arg);
/* Stops its thread and frees it. The workers must still be there. NULL is
 * accepted. */
void acceptor_free(struct acceptor *a);

#endif
