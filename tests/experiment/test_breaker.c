/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated services with and without a circuit breaker, behind an edge. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/draw.h"

#define FAULT_US 30000000
/* Breakers, and services without, of each sort. */
#define CASES sim_volume(60, 2400)

struct service {
	size_t threshold; /* failures in a row; 0: it has no breaker */
	double open_us;
	size_t probes;	  /* calls that half-open lets through */
	bool never_reopens;
	double cache;	  /* share of calls it answers by itself */
	double ratio;	  /* of calls that fail during the fault */
	double rate;	  /* calls per second */
	double fault_s;
	size_t kept;   /* connections that the fault ends as it comes */
	size_t hidden; /* calls that met the end of one, and nothing else */
};

/* A breaker as libraries build it. */
struct state {
	size_t failures, half_open, half_failed;
	double open_until_us;
	bool open, spent;
};

static bool
lets_through(struct state *b, double now_us)
{
	if (!b->open)
		return true;
	return now_us >= b->open_until_us;
}

static void
learn(struct state *b, const struct service *o, bool ok, double end_us)
{
	if (ok) {
		*b = (struct state){0};
		return;
	}
	b->failures++;
	if (o->threshold == 0 || b->spent)
		return;
	if (b->open && o->never_reopens) {
		b->spent = true;
		b->open = false;
		return;
	}
	if (b->open && ++b->half_failed < o->probes)
		return;
	if (b->open || b->failures >= o->threshold) {
		b->open = true;
		b->half_failed = 0;
		b->open_until_us = end_us + o->open_us;
	}
}

static void
end_kept(struct sim *s, const struct service *o)
{
	for (size_t i = 0; i < o->kept; i++) {
		struct call *c = sim_call(s, sim_api(s), 1000,
		    FAULT_US + 100, CALL_RESET);

		c->method = NULL;
		c->kind = intern("abort");
	}
}

static void
run(struct sim *s, const struct service *o)
{
	double lift = FAULT_US + o->fault_s * 1e6, end = lift + 15e6;
	double at = 0, busy_until = 0;
	struct state b = {0};
	size_t hidden = o->hidden;

	sim_fault(sim_api(s), "abort", FAULT_US, (int64_t)lift);
	end_kept(s, o);
	while (at < end) {
		bool hit = draw_unit(&s->rng) < o->cache;
		double start = at + 300 + sim_noise(s) / 20;
		double stop = start + sim_between(s, 500, 2000);
		bool fails = start >= FAULT_US && start < lift &&
		    draw_unit(&s->rng) < o->ratio;
		bool forwarded = !hit && lets_through(&b, at + 200);

		if (start >= FAULT_US && hidden > 0) {
			hidden--;
			learn(&b, o, false, stop);
			forwarded = false;
		}
		if (forwarded) {
			sim_call(s, sim_api(s), (int64_t)start, (int64_t)stop,
			    fails ? CALL_ERROR : CALL_OK);
			learn(&b, o, !fails, stop);
		}
		sim_call(s, sim_edge(s), (int64_t)at,
		    (int64_t)(forwarded ? stop + 300 : start), CALL_OK);
		busy_until = MAX(busy_until, stop);
		at += sim_exponential(s, 1e6 / o->rate);
		/* One at a time: the order of what fails is certain. */
		at = MAX(at, busy_until + 400);
	}
	sim_judge_by(s, (int64_t)end, breaker_judge);
}

static struct service
random_breaker(struct sim *s, double rate)
{
	double open_s = sim_between(s, 1, 10);
	size_t threshold = 3 + stat_rng_below(&s->rng, 18);

	return (struct service){.threshold = threshold,
	    .open_us = open_s * 1e6, .probes = 1, .ratio = 1, .rate = rate,
	    .fault_s = (double)threshold / rate + open_s * 10};
}

static bool
holds(const struct fact *f, double value)
{
	return f != NULL && f->value.lo <= value && value <= f->value.hi;
}

static const struct {
	double rate;
	size_t threshold_percent, open_percent;
} rates[] = {{10, 100, 100}, {20, 100, 100}, {50, 100, 100}, {2, 93, 92}};

START_TEST(brackets_hold_the_truth)
{
	size_t decided = 0, threshold = 0, open = 0, probes = 0;
	size_t cases = CASES;

	for (size_t i = 0; i < cases; i++) {
		const struct verdict *v;
		struct service o;
		struct sim s;

		sim_init(&s, i * 4 + (size_t)_i);
		o = random_breaker(&s, rates[_i].rate);
		run(&s, &o);
		v = sim_verdict(&s, "breaker");
		ck_assert_int_ne(v->state, STATE_ABSENT);
		if (v->state == STATE_CONFIRMED) {
			decided++;
			threshold += holds(verdict_fact(v, "threshold"),
			    (double)o.threshold);
			open += holds(verdict_fact(v, "open_s"),
			    o.open_us / 1e6);
			probes += holds(verdict_fact(v, "probes"), 1);
		}
		sim_fini(&s);
	}
	ck_assert_uint_ge(decided * 10, cases * (rates[_i].rate > 5 ? 10 : 4));
	ck_assert_uint_ge(threshold * 100,
	    decided * rates[_i].threshold_percent);
	ck_assert_uint_ge(open * 100, decided * rates[_i].open_percent);
	ck_assert_uint_ge(probes * 100, decided * 90);
}
END_TEST

START_TEST(brackets_are_narrow)
{
	size_t cases = sim_volume(60, 600);
	double *widths = xcalloc(cases, sizeof(*widths));

	for (size_t i = 0; i < cases; i++) {
		const struct fact *open;
		struct service o;
		struct sim s;

		sim_init(&s, 500 + i);
		o = random_breaker(&s, 20);
		o.fault_s *= 2;
		run(&s, &o);
		open = verdict_fact(sim_verdict(&s, "breaker"), "open_s");
		ck_assert_ptr_nonnull(open);
		widths[i] = (open->value.hi - open->value.lo) /
		    (o.open_us / 1e6);
		sim_fini(&s);
	}
	stat_sort(widths, cases);
	ck_assert_double_le(stat_quantile(widths, cases, 0.5), 0.01);
	free(widths);
}
END_TEST

static const double caches[] = {0, 0.4, 0.6};

START_TEST(what_has_no_breaker_is_never_said_to_have_one)
{
	size_t cases = CASES;

	for (size_t i = 0; i < cases; i++) {
		struct service o = {.ratio = 1, .fault_s = 60};
		const struct verdict *v;
		struct sim s;

		sim_init(&s, 1000 + i);
		o.cache = caches[_i];
		o.rate = sim_between(&s, 2, 30);
		run(&s, &o);
		v = sim_verdict(&s, "breaker");
		ck_assert(v->state == STATE_ABSENT ||
		    v->state == STATE_INCONCLUSIVE);
		if (v->n >= 250)
			ck_assert_int_eq(v->state, STATE_ABSENT);
		sim_fini(&s);
	}
}
END_TEST

START_TEST(a_consecutive_breaker_does_not_trip_on_a_share_of_failures)
{
	struct service o = {.threshold = 12, .open_us = 2e6, .probes = 1,
	    .ratio = 0.3, .rate = 20, .fault_s = 60};
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o);
	ck_assert_int_eq(sim_verdict(&s, "breaker")->state, STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

START_TEST(half_open_that_does_not_reopen_is_seen)
{
	struct service o = {.threshold = 5, .open_us = 2e6, .probes = 1,
	    .never_reopens = true, .ratio = 1, .rate = 20, .fault_s = 40};
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_PARTIAL);
	ck_assert_str_eq(verdict_fact(v, "half_open")->word,
	    "does_not_reopen");
	sim_fini(&s);
}
END_TEST

/* One that closes after a probe that was good lets calls through to a
 * dependency of which a part still fails. */
START_TEST(half_open_that_closes_after_a_success_is_sound)
{
	size_t opened = 0;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct service o = {.threshold = 4, .open_us = 2e6,
		    .probes = 1, .ratio = 0.35, .rate = 20, .fault_s = 20};
		const struct verdict *v;
		struct sim s;

		sim_init(&s, seed);
		run(&s, &o);
		v = sim_verdict(&s, "breaker");
		opened += v->state == STATE_CONFIRMED;
		ck_assert_ptr_null(verdict_fact(v, "half_open"));
		/* What passes while it is closed are no probes. */
		if (verdict_fact(v, "probes") != NULL)
			ck_assert_double_le(
			    verdict_fact(v, "probes")->value.hi, 20);
		sim_fini(&s);
	}
	ck_assert_uint_gt(opened, 10);
}
END_TEST

START_TEST(probes_of_half_open_are_counted)
{
	struct service o = {.threshold = 4, .open_us = 2e6,
	    .probes = (size_t)_i, .ratio = 1, .rate = 20, .fault_s = 30};
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert(holds(verdict_fact(v, "probes"), _i));
	sim_fini(&s);
}
END_TEST

START_TEST(too_little_traffic_decides_nothing)
{
	struct service o = {.threshold = 5, .open_us = 3e6, .probes = 1,
	    .ratio = 1, .rate = 1, .fault_s = 60};
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	ck_assert_int_ne(v->decide[0], '\0');
	sim_fini(&s);
}
END_TEST

#define SLOW_US 600000
#define ROOM	8

/* Calls that take SLOW_US and end so, of which `room` find place at a time, if
 * room > 0; else five that fail open a breaker for two seconds. */
static void
run_slow(struct sim *s, size_t room, enum call_outcome outcome)
{
	double ends[ROOM] = {0}, lift = FAULT_US + 20e6, open_until = 0;
	size_t next = 0, failed = 0;

	sim_fault(sim_api(s), "hang", FAULT_US, (int64_t)lift);
	for (double at = 0; at < lift; at += sim_exponential(s, 1e6 / 30)) {
		bool slow = at >= FAULT_US;
		double stop = at + (slow ? SLOW_US : 1000) + sim_noise(s);
		bool skip = room > 0 ? ends[next] > at : at < open_until;

		sim_call(s, sim_edge(s), (int64_t)at, (int64_t)(skip ? at + 500
			: stop + 300), skip ? CALL_ERROR : CALL_OK);
		if (skip)
			continue;
		sim_call(s, sim_api(s), (int64_t)at + 200, (int64_t)stop,
		    slow ? outcome : CALL_OK);
		ends[next] = stop;
		next = (next + 1) % ROOM;
		failed += slow;
		if (room == 0 && failed % 20 == 0 && slow)
			open_until = at + 2e6;
	}
	sim_judge_by(s, (int64_t)lift, breaker_judge);
}

START_TEST(a_limit_of_calls_at_a_time_is_no_breaker)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run_slow(&s, ROOM, _i % 2 == 0 ? CALL_OK : CALL_CLIENT_ABORT);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(v->why, "a limit"));
	sim_fini(&s);

	sim_init(&s, (uint64_t)_i);
	run_slow(&s, 0, CALL_CLIENT_ABORT);
	ck_assert_int_eq(sim_verdict(&s, "breaker")->state, STATE_CONFIRMED);
	sim_fini(&s);
}
END_TEST

START_TEST(calls_that_are_skipped_without_a_failure_show_no_breaker)
{
	struct sim s;

	sim_init(&s, 1);
	run_slow(&s, 0, CALL_OK);
	ck_assert_int_eq(sim_verdict(&s, "breaker")->state,
	    STATE_INCONCLUSIVE);
	sim_fini(&s);
}
END_TEST

START_TEST(what_kept_connections_hide_widens_the_threshold)
{
	struct service o = {.threshold = 5, .open_us = 3e6, .probes = 1,
	    .ratio = 1, .rate = 20, .fault_s = 60, .kept = 2,
	    .hidden = (size_t)_i};
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert(holds(verdict_fact(v, "threshold"), 5));
	sim_fini(&s);
}
END_TEST

START_TEST(without_the_edge_it_cannot_be_seen)
{
	struct service o = {.threshold = 5, .open_us = 3e6, .probes = 1,
	    .ratio = 1, .rate = 20, .fault_s = 60};
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_api(&s)->edge = RECORD_NONE;
	run(&s, &o);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_NOT_OBSERVABLE);
	ck_assert_ptr_nonnull(strstr(v->decide, "--edge"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("breaker");
	TCase *tc = tcase_create("breaker");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, brackets_hold_the_truth, 0,
	    (int)COUNT_OF(rates));
	tcase_add_test(tc, brackets_are_narrow);
	tcase_add_loop_test(tc, what_has_no_breaker_is_never_said_to_have_one,
	    0, (int)COUNT_OF(caches));
	tcase_add_test(tc,
	    a_consecutive_breaker_does_not_trip_on_a_share_of_failures);
	tcase_add_test(tc, half_open_that_does_not_reopen_is_seen);
	tcase_add_test(tc, half_open_that_closes_after_a_success_is_sound);
	tcase_add_loop_test(tc, probes_of_half_open_are_counted, 1, 4);
	tcase_add_test(tc, too_little_traffic_decides_nothing);
	tcase_add_loop_test(tc, a_limit_of_calls_at_a_time_is_no_breaker, 0,
	    10);
	tcase_add_test(tc,
	    calls_that_are_skipped_without_a_failure_show_no_breaker);
	tcase_add_loop_test(tc,
	    what_kept_connections_hide_widens_the_threshold, 0, 3);
	tcase_add_test(tc, without_the_edge_it_cannot_be_seen);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
