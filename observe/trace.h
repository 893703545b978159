/* SPDX-License-Identifier: Apache-2.0 */
/* W3C Trace Context: what the headers traceparent and tracestate say, and how
 * a proxy that takes part passes them on. */
#ifndef OBSERVE_TRACE_H
#define OBSERVE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TRACE_ID_SIZE 16
#define TRACE_ID_TEXT (2 * TRACE_ID_SIZE + 1)
#define SPAN_ID_SIZE  8
#define SPAN_ID_TEXT  (2 * SPAN_ID_SIZE + 1)
#define TRACE_SAMPLED 0x01u
#define TRACE_RANDOM  0x02u
#define TRACE_PARENT_TEXT 56 /* a traceparent of version 00 and NUL */

struct trace_context {
	unsigned char trace_id[TRACE_ID_SIZE];
	unsigned char parent_id[SPAN_ID_SIZE];
	uint8_t flags; /* TRACE_* */
};

/* What of the flows goes into traces. */
struct trace_policy {
	bool on;	     /* spans are wanted */
	bool propagate;	     /* requests carry our ids on */
	bool follow;	     /* a parent's decision is ours */
	bool faulted_always; /* faulted flows are kept whatever it says */
	double ratio;	     /* of the traces that begin here, else */
};

/* Reads a header's value (blanks around it are none of it). False: it is not
 * valid by the letter of the recommendation, and then there is no trace and *to
 * says nothing. */
bool trace_parse(struct view value, struct trace_context *to);
/* The header's value for whoever comes next, whose parent is from->parent_id;
 * flags that we do not know are cleared. */
void trace_print(
    const struct trace_context *from, char to[TRACE_PARENT_TEXT]);
/* Adds one of perhaps several tracestate headers, in order: `to` gathers the
 * list members. False: it is not valid, and then none of them is to be passed
 * on: `to` may have a part of it. */
bool trace_state_add(struct str *to, struct view value);
/* The id as 32 digits and NUL. */
void trace_id_text(
    const unsigned char trace_id[TRACE_ID_SIZE], char to[TRACE_ID_TEXT]);
/* Any bytes, as two digits each and NUL: `to` has room for 2 * size + 1. */
void trace_hex(const unsigned char *id, size_t size, char *to);
/* An all-zero id is none. */
bool span_id_is_set(const unsigned char id[SPAN_ID_SIZE]);

#endif
