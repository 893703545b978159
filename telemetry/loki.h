/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log in the words of Loki's HTTP API: POST /loki/api/v1/push, as
 * JSON. What has few values is a label: service_name, instance, those of the
 * configuration, and level, so that each level is a stream. What has many stays
 * in the line; event and trace_id may go along as structured metadata. */
#ifndef TELEMETRY_LOKI_H
#define TELEMETRY_LOKI_H

#include "base/log.h"
#include "config/model.h"

#define LOKI_PUSH_PATH "/loki/api/v1/push"

struct loki_label {
	char *name, *value;
};

/* Labels of all streams. */
struct loki_labels {
	struct loki_label *items; /* owned, with their texts */
	size_t count;
};

/* Of the configuration; `host` is the instance unless that says another. To be
 * finished. */
void loki_labels_init(struct loki_labels *to, const struct conf_loki *conf,
    const char *host);
/* Zeroed memory is accepted. */
void loki_labels_fini(struct loki_labels *l);

/* A line that waits to be sent, in a list. */
struct loki_line {
	struct loki_line *next;
	int64_t time_ns; /* since 1970 */
	enum log_level level;
	/* All of them lie within the line's own memory. */
	const char *json, *event, *trace_id; /* the last two: or NULL */
	size_t size;			     /* of that memory */
};

/* A copy of what was logged, at its time. Returns owned, for free(3). */
struct loki_line *loki_line_new(const struct log_entry *entry);

/* Appends a body with these lines: a stream for each level that is there, lines
 * in the order of the list. */
void loki_body(struct str *to, const struct loki_labels *labels,
    const struct loki_line *first, bool metadata);

#endif
