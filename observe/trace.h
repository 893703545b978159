/* SPDX-License-Identifier: Apache-2.0 */
/* W3C Trace Context: what a traceparent header says. */
#ifndef OBSERVE_TRACE_H
#define OBSERVE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TRACE_ID_SIZE 16
#define TRACE_ID_TEXT (2 * TRACE_ID_SIZE + 1)
#define TRACE_SAMPLED 0x01u

struct trace_context {
	unsigned char trace_id[TRACE_ID_SIZE];
	unsigned char parent_id[8];
	uint8_t flags; /* TRACE_* */
};

/* Reads a header's value (blanks around it are none of it). False: it is not
 * valid by the letter of the recommendation, and then there is no trace. */
bool trace_parse(struct view value, struct trace_context *to);
/* The id as 32 digits and NUL. */
void trace_id_text(
    const unsigned char trace_id[TRACE_ID_SIZE], char to[TRACE_ID_TEXT]);

#endif
