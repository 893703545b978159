/* SPDX-License-Identifier: Apache-2.0 */
/* What an experiment will do, and what it can find out by that, worked out
 * before anything is injected: a timeline, and for every scenario and
 * mechanism whether the time, the load and the faults suffice. A pure function
 * of the configuration; the thresholds are those of docs/verdicts.md. */
#ifndef RUNNER_PLAN_H
#define RUNNER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "config/model.h"

#define PLAN_CALLS_MIN	 30  /* calls on each side of a comparison */
#define PLAN_FAILED_MIN	 30  /* failed originals: retries ABSENT */
#define PLAN_PAUSE_S	 0.1 /* first of a retry chain, if it is unsaid */
#define PLAN_BREAKER_MIN 250 /* failures: breaker ABSENT */
#define PLAN_BREAKER_US	 INT64_C(30000000)
#define PLAN_HORIZON_US	 INT64_C(30000000) /* where common time-outs show */

/* One stretch of the run; times from its start, without what waits for the
 * services. */
struct plan_item {
	int64_t from_us, to_us;
	const struct conf_scenario *scenario; /* NULL: baseline, final */
	const struct conf_step *step;	      /* NULL: not a fault */
	const char *what; /* "baseline", "fault", "recovery", … */
};

enum plan_state {
	PLAN_DECIDES,	/* it can be told */
	PLAN_PARTLY,	/* within the bounds that text says */
	PLAN_UNDECIDED, /* it cannot: text says what would do */
};

struct plan_finding {
	const struct conf_scenario *scenario; /* NULL: the whole run */
	const struct conf_step *step;	      /* NULL: all of it */
	const char *mech;		      /* constant */
	enum plan_state state;
	char *text; /* owned; one sentence with the numbers */
};

struct plan {
	const struct conf_model *model; /* borrowed */
	struct plan_item *items;	/* owned */
	size_t items_count;
	struct plan_finding *findings; /* owned */
	size_t findings_count;
	int64_t length_us;
};

/* The plan of the scenarios that are enabled, or of the one that `only` names,
 * enabled or not. Borrows the model; to be finished. */
void plan_make(struct plan *to, const struct conf_model *model,
	       const char *only);
void plan_fini(struct plan *p);
/* --- what reaches a route (plan_reach.c) --- */

/* Requests per second that reach the route, at most: those of loads that go to
 * it or to a route that causes its calls. Health checks are left out. */
double plan_rate(const struct conf_model *model, const char *route);
/* The route whose calls cause those of `route`, by caused_by, else by services,
 * else the only edge; NULL: unknown. */
const struct conf_route *plan_edge(const struct conf_model *model,
				   const struct conf_route *route);

/* --- as text (plan_out.c) --- */

/* Appends what people read. */
void plan_text(const struct plan *p, struct str *to);
/* Puts the members of an object that the caller opened. */
void plan_json(const struct plan *p, struct jsonw *w);

#endif
