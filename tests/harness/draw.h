/* SPDX-License-Identifier: Apache-2.0 */
/* Draws for tests that simulate. */
#ifndef TESTS_HARNESS_DRAW_H
#define TESTS_HARNESS_DRAW_H

#include "experiment/stat.h"

/* Uniform in [0, 1). */
static inline double
draw_unit(struct stat_rng *rng)
{
	return (double)stat_rng_below(rng, (size_t)1 << 53) * 0x1p-53;
}

#endif
