/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log on their way to Loki: a bounded queue that a courier empties
 * in batches. Who logs never waits; when there is no room the newest line is
 * dropped and counted. A batch that was not taken is sent again, later and
 * later, and given up when it is too old. Of what was lost a line log_gap tells
 * the number, once lines are taken again, and at the end. */
#ifndef TELEMETRY_LOG_QUEUE_H
#define TELEMETRY_LOG_QUEUE_H

#include "telemetry/counts.h"
#include "telemetry/loki.h"
#include "telemetry/receiver.h"

/* Memory of lines that may wait. */
#define LOG_QUEUE_BYTES (4u << 20)
/* Memory of lines that go together, so that their body stays below 1 MiB, which
 * is as much as many a web server in between takes. */
#define LOG_BATCH_BYTES (512u << 10)
/* How long a line waits for others at most. */
#define LOG_BATCH_EVERY_US INT64_C(1000000)
/* A batch that nobody takes for so long is given up. */
#define LOG_BATCH_OLD_US INT64_C(600000000)

struct log_queue;

struct log_queue_settings {
	struct receiver_settings receiver;
	const struct loki_labels *labels; /* taken, also by a failure */
	bool metadata;
};

/* Starts its courier. Takes a reference of `counts`. Returns owned, or NULL
 * and err. */
struct log_queue *log_queue_new(const struct log_queue_settings *settings,
    struct telemetry_counts *counts, struct error *err);
/* A log_tap_fn; `queue` is a struct log_queue. What its courier says about a
 * delivery while that lasts is passed over: it would make the next one. */
void log_queue_add(void *queue, const struct log_entry *entry);
/* Sends what is there, and frees it; waits for that as courier_end() does. It
 * is no tap any more. NULL is accepted. */
void log_queue_end(struct log_queue *q, int64_t wait_us);

#endif
