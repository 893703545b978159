/* SPDX-License-Identifier: Apache-2.0 */
/* How requests of some time went: how many, how many failed, how long they
 * took. Over the driver's samples or a route's calls alike. */
#ifndef EXPERIMENT_TOTALS_H
#define EXPERIMENT_TOTALS_H

#include "experiment/run.h"
#include "experiment/stat.h"

#define TOTALS_ALL SIZE_MAX

/* [from_us, to_us) */
struct period {
	int64_t from_us, to_us;
};

struct periods {
	struct period *items; /* owned; in order, none overlap */
	size_t count;
};

struct totals {
	size_t n, failed; /* those with an end */
	size_t degraded;  /* of the good ones */
	size_t lost;	  /* never sent; not in n */
	double *us;	  /* owned, n of them, ascending: from intended start */
};

/* A quantile, with its interval where n is large enough for one. */
struct totals_quantile {
	double us;
	struct range ci_us;
	bool known; /* false: n is too small for the interval */
};

/* When faults of the scenario were armed, as measured; to be finished. */
void periods_of_scenario(const struct run_scenario *s, struct periods *to);
/* The same of all scenarios. */
void periods_of_run(const struct run *run, struct periods *to);
/* Puts them in order and joins those that touch. */
void periods_merge(struct periods *s);
void periods_fini(struct periods *s);
/* Seconds of all of them. */
double periods_seconds(const struct periods *s);
/* When the first fault of all was armed; the run's end if none was. */
int64_t run_baseline_end(const struct run *run);

/* Requests of the load (TOTALS_ALL: all that are no health checks) that should
 * have started within the periods; those still open are left out. To be
 * finished. */
void totals_samples(const struct run *run, size_t load,
		    const struct periods *within, struct totals *to);
/* The same of a route's calls that started within them. */
void totals_calls(const struct calls *calls, const struct periods *within,
		  struct totals *to);
void totals_fini(struct totals *t);
/* Their quantile p (0 … 1); all zero if there are none. */
struct totals_quantile totals_at(const struct totals *t, double p);

#endif
