/* SPDX-License-Identifier: Apache-2.0 */
/* By which of two laws do pauses grow from step to step: a fixed amount more,
 * or a fixed factor? */
#ifndef EXPERIMENT_GROWTH_H
#define EXPERIMENT_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "experiment/stat.h"

#define GROWTH_STEPS 16 /* at most */

struct growth {
	double linear, exponential; /* relative RMS errors of the laws */
	double factor, step_us;	    /* of the laws, from step to step */
};

/* Fits both laws to n >= 2 levels above 0. */
struct growth growth_fit(const double *levels_us, size_t n);
/* In which share of resampled sets of chains (a row of pauses, in µs, each)
 * does the exponential law fit the medians of the first n steps better than
 * the linear one? A step that a set does not reach has the level given. */
double growth_resample(const struct stat_rows *rows, const double *levels_us,
    size_t n, uint64_t seed);

#endif
