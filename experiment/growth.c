/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares for two laws; what noise does to the comparison is found by
 * drawing the chains anew. */
#include "experiment/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define RESAMPLES 200

struct growth
growth_fit(const double *levels, size_t n)
{
	double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, a, b;
	double lx = 0, lxx = 0, ly = 0, lxy = 0, la, lb, dn = (double)n;
	struct growth law = {0};

	for (size_t k = 0; k < n; k++) {
		double x = (double)k, y = levels[k], w = 1 / (y * y);
		double z = log(y);

		sw += w;
		sx += w * x;
		sy += w * y;
		sxx += w * x * x;
		sxy += w * x * y;
		lx += x;
		lxx += x * x;
		ly += z;
		lxy += x * z;
	}
	b = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
	a = (sy - b * sx) / sw;
	lb = (dn * lxy - lx * ly) / (dn * lxx - lx * lx);
	la = (ly - lb * lx) / dn;
	for (size_t k = 0; k < n; k++) {
		double x = (double)k, y = levels[k];

		law.linear += pow((a + b * x - y) / y, 2);
		law.exponential += pow(exp(la + lb * x) / y - 1, 2);
	}
	law.linear = sqrt(law.linear / dn);
	law.exponential = sqrt(law.exponential / dn);
	law.factor = exp(lb);
	law.step_us = b;
	return law;
}

/* A pause of one step, and whose it is. */
struct pause {
	double value;
	size_t row;
};

static int
by_value(const void *a, const void *b)
{
	const struct pause *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* The pauses of that step, in order. Returns their number. */
static size_t
sort_step(const struct stat_rows *rows, size_t k, struct pause *to)
{
	size_t n = 0;

	for (size_t r = 0; r < rows->count; r++) {
		size_t at = rows->at[r] + k;

		if (at < rows->at[r + 1])
			to[n++] = (struct pause){rows->values[at], r};
	}
	if (n > 1)
		qsort(to, n, sizeof(*to), by_value);
	return n;
}

/* The median of the pauses, the i-th row of which counts times[i] times;
 * `fallback` if none does. */
static double
weighted_median(const struct pause *p, size_t n, const unsigned *times,
    double fallback)
{
	size_t all = 0, seen = 0;
	double low = fallback;

	for (size_t i = 0; i < n; i++)
		all += times[p[i].row];
	for (size_t i = 0; i < n; i++) {
		size_t until = seen + times[p[i].row];

		if (until == seen)
			continue;
		/* The middle two, of an even number of them. */
		if (seen * 2 < all && until * 2 >= all)
			low = p[i].value;
		if (until * 2 > all)
			return (all & 1) != 0 ? p[i].value
					      : (low + p[i].value) / 2;
		seen = until;
	}
	return low;
}

double
growth_resample(const struct stat_rows *rows, const double *levels_us,
    size_t n, uint64_t seed)
{
	struct stat_rng rng = {seed};
	struct pause *steps = xcalloc(n * rows->count + 1, sizeof(*steps));
	unsigned *times = xcalloc(rows->count + 1, sizeof(*times));
	size_t have[GROWTH_STEPS], wins = 0;

	for (size_t k = 0; k < n; k++)
		have[k] = sort_step(rows, k, steps + k * rows->count);
	for (size_t round = 0; round < RESAMPLES; round++) {
		double levels[GROWTH_STEPS];
		struct growth law;

		memset(times, 0, rows->count * sizeof(*times));
		for (size_t r = 0; r < rows->count; r++)
			times[stat_rng_below(&rng, rows->count)]++;
		for (size_t k = 0; k < n; k++)
			levels[k] = weighted_median(steps + k * rows->count,
			    have[k], times, levels_us[k]);
		law = growth_fit(levels, n);
		wins += law.exponential < law.linear;
	}
	free(steps);
	free(times);
	return (double)wins / RESAMPLES;
}
