/* SPDX-License-Identifier: Apache-2.0 */
/* The run cut into equal pieces of time, for plots. */
#ifndef REPORT_BINS_H
#define REPORT_BINS_H

#include "experiment/run.h"

struct bin {
	size_t ok, degraded, failed, lost; /* requests, no health checks */
	double p50_us, p95_us;		   /* of those sent; 0: none */
	bool faulted;			   /* a fault was armed in some of it */
};

struct bins {
	struct bin *items; /* owned; at least one */
	size_t count;
	int64_t width_us;
};

/* Cuts it into `count` pieces (> 0); to be finished. */
void bins_fill(const struct run *run, size_t count, struct bins *to);
void bins_fini(struct bins *b);

#endif
