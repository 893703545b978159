/* SPDX-License-Identifier: Apache-2.0 */
/* Shares by calls and by seconds, outages, budgets. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "experiment/availability.h"
#include "tests/experiment/simulate.h"

/* `rate` calls in each of the seconds [from, to), of which each n-th fails. */
static void
add(struct sim *s, size_t from, size_t to, size_t rate, size_t nth)
{
	for (size_t at = from; at < to; at++) {
		for (size_t i = 0; i < rate; i++)
			sim_call(s, sim_edge(s),
			    (int64_t)(at * 1000000 + i * 1000),
			    (int64_t)(at * 1000000 + i * 1000 + 500),
			    nth > 0 && i % nth == 0 ? CALL_ERROR : CALL_OK);
	}
}

static struct availability
measure(struct sim *s, size_t seconds)
{
	struct availability a;

	record_finish(&s->record);
	availability_measure(&sim_edge(s)->calls, 0,
	    (int64_t)seconds * 1000000, 0.999, &a);
	return a;
}

START_TEST(calls_and_seconds_are_counted_apart)
{
	struct availability a;
	struct sim s;

	sim_init(&s, 1);
	add(&s, 0, 10, 10, 0);
	add(&s, 10, 14, 10, 1);	 /* all fail */
	add(&s, 14, 16, 10, 2);	 /* half: not bad */
	add(&s, 16, 20, 100, 0);
	a = measure(&s, 20);
	ck_assert_uint_eq(a.calls, 560);
	ck_assert_uint_eq(a.good, 510);
	ck_assert_double_eq_tol(a.share, 510 / 560.0, 1e-9);
	ck_assert(a.share_ci.lo < a.share && a.share < a.share_ci.hi);
	ck_assert_uint_eq(a.seconds, 20);
	ck_assert_uint_eq(a.bad_seconds, 4);
	ck_assert_double_eq_tol(a.time_share, 0.8, 1e-9);
	ck_assert_double_eq_tol(a.burn, 50 / 560.0 / 0.001, 1e-6);
	ck_assert_double_eq(a.burn_fast, 0);
	sim_fini(&s);
}
END_TEST

START_TEST(seconds_without_calls_do_not_end_an_outage)
{
	struct availability a;
	struct sim s;

	sim_init(&s, 1);
	add(&s, 0, 5, 4, 0);
	add(&s, 5, 7, 4, 1);
	add(&s, 9, 10, 4, 1); /* nobody called for two seconds */
	add(&s, 10, 12, 4, 0);
	add(&s, 12, 13, 4, 1); /* and one at the very end */
	a = measure(&s, 13);
	ck_assert_uint_eq(a.seconds, 11);
	ck_assert_uint_eq(a.outages, 2);
	ck_assert_double_eq(a.longest_s, 5);
	ck_assert_double_eq(a.mttr_s, 3);
	sim_fini(&s);
}
END_TEST

START_TEST(budgets_burn_in_long_runs_only)
{
	struct availability a;
	struct sim s;

	sim_init(&s, 1);
	add(&s, 0, 3600, 1, 0);
	/* For half an hour half of the calls fail. */
	add(&s, 3600, 5400, 2, 2);
	a = measure(&s, 5400);
	/* An hour that ends in it: 1,800 of 1,800 + 3,600 calls. */
	ck_assert_double_eq_tol(a.burn_fast, 1800 / 5400.0 / 0.001, 1);
	ck_assert_double_ge(a.burn_fast, BURN_FAST_LIMIT);
	ck_assert_double_eq(a.burn_slow, 0);
	sim_fini(&s);
}
END_TEST

START_TEST(nothing_is_no_outage)
{
	struct availability a;
	struct sim s;

	sim_init(&s, 1);
	a = measure(&s, 10);
	ck_assert_uint_eq(a.calls, 0);
	ck_assert_double_eq(a.share, 1);
	ck_assert_uint_eq(a.outages, 0);
	availability_measure(&sim_edge(&s)->calls, 5, 5, 0.999, &a);
	ck_assert_double_eq(a.time_share, 1);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("availability");
	TCase *tc = tcase_create("availability");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, calls_and_seconds_are_counted_apart);
	tcase_add_test(tc, seconds_without_calls_do_not_end_an_outage);
	tcase_add_test(tc, budgets_burn_in_long_runs_only);
	tcase_add_test(tc, nothing_is_no_outage);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
