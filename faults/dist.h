/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of a delay, as functions of a standard normal deviate z, so
 * that correlated draws keep the distribution exactly (a Gaussian copula).
 * Pure arithmetic: the caller brings the dice. */
#ifndef FAULTS_DIST_H
#define FAULTS_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dist_shape {
	DIST_UNIFORM,	  /* mean ± spread */
	DIST_NORMAL,	  /* spread is the standard deviation */
	DIST_PARETO,	  /* likewise; shape 3, a heavy upper tail */
	DIST_LOGNORMAL,	  /* likewise; mean > 0 */
	DIST_PERCENTILES, /* p50, and p95, p99 or both */
	DIST_TABLE,	  /* each entry is equally likely */
};

/* In any one unit. Values may come out negative where mean < spread; the
 * caller decides what that means. */
struct dist {
	enum dist_shape shape;
	double mean, spread;
	double p50, p95, p99; /* p50 > 0; p95 or p99 may be 0: not given */
	const int64_t *table; /* borrowed, ascending */
	size_t count;	      /* entries in table; 0 gives 0 */
};

/* A walk of correlated deviates. Zeroed memory is one that has not begun. */
struct dist_walk {
	double z;
	bool begun;
};

/* The value at deviate z: never falls as z grows. Percentiles are joined in
 * the logarithm of the value by straight lines over z. Below p50 the line
 * from p50 goes on; above the last percentile its line goes on up to the
 * 99.9th, where it is cut. */
double dist_value(const struct dist *d, double z);
/* Advances an AR(1) walk whose every z is standard normal; neighbours have
 * the given correlation (0 … 1). u1 and u2 are uniform in [0, 1). */
double dist_walk_step(
    struct dist_walk *w, double correlation, double u1, double u2);

#endif
