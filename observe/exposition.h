/* SPDX-License-Identifier: Apache-2.0 */
/* A writer of metrics in Prometheus' text format (0.0.4) and in OpenMetrics
 * (1.0). One call begins a family, the next ones add its samples:
 *
 *	exposition_begin() ─► ( family ─► sample … ) … ─► exposition_end()
 *
 * It knows what the formats differ in (names of counters and of info, UNIT,
 * exemplars, the end), and escapes; what is said is the caller's. Pure. */
#ifndef OBSERVE_EXPOSITION_H
#define OBSERVE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "observe/counters.h"
#include "observe/exemplar.h"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_INFO, /* in the text format a gauge */
};

struct metric_family {
	const char *name; /* without _total and _info */
	enum metric_type type;
	const char *unit;   /* its name ends in it; NULL: none */
	const char *labels; /* for documents: "route, fault"; "" */
	const char *help;   /* one sentence without its dot */
};

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS };

struct exposition {
	struct str *out; /* borrowed */
	enum exposition_format format;
	const struct metric_family *family;
	struct str name; /* of the family's samples */
};

/* A sample's labels: both parts as exposition_label() writes them, either may
 * be empty. Borrowed. */
struct metric_labels {
	struct view common, own;
};

/* What an Accept header (empty: none) asks for: OpenMetrics if it is named
 * with a version that this is and wanted no less than text; else text. */
enum exposition_format exposition_accept(struct view accept);
/* The Content-Type; constant. */
const char *exposition_content_type(enum exposition_format format);

/* Begins; adds to `out`, which is borrowed until exposition_end(). */
void exposition_begin(
    struct exposition *e, enum exposition_format format, struct str *out);
/* From now on samples of that family (borrowed); each family once. */
void exposition_family(
    struct exposition *e, const struct metric_family *family);
/* Ends the text: OpenMetrics has a mark for that. */
void exposition_end(struct exposition *e);

/* Appends name="value", behind a comma if `to` has something; escapes. */
void exposition_label(struct str *to, const char *name, struct view value);

/* One sample of a counter, gauge or info. `exemplar` (NULL: none) is of a
 * counter and written in OpenMetrics only. */
void exposition_uint(struct exposition *e, struct metric_labels labels,
    uint64_t value, const struct exemplar *exemplar);
/* The same with a fraction; infinities and NaN are written as such. */
void exposition_double(
    struct exposition *e, struct metric_labels labels, double value);
/* A histogram's samples. `exemplars` (NULL: none): one for each bucket; those
 * without a time are none. */
void exposition_histogram(struct exposition *e, struct metric_labels labels,
    const struct histogram_scale *scale, const struct histogram_sum *sum,
    const struct exemplar *exemplars);

#endif
