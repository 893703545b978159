/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of faults of the running proxy, and their annotations in Grafana,
 * if there is one. Control thread only. */
#ifndef CONTROL_FAULT_WINDOWS_H
#define CONTROL_FAULT_WINDOWS_H

#include "control/feed.h"
#include "control/lease.h"
#include "telemetry/counts.h"
#include "telemetry/windows.h"

struct fault_windows;

/* Listens from now on. Borrows feed and server. Returns owned. */
struct fault_windows *fault_windows_new(struct feed *feed,
    struct server *server);
/* Annotations go where the model says, from now on; windows that are open are
 * told there, too. What is wrong is logged. */
void fault_windows_apply(struct fault_windows *f,
    const struct conf_model *model, struct telemetry_counts *counts);
/* The window that something at at_us (monotonic), on that route or about that
 * service (NULL: it does not say), may be due to; see windows_match(). */
const struct fault_window *fault_windows_match(const struct fault_windows *f,
    const char *route, const char *service, int64_t at_us);
/* The experiment that the fault was part of which acted on a flow that is
 * over; interned; NULL: none. */
const char *fault_windows_experiment(const struct fault_windows *f,
    const struct event_record *close);
/* What annotations of this place are tagged by as run:, the same behind a
 * restart: by the machine, the API's address and the file. */
const char *fault_windows_run(const struct fault_windows *f);
/* Adds a line to a window's annotation. */
void fault_windows_say(struct fault_windows *f, const struct fault_window *w,
    const char *line);
/* Experiments are named by these leases (borrowed; NULL: by none). */
void fault_windows_leases(struct fault_windows *f,
    const struct leases *leases);
/* The server is about to end: what is configured is not known any more. */
void fault_windows_detach(struct fault_windows *f);
/* What is in force is over; waits for Grafana as annotations_end() does. The
 * feed must still be there. NULL is accepted. */
void fault_windows_free(struct fault_windows *f, int64_t wait_us);

#endif
