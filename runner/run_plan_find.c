/* SPDX-License-Identifier: Apache-2.0 */
/* What a run can find out: time and load beside what each mechanism takes to
 * be seen, or to be ruled out. The thresholds are those of docs/verdicts.md. */
#include "runner/run_plan_find.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/units.h"

#define SECOND 1e6

#define CALLS_MIN   30	/* calls on each side of a comparison */
#define FAILED_MIN  30	/* failed originals: retries ABSENT */
#define PAUSE_S	    0.1 /* first of a retry chain, if it is unsaid */
#define BREAKER_MIN 250 /* failures: breaker ABSENT */
#define BREAKER_US  INT64_C(30000000)
#define HORIZON_US  INT64_C(30000000) /* where common time-outs show */

/* What a kind does to a call, as far as reactions go. */
enum effect {
	EFFECT_OTHER = 0,
	EFFECT_FAILS = 1,  /* it fails, and fast */
	EFFECT_SILENT = 2, /* nothing comes */
	EFFECT_DRIPS = 4,  /* it comes in drops */
	EFFECT_SLOW = 8,
	EFFECT_BLIND = 16, /* behind it nobody sees a client leave */
};

static const struct {
	const char *kind;
	unsigned effect;
} effects[] = {
    {"abort", EFFECT_FAILS},
    {"reset_peer", EFFECT_FAILS},
    {"down", EFFECT_FAILS},
    {"refuse", EFFECT_FAILS},
    {"cut", EFFECT_FAILS},
    {"malform", EFFECT_FAILS},
    {"rate_limit", EFFECT_FAILS},
    {"stream_reset", EFFECT_FAILS},
    {"hang", EFFECT_SILENT},
    {"timeout", EFFECT_SILENT},
    {"connect_timeout", EFFECT_SILENT},
    {"blackhole", EFFECT_SILENT | EFFECT_BLIND},
    {"half_open", EFFECT_SILENT | EFFECT_BLIND},
    {"drip", EFFECT_DRIPS},
    {"latency", EFFECT_SLOW},
};

static unsigned
effect_of(const struct conf_step *step)
{
	for (size_t i = 0; step->fault != NULL && i < COUNT_OF(effects); i++) {
		if (strcmp(effects[i].kind, step->fault->kind->name) == 0)
			return effects[i].effect;
	}
	return EFFECT_OTHER;
}

/* A step with the figures that its findings stand on. */
struct look {
	struct run_plan *plan;
	const struct conf_scenario *s;
	const struct conf_step *step;
	unsigned effect;
	double rate;  /* calls per second on the route, at most */
	double calls; /* in the step */
	double share; /* of them that it acts on */
	double failed;
	double for_s;
};

PRINTF_LIKE(4, 5)
static void
say(const struct look *l, const char *mech, enum run_plan_state state,
    const char *format, ...)
{
	struct run_plan *p = l->plan;
	struct run_plan_finding *f;
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup(format);
	va_end(args);
	p->findings = xrealloc(p->findings,
			       (p->findings_count + 1) * sizeof(*p->findings));
	f = &p->findings[p->findings_count++];
	*f = (struct run_plan_finding){.scenario = l->s,
				       .step = l->step,
				       .mech = mech,
				       .state = state,
				       .text = text};
}

/* Seconds in which `n` calls come. */
static double
seconds_for(const struct look *l, double n)
{
	return l->rate > 0 ? n / l->rate : 0;
}

/* What the scenario expects, as written; NULL: it does not. */
static const char *
expected(const struct conf_scenario *s, const char *key)
{
	for (size_t i = 0; i < s->expects_count; i++) {
		if (strcmp(s->expects[i].key, key) == 0)
			return s->expects[i].value;
	}
	return NULL;
}

/* The same as seconds; 0: it does not. */
static double
expected_s(const struct conf_scenario *s, const char *key)
{
	const char *text = expected(s, key);
	struct error err;
	int64_t us;

	return text != NULL && units_duration(text, 0, &us, &err)
		   ? (double)us / SECOND
		   : 0;
}

/* How long a chain of so many retries takes whose pauses double, with the
 * silence behind it that shows its end: three times the last pause. */
static double
chain_s(int retries)
{
	double pause_s = PAUSE_S, all_s = 0;

	for (int i = 0; i < retries; i++, pause_s *= 2)
		all_s += pause_s;
	return all_s + 3 * pause_s / 2;
}

/* --- mechanisms ------------------------------------------------------------
 */

static void
find_retries(const struct look *l)
{
	const char *text = expected(l->s, "retries.max");
	int retries = text != NULL ? MIN(MAX(atoi(text), 0), 20) : 0;

	if (retries > 0 && l->for_s < chain_s(retries))
		say(l, "retries", RUN_PLAN_UNDECIDED,
		    "a chain of %d retries whose pauses double from %g s, and "
		    "the silence behind it, take %.3g s, and the fault is over "
		    "after %.3g s: no bound would be seen",
		    retries, PAUSE_S, chain_s(retries), l->for_s);
	else if (l->failed >= FAILED_MIN)
		say(l, "retries", RUN_PLAN_DECIDES,
		    "up to %.0f failed requests; their absence needs %d",
		    l->failed, FAILED_MIN);
	else
		say(l, "retries", RUN_PLAN_PARTLY,
		    "up to %.0f failed requests; retries can be seen, but "
		    "their "
		    "absence needs %d: %.3g s at this load",
		    l->failed, FAILED_MIN,
		    seconds_for(l, FAILED_MIN) / l->share);
}

/* The shortest run of calls that are not let through which counts as an open
 * breaker, as experiment/breaker_trace.c has it: n calls during the fault, of
 * n_base in the baseline. */
static size_t
breaker_run(double n, double n_base)
{
	double q = MIN(MAX(3 / MAX(n_base, 1), 1e-6), 0.95);
	double k = ceil(log(0.001 / MAX(n, 1)) / log(q));

	return k > 2 ? (size_t)MIN(k, 1e6) : 2;
}

static void
find_breaker(const struct look *l)
{
	double base = l->rate *
		      (double)l->plan->model->experiment->phases.baseline_us /
		      SECOND;
	size_t run = breaker_run(l->calls, base);
	double open_s = 2.0 * (double)run / l->rate;
	double wanted_s = expected_s(l->s, "breaker.open_max");
	double absent_s =
	    MAX(BREAKER_US / SECOND, seconds_for(l, BREAKER_MIN) / l->share);

	if (l->for_s < open_s)
		say(l, "breaker", RUN_PLAN_UNDECIDED,
		    "an open breaker shows by %zu calls in a row that do not "
		    "come, and its time by twice as many: at %.3g/s that is "
		    "%.3g s, and the fault is over after %.3g s",
		    run, l->rate, open_s, l->for_s);
	else if (wanted_s > 0 && wanted_s >= l->for_s)
		say(l, "breaker", RUN_PLAN_PARTLY,
		    "it may open, but an open time of %.3g s cannot be seen to "
		    "end in a fault of %.3g s; twice the open time would do",
		    wanted_s, l->for_s);
	else if (l->for_s < absent_s)
		say(l, "breaker", RUN_PLAN_PARTLY,
		    "one that stays open %.3g s or longer can be seen; its "
		    "absence needs %d failures and %.0f s: %.3g s at this load",
		    open_s, BREAKER_MIN, BREAKER_US / SECOND, absent_s);
	else
		say(l, "breaker", RUN_PLAN_DECIDES,
		    "one that stays open %.3g s or longer can be seen; its "
		    "absence has its %d failures and %.0f s",
		    open_s, BREAKER_MIN, BREAKER_US / SECOND);
}

static void
find_timeout(const struct look *l)
{
	double wanted_s = expected_s(l->s, "timeout.max");

	if ((l->effect & EFFECT_BLIND) != 0)
		say(l, "timeout", RUN_PLAN_UNDECIDED,
		    "behind %s nobody sees a client leave; hang shows it",
		    l->step->fault->kind->name);
	else if (wanted_s >= l->for_s)
		say(l, "timeout", RUN_PLAN_UNDECIDED,
		    "a time-out of %.3g s cannot be seen in a fault of %.3g s; "
		    "expected a longer one",
		    wanted_s, l->for_s);
	else if (l->for_s < HORIZON_US / SECOND)
		say(l, "timeout", RUN_PLAN_PARTLY,
		    "time-outs up to %.3g s can be seen; common ones are %.0f "
		    "s, so a fault above that would tell more",
		    l->for_s, HORIZON_US / SECOND);
	else
		say(l, "timeout", RUN_PLAN_DECIDES,
		    "time-outs up to %.3g s can be seen", l->for_s);
}

static void
find_recovery(const struct look *l)
{
	const struct conf_phases *phases = &l->plan->model->experiment->phases;
	double recover_s = (double)phases->recover_us / SECOND;
	double need_s = MAX((double)phases->steady_window_us / SECOND,
			    seconds_for(l, CALLS_MIN));
	double wanted_s = expected_s(l->s, "recovery_max");

	if (recover_s < need_s)
		say(l, "recovery", RUN_PLAN_UNDECIDED,
		    "steady again shows by %.3g s with %d calls, and phases "
		    "give %.3g s; expected recover = \"%.0fs\" or more",
		    need_s, CALLS_MIN, recover_s, need_s + wanted_s + 1);
	else if (wanted_s > 0 && recover_s < need_s + wanted_s)
		say(l, "recovery", RUN_PLAN_PARTLY,
		    "a recovery of %.3g s takes %.3g s to be seen, and phases "
		    "give %.3g s",
		    wanted_s, wanted_s + need_s, recover_s);
	else
		say(l, "recovery", RUN_PLAN_DECIDES,
		    "recoveries up to %.3g s can be seen", recover_s - need_s);
}

static void
find_comparison(const struct look *l)
{
	if (l->calls < CALLS_MIN)
		say(l, "fallback", RUN_PLAN_UNDECIDED,
		    "up to %.0f calls in %.3g s; fallback and blast radius "
		    "need %d: %.3g s at this load",
		    l->calls, l->for_s, CALLS_MIN, seconds_for(l, CALLS_MIN));
	else
		say(l, "fallback", RUN_PLAN_DECIDES,
		    "up to %.0f calls beside the baseline's", l->calls);
}

/* --- scenarios -------------------------------------------------------------
 */

static void
find_step(struct look *l)
{
	const struct conf_model *model = l->plan->model;
	const struct conf_route *route = run_plan_route(model, l->step->route);
	bool edge = run_plan_edge(model, route) != NULL;

	if (l->rate == 0) {
		say(l, "load", RUN_PLAN_UNDECIDED,
		    "no load goes to it, nor to a route that causes its calls "
		    "(caused_by, from and to): unless others call, the fault "
		    "hits nothing and proves nothing");
		return;
	}
	if (l->failed < (double)l->step->expect_hits)
		say(l, "proof", RUN_PLAN_UNDECIDED,
		    "up to %.0f flows, and expect_hits is %lld", l->failed,
		    (long long)l->step->expect_hits);
	find_comparison(l);
	if ((l->effect & (EFFECT_FAILS | EFFECT_SILENT)) != 0)
		find_retries(l);
	if ((l->effect & (EFFECT_FAILS | EFFECT_SILENT)) != 0 && edge)
		find_breaker(l);
	else if ((l->effect & (EFFECT_FAILS | EFFECT_SILENT)) != 0)
		say(l, "breaker", RUN_PLAN_UNDECIDED,
		    "no route is known to cause its calls; expected caused_by, "
		    "or from and to");
	if ((l->effect & (EFFECT_SILENT | EFFECT_DRIPS)) != 0)
		find_timeout(l);
}

/* Which part of the calls a fault acts on. */
static double
share_of(const struct conf_conditions *c)
{
	return MAX(c->probability, 1e-9) / (double)MAX(c->every, 1);
}

void
run_plan_find_scenario(struct run_plan *p, const struct conf_scenario *s)
{
	struct look faulted = {0};

	for (size_t i = 0; i < s->steps_count; i++) {
		const struct conf_step *step = &s->steps[i];
		struct look l = {.plan = p,
				 .s = s,
				 .step = step,
				 .effect = effect_of(step),
				 .for_s = (double)step->for_us / SECOND};

		if (step->fault == NULL)
			continue;
		l.rate = run_plan_rate(p->model, step->route);
		l.calls = l.rate * l.for_s;
		l.share = share_of(&step->fault->conditions);
		l.failed = l.calls * l.share;
		find_step(&l);
		faulted = l;
	}
	/* Services recover from all of them together. */
	faulted.step = NULL;
	if (faulted.rate > 0)
		find_recovery(&faulted);
}

/* --- the run ---------------------------------------------------------------
 */

static void
find_steady(struct look *l, const struct conf_steady *steady)
{
	const struct conf_experiment *e = l->plan->model->experiment;
	size_t at = conf_experiment_load(e, steady->of);
	double n = e->loads[at].rate * (double)e->phases.baseline_us / SECOND;

	if (n < (double)steady->min_samples)
		say(l, "steady", RUN_PLAN_UNDECIDED,
		    "%s has about %.0f requests in the baseline, and "
		    "min_samples is %lld: the steady state would not be met; "
		    "expected baseline = \"%.0fs\" or more",
		    steady->of, n, (long long)steady->min_samples,
		    (double)steady->min_samples / e->loads[at].rate + 1);
}

static void
find_baseline(struct look *l, const struct conf_load *load)
{
	int64_t baseline_us = l->plan->model->experiment->phases.baseline_us;
	double n = load->rate * (double)baseline_us / SECOND;

	if (load->probe == NULL && n < CALLS_MIN)
		say(l, "baseline", RUN_PLAN_UNDECIDED,
		    "%s has about %.0f requests in the baseline, and "
		    "comparisons need %d; expected baseline = \"%.0fs\" or "
		    "more",
		    load->name, n, CALLS_MIN, CALLS_MIN / load->rate + 1);
}

void
run_plan_find_run(struct run_plan *p)
{
	const struct conf_experiment *e = p->model->experiment;
	struct look l = {.plan = p};

	if (e->loads_count == 0)
		say(&l, "load", RUN_PLAN_UNDECIDED,
		    "there is no load: what others send decides what is found, "
		    "and no steady state is looked for");
	else if (e->steady_count == 0)
		say(&l, "steady", RUN_PLAN_UNDECIDED,
		    "no steady state is asked for: faults are injected into "
		    "whatever is there");
	for (size_t i = 0; i < e->loads_count; i++)
		find_baseline(&l, &e->loads[i]);
	for (size_t i = 0; i < e->steady_count; i++)
		find_steady(&l, &e->steady[i]);
	if (e->scenarios_count == 0)
		say(&l, "scenarios", RUN_PLAN_UNDECIDED,
		    "there is none: only the steady state is looked at");
}
