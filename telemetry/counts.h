/* SPDX-License-Identifier: Apache-2.0 */
/* What telemetry delivered and what was lost on the way, for /metrics. Shared
 * by the control thread and couriers that may outlive a configuration. */
#ifndef TELEMETRY_COUNTS_H
#define TELEMETRY_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

/* X(id, signal, reason): labels of faultwire_telemetry_dropped_total */
#define TELEMETRY_LOSSES(X)                                                    \
	X(LOST_SPANS_QUEUE, "traces", "queue_full")                            \
	X(LOST_SPANS_REFUSED, "traces", "refused")                             \
	X(LOST_SPANS_LATE, "traces", "unreachable")                            \
	X(LOST_ANNOTATIONS_QUEUE, "annotations", "queue_full")                 \
	X(LOST_ANNOTATIONS_REFUSED, "annotations", "refused")                  \
	X(LOST_ANNOTATIONS_LATE, "annotations", "unreachable")                 \
	X(LOST_LINES_QUEUE, "logs", "queue_full")                              \
	X(LOST_LINES_REFUSED, "logs", "refused")                               \
	X(LOST_LINES_LATE, "logs", "unreachable")

/* X(id, signal): label of faultwire_telemetry_sent_total */
#define TELEMETRY_SENT(X)                                                      \
	X(SENT_SPANS, "traces")                                                \
	X(SENT_ANNOTATIONS, "annotations")                                     \
	X(SENT_LINES, "logs")

enum telemetry_loss {
#define X(id, signal, reason) id,
	TELEMETRY_LOSSES(X)
#undef X
	    TELEMETRY_LOSS_COUNT
};

enum telemetry_sent {
#define X(id, signal) id,
	TELEMETRY_SENT(X)
#undef X
	    TELEMETRY_SENT_COUNT
};

struct telemetry_counts {
	atomic_uint refs;
	atomic_uint_fast64_t lost[TELEMETRY_LOSS_COUNT];
	atomic_uint_fast64_t sent[TELEMETRY_SENT_COUNT];
};

/* All zero. Returns a reference. */
struct telemetry_counts *telemetry_counts_new(void);
/* Takes one more reference. Returns `c`. */
struct telemetry_counts *telemetry_counts_ref(struct telemetry_counts *c);
/* The last reference frees; NULL is accepted. */
void telemetry_counts_unref(struct telemetry_counts *c);

#endif
