/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of a delay over a standard normal deviate. */
#include "faults/dist.h"

#include <math.h>

#include "base/attr.h"

/* Standard normal deviates of the percentiles. */
#define Z_95  1.6448536269514722
#define Z_99  2.3263478740408408
#define Z_999 3.0902323061678132

/* Mean and standard deviation of a Pareto variable of shape 3, minimum 1. */
#define PARETO_MEAN   1.5
#define PARETO_SPREAD 0.8660254037844386

/* How much of a standard normal variable lies below z. */
static double
share_below(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

static double
pareto(double z)
{
	double above = MAX(share_below(-z), 1e-12);

	return (1 / cbrt(above) - PARETO_MEAN) / PARETO_SPREAD;
}

static double
lognormal(double mean, double spread, double z)
{
	double ratio = spread / mean;
	double variance = log1p(ratio * ratio);

	return mean * exp(sqrt(variance) * z - variance / 2);
}

static double
percentiles(const struct dist *d, double z)
{
	double z0 = 0, y0 = log(d->p50);
	double z1 = d->p95 > 0 ? Z_95 : Z_99;
	double y1 = log(d->p95 > 0 ? d->p95 : d->p99);

	if (z > Z_95 && d->p95 > 0 && d->p99 > 0) {
		z0 = Z_95;
		y0 = y1;
		z1 = Z_99;
		y1 = log(d->p99);
	}
	return exp(y0 + (MIN(z, Z_999) - z0) * (y1 - y0) / (z1 - z0));
}

static double
table(const struct dist *d, double z)
{
	size_t i = (size_t)(share_below(z) * (double)d->count);

	return d->count > 0 ? (double)d->table[MIN(i, d->count - 1)] : 0;
}

double
dist_value(const struct dist *d, double z)
{
	switch (d->shape) {
	case DIST_UNIFORM:
		return d->mean + d->spread * (2 * share_below(z) - 1);
	case DIST_NORMAL:
		return d->mean + d->spread * z;
	case DIST_PARETO:
		return d->mean + d->spread * pareto(z);
	case DIST_LOGNORMAL:
		return lognormal(d->mean, d->spread, z);
	case DIST_PERCENTILES:
		return percentiles(d, z);
	case DIST_TABLE:
		return table(d, z);
	}
	return 0;
}

double
dist_walk_step(struct dist_walk *w, double correlation, double u1, double u2)
{
	/* Box and Muller's transform; 1 - u1 keeps the logarithm finite. */
	double fresh = sqrt(-2 * log(1 - u1)) * cos(2 * M_PI * u2);

	if (w->begun)
		w->z = correlation * w->z +
		       sqrt(1 - correlation * correlation) * fresh;
	else
		w->z = fresh;
	w->begun = true;
	return w->z;
}
