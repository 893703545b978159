/* SPDX-License-Identifier: Apache-2.0 */
/* Retries that come all at a time, and those that do not. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 20000000
#define LIFT_US	 60000000

/* Each request fails, and is sent again: after a pause of its own, or all of
 * them on the second. */
static const struct verdict *
run(struct sim *s, bool together, double rate)
{
	sim_init(s, 1);
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (double at = 0; at < LIFT_US; at += sim_exponential(s,
		 1e6 / (at < FAULT_US ? 10 : rate))) {
		struct call *c = sim_call(s, sim_api(s), (int64_t)at,
		    (int64_t)at + 1000, at < FAULT_US ? CALL_OK : CALL_ERROR);
		uint64_t same = c->request;
		int64_t again = together
		    ? ((int64_t)at / 1000000 + 1) * 1000000 + 5000
		    : (int64_t)at + 200000 + (int64_t)sim_between(s, 0, 5e5);

		if (at < FAULT_US || again >= LIFT_US)
			continue;
		again += (int64_t)sim_between(s, 0, 20000);
		sim_call(s, sim_api(s), again, again + 1000, CALL_ERROR)
		    ->request = same;
	}
	sim_judge_by(s, LIFT_US + 20000000, retry_judge);
	return sim_verdict(s, "synchronised_retries");
}

START_TEST(retries_on_the_second_are_synchronised)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, true, 20);
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_ge(verdict_fact(v, "peak_ratio")->value.lo, 5);
	sim_fini(&s);
}
END_TEST

static const double rates[] = {2, 20, 200};

START_TEST(retries_with_pauses_of_their_own_are_not)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, false, rates[_i]);
	ck_assert_int_eq(v->state, STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

/* A breaker lets some through at a time; all the rest of the time is still. */
START_TEST(retries_of_what_fails_in_bursts_are_no_waves_of_their_own)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < FAULT_US; at += 100000)
		sim_call(&s, sim_api(&s), at, at + 1000, CALL_OK);
	for (int64_t at = FAULT_US; at < LIFT_US; at += 4000000) {
		for (int k = 0; k < 5; k++) {
			struct call *c = sim_call(&s, sim_api(&s),
			    at + k * 1000, at + k * 1000 + 500, CALL_ERROR);
			uint64_t same = c->request;
			int64_t again = c->end_us + 200000;

			sim_call(&s, sim_api(&s), again, again + 500,
			    CALL_ERROR)->request = same;
		}
	}
	sim_judge_by(&s, LIFT_US + 20000000, retry_judge);
	ck_assert_int_eq(sim_verdict(&s, "synchronised_retries")->state,
	    STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

START_TEST(too_few_retries_tell_nothing)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, true, 0.4);
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("storm");
	TCase *tc = tcase_create("storm");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, retries_on_the_second_are_synchronised);
	tcase_add_test(tc,
	    retries_of_what_fails_in_bursts_are_no_waves_of_their_own);
	tcase_add_loop_test(tc, retries_with_pauses_of_their_own_are_not, 0,
	    (int)COUNT_OF(rates));
	tcase_add_test(tc, too_few_retries_tell_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
