/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections a client keeps: before the faults, and again after
 * one was lifted. */
#ifndef EXPERIMENT_POOL_H
#define EXPERIMENT_POOL_H

#include "experiment/scope.h"

/* The number of connections after each change of it. */
struct pool_step {
	int64_t at_us;
	long open;
};

struct pool {
	struct pool_step *steps; /* owned; in order */
	size_t count;
	double usual; /* median of the baseline; 0: no pool is kept */
};

/* Of the scope's route. */
void pool_init(struct pool *p, const struct scope *s);
void pool_fini(struct pool *p);
/* When 90 % of the usual number are open again, from lift_us on; lift_us:
 * they were all the time; -1: not before to_us. */
int64_t pool_refilled(const struct pool *p, int64_t lift_us, int64_t to_us);

#endif
