/* SPDX-License-Identifier: Apache-2.0 */
/* What a load has come to so far, and how late it fired. Plain figures, no
 * clock, no loop. */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stdint.h>

#include "experiment/run.h"

#define TALLY_OUTCOMES (SAMPLE_OPEN + 1)
#define TALLY_BUCKETS  2048

struct tally {
	uint64_t fired;			/* with those that were lost */
	uint64_t ended[TALLY_OUTCOMES]; /* by enum sample_outcome */
	uint64_t opened;  /* connections */
	uint64_t resent;  /* once more, as the connection had been closed */
	uint64_t starved; /* lost for want of a descriptor, port or memory */
	char why[96];	  /* why a request broke last; "": none did */
	uint32_t late[TALLY_BUCKETS]; /* log-linear: 1.6 % exact */
	uint64_t late_count;
};

/* A request was due at `due_us` and went at `now_us`. */
void tally_fire(struct tally *t, int64_t due_us, int64_t now_us);
/* It ended as the sample says. */
void tally_end(struct tally *t, const struct sample *s);
/* The p-quantile (0 … 1) of how late requests were fired, as exact as `late`; 0
 * if none was. */
int64_t tally_late_us(const struct tally *t, double p);

#endif
