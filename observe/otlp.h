/* SPDX-License-Identifier: Apache-2.0 */
/* Spans in OpenTelemetry's format (OTLP 1), as protobuf or as JSON. A span is
 * encoded once, alone; a request is put together from encoded ones:
 *
 *	otlp_span() ─► text of one span ─┐
 *	otlp_span() ─► text of one span ─┴─► otlp_request() ─► body of a POST
 *
 * The messages are few and fixed, so they are written by hand; receivers in the
 * tests take them apart, field by field. */
#ifndef OBSERVE_OTLP_H
#define OBSERVE_OTLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "observe/trace.h"

enum otlp_form { OTLP_PROTOBUF, OTLP_JSON };

enum otlp_type { OTLP_STRING, OTLP_BOOL, OTLP_INT, OTLP_DOUBLE };

struct otlp_attr {
	const char *key;
	enum otlp_type type;
	union {
		const char *s; /* NULL: the attribute is left out */
		bool b;
		int64_t i;
		double d;
	};
};

#define OTLP_STR(k, v)  ((struct otlp_attr){(k), OTLP_STRING, {.s = (v)}})
#define OTLP_FLAG(k, v) ((struct otlp_attr){(k), OTLP_BOOL, {.b = (v)}})
#define OTLP_NUM(k, v)  ((struct otlp_attr){(k), OTLP_INT, {.i = (v)}})
#define OTLP_REAL(k, v) ((struct otlp_attr){(k), OTLP_DOUBLE, {.d = (v)}})

#define OTLP_ATTRS_MAX 32

/* A list of attributes that has an end; further ones are left out. */
struct otlp_attrs {
	struct otlp_attr items[OTLP_ATTRS_MAX];
	size_t count;
};

/* As OTLP numbers them. */
enum otlp_kind { OTLP_SERVER = 2, OTLP_CLIENT = 3 };
enum otlp_status { OTLP_UNSET = 0, OTLP_ERROR = 2 };

struct otlp_event {
	int64_t time_us; /* since 1970 */
	const char *name;
	struct otlp_attrs attrs;
};

#define OTLP_EVENTS_MAX 8

struct otlp_span {
	unsigned char trace_id[TRACE_ID_SIZE];
	unsigned char span_id[SPAN_ID_SIZE];
	unsigned char parent_id[SPAN_ID_SIZE]; /* all zero: it is a root */
	unsigned char link_id[SPAN_ID_SIZE]; /* an earlier span of the same
						trace; all zero: none */
	const char *state; /* tracestate; NULL: none */
	uint8_t flags;	   /* TRACE_*, of the trace */
	bool remote;	   /* the parent lives in another process */
	enum otlp_kind kind;
	enum otlp_status status;
	const char *name;
	int64_t start_us, end_us; /* since 1970 */
	struct otlp_attrs attrs;
	struct otlp_event events[OTLP_EVENTS_MAX];
	size_t events_count;
	unsigned events_dropped; /* for which there was no room */
};

/* Adds one; nothing if it is a NULL string. */
void otlp_add(struct otlp_attrs *to, struct otlp_attr attr);
/* Appends the encoded span. Borrows all text. */
void otlp_span(struct str *to, enum otlp_form form,
    const struct otlp_span *span);

/* What comes with all spans of a request. */
struct otlp_source {
	const struct otlp_attrs *resource;
	const char *scope, *version;
};

/* Appends a request with these encoded spans, at least one. */
void otlp_request(struct str *to, enum otlp_form form,
    const struct otlp_source *source, const struct str *spans, size_t count);
/* How many spans a receiver says it rejected, from the body of its answer; 0:
 * none, or it is no such answer. */
int64_t otlp_rejected(enum otlp_form form, struct view body);

#endif
