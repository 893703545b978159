/* SPDX-License-Identifier: Apache-2.0 */
/* What became of scheduled runs, as metrics for whoever is to notice that one
 * did not take place: in Prometheus' text format, for a file. A scheduler that
 * is dead leaves the time of the next run behind, which then passes. */
#ifndef RUNNER_SCHEDULE_TALLY_H
#define RUNNER_SCHEDULE_TALLY_H

#include "runner/schedule.h"

/* X(enum, word): how a run ended, as the metric has it. */
#define SCHEDULE_ENDS(X)                                                       \
	X(ENDED_PASSED, "passed")                                              \
	X(ENDED_FAILED, "failed")   /* violated, or faults were left behind */ \
	X(ENDED_ABORTED, "aborted") /* by a guard, a signal */                 \
	X(ENDED_INCONCLUSIVE, "inconclusive") /* nothing was decided */

enum schedule_end {
#define X(id, word) id,
	SCHEDULE_ENDS(X)
#undef X
	    SCHEDULE_END_COUNT
};

/* All times: microseconds since 1970; 0: never. */
struct schedule_tally {
	uint64_t ended[SCHEDULE_END_COUNT];
	uint64_t left_out[SCHEDULE_REASON_COUNT];
	int64_t start_us, end_us; /* of the last run */
	int64_t next_us;	  /* when the next one is due */
	int64_t missed_us; /* when it was last noticed that a time had passed */
};

/* Counts a run by its exit code (docs/experiments.md). */
void schedule_tally_end(struct schedule_tally *t, int code, int64_t now_us);
/* Counts one that did not take place. */
void schedule_tally_leave_out(struct schedule_tally *t,
			      enum schedule_reason reason, int64_t now_us);
/* Appends the metrics of the experiment of that name. */
void schedule_tally_text(const struct schedule_tally *t, const char *experiment,
			 struct str *to);

#endif
