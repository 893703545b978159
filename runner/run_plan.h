/* SPDX-License-Identifier: Apache-2.0 */
/* What an experiment will do, and what it can find out by that, worked out
 * before anything is injected: a timeline, and for every scenario and
 * mechanism whether the time, the load and the faults suffice. A pure function
 * of the configuration. */
#ifndef RUNNER_RUN_PLAN_H
#define RUNNER_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "config/model.h"

/* One stretch of the run; times from its start, without what waits for the
 * services. */
struct run_plan_item {
	int64_t from_us, to_us;
	const struct conf_scenario *scenario; /* NULL: baseline, final */
	const struct conf_step *step;	      /* NULL: not a fault */
	const char *what; /* "baseline", "fault", "recovery", … */
};

enum run_plan_state {
	RUN_PLAN_DECIDES,   /* it can be told */
	RUN_PLAN_PARTLY,    /* within the bounds that text says */
	RUN_PLAN_UNDECIDED, /* it cannot: text says what would do */
};

struct run_plan_finding {
	const struct conf_scenario *scenario; /* NULL: the whole run */
	const struct conf_step *step;	      /* NULL: all of it */
	const char *mech;		      /* constant */
	enum run_plan_state state;
	char *text; /* owned; one sentence with the numbers */
};

struct run_plan {
	const struct conf_model *model; /* borrowed */
	struct run_plan_item *items;	/* owned */
	size_t items_count;
	struct run_plan_finding *findings; /* owned */
	size_t findings_count;
	int64_t length_us;
};

/* Is the scenario part of a run? `only` (NULL: it has those that are enabled)
 * names the one that is, enabled or not. */
bool run_plan_has(const struct conf_scenario *s, const char *only);
/* The plan of a run of these. Borrows the model; to be finished. */
void run_plan_make(struct run_plan *to, const struct conf_model *model,
		   const char *only);
void run_plan_fini(struct run_plan *p);

/* --- what reaches a route (run_plan_reach.c) --- */

/* The route of that name; NULL: there is none. */
const struct conf_route *run_plan_route(const struct conf_model *model,
					const char *name);
/* Requests per second that reach the route, at most: those of loads that go to
 * it or to a route that causes its calls. Health checks are left out. */
double run_plan_rate(const struct conf_model *model, const char *route);
/* The route whose calls cause those of `route`, by caused_by, else by services,
 * else the only edge; NULL: unknown. */
const struct conf_route *run_plan_edge(const struct conf_model *model,
				       const struct conf_route *route);

/* --- as text (run_plan_out.c) --- */

/* Appends what people read. */
void run_plan_text(const struct run_plan *p, struct str *to);
/* Puts the members of an object that the caller opened. */
void run_plan_json(const struct run_plan *p, struct jsonw *w);

#endif
