/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics for verdicts: intervals that say how sure a number is. All of it
 * is pure; what draws at random does so from a seed. */
#ifndef EXPERIMENT_STAT_H
#define EXPERIMENT_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	double lo, hi;
};

/* Sides with fewer calls or requests are not compared. */
#define COMPARE_MIN 30

/* k of n: Wilson's score interval (1927), 95 %. n 0: [0, 1]. */
struct range stat_wilson(size_t k, size_t n);
/* k2/n2 - k1/n1: Newcombe's hybrid score interval (1998, method 10), 95 %.
 * Either n 0: [-1, 1]. */
struct range stat_newcombe(size_t k1, size_t n1, size_t k2, size_t n2);

/* Sorts in place, ascending. */
void stat_sort(double *values, size_t n);
/* The quantile p (0 … 1) of sorted values, linear between ranks (Hyndman and
 * Fan 1996, type 7); n > 0. */
double stat_quantile(const double *sorted, size_t n, double p);
/* Ranks (from 0) whose values enclose the quantile p with at least 95 %, by
 * the binomial distribution of the order statistics. False: n is too small
 * for it. */
bool stat_quantile_ranks(size_t n, double p, size_t *lo, size_t *hi);
/* Their values; the extremes where n is too small; n > 0. */
struct range stat_quantile_range(const double *sorted, size_t n, double p);

/* Numbers by row: row r has the values at[r] … at[r + 1] - 1. */
struct stat_rows {
	const double *values;
	const size_t *at; /* count + 1 of them */
	size_t count;
};
/* One-sided permutation test: p-value of "the values grow along the rows",
 * each row permuted by itself, `rounds` times at most: fewer where p is large
 * (sequential Monte Carlo, Besag and Clifford 1991). Without values: 1. */
double stat_growth_p(const struct stat_rows *rows, unsigned rounds,
    uint64_t seed);

/* A generator for resampling (SplitMix64: Steele, Lea, Flood 2014). */
struct stat_rng {
	uint64_t state;
};
/* Uniform in [0, bound); bound > 0. */
size_t stat_rng_below(struct stat_rng *rng, size_t bound);

#endif
