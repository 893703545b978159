/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of otlp.h, and what both forms agree on; for otlp.c. Ids are
 * hexadecimal, enums numbers, and 64-bit numbers texts. */
#ifndef OBSERVE_OTLP_JSON_H
#define OBSERVE_OTLP_JSON_H

#include "observe/otlp.h"

void otlp_json_span(struct str *to, const struct otlp_span *span);
void otlp_json_request(struct str *to, const struct otlp_source *source,
    const struct str *spans, size_t count);
/* From the body of an answer; 0: it does not say. */
int64_t otlp_json_rejected(struct view body);

/* Appends text as protobuf wants it: bytes that are no UTF-8 become
 * U+FFFD. */
void otlp_clean(struct str *to, const char *text);
/* Span.flags: those of the trace, and whether the parent is known to be near
 * or far. */
uint32_t otlp_flags(const struct otlp_span *span);

#endif
