/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says, before anything is formatted: everything that the views
 * share is worked out once, here. A pure function of the run, and of the last
 * one's report. */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include "experiment/uptime.h"
#include "experiment/run.h"
#include "experiment/totals.h"
#include "report/mechanism.h"

#define REPORT_NONE SIZE_MAX

/* One verdict, with what it means. */
struct finding {
	const struct verdict *verdict; /* borrowed */
	const struct mechanism *mechanism;
	size_t scenario;
	const struct run_expect *expect; /* that it decided; or NULL */
	bool decided;
	double score; /* 1 good, 0.5 partly, 0 bad; if decided */
};

/* One mechanism on one route, over all scenarios. */
struct cell {
	const struct mechanism *mechanism;
	const char *route;
	size_t finding; /* that it shows: a decided one, the worst of them */
	bool decided;
	double score; /* mean of those that are decided */
};

struct score {
	double weight, decided_weight; /* of cells */
	double points;		       /* Σ weight × score, decided ones */
};

/* Latency of a load in one phase of the run. */
struct phase_times {
	const char *phase; /* constant: "baseline", "faults", "after" */
	size_t load;	   /* index, or TOTALS_ALL */
	size_t n, failed, degraded, lost;
	struct totals_quantile p50, p95, p99;
};

/* A recommendation. */
struct advice {
	const char *rule; /* constant: "R1" */
	enum risk risk;
	const char *owner, *route;
	size_t finding; /* that it stands on */
	char *text;	/* owned */
};

enum change { CHANGE_REGRESSED, CHANGE_IMPROVED, CHANGE_SAME };

/* Beside the last run. */
struct comparison {
	enum change change;
	char *what, *before, *now; /* owned */
};

struct report {
	const struct run *run; /* borrowed */
	struct uptime availability;
	double mttr_s;	      /* mean of times to steady; UPTIME_NONE: none */
	size_t mttr_of, ran;  /* scenarios that it is of; that ran */
	size_t not_recovered; /* scenarios that ran */
	struct finding *findings;
	size_t findings_count;
	struct cell *cells; /* by mechanism, then by route */
	size_t cells_count;
	struct score scores[CATEGORIES], overall;
	struct phase_times *times;
	size_t times_count;
	struct advice *advice; /* by risk, highest first */
	size_t advice_count;
	struct comparison *changes;
	size_t changes_count;
	char *previous; /* id of the last run; NULL: none was read */
	char *next;	/* scenario blocks; NULL: nothing is open */
	size_t met, violated, undecided; /* expectations */
	size_t lost;			 /* requests never sent */
	double lost_share;
};

/* Builds it; `previous`: the text of the last report.json, or NULL. What is no
 * report of ours is passed over. To be freed by report_fini(); the run must
 * live as long. */
void report_build(struct report *r, const struct run *run,
		  const char *previous);
void report_fini(struct report *r);

/* The name of the scenario that it is of; borrowed. */
static inline const char *
finding_scenario(const struct report *r, const struct finding *f)
{
	return r->run->scenarios[f->scenario].asked->name;
}

/* --- its parts, each in a file of its own ----------------------------------
 */

/* findings.c: findings, cells. */
void report_find(struct report *r);
/* score.c: scores of cells. */
void report_score(struct report *r);
/* 10 × points / decided weight; false: nothing was decided, *value is left
 * alone. */
bool score_value(const struct score *s, double *value);
/* The least and the most it could be, if all that is open were decided. */
struct range score_possible(const struct score *s);
/* advise.c: what the rules of advice.c say. */
void report_advise(struct report *r);
/* history.c: beside the last one. */
void report_compare(struct report *r, const char *previous);
/* "REGRESSED", … */
const char *change_name(enum change change);
/* next.c: scenario blocks for what is open. */
void report_plan_next(struct report *r);

#endif
