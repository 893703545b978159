/* SPDX-License-Identifier: Apache-2.0 */
/* What a load has come to so far: in all, second by second for a live
 * display, and how late it fired. Plain figures, no clock, no loop. */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stdint.h>

#include "experiment/run.h"

#define TALLY_SECONDS  64
#define TALLY_OUTCOMES (SAMPLE_OPEN + 1)
#define TALLY_BUCKETS  2048

struct tally_counts {
	uint64_t fired;			    /* with those that were lost */
	uint64_t ended[TALLY_OUTCOMES];	    /* by enum sample_outcome */
	uint64_t degraded;		    /* of those that are good */
	int64_t latency_us, latency_max_us; /* sum and maximum of answered
					       ones, from the intended start */
};

struct tally {
	struct tally_counts all;
	uint64_t opened;  /* connections */
	uint64_t resent;  /* once more, as the connection had been closed */
	uint64_t starved; /* lost for want of a descriptor, port or memory */
	char why[96];	  /* a request broke last; "": none did */
	struct {
		int64_t second; /* of the run; what it holds is of that one */
		struct tally_counts counts;
	} seconds[TALLY_SECONDS];
	uint32_t late[TALLY_BUCKETS]; /* log-linear: 1.6 % exact */
	uint64_t late_count;
};

/* A request was due at `due_us` and went at `now_us`. */
void tally_fire(struct tally *t, int64_t due_us, int64_t now_us);
/* It ended at `at_us`. */
void tally_end(struct tally *t, const struct sample *s, int64_t at_us);
/* The counts of that second of the run: fired and ended in it. Zeros if it
 * was too long ago, or is yet to come. */
struct tally_counts tally_second(const struct tally *t, int64_t second);
/* The p-quantile (0 … 1) of how late requests were fired; 0 if none was. */
int64_t tally_late_us(const struct tally *t, double p);

#endif
