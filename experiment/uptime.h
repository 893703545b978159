/* SPDX-License-Identifier: Apache-2.0 */
/* How available the load found the system: by requests, and by time. */
#ifndef EXPERIMENT_UPTIME_H
#define EXPERIMENT_UPTIME_H

#include "experiment/run.h"
#include "experiment/stat.h"

#define UPTIME_WINDOW_US 1000000
#define UPTIME_NONE	 (-1.0) /* no such number */

/* Adjacent bad windows. */
struct outage {
	int64_t from_us, to_us;
	bool open; /* the run ended first */
};

struct uptime {
	size_t requests, good;	/* lost and open ones left out */
	struct range ci;	/* of the share of good ones; Wilson, 95 % */
	size_t windows, bad;	/* seconds with requests; more than half failed
				 */
	struct outage *outages; /* owned */
	size_t outages_count;
	double longest_s;   /* of an outage; UPTIME_NONE: none */
	double budget_burn; /* error share / (1 - slo) */
	struct range burn_ci;
};

/* Of all requests that are no health checks; slo as in conf_report. */
void uptime_measure(const struct run *run, double slo, struct uptime *to);
void uptime_fini(struct uptime *a);

#endif
