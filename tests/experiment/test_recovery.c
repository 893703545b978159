/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated services that come back: at once, late, half, or never. */
#include <check.h>
#include <string.h>

#include "tests/experiment/simulate.h"

#define FAULT_US 20000000
#define LIFT_US	 30000000

/* The edge fails until `well_us` behind the lift; the first attempt at the
 * dependency comes `wait_us` behind it. */
static void
run(struct sim *s, int64_t well_us, int64_t wait_us, int64_t end_us)
{
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < end_us; at += 100000) {
		bool bad = at >= FAULT_US && at < LIFT_US + well_us;
		bool down = at >= FAULT_US && at < LIFT_US;

		sim_call(s, sim_edge(s), at, at + 5000,
		    bad ? CALL_ERROR : CALL_OK);
		if (at < LIFT_US || at >= LIFT_US + wait_us)
			sim_call(s, sim_api(s), at + 100, at + 2100,
			    down ? CALL_ERROR : CALL_OK);
	}
	sim_judge(s, end_us);
}

START_TEST(recovery_is_split_into_waiting_and_service)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, 3000000, 2900000, 60000000);
	v = sim_verdict(&s, "recovery");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_eq_tol(verdict_fact(v, "client_wait_s")->value.lo,
	    2.9, 0.11);
	ck_assert_double_eq_tol(verdict_fact(v, "service_s")->value.lo, 0.002,
	    0.001);
	/* A few failures of a hundred calls are within the baseline's range. */
	ck_assert_double_ge(verdict_fact(v, "steady_s")->value.lo, 2.5);
	ck_assert_double_le(verdict_fact(v, "steady_s")->value.lo, 3.1);
	sim_fini(&s);
}
END_TEST

/* Two connections before; one of them is enough afterwards. */
START_TEST(connections_that_stay_fewer_are_told)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 3; i++) {
		struct call *c = record_add(&sim_api(&s)->connections);

		c->start_us = i < 2 ? 1000 : LIFT_US + 1000;
		c->closed_us = i < 2 ? LIFT_US - 1000000 : 0;
		c->outcome = i < 2 ? CALL_RESET : CALL_OPEN;
	}
	run(&s, 0, 100000, 120000000);
	v = sim_verdict(&s, "recovery");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_ptr_nonnull(
	    strstr(v->why, "fewer connections than usual after 1"));
	sim_fini(&s);
}
END_TEST

/* Answers take half as long again for ever after. */
START_TEST(how_slow_is_well_again_is_what_the_record_says)
{
	struct sim s;

	for (int twice = 0; twice < 2; twice++) {
		sim_init(&s, 1);
		s.record.steady_p95 = twice ? 2 : 0;
		sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
		for (int64_t at = 0; at < 120000000; at += 100000) {
			int64_t took = at < LIFT_US ? 5000 : 7500;
			bool bad = at >= FAULT_US && at < LIFT_US;

			sim_call(&s, sim_edge(&s), at, at + took,
			    bad ? CALL_ERROR : CALL_OK);
			sim_call(&s, sim_api(&s), at + 100, at + 2100,
			    bad ? CALL_ERROR : CALL_OK);
		}
		sim_judge(&s, 120000000);
		ck_assert_int_eq(sim_verdict(&s, "recovery")->state,
		    twice ? STATE_CONFIRMED : STATE_ABSENT);
		sim_fini(&s);
	}
}
END_TEST

START_TEST(what_stays_broken_has_not_recovered)
{
	struct sim s;

	sim_init(&s, 1);
	run(&s, 600000000, 0, 120000000);
	ck_assert_int_eq(sim_verdict(&s, "recovery")->state, STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

START_TEST(a_run_that_ends_early_proves_no_recovery)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, 600000000, 0, LIFT_US + 20000000);
	v = sim_verdict(&s, "recovery");
	ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
	ck_assert_int_ne(v->decide[0], '\0');
	sim_fini(&s);

	sim_init(&s, 1);
	run(&s, 0, 0, LIFT_US - 100000);
	ck_assert_int_eq(sim_verdict(&s, "recovery")->state,
	    STATE_NOT_EXERCISED);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("recovery");
	TCase *tc = tcase_create("recovery");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, recovery_is_split_into_waiting_and_service);
	tcase_add_test(tc, connections_that_stay_fewer_are_told);
	tcase_add_test(
	    tc, how_slow_is_well_again_is_what_the_record_says);
	tcase_add_test(tc, what_stays_broken_has_not_recovered);
	tcase_add_test(tc, a_run_that_ends_early_proves_no_recovery);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
