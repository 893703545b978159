/* SPDX-License-Identifier: Apache-2.0 */
/* Spans on their way to a collector: a bounded queue that a courier empties in
 * batches. Who puts spans in never waits; when there is no room the newest is
 * dropped and counted. A batch that was not taken is sent again, later and
 * later, and given up when it is too old. */
#ifndef TELEMETRY_SPAN_QUEUE_H
#define TELEMETRY_SPAN_QUEUE_H

#include "observe/otlp.h"
#include "telemetry/counts.h"
#include "telemetry/receiver.h"

/* As the specification of OpenTelemetry's batch processor has them. */
#define SPAN_QUEUE_MAX 2048
#define SPAN_BATCH_MAX 512
/* A batch that nobody takes for so long is given up. */
#define SPAN_BATCH_OLD_US INT64_C(120000000)

struct span_queue;

struct span_queue_settings {
	struct receiver_settings receiver;
	enum otlp_form form;
	int64_t every_us; /* how long a span waits for others at most */
	const struct otlp_attrs *resource; /* copied */
};

/* Starts its courier. Takes a reference of `counts`. Returns owned, or NULL
 * and err. */
struct span_queue *span_queue_new(const struct span_queue_settings *settings,
    struct telemetry_counts *counts, struct error *err);
/* Puts in a span (copied); any thread. */
void span_queue_add(struct span_queue *q, const struct otlp_span *span);
/* Sends what is there, and frees it; waits for that as courier_end() does. NULL
 * is accepted. */
void span_queue_end(struct span_queue *q, int64_t wait_us);

#endif
