/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated clients that retry, and others that do not. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 30000000
#define LIFT_US	 90000000
#define END_US	 120000000

/* How requests come to be told apart. */
enum target {
	TARGET_UNIQUE,
	TARGET_FIXED,
	TARGET_FIXED_ID, /* one target, each request with an id */
};

static struct call *
attempt(struct sim *s, enum target target, int64_t start_us, uint64_t request)
{
	bool down = start_us >= FAULT_US && start_us < LIFT_US;
	struct call *c = sim_call(s, sim_api(s), start_us,
	    start_us + (int64_t)sim_between(s, 500, 3000),
	    down ? CALL_ERROR : CALL_OK);

	c->request = target == TARGET_UNIQUE ? request : 7;
	c->id = target == TARGET_FIXED_ID ? request : 0;
	return c;
}

/* Ten requests per second, each retried up to `retries` times. */
static void
run(struct sim *s, enum target target, size_t retries, double base_us)
{
	double at = 0;

	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (uint64_t n = 1; at < END_US; n++) {
		double t = at;

		for (size_t k = 0; k <= retries; k++) {
			struct call *c = attempt(s, target, (int64_t)t, n);

			if (c->outcome == CALL_OK)
				break;
			t = (double)c->end_us + base_us * pow(2, (double)k) +
			    sim_noise(s);
		}
		at += sim_between(s, 50000, 150000);
	}
	sim_judge(s, END_US);
}

START_TEST(retries_are_counted_and_bounded)
{
	const struct verdict *v;
	size_t retries = (size_t)_i;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run(&s, retries % 2 ? TARGET_UNIQUE : TARGET_FIXED_ID, retries, 1e5);
	v = sim_verdict(&s, "retries");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_eq(verdict_fact(v, "retries_max")->value.lo, _i);
	ck_assert_double_eq(verdict_fact(v, "bound")->value.lo, _i);
	ck_assert_uint_gt(v->line_last, v->line_first);
	v = sim_verdict(&s, "amplification");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	/* Requests near the lift come through earlier. */
	ck_assert_double_eq_tol(verdict_fact(v, "factor")->value.lo, _i + 1,
	    0.15 * (_i + 1));
	sim_fini(&s);
}
END_TEST

START_TEST(the_pauses_of_retries_are_told)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, TARGET_UNIQUE, 4, 1e5);
	v = sim_verdict(&s, "backoff");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_str_eq(verdict_fact(v, "shape")->word, "exponential");
	ck_assert_str_eq(verdict_fact(v, "jitter")->word, "none");
	ck_assert_double_eq_tol(verdict_fact(v, "factor")->value.lo, 2, 0.05);
	ck_assert_double_eq_tol(verdict_fact(v, "first_s")->value.lo, 0.1,
	    0.01);
	sim_fini(&s);
}
END_TEST

START_TEST(a_client_that_does_not_retry_is_never_said_to)
{
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run(&s, TARGET_UNIQUE, 0, 0);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state, STATE_ABSENT);
	ck_assert_int_eq(sim_verdict(&s, "backoff")->state,
	    STATE_NOT_EXERCISED);
	sim_fini(&s);
}
END_TEST

/* Every next call looks like the last one again. */
START_TEST(one_fixed_path_under_load_shows_no_retries)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	sim_api(&s)->edge = RECORD_NONE;
	run(&s, TARGET_FIXED, 0, 0);
	v = sim_verdict(&s, "retries");
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	ck_assert_str_eq(verdict_fact(v, "identity")->word, "L5");
	ck_assert_ptr_nonnull(strstr(v->decide, "x-request-id"));
	ck_assert_int_eq(sim_verdict(&s, "backoff")->state,
	    STATE_INCONCLUSIVE);
	ck_assert_ptr_null(sim_verdict(&s, "amplification"));
	sim_fini(&s);
}
END_TEST

START_TEST(a_fault_that_nobody_met_proves_nothing)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int i = 0; i < 100; i++)
		attempt(&s, TARGET_UNIQUE, i * 100000, (uint64_t)i + 1);
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state,
	    STATE_NOT_EXERCISED);
	sim_fini(&s);
}
END_TEST

START_TEST(few_failures_do_not_make_it_absent)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int i = 0; i < 320; i++)
		attempt(&s, TARGET_UNIQUE, i * 100000, (uint64_t)i + 1);
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state,
	    STATE_INCONCLUSIVE);
	sim_fini(&s);
}
END_TEST

/* Two seconds apart, beside everything else, as load balancers do. */
START_TEST(health_checks_are_no_requests)
{
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 60; i++) {
		struct call *c = attempt(&s, TARGET_UNIQUE, i * 2000000LL, 0);

		c->request = 5000000;
	}
	run(&s, TARGET_UNIQUE, 0, 0);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state, STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

static const struct {
	int asked_s;
	double base_us;
	int state; /* enum verdict_state; -1: no verdict */
} hints[] = {
    {1, 1e6, STATE_CONFIRMED},
    {2, 1e6, STATE_PARTIAL}, /* the pause doubles: the second one does */
    {3, 1e5, STATE_ABSENT},
    {0, 1e5, -1},
};

START_TEST(retries_before_they_were_asked_for_are_seen)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, TARGET_UNIQUE, 2, hints[_i].base_us);
	verdicts_fini(&s.verdicts);
	for (size_t i = 0; i < sim_api(&s)->calls.count; i++)
		sim_api(&s)->calls.items[i].retry_after_s = hints[_i].asked_s;
	judge_record(&s.record, &s.verdicts);
	v = sim_verdict(&s, "retry_after");
	ck_assert_int_eq(v != NULL ? (int)v->state : -1, hints[_i].state);
	sim_fini(&s);
}
END_TEST

START_TEST(an_attempt_beside_one_that_runs_is_a_hedge)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int i = 0; i < 50; i++) {
		int64_t at_us = FAULT_US + i * 100000;

		for (int k = 0; k < 2; k++)
			sim_call(&s, sim_api(&s), at_us + k * 10000,
			    at_us + 60000, CALL_ERROR)->id = (uint64_t)i + 1;
	}
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "retries");
	ck_assert_int_eq(v->state, STATE_ABSENT);
	ck_assert_double_eq(verdict_fact(v, "hedges")->value.lo, 50);
	ck_assert_str_eq(verdict_fact(v, "identity")->word, "L2");
	sim_fini(&s);
}
END_TEST

START_TEST(attempts_that_the_kernel_turned_away_are_not_seen)
{
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 100; i++)
		attempt(&s, TARGET_UNIQUE, i * 1000, 100 + (uint64_t)i);
	sim_fault(sim_api(&s), "refuse", FAULT_US, LIFT_US);
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state,
	    STATE_NOT_OBSERVABLE);
	ck_assert_int_eq(sim_verdict(&s, "backoff")->state,
	    STATE_NOT_OBSERVABLE);
	sim_fini(&s);
}
END_TEST

/* Two of ten are writes, which it leaves alone as it should. */
START_TEST(writes_that_are_not_retried_are_no_fault_of_the_client)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, TARGET_UNIQUE, 1, 1e5);
	verdicts_fini(&s.verdicts);
	for (int64_t at = FAULT_US + 1000; at < LIFT_US; at += 400000)
		attempt(&s, TARGET_UNIQUE, at, 900000 + (uint64_t)at)->method =
		    "POST";
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "retries");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_ptr_nonnull(strstr(v->why, "none of 150 POST or PATCH was"));
	/* Evidence is all of the fault's time at least. */
	ck_assert_uint_gt(v->line_last, v->line_first);
	/* One that sends some of them again is asked for all. */
	verdicts_fini(&s.verdicts);
	for (size_t i = 0; i < sim_api(&s)->calls.count; i++)
		if (i % 3 == 0)
			sim_api(&s)->calls.items[i].method = "POST";
	judge_record(&s.record, &s.verdicts);
	ck_assert_int_eq(sim_verdict(&s, "retries")->state, STATE_PARTIAL);
	sim_fini(&s);
}
END_TEST

/* As behind a breaker that lets few through. */
START_TEST(few_failures_do_not_make_retries_partial)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, TARGET_UNIQUE, 0, 0);
	verdicts_fini(&s.verdicts);
	sim_api(&s)->windows[0].to_us = FAULT_US + 1500000;
	attempt(&s, TARGET_UNIQUE, FAULT_US + 400000,
	    sim_api(&s)->calls.items[calls_from(&sim_api(&s)->calls,
					 FAULT_US)].request);
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "retries");
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(v->why, "1 of"));
	sim_fini(&s);
}
END_TEST

START_TEST(a_post_without_a_key_is_unsafe_to_repeat)
{
	struct sim s;

	sim_init(&s, 1);
	for (size_t k = 0; k < 100; k++)
		attempt(&s, TARGET_UNIQUE, (int64_t)k * 1000, k + 100000);
	run(&s, TARGET_UNIQUE, 2, 1e5);
	ck_assert_int_eq(sim_verdict(&s, "unsafe_retry")->state, STATE_ABSENT);
	verdicts_fini(&s.verdicts);
	for (size_t i = 0; i < sim_api(&s)->calls.count; i++)
		sim_api(&s)->calls.items[i].method = "POST";
	judge_record(&s.record, &s.verdicts);
	ck_assert_int_eq(sim_verdict(&s, "unsafe_retry")->state,
	    STATE_CONFIRMED);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retry");
	TCase *tc = tcase_create("retry");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, retries_are_counted_and_bounded, 1, 6);
	tcase_add_test(tc, the_pauses_of_retries_are_told);
	tcase_add_loop_test(tc,
	    a_client_that_does_not_retry_is_never_said_to, 0, 20);
	tcase_add_loop_test(tc, one_fixed_path_under_load_shows_no_retries, 0,
	    10);
	tcase_add_test(tc, a_fault_that_nobody_met_proves_nothing);
	tcase_add_test(tc, few_failures_do_not_make_it_absent);
	tcase_add_test(tc, health_checks_are_no_requests);
	tcase_add_loop_test(tc, retries_before_they_were_asked_for_are_seen, 0,
	    (int)COUNT_OF(hints));
	tcase_add_test(tc, an_attempt_beside_one_that_runs_is_a_hedge);
	tcase_add_test(tc, attempts_that_the_kernel_turned_away_are_not_seen);
	tcase_add_test(tc,
	    writes_that_are_not_retried_are_no_fault_of_the_client);
	tcase_add_test(tc, few_failures_do_not_make_retries_partial);
	tcase_add_test(tc, a_post_without_a_key_is_unsafe_to_repeat);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
