/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts of one request that follow each other in one trace, as far as spans
 * tell: a retry says how often it was sent before, and points to the attempt
 * that failed. The verdict on how a client retries is not made here but by the
 * observer (experiment/), with all it knows. */
#ifndef TELEMETRY_RETRIES_H
#define TELEMETRY_RETRIES_H

#include "observe/event.h"

struct retry {
	int count; /* how often it was sent before; 0: never */
	unsigned char span_id[SPAN_ID_SIZE]; /* of the attempt before; all
						zero: not known */
};

struct retries;

/* Returns owned. */
struct retries *retries_new(void);
/* NULL is accepted. */
void retries_free(struct retries *r);
/* A traced exchange ended (e->trace is there): which attempt was it? One that
 * failed (no answer, 429, 5xx) is remembered. */
void retries_look(struct retries *r, const struct event_record *e,
    struct retry *to);

#endif
