/* SPDX-License-Identifier: Apache-2.0 */
/* When requests are due. Pure arithmetic: gaps of mean 1 are drawn by (seed,
 * load, number), and laid along the time by the rate that holds there (a
 * non-homogeneous process by inversion of its cumulative rate: Çinlar 1975), so
 * that steps, ramps and a scale that changes meanwhile are one mechanism. */
#ifndef LOAD_ARRIVALS_H
#define LOAD_ARRIVALS_H

#include <stdint.h>

#include "base/rng.h"
#include "config/experiment.h"

#define ARRIVALS_NEVER INT64_MAX

struct arrivals {
	const struct conf_load *load; /* borrowed; steps in order of time */
	struct rng_key key;
	uint64_t number; /* of the next one; the first is 1 */
	double at_us;	 /* until here the way was gone; from the start */
	double left;	 /* of the gap; in requests */
	double scale;
};

/* Nothing has come yet; scale 1. */
void arrivals_init(struct arrivals *a, const struct conf_load *load,
		   uint64_t seed);
/* When the next one is due, or ARRIVALS_NEVER. Microseconds from the load's
 * start, as all times here. */
int64_t arrivals_due(const struct arrivals *a);
/* The next one, which is not ARRIVALS_NEVER, came when it was due. */
void arrivals_take(struct arrivals *a);
/* Time stood still until now: what was due before comes now. */
void arrivals_wait(struct arrivals *a, int64_t now_us);
/* From now_us on the rate is the load's times `scale` (>= 0). */
void arrivals_scale(struct arrivals *a, int64_t now_us, double scale);

#endif
