/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of one route's clients so far: counts for /metrics and
 * /v1/reactions. Control thread only. */
#ifndef CONTROL_OBSERVED_H
#define CONTROL_OBSERVED_H

#include "experiment/reactions.h"
#include "observe/counters.h"
#include "observe/sample.h"

/* What was counted of one route since it is watched. */
struct observed {
	const char *route;	/* interned */
	const char *client;	/* service that calls it, interned; NULL */
	struct counter retries[RETRY_CAUSE_COUNT];
	struct counter saved, stopped;
	struct histogram pauses, waits; /* before retries; until they left */
	struct histogram attempts;	/* retries of a request, at its end */
	struct counter transitions[BREAKER_STATE_COUNT][BREAKER_STATE_COUNT];
	enum breaker_state breaker;
	double recovery_s; /* the latest; < 0: none yet */
	struct log_sample retry_lines, left_lines;
};

/* Bounds of `attempts`: whole numbers. */
extern const struct histogram_scale histogram_attempts;

/* Counts the reaction, which became known at now_us (monotonic), and logs it if
 * its type has a line and there is room. */
void observed_tell(struct observed *to, const struct reaction *r,
    int64_t now_us);
/* Logs how many had no line since it was called last. */
void observed_tell_rest(struct observed *to);

#endif
