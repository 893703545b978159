/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the JSON view, and its scenarios: faults as they were, what was
 * expected, and all verdicts. */
#include "report/json_parts.h"

#include <math.h>

#include "report/format.h"

double
json_rounded(double value)
{
	return floor(value * 1e6 + 0.5) / 1e6;
}

void
json_seconds(struct jsonw *w, const char *key, int64_t us)
{
	jsonw_key(w, key);
	if (us == RUN_NEVER)
		jsonw_null(w);
	else
		jsonw_double(w, (double)us / 1e6);
}

void
json_range(struct jsonw *w, const char *key, double lo, double hi)
{
	jsonw_key(w, key);
	jsonw_array(w);
	jsonw_double(w, json_rounded(lo));
	jsonw_double(w, json_rounded(hi));
	jsonw_array_end(w);
}

void
json_steady(const struct run *run, struct jsonw *w)
{
	jsonw_key(w, "steady");
	jsonw_array(w);
	for (size_t i = 0; i < run->steady_count; i++) {
		const struct run_steady *s = &run->steady[i];

		jsonw_object(w);
		jsonw_put_string(w, "of", s->asked->of);
		jsonw_put_bool(w, "after", s->after);
		jsonw_put_bool(w, "met", s->met);
		jsonw_put_uint(w, "n", s->n);
		json_range(w, "success_ci", s->success_lo, s->success_hi);
		jsonw_put_double(w, "p95_ms", (double)s->p95_us / 1e3);
		jsonw_put_double(w, "p99_ms", (double)s->p99_us / 1e3);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_step(const struct run_step *s, struct jsonw *w)
{
	struct str what = {0};

	format_step(&what, s->asked);
	jsonw_object(w);
	jsonw_put_string(w, "fault", what.text);
	json_seconds(w, "planned_s", s->planned_us);
	json_seconds(w, "armed_s", s->armed_us);
	json_seconds(w, "lifted_s", s->lifted_us);
	jsonw_put_uint(w, "matched", s->matched);
	jsonw_put_uint(w, "applied", s->applied);
	if (s->unit != NULL) {
		jsonw_put_double(w, "asked", s->asked_value);
		jsonw_put_double(w, "achieved", s->achieved_value);
		jsonw_put_string(w, "unit", s->unit);
	}
	jsonw_put_string(w, "proof",
			 run_proof_word((enum proof_state)s->proof));
	jsonw_put_bool(w, "lift_verified", s->lift_verified);
	jsonw_object_end(w);
	str_fini(&what);
}

static void
put_recovery(const struct run_scenario *s, struct jsonw *w)
{
	jsonw_key(w, "recovery");
	jsonw_object(w);
	json_seconds(w, "first_success_s", s->first_success_us);
	json_seconds(w, "client_wait_s", s->client_wait_us);
	json_seconds(w, "service_s", s->service_us);
	json_seconds(w, "steady_s", s->steady_us);
	json_seconds(w, "pool_s", s->pool_us);
	jsonw_object_end(w);
}

static void
put_verify(const struct run_verify *v, struct jsonw *w)
{
	if (!v->done)
		return;
	jsonw_key(w, "verify");
	jsonw_object(w);
	jsonw_put_uint(w, "acked", v->acked);
	jsonw_put_uint(w, "ambiguous", v->ambiguous);
	jsonw_put_uint(w, "stored", v->stored);
	jsonw_put_uint(w, "lost", v->lost);
	jsonw_put_uint(w, "applied_in_doubt", v->applied_in_doubt);
	jsonw_put_uint(w, "duplicates", v->duplicates);
	jsonw_object_end(w);
}

static void
put_expects(const struct run_scenario *s, struct jsonw *w)
{
	jsonw_key(w, "expectations");
	jsonw_array(w);
	for (size_t i = 0; i < s->asked->expects_count; i++) {
		const struct run_expect *e = &s->expects[i];
		struct str asked = {0};

		format_asked(&asked, e->asked);
		jsonw_object(w);
		jsonw_put_string(w, "key", e->asked->key);
		jsonw_put_string(w, "asked", asked.text);
		jsonw_put_string(w, "state",
				 run_expect_word((enum expect_state)e->state));
		jsonw_put_string(w, "found", e->found);
		jsonw_put_string(w, "why", e->why);
		jsonw_put_uint(w, "line", e->asked->where.line);
		jsonw_object_end(w);
		str_fini(&asked);
	}
	jsonw_array_end(w);
}

static void
put_verdicts(const struct report *r, size_t scenario, struct jsonw *w)
{
	jsonw_key(w, "verdicts");
	jsonw_array(w);
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *f = &r->findings[i];

		if (f->scenario != scenario)
			continue;
		jsonw_object(w);
		jsonw_key(w, "score");
		if (f->decided)
			jsonw_double(w, f->score);
		else
			jsonw_null(w);
		if (f->expect != NULL)
			jsonw_put_string(
			    w, "expect",
			    run_expect_word(
				(enum expect_state)f->expect->state));
		jsonw_key(w, "verdict");
		verdict_put_json(w, f->verdict);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void
json_scenarios(const struct report *r, struct jsonw *w)
{
	jsonw_key(w, "scenarios");
	jsonw_array(w);
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		jsonw_object(w);
		jsonw_put_string(w, "name", s->asked->name);
		jsonw_put_string(
		    w, "state",
		    run_scenario_word((enum scenario_state)s->state));
		jsonw_put_string(w, "why", s->why);
		json_seconds(w, "from_s", s->from_us);
		json_seconds(w, "to_s", s->to_us);
		jsonw_key(w, "faults");
		jsonw_array(w);
		for (size_t k = 0;
		     s->steps != NULL && k < s->asked->steps_count; k++)
			put_step(&s->steps[k], w);
		jsonw_array_end(w);
		put_recovery(s, w);
		put_verify(&s->verify, w);
		put_expects(s, w);
		put_verdicts(r, i, w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}
