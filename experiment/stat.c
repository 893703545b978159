/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals after Wilson (1927), Newcombe (1998) and the binomial law of order
 * statistics; a permutation test of growth. */
#include "experiment/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define Z 1.959963984540054 /* 97.5 % of the normal distribution */
/* As many permutations that grow as much settle it (Besag, Clifford 1991). */
#define ENOUGH 20

struct range
stat_wilson(size_t k, size_t n)
{
	double p, d, mid, half;

	if (n == 0)
		return (struct range){0, 1};
	p = (double)k / (double)n;
	d = 1 + Z * Z / (double)n;
	mid = (p + Z * Z / (2 * (double)n)) / d;
	half = Z / d * sqrt(p * (1 - p) / (double)n +
			 Z * Z / (4 * (double)n * (double)n));
	return (struct range){
	    k == 0 ? 0 : mid - half, k == n ? 1 : mid + half};
}

struct range
stat_newcombe(size_t k1, size_t n1, size_t k2, size_t n2)
{
	struct range a = stat_wilson(k1, n1), b = stat_wilson(k2, n2);
	double p1, p2;

	if (n1 == 0 || n2 == 0)
		return (struct range){-1, 1};
	p1 = (double)k1 / (double)n1;
	p2 = (double)k2 / (double)n2;
	return (struct range){
	    p2 - p1 - hypot(p2 - b.lo, a.hi - p1),
	    p2 - p1 + hypot(b.hi - p2, p1 - a.lo)};
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
stat_sort(double *values, size_t n)
{
	if (n > 1)
		qsort(values, n, sizeof(*values), compare);
}

double
stat_quantile(const double *sorted, size_t n, double p)
{
	double at = p * (double)(n - 1);
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

/* ln of the probability that exactly k of n are below the quantile p. */
static double
log_binomial(size_t n, size_t k, double p)
{
	double dn = (double)n, dk = (double)k;

	return lgamma(dn + 1) - lgamma(dk + 1) - lgamma(dn - dk + 1) +
	    dk * log(p) + (dn - dk) * log1p(-p);
}

/* Standard deviations from the mean beyond which nothing is left to add up. */
#define FAR 9.0

/* The smallest k with P(X <= k) > tail. */
static size_t
binomial_quantile(size_t n, double p, double tail)
{
	double reach = FAR * sqrt((double)n * p * (1 - p)) + FAR;
	size_t k = (size_t)MAX(floor((double)n * p - reach), 0);
	double odds = p / (1 - p), sum = 0, at;

	at = exp(log_binomial(n, k, p));
	for (; k < n; k++) {
		sum += at;
		if (sum > tail)
			return k;
		at *= odds * (double)(n - k) / (double)(k + 1);
	}
	return n;
}

bool
stat_quantile_ranks(size_t n, double p, size_t *lo, size_t *hi)
{
	size_t below = binomial_quantile(n, p, 0.025);
	size_t above = binomial_quantile(n, p, 0.975);

	if (below == 0 || above >= n)
		return false;
	*lo = below - 1;
	*hi = above;
	return true;
}

struct range
stat_quantile_range(const double *sorted, size_t n, double p)
{
	size_t lo, hi;

	if (!stat_quantile_ranks(n, p, &lo, &hi))
		return (struct range){sorted[0], sorted[n - 1]};
	return (struct range){sorted[lo], sorted[hi]};
}

/* --- chance --------------------------------------------------------------- */

/* SplitMix64. */
static uint64_t
next(struct stat_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

size_t
stat_rng_below(struct stat_rng *rng, size_t bound)
{
	return (size_t)(((unsigned __int128)next(rng) * bound) >> 64);
}

/* Σ (k - mean k) · value over all rows: how much they grow. */
static double
growth(const struct stat_rows *rows)
{
	double sum = 0;

	for (size_t r = 0; r < rows->count; r++) {
		size_t from = rows->at[r], n = rows->at[r + 1] - from;

		for (size_t k = 0; k < n; k++)
			sum += ((double)k - (double)(n - 1) / 2) *
			    rows->values[from + k];
	}
	return sum;
}

/* The same of the rows in another order, which they are left in. */
static double
shuffled_growth(const struct stat_rows *rows, double *values,
    struct stat_rng *rng)
{
	double sum = 0;

	for (size_t r = 0; r < rows->count; r++) {
		double *row = values + rows->at[r];
		size_t count = rows->at[r + 1] - rows->at[r];

		for (size_t n = count; n > 0; n--) {
			size_t other = n > 1 ? stat_rng_below(rng, n) : 0;
			double v = row[n - 1];

			row[n - 1] = row[other];
			row[other] = v;
			sum += ((double)(n - 1) - (double)(count - 1) / 2) *
			    row[n - 1];
		}
	}
	return sum;
}

double
stat_growth_p(const struct stat_rows *rows, unsigned rounds, uint64_t seed)
{
	struct stat_rng rng = {seed};
	size_t n = rows->at[rows->count];
	double *values, seen = growth(rows);
	unsigned as_large = 0, done = 0;

	if (n == 0)
		return 1;
	values = xmalloc(n * sizeof(*values));
	memcpy(values, rows->values, n * sizeof(*values));
	while (done < rounds && as_large < ENOUGH) {
		done++;
		as_large += shuffled_growth(rows, values, &rng) >=
		    seen - 1e-12;
	}
	free(values);
	return as_large == ENOUGH ? (double)as_large / done
				  : (as_large + 1.0) / (rounds + 1.0);
}
