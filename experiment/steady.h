/* SPDX-License-Identifier: Apache-2.0 */
/* From when on are calls as good as they were before the first fault? */
#ifndef EXPERIMENT_STEADY_H
#define EXPERIMENT_STEADY_H

#include "experiment/compare.h"

#define STEADY_US     10000000 /* so long they must be good, unless the
				  record says otherwise */
#define STEADY_P95    1.25     /* times the baseline's, likewise */
#define STEADY_GIVE_UP_US 60000000 /* then they have not recovered */

struct steady {
	const struct calls *calls; /* borrowed */
	int64_t period_us; /* that must be good */
	struct digest base;
	/* How many of the first i calls were over, failed, were slow; owned,
	 * count + 1 of each. */
	size_t *n, *failed, *slow;
};

/* Of the scope's edge, or, if that is not known, of its route. */
void steady_init(struct steady *t, const struct scope *s);
void steady_fini(struct steady *t);
/* The earliest call from which on period_us are as good as the baseline (its
 * Wilson bound, p95 as near as the record says), all within [from_us, to_us).
 * Its start; -1: there is none. */
int64_t steady_find(const struct steady *t, int64_t from_us, int64_t to_us);
/* The end of what can be looked at behind a lift: the next fault of any. */
int64_t steady_horizon(const struct record *r, int64_t lift_us);

#endif
