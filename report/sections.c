/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a report; its overview, and what shows that it may be
 * believed. */
#include "report/sections.h"

#include <stdio.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "experiment/added.h"
#include "report/format.h"

static size_t
count_scenarios(const struct report *r, enum scenario_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->run->asked->scenarios_count; i++)
		n += r->run->scenarios[i].state == state;
	return n;
}

static void
fact(struct doc *d, const char *name, const char *value)
{
	doc_cell(d, TONE_NONE, "%s", name);
	doc_cell(d, TONE_NONE, "%s", value != NULL ? value : "–");
}

static void
add_routes(const struct report *r, struct doc *d)
{
	doc_table(d, "Routes", "Route|Protocol|Listens on|Leads to|Owner");
	for (size_t i = 0; i < r->run->routes_count; i++) {
		const struct run_route *route = &r->run->routes[i];
		const char *const cells[] = {route->name, route->protocol,
					     route->listen, route->upstream,
					     route->owner};

		for (size_t k = 0; k < COUNT_OF(cells); k++)
			doc_cell(d, TONE_NONE, "%s",
				 cells[k] != NULL ? cells[k] : "–");
	}
}

static void
add_steady(const struct report *r, struct doc *d)
{
	if (r->run->steady_count == 0)
		return;
	doc_table(d, "Steady state", "Load|When|Met|n|Success (95 %)|p95|p99");
	for (size_t i = 0; i < r->run->steady_count; i++) {
		const struct run_steady *s = &r->run->steady[i];
		struct format a, b;

		doc_cell(d, TONE_NONE, "%s", s->asked->of);
		doc_cell(d, TONE_NONE, "%s", s->after ? "after" : "before");
		doc_cell(d, s->met ? TONE_GOOD : TONE_BAD, "%s",
			 s->met ? "met" : "not met");
		doc_cell(d, TONE_NONE, "%zu", s->n);
		doc_cell(d, TONE_NONE, "%.2f %% (%.2f to %.2f)",
			 s->success * 100, s->success_lo * 100,
			 s->success_hi * 100);
		doc_cell(d, TONE_NONE, "%s", format_ms(&a, (double)s->p95_us));
		doc_cell(d, TONE_NONE, "%s", format_ms(&b, (double)s->p99_us));
	}
}

/* What was run, and what it comes to. */
static void
add_overview(const struct report *r, struct doc *d)
{
	const struct run *run = r->run;
	struct format f;
	char number[32];

	doc_section(d, "overview", "Overview");
	doc_text(d,
		 "%zu expectations met, %zu violated, %zu undecided; "
		 "%zu of %zu scenarios ran as planned. Exit code %d.",
		 r->met, r->violated, r->undecided,
		 count_scenarios(r, SCENARIO_RUN), run->asked->scenarios_count,
		 run->exit_code);
	doc_table(d, "Run", "What|Value");
	fact(d, "Experiment", run->asked->name);
	fact(d, "File", run->file);
	fact(d, "Run", run->run_id);
	fact(d, "Started", format_time(&f, run->start_wall_us));
	fact(d, "Duration", format_us(&f, run->duration_us));
	if (run->config_hash != NULL) {
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)run->seed);
		fact(d, "Seed", number);
		fact(d, "Configuration", run->config_hash);
	}
	fact(d, "Tool", "faultwire " FAULTWIRE_VERSION);
	add_routes(r, d);
	add_steady(r, d);
}

/* --- proof ---------------------------------------------------------------- */

static void
add_step(const struct run_scenario *s, size_t at, struct doc *d)
{
	const struct run_step *step = &s->steps[at];
	struct str what = {0};
	struct format a, b, c;

	format_step(&what, step->asked);
	doc_cell(d, TONE_NONE, "%s", s->asked->name);
	doc_cell(d, TONE_NONE, "%s", what.text);
	doc_cell(d, TONE_NONE, "%s", format_us(&a, step->planned_us));
	doc_cell(d, TONE_NONE, "%s", format_us(&b, step->armed_us));
	doc_cell(d, TONE_NONE, "%s", format_us(&c, step->lifted_us));
	doc_cell(d, TONE_NONE, "%llu of %llu",
		 (unsigned long long)step->applied,
		 (unsigned long long)step->matched);
	if (step->unit != NULL) {
		doc_cell(d, TONE_NONE, "%.4g %s", step->asked_value,
			 step->unit);
		doc_cell(d, TONE_NONE, "%.4g %s", step->achieved_value,
			 step->unit);
	} else {
		doc_cell(d, TONE_NONE, "–");
		doc_cell(d, TONE_NONE, "–");
	}
	doc_cell(d, step->proof == PROOF_MATCHED ? TONE_GOOD : TONE_OPEN, "%s",
		 run_proof_word((enum proof_state)step->proof));
	doc_cell(d, step->lift_verified ? TONE_GOOD : TONE_BAD, "%s",
		 step->lift_verified	       ? "verified"
		 : step->armed_us == RUN_NEVER ? "–"
					       : "not verified");
	str_fini(&what);
}

static void
add_log(const struct report *r, struct doc *d)
{
	const struct run *run = r->run;

	doc_section(d, "log", "Guards, hooks and rollback");
	doc_text(
	    d, "%s%s",
	    run->rollback_problem == NULL
		? "Every fault that was armed is lifted, which was verified in "
		  "the data plane."
		: "Rollback is not verified: ",
	    run->rollback_problem != NULL ? run->rollback_problem : "");
	for (size_t i = 0; i < run->notes_count; i++) {
		struct format f;

		doc_item(d, TONE_NONE, "%s %s: %s",
			 format_us(&f, run->notes[i].at_us), run->notes[i].kind,
			 run->notes[i].text);
	}
	for (size_t i = 0; i < run->alerts_count; i++) {
		struct format f;

		doc_item(d, TONE_NONE, "%s alert: %s %s",
			 format_us(&f, run->alerts[i].at_us),
			 run->alerts[i].name,
			 run->alerts[i].firing ? "fires" : "is resolved");
	}
}

/* What the driver did, where there was one. */
static void
add_driver(const struct report *r, struct doc *d)
{
	const struct run *run = r->run;
	struct format f;

	if (run->driver_late_p99_us == RUN_NEVER) {
		doc_item(d, TONE_OPEN,
			 "There was no load driver: requests are "
			 "what came in, from when it came.");
		return;
	}
	doc_item(d, TONE_NONE,
		 "Requests were sent late by %s at most in 99 %% "
		 "of all cases; latency counts from the intended "
		 "start.",
		 format_ms(&f, (double)run->driver_late_p99_us));
	doc_item(
	    d, r->lost_share > 0.05 ? TONE_BAD : TONE_NONE,
	    "%zu of %zu requests (%.2f %%) were never sent, as too many were "
	    "under way, or no descriptor or port was left.",
	    r->lost, run->samples.count, r->lost_share * 100);
}

/* "0.121 ms (p50; 0.118 to 0.124)". Appends. */
static void
put_added(struct str *to, const struct run *run, int percent)
{
	struct totals_quantile q = added_at(run, percent / 100.0);

	str_printf(to, "%.3f ms (p%d; ", q.us / 1e3, percent);
	if (q.known)
		str_printf(to, "%.3f to %.3f)", q.ci_us.lo / 1e3,
			   q.ci_us.hi / 1e3);
	else
		str_add(to, "n too small)");
}

/* What the proxy costs while nothing is faulted. */
static void
add_added(const struct run *run, struct doc *d)
{
	struct str s = {0};

	if (run->added_n == 0) {
		doc_item(d, TONE_OPEN,
			 "What the proxy itself adds was not measured: no "
			 "HTTP request of a load driver, with its "
			 "X-Request-Id, came before the first fault.");
		return;
	}
	put_added(&s, run, 50);
	str_add(&s, ", ");
	put_added(&s, run, 95);
	str_add(&s, " and ");
	put_added(&s, run, 99);
	doc_item(d, TONE_NONE,
		 "The proxy itself, with its journal, added %s to %zu requests "
		 "before the first fault: from when the load driver took a "
		 "request up until its answer began there, less the time from "
		 "when the proxy had sent it on until the answer came to it. "
		 "The driver's own work, and opening connections, are in it.",
		 s.text, run->added_n);
	str_fini(&s);
}

static void
add_measurement(const struct report *r, struct doc *d)
{
	const struct run *run = r->run;
	enum doc_tone tone = run->record.lost > 0 ? TONE_BAD : TONE_NONE;
	struct format f;

	doc_section(d, "measurement", "Measurement quality");
	doc_item(d, TONE_NONE,
		 "Timers of the proxy were late by %s at most in "
		 "95 %% of all cases; brackets are widened by it.",
		 format_ms(&f, (double)run->record.noise_us));
	add_driver(r, d);
	add_added(run, d);
	if (run->events > 0)
		doc_item(d, tone, "%zu events were recorded, %llu are missing.",
			 run->events, (unsigned long long)run->record.lost);
	else
		doc_item(d, tone, "%llu events are missing.",
			 (unsigned long long)run->record.lost);
}

/* Proof of injection, log, measurement. */
static void
add_proof(const struct report *r, struct doc *d)
{
	doc_section(d, "injection", "Proof of injection");
	doc_table(d, "Faults, as they were armed and measured",
		  "Scenario|Fault|Planned|Armed|Lifted|Acted on|Asked|Achieved|"
		  "Proof|Lift");
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		for (size_t k = 0;
		     s->steps != NULL && k < s->asked->steps_count; k++)
			add_step(s, k, d);
	}
	add_log(r, d);
	add_measurement(r, d);
}

void
sections_build(const struct report *r, struct doc *d)
{
	d->title = xasprintf("Experiment %s", r->run->asked->name);
	add_overview(r, d);
	doc_section(d, "timeline", "Timeline");
	doc_plot(d);
	sections_findings(r, d);
	sections_figures(r, d);
	sections_validation(r, d);
	add_proof(r, d);
}
