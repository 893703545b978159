/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery, availability, performance. */
#include "report/format.h"
#include "report/sections.h"

/* When the last fault was lifted. */
static int64_t
last_lift(const struct run_scenario *s)
{
	int64_t at_us = RUN_NEVER;

	for (size_t i = 0; s->steps != NULL && i < s->asked->steps_count; i++) {
		if (s->steps[i].lifted_us > at_us)
			at_us = s->steps[i].lifted_us;
	}
	return at_us;
}

static void
add_recovery(const struct report *r, struct doc *d)
{
	doc_section(d, "recovery", "Recovery times");
	doc_text(d, "From when the fault was lifted, as measured. The first "
		    "success is the client's wait until its next attempt, and "
		    "the service's time to answer it. Steady is what callers "
		    "notice: who answers them without the service may be so "
		    "before its first success.");
	doc_table(d, "Recovery of each scenario",
		  "Scenario|State|Faulted for|Lifted at|First success|Client "
		  "waited|Service took|Steady again|Pool refilled");
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];
		const int64_t times[] = {last_lift(s),	    s->first_success_us,
					 s->client_wait_us, s->service_us,
					 s->steady_us,	    s->pool_us};
		struct periods during;

		periods_of_scenario(s, &during);
		doc_cell(d, TONE_NONE, "%s", s->asked->name);
		doc_cell(
		    d, s->state == SCENARIO_RUN ? TONE_NONE : TONE_OPEN,
		    "%s%s%s", run_scenario_word((enum scenario_state)s->state),
		    s->why != NULL ? ": " : "", s->why != NULL ? s->why : "");
		doc_cell(d, TONE_NONE, "%.1f s", periods_seconds(&during));
		for (size_t k = 0; k < COUNT_OF(times); k++) {
			struct format f;

			doc_cell(d, TONE_NONE, "%s", format_us(&f, times[k]));
		}
		periods_fini(&during);
	}
}

static void
add_availability(const struct report *r, struct doc *d)
{
	const struct uptime *a = &r->availability;
	double share =
	    a->requests > 0 ? (double)a->good / (double)a->requests : 0;

	doc_section(d, "availability", "Availability");
	if (a->requests == 0) {
		doc_text(d, "No request was sent: availability is not known.");
		return;
	}
	doc_item(d, TONE_NONE,
		 "By requests: %.3f %% of %zu (95 %%: %.3f to "
		 "%.3f %%).",
		 share * 100, a->requests, a->ci.lo * 100, a->ci.hi * 100);
	doc_item(d, TONE_NONE,
		 "By time: %zu of %zu seconds were bad (more "
		 "than half of their requests failed).",
		 a->bad, a->windows);
	if (a->outages_count > 0)
		doc_item(d, TONE_NONE, "Outages: %zu; the longest %.0f s%s.",
			 a->outages_count, a->longest_s,
			 a->outages[a->outages_count - 1].open
			     ? ", the last one not over at the end"
			     : "");
	else
		doc_item(d, TONE_NONE, "Outages: none.");
	if (r->mttr_s >= 0)
		doc_item(d, TONE_NONE,
			 "Mean time from the lifted fault to "
			 "steady: %.2f s, over %zu of the %zu scenarios that "
			 "ran.",
			 r->mttr_s, r->mttr_of, r->ran);
	if (r->not_recovered > 0)
		doc_item(d, TONE_BAD, "Not recovered: %zu scenarios.",
			 r->not_recovered);
	doc_item(d, TONE_NONE,
		 "Error budget of %.3f %%: this run burned it "
		 "at %.1f times its rate (95 %%: %.1f to %.1f).",
		 (1 - r->run->asked->report.slo) * 100, a->budget_burn,
		 a->burn_ci.lo, a->burn_ci.hi);
}

static void
add_quantile(struct doc *d, const struct totals_quantile *q, size_t n)
{
	struct format f;

	if (n == 0)
		doc_cell(d, TONE_OPEN, "–");
	else if (q->known)
		doc_cell(d, TONE_NONE, "%s (%.1f to %.1f)",
			 format_ms(&f, q->us), q->ci_us.lo / 1e3,
			 q->ci_us.hi / 1e3);
	else
		doc_cell(d, TONE_OPEN, "%s (n too small)",
			 format_ms(&f, q->us));
}

static void
add_performance(const struct report *r, struct doc *d)
{
	doc_section(d, "performance", "Performance");
	doc_text(d,
		 "From when a request %s; in brackets the interval that "
		 "holds the quantile with 95 %%. \"After\" is all that lies "
		 "between and behind the faults.",
		 r->run->driver_late_p99_us != RUN_NEVER ? "should have started"
							 : "came in");
	doc_table(d, "Requests of each load",
		  "Load|Phase|n|Failed|Degraded|Not sent|p50|p95|p99");
	for (size_t i = 0; i < r->times_count; i++) {
		const struct phase_times *t = &r->times[i];

		doc_cell(d, TONE_NONE, "%s",
			 r->run->asked->loads[t->load].name);
		doc_cell(d, TONE_NONE, "%s", t->phase);
		doc_cell(d, TONE_NONE, "%zu", t->n);
		doc_cell(d, TONE_NONE, "%zu", t->failed);
		doc_cell(d, TONE_NONE, "%zu", t->degraded);
		doc_cell(d, TONE_NONE, "%zu", t->lost);
		add_quantile(d, &t->p50, t->n);
		add_quantile(d, &t->p95, t->n);
		add_quantile(d, &t->p99, t->n);
	}
}

void
sections_figures(const struct report *r, struct doc *d)
{
	add_recovery(r, d);
	add_availability(r, d);
	add_performance(r, d);
}
