/* SPDX-License-Identifier: Apache-2.0 */
/* Beside the last run, whose report.json is read. What chance explains is the
 * same: shares by Newcombe's interval, brackets if they touch, plain numbers
 * within a quarter, and times within a second. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/stat.h"
#include "report/model.h"

#define MUCH	0.25
#define SECONDS 1.0

/* Numbers of verdicts of which less is better. */
static const struct {
	const char *mech, *key, *what;
	double same; /* plain ones that are no farther apart */
} numbers[] = {
    {"recovery", "first_success_s", "time to the first success", SECONDS},
    {"recovery", "steady_s", "time to steady", SECONDS},
    {"recovery", "pool_refill_s", "time to full pools", SECONDS},
    {"timeout", "ci_s", "time-out", SECONDS},
    {"amplification", "factor", "attempts per request", 0},
    {"failover", "switch_s", "time to fail over", SECONDS},
};

static void
add(struct report *r, enum change change, char *what, char *before, char *now)
{
	r->changes =
	    xrealloc(r->changes, (r->changes_count + 1) * sizeof(*r->changes));
	r->changes[r->changes_count++] =
	    (struct comparison){change, what, before, now};
}

static bool
get_text(const json_t *o, const char *key, const char **text)
{
	*text = json_string_value(json_object_get(o, key));
	return *text != NULL;
}

/* A number, or [low, high]. */
static bool
get_range(const json_t *o, const char *key, struct range *to)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_number(v)) {
		to->lo = to->hi = json_number_value(v);
		return true;
	}
	if (!json_is_array(v) || json_array_size(v) != 2 ||
	    !json_is_number(json_array_get(v, 0)) ||
	    !json_is_number(json_array_get(v, 1)))
		return false;
	to->lo = json_number_value(json_array_get(v, 0));
	to->hi = json_number_value(json_array_get(v, 1));
	return true;
}

static const json_t *
scenario_named(const json_t *scenarios, const char *name)
{
	for (size_t i = 0; i < json_array_size(scenarios); i++) {
		const json_t *o = json_array_get(scenarios, i);
		const char *text;

		if (get_text(o, "name", &text) && strcmp(text, name) == 0)
			return o;
	}
	return NULL;
}

/* --- verdicts ---------------------------------------------------------------
 */

/* The entry {score, verdict} of the last run that is about the same. */
static const json_t *
entry_of(const json_t *scenario, const struct verdict *v)
{
	const json_t *all = json_object_get(scenario, "verdicts");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *e = json_array_get(all, i);
		const json_t *o = json_object_get(e, "verdict");
		const char *mech, *route, *fault;

		if (get_text(o, "mech", &mech) &&
		    get_text(o, "route", &route) &&
		    get_text(o, "fault", &fault) && v->fault != NULL &&
		    strcmp(mech, v->mech) == 0 &&
		    strcmp(route, v->route) == 0 &&
		    strcmp(fault, v->fault) == 0)
			return e;
	}
	return NULL;
}

static enum change
change_of(struct range before, struct range now, double same)
{
	bool plain = before.lo == before.hi || now.lo == now.hi;
	double by = now.hi - before.hi;

	if (plain &&
	    (by < 0 ? -by : by) <= MAX(same, MUCH * MAX(before.hi, now.hi)))
		return CHANGE_SAME;
	if (now.lo > before.hi)
		return CHANGE_REGRESSED;
	return now.hi < before.lo ? CHANGE_IMPROVED : CHANGE_SAME;
}

static void
compare_numbers(struct report *r, const struct finding *f, const json_t *last)
{
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		const struct fact *now =
		    verdict_fact(f->verdict, numbers[i].key);
		struct range before;

		if (strcmp(numbers[i].mech, f->verdict->mech) != 0 ||
		    now == NULL || now->word != NULL ||
		    !get_range(last, numbers[i].key, &before))
			continue;
		add(r, change_of(before, now->value, numbers[i].same),
		    xasprintf("%s: %s of %s under %s", finding_scenario(r, f),
			      numbers[i].what, f->verdict->route,
			      f->verdict->fault),
		    xasprintf("%.4g to %.4g", before.lo, before.hi),
		    xasprintf("%.4g to %.4g", now->value.lo, now->value.hi));
	}
}

static void
compare_finding(struct report *r, const struct finding *f,
		const json_t *scenario)
{
	const json_t *entry = entry_of(scenario, f->verdict);
	const json_t *score = json_object_get(entry, "score");
	const json_t *last = json_object_get(entry, "verdict");
	const char *state;
	double before;

	if (!f->decided || !json_is_number(score) ||
	    !get_text(last, "state", &state))
		return;
	before = json_number_value(score);
	add(r,
	    f->score < before	? CHANGE_REGRESSED
	    : f->score > before ? CHANGE_IMPROVED
				: CHANGE_SAME,
	    xasprintf("%s: %s of %s under %s", finding_scenario(r, f),
		      f->mechanism->title, f->verdict->route,
		      f->verdict->fault),
	    xasprintf("%s, %.1f", state, before),
	    xasprintf("%s, %.1f", verdict_state_name(f->verdict->state),
		      f->score));
	compare_numbers(r, f, last);
}

/* --- requests --------------------------------------------------------------
 */

static bool
get_count(const json_t *o, const char *key, size_t *to)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*to = (size_t)json_integer_value(v);
	return true;
}

static void
compare_shares(struct report *r, const struct phase_times *t,
	       const json_t *last)
{
	size_t n, failed;
	struct range d;

	if (!get_count(last, "n", &n) || !get_count(last, "failed", &failed) ||
	    failed > n || n < COMPARE_MIN || t->n < COMPARE_MIN)
		return;
	d = stat_newcombe(failed, n, t->failed, t->n);
	add(r,
	    d.lo > 0   ? CHANGE_REGRESSED
	    : d.hi < 0 ? CHANGE_IMPROVED
		       : CHANGE_SAME,
	    xasprintf("%s, %s: failures", r->run->asked->loads[t->load].name,
		      t->phase),
	    xasprintf("%zu of %zu", failed, n),
	    xasprintf("%zu of %zu", t->failed, t->n));
}

static void
compare_times(struct report *r, const struct phase_times *t, const json_t *last)
{
	struct range before,
	    now = {t->p95.ci_us.lo / 1e3, t->p95.ci_us.hi / 1e3};

	if (!t->p95.known || !get_range(last, "p95_ci_ms", &before))
		return;
	add(r,
	    now.lo > before.hi	 ? CHANGE_REGRESSED
	    : now.hi < before.lo ? CHANGE_IMPROVED
				 : CHANGE_SAME,
	    xasprintf("%s, %s: p95", r->run->asked->loads[t->load].name,
		      t->phase),
	    xasprintf("%.1f to %.1f ms", before.lo, before.hi),
	    xasprintf("%.1f to %.1f ms", now.lo, now.hi));
}

static const json_t *
times_of(const json_t *root, const struct report *r,
	 const struct phase_times *t)
{
	const json_t *all = json_object_get(root, "performance");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *o = json_array_get(all, i);
		const char *load, *phase;

		if (get_text(o, "load", &load) &&
		    get_text(o, "phase", &phase) &&
		    strcmp(load, r->run->asked->loads[t->load].name) == 0 &&
		    strcmp(phase, t->phase) == 0)
			return o;
	}
	return NULL;
}

/* Regressed first, the same last; the order otherwise stays. */
static void
arrange(struct report *r)
{
	struct comparison *all = xcalloc(r->changes_count + 1, sizeof(*all));
	size_t n = 0;

	for (int change = CHANGE_REGRESSED; change <= CHANGE_SAME; change++) {
		for (size_t i = 0; i < r->changes_count; i++) {
			if ((int)r->changes[i].change == change)
				all[n++] = r->changes[i];
		}
	}
	free(r->changes);
	r->changes = all;
}

const char *
change_name(enum change change)
{
	static const char *const names[] = {[CHANGE_REGRESSED] = "REGRESSED",
					    [CHANGE_IMPROVED] = "IMPROVED",
					    [CHANGE_SAME] = "SAME"};

	return names[change];
}

void
report_compare(struct report *r, const char *previous)
{
	json_t *root = json_loads(previous, 0, NULL);
	const json_t *scenarios = json_object_get(root, "scenarios");
	const char *name, *id;

	if (!get_text(root, "experiment", &name) ||
	    !get_text(root, "run", &id) || !json_is_array(scenarios) ||
	    strcmp(name, r->run->asked->name) != 0 ||
	    strcmp(id, r->run->run_id) == 0) {
		json_decref(root);
		return;
	}
	r->previous = xstrdup(id);
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *f = &r->findings[i];

		compare_finding(
		    r, f, scenario_named(scenarios, finding_scenario(r, f)));
	}
	for (size_t i = 0; i < r->times_count; i++) {
		const json_t *t = times_of(root, r, &r->times[i]);

		compare_shares(r, &r->times[i], t);
		compare_times(r, &r->times[i], t);
	}
	arrange(r);
	json_decref(root);
}
