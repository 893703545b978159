/* SPDX-License-Identifier: Apache-2.0 */
/* Makes of a record what a runner would have filled in. */
#include "report/bare.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "config/model.h"
#include "experiment/totals.h"
#include "report/write.h"

#define SLO 0.999

/* What a run borrows, in one place. */
struct bare {
	struct conf_experiment asked;
	struct conf_load *loads;
	struct conf_scenario *scenarios;
	struct conf_step *steps;
	struct conf_fault *faults;
	struct conf_kind *kinds;
	const struct window **windows; /* of all routes, by time */
	const struct route **routes;   /* of each of them */
	size_t count;
	struct run run;
};

/* --- load ------------------------------------------------------------------
 */

static bool
is_edge(const struct record *r, size_t route)
{
	for (size_t i = 0; i < r->routes_count; i++) {
		if (r->routes[i].edge == route)
			return true;
	}
	return false;
}

/* Where no route leads to another, all are what the load came to. */
static bool
has_edges(const struct record *r)
{
	for (size_t i = 0; i < r->routes_count; i++) {
		if (r->routes[i].edge != RECORD_NONE)
			return true;
	}
	return false;
}

static uint8_t
outcome_of(const struct call *c)
{
	static const uint8_t outcomes[] = {[CALL_OK] = SAMPLE_OK,
					   [CALL_ERROR] = SAMPLE_FAILED,
					   [CALL_RESET] = SAMPLE_BROKEN,
					   [CALL_CLIENT_ABORT] = SAMPLE_TIMEOUT,
					   [CALL_SERVER_ABORT] = SAMPLE_BROKEN,
					   [CALL_OPEN] = SAMPLE_OPEN};

	return outcomes[c->outcome];
}

static void
add_load(struct bare *b, const struct route *route)
{
	struct samples *all = &b->run.samples;
	size_t load = b->asked.loads_count++;

	b->loads[load].name = (char *)route->name;
	all->items =
	    xrealloc(all->items, (all->count + route->calls.count + 1) *
				     sizeof(*all->items));
	for (size_t i = 0; i < route->calls.count; i++) {
		const struct call *c = &route->calls.items[i];

		all->items[all->count++] =
		    (struct sample){.load = (uint32_t)load,
				    .intended_us = c->start_us,
				    .start_us = c->start_us,
				    .first_us = c->first_us,
				    .end_us = c->end_us,
				    .status = c->status,
				    .outcome = outcome_of(c),
				    .bytes = c->bytes_down};
	}
}

static int
by_intended(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->intended_us > y->intended_us) -
	       (x->intended_us < y->intended_us);
}

static void
make_load(struct bare *b)
{
	const struct record *r = &b->run.record;
	bool edges = has_edges(r);

	b->loads = xcalloc(r->routes_count + 1, sizeof(*b->loads));
	for (size_t i = 0; i < r->routes_count; i++) {
		if (!edges ||
		    (is_edge(r, i) && r->routes[i].edge == RECORD_NONE))
			add_load(b, &r->routes[i]);
	}
	if (b->run.samples.count > 1)
		qsort(b->run.samples.items, b->run.samples.count,
		      sizeof(*b->run.samples.items), by_intended);
	b->asked.loads = b->loads;
}

/* --- scenarios --------------------------------------------------------------
 */

static void
collect(struct bare *b)
{
	const struct record *r = &b->run.record;
	size_t n = 0;

	for (size_t i = 0; i < r->routes_count; i++)
		n += r->routes[i].windows_count;
	b->windows = xcalloc(n + 1, sizeof(*b->windows));
	b->routes = xcalloc(n + 1, sizeof(*b->routes));
	for (size_t i = 0; i < r->routes_count; i++) {
		for (size_t k = 0; k < r->routes[i].windows_count; k++) {
			size_t at = b->count++;

			/* Insertion: there are few. */
			for (; at > 0 && b->windows[at - 1]->from_us >
					     r->routes[i].windows[k].from_us;
			     at--) {
				b->windows[at] = b->windows[at - 1];
				b->routes[at] = b->routes[at - 1];
			}
			b->windows[at] = &r->routes[i].windows[k];
			b->routes[at] = &r->routes[i];
		}
	}
}

static void
fill_step(struct bare *b, size_t at, struct run_step *to)
{
	const struct window *w = b->windows[at];
	struct period period = {w->from_us, w->to_us};
	struct totals t;

	b->kinds[at] = (struct conf_kind){.name = w->kind};
	b->faults[at] = (struct conf_fault){.kind = &b->kinds[at]};
	b->steps[at] = (struct conf_step){.for_us = w->to_us - w->from_us,
					  .route = (char *)b->routes[at]->name,
					  .fault = &b->faults[at]};
	totals_calls(&b->routes[at]->calls, &(struct periods){&period, 1}, &t);
	*to =
	    (struct run_step){.asked = &b->steps[at],
			      .planned_us = w->from_us,
			      .armed_us = w->from_us,
			      .lifted_us = w->lasts ? RUN_NEVER : w->to_us,
			      .matched = t.n,
			      .applied = t.n,
			      .proof = t.n > 0 ? PROOF_MATCHED : PROOF_NO_HIT};
	totals_fini(&t);
}

/* Windows from `from` to before `to`. */
static void
add_scenario(struct bare *b, size_t from, size_t to)
{
	size_t n = b->asked.scenarios_count++;
	struct run_scenario *s = &b->run.scenarios[n];

	b->scenarios[n] = (struct conf_scenario){
	    .name = xasprintf("%zu: %s of %s", n + 1, b->windows[from]->kind,
			      b->routes[from]->name),
	    .steps = &b->steps[from],
	    .steps_count = to - from};
	*s = (struct run_scenario){
	    .asked = &b->scenarios[n],
	    .state = SCENARIO_RUN,
	    .from_us = b->windows[from]->from_us,
	    .to_us = to < b->count ? b->windows[to]->from_us
				   : b->run.record.end_us + 1,
	    .steps = xcalloc(to - from, sizeof(*s->steps))};
	for (size_t i = from; i < to; i++)
		fill_step(b, i, &s->steps[i - from]);
}

static void
make_scenarios(struct bare *b)
{
	size_t from = 0;

	collect(b);
	b->scenarios = xcalloc(b->count + 1, sizeof(*b->scenarios));
	b->run.scenarios = xcalloc(b->count + 1, sizeof(*b->run.scenarios));
	b->steps = xcalloc(b->count + 1, sizeof(*b->steps));
	b->faults = xcalloc(b->count + 1, sizeof(*b->faults));
	b->kinds = xcalloc(b->count + 1, sizeof(*b->kinds));
	b->asked.scenarios = b->scenarios;
	while (from < b->count) {
		int64_t end_us = b->windows[from]->to_us;
		size_t to = from + 1;

		for (; to < b->count && b->windows[to]->from_us <= end_us; to++)
			end_us = MAX(end_us, b->windows[to]->to_us);
		add_scenario(b, from, to);
		from = to;
	}
}

/* --- the report --------------------------------------------------------------
 */

static void
make_routes(struct bare *b)
{
	const struct record *r = &b->run.record;

	b->run.routes_count = r->routes_count;
	b->run.routes = xcalloc(r->routes_count + 1, sizeof(*b->run.routes));
	for (size_t i = 0; i < r->routes_count; i++)
		b->run.routes[i].name = r->routes[i].name;
}

static void
finish(struct bare *b)
{
	b->run.record = (struct record){0}; /* it is borrowed */
	run_fini(&b->run);
	for (size_t i = 0; i < b->asked.scenarios_count; i++)
		free(b->scenarios[i].name);
	free(b->loads);
	free(b->scenarios);
	free(b->steps);
	free(b->faults);
	free(b->kinds);
	free(b->windows);
	free(b->routes);
}

bool
bare_write(const struct record *record, const char *name, const char *path,
	   struct error *err)
{
	struct bare b = {.run = {.record = *record}};
	bool ok;

	b.asked.name = (char *)name;
	b.asked.report.slo = SLO;
	b.run.asked = &b.asked;
	b.run.run_id = xstrdup("journal");
	b.run.file = xstrdup(name);
	b.run.duration_us = record->end_us;
	b.run.driver_late_p99_us = RUN_NEVER;
	b.run.rollback_problem = xstrdup("a journal does not tell");
	make_routes(&b);
	make_load(&b);
	make_scenarios(&b);
	run_judge(&b.run);
	ok = report_write_file(&b.run, path, err);
	finish(&b);
	return ok;
}
