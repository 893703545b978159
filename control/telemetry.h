/* SPDX-License-Identifier: Apache-2.0 */
/* What is told to others while the proxy runs: spans to a collector,
 * annotations to Grafana, log lines to Loki. It listens to the stream of events
 * as the journal does, and is set up anew when the configuration says something
 * else.
 *
 *	feed ─► spans ─► span_queue ─► courier ─► collector
 *	   └──► windows ─► courier ─► Grafana
 *	 log ─► log_queue ─► courier ─► Loki
 */
#ifndef CONTROL_TELEMETRY_H
#define CONTROL_TELEMETRY_H

#include "control/fault_windows.h"
#include "control/feed.h"
#include "control/log_push.h"
#include "telemetry/counts.h"

/* How long the end of the program may wait for a receiver. */
#define TELEMETRY_FAREWELL_US INT64_C(2000000)

struct telemetry;

/* As the model says, from now on. Borrows feed, server, and the way of the log,
 * which is as the model says already. Returns owned. */
struct telemetry *telemetry_new(struct feed *feed, struct server *server,
    struct log_push *log, const struct conf_model *model);
/* From now on it is as the model says; what did not change goes on. What is
 * wrong is logged, and not told then. */
void telemetry_apply(struct telemetry *t, const struct conf_model *model);
/* Which faults are, and were lately, in force. Borrowed. */
struct fault_windows *telemetry_windows(const struct telemetry *t);
/* What was delivered and lost. Borrowed. */
const struct telemetry_counts *telemetry_counts(const struct telemetry *t);
/* The server is about to end; it is not used any more. NULL is accepted. */
void telemetry_detach(struct telemetry *t);
/* Sends what is there, for some seconds at most. The feed must still be
 * there. NULL is accepted. */
void telemetry_free(struct telemetry *t);

#endif
