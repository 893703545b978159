/* SPDX-License-Identifier: Apache-2.0 */
/* The report for programs, and for the next run to compare itself with. */
#include "base/attr.h"
#include "base/json.h"
#include "experiment/added.h"
#include "report/format.h"
#include "report/json_parts.h"
#include "report/views.h"

static void
put_routes(const struct run *run, struct jsonw *w)
{
	jsonw_key(w, "routes");
	jsonw_array(w);
	for (size_t i = 0; i < run->routes_count; i++) {
		const struct run_route *r = &run->routes[i];

		jsonw_object(w);
		jsonw_put_string(w, "name", r->name);
		jsonw_put_string(w, "protocol", r->protocol);
		jsonw_put_string(w, "listen", r->listen);
		jsonw_put_string(w, "upstream", r->upstream);
		jsonw_put_string(w, "owner", r->owner);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

/* Intervals where there are enough requests for one. */
static void
put_added(const struct run *run, struct jsonw *w)
{
	static const struct {
		const char *key, *ci;
		double p;
	} rows[] = {{"added_p50_us", "added_p50_ci_us", 0.5},
		    {"added_p95_us", "added_p95_ci_us", 0.95},
		    {"added_p99_us", "added_p99_ci_us", 0.99}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct totals_quantile q = added_at(run, rows[i].p);

		jsonw_put_int(w, rows[i].key, (int64_t)(q.us + 0.5));
		if (q.known)
			json_range(w, rows[i].ci, q.ci_us.lo, q.ci_us.hi);
	}
	jsonw_put_uint(w, "added_n", run->added_n);
}

static void
put_measurement(const struct report *r, struct jsonw *w)
{
	const struct run *run = r->run;

	jsonw_key(w, "measurement");
	jsonw_object(w);
	jsonw_put_int(w, "noise_us", run->record.noise_us);
	jsonw_put_uint(w, "events", run->events);
	jsonw_put_uint(w, "events_lost", run->record.lost);
	if (run->driver_late_p99_us != RUN_NEVER)
		jsonw_put_int(w, "driver_late_p99_us", run->driver_late_p99_us);
	jsonw_put_uint(w, "requests", run->samples.count);
	jsonw_put_uint(w, "requests_not_sent", r->lost);
	if (run->added_n > 0)
		put_added(run, w);
	jsonw_object_end(w);
}

static void
put_availability(const struct report *r, struct jsonw *w)
{
	const struct uptime *a = &r->availability;

	jsonw_key(w, "availability");
	jsonw_object(w);
	jsonw_put_uint(w, "requests", a->requests);
	jsonw_put_uint(w, "good", a->good);
	json_range(w, "share_ci", a->ci.lo, a->ci.hi);
	jsonw_put_uint(w, "seconds", a->windows);
	jsonw_put_uint(w, "seconds_bad", a->bad);
	jsonw_put_uint(w, "outages", a->outages_count);
	if (a->outages_count > 0)
		jsonw_put_double(w, "longest_outage_s", a->longest_s);
	if (r->mttr_s >= 0)
		jsonw_put_double(w, "mttr_s", json_rounded(r->mttr_s));
	jsonw_put_uint(w, "not_recovered", r->not_recovered);
	jsonw_put_double(w, "slo", r->run->asked->report.slo);
	jsonw_put_double(w, "budget_burn", json_rounded(a->budget_burn));
	json_range(w, "budget_burn_ci", a->burn_ci.lo, a->burn_ci.hi);
	jsonw_object_end(w);
}

static void
put_quantile(struct jsonw *w, const char *key, const char *ci,
	     const struct totals_quantile *q)
{
	jsonw_put_double(w, key, json_rounded(q->us / 1e3));
	if (q->known)
		json_range(w, ci, q->ci_us.lo / 1e3, q->ci_us.hi / 1e3);
}

static void
put_performance(const struct report *r, struct jsonw *w)
{
	jsonw_key(w, "performance");
	jsonw_array(w);
	for (size_t i = 0; i < r->times_count; i++) {
		const struct phase_times *t = &r->times[i];

		jsonw_object(w);
		jsonw_put_string(w, "load", r->run->asked->loads[t->load].name);
		jsonw_put_string(w, "phase", t->phase);
		jsonw_put_uint(w, "n", t->n);
		jsonw_put_uint(w, "failed", t->failed);
		jsonw_put_uint(w, "degraded", t->degraded);
		jsonw_put_uint(w, "not_sent", t->lost);
		if (t->n > 0) {
			put_quantile(w, "p50_ms", "p50_ci_ms", &t->p50);
			put_quantile(w, "p95_ms", "p95_ci_ms", &t->p95);
			put_quantile(w, "p99_ms", "p99_ci_ms", &t->p99);
		}
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_score(struct jsonw *w, const char *key, const struct score *s)
{
	struct range possible = score_possible(s);
	double value;

	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_key(w, "score");
	if (score_value(s, &value))
		jsonw_double(w, json_rounded(value));
	else
		jsonw_null(w);
	jsonw_put_double(
	    w, "decided_share",
	    s->weight > 0 ? json_rounded(s->decided_weight / s->weight) : 0);
	json_range(w, "possible", possible.lo, possible.hi);
	jsonw_object_end(w);
}

static void
put_scores(const struct report *r, struct jsonw *w)
{
	jsonw_key(w, "scores");
	jsonw_object(w);
	for (int i = 0; i < CATEGORIES; i++)
		put_score(w, category_name((enum category)i), &r->scores[i]);
	put_score(w, "overall", &r->overall);
	jsonw_object_end(w);
}

static void
put_advice(const struct report *r, struct jsonw *w)
{
	jsonw_key(w, "recommendations");
	jsonw_array(w);
	for (size_t i = 0; i < r->advice_count; i++) {
		const struct advice *a = &r->advice[i];

		jsonw_object(w);
		jsonw_put_string(w, "rule", a->rule);
		jsonw_put_string(w, "risk", risk_name(a->risk));
		jsonw_put_string(w, "route", a->route);
		jsonw_put_string(w, "owner", a->owner);
		jsonw_put_string(w, "scenario",
				 finding_scenario(r, &r->findings[a->finding]));
		jsonw_put_string(w, "text", a->text);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_comparison(const struct report *r, struct jsonw *w)
{
	if (r->previous == NULL)
		return;
	jsonw_key(w, "comparison");
	jsonw_object(w);
	jsonw_put_string(w, "with", r->previous);
	jsonw_key(w, "changes");
	jsonw_array(w);
	for (size_t i = 0; i < r->changes_count; i++) {
		const struct comparison *c = &r->changes[i];

		jsonw_object(w);
		jsonw_put_string(w, "change", change_name(c->change));
		jsonw_put_string(w, "what", c->what);
		jsonw_put_string(w, "before", c->before);
		jsonw_put_string(w, "now", c->now);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void
put_log(const struct run *run, struct jsonw *w)
{
	jsonw_key(w, "rollback");
	jsonw_object(w);
	jsonw_put_bool(w, "verified", run->rollback_problem == NULL);
	if (run->rollback_problem != NULL)
		jsonw_put_string(w, "problem", run->rollback_problem);
	jsonw_object_end(w);
	jsonw_key(w, "log");
	jsonw_array(w);
	for (size_t i = 0; i < run->notes_count; i++) {
		jsonw_object(w);
		json_seconds(w, "at_s", run->notes[i].at_us);
		jsonw_put_string(w, "kind", run->notes[i].kind);
		jsonw_put_string(w, "text", run->notes[i].text);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_head(const struct report *r, struct jsonw *w)
{
	const struct run *run = r->run;
	struct format f;

	jsonw_put_int(w, "schema", 1);
	jsonw_put_string(w, "tool", "faultwire " FAULTWIRE_VERSION);
	jsonw_put_string(w, "experiment", run->asked->name);
	jsonw_put_string(w, "run", run->run_id);
	jsonw_put_string(w, "file", run->file);
	jsonw_put_string(w, "config_hash", run->config_hash);
	jsonw_put_uint(w, "seed", run->seed);
	jsonw_put_string(w, "started", format_time(&f, run->start_wall_us));
	json_seconds(w, "duration_s", run->duration_us);
	jsonw_put_int(w, "exit_code", run->exit_code);
	jsonw_key(w, "expectations");
	jsonw_object(w);
	jsonw_put_uint(w, "met", r->met);
	jsonw_put_uint(w, "violated", r->violated);
	jsonw_put_uint(w, "undecided", r->undecided);
	jsonw_object_end(w);
}

void
view_json(const struct report *r, struct str *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	put_head(r, &w);
	put_routes(r->run, &w);
	put_measurement(r, &w);
	json_steady(r->run, &w);
	json_scenarios(r, &w);
	put_availability(r, &w);
	put_performance(r, &w);
	put_scores(r, &w);
	put_advice(r, &w);
	put_comparison(r, &w);
	jsonw_put_string(&w, "next", r->next);
	put_log(r->run, &w);
	jsonw_object_end(&w);
	str_add(to, "\n");
}
