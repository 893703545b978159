/* SPDX-License-Identifier: Apache-2.0 */
/* How available a route was: by its calls, and by its seconds. */
#ifndef EXPERIMENT_AVAILABILITY_H
#define EXPERIMENT_AVAILABILITY_H

#include "experiment/record.h"
#include "experiment/stat.h"

struct availability {
	/* By calls: those that were over. */
	size_t calls, good;
	double share; /* 1 if there were none */
	struct range share_ci; /* Wilson's, 95 % */
	/* By seconds in which calls began; one is bad if more than half of
	 * them failed. */
	size_t seconds, bad_seconds;
	double time_share;
	/* Runs of bad seconds; seconds without a call do not end one. */
	size_t outages;
	double longest_s, mttr_s; /* 0: there was none */
	/* Error budgets: how many times as fast as it may be used up. */
	double burn; /* of the whole time */
	double burn_fast; /* the most of any hour and its last 5 minutes */
	double burn_slow; /* of any 6 hours and their last 30 minutes */
};

/* Pages are sent at these (Google's SRE workbook). */
#define BURN_FAST_LIMIT 14.4
#define BURN_SLOW_LIMIT 6.0

/* Of calls, in order, that began within [from_us, to_us); slo is the share
 * that is to be good, 0 < slo < 1. What is shorter than a budget's window has
 * 0 there. */
void availability_measure(const struct calls *calls, int64_t from_us,
    int64_t to_us, double slo, struct availability *to);

#endif
