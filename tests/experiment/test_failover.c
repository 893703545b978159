/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways to one service, one of which breaks. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/experiment/simulate.h"

#define FAULT_US 20000000
#define LIFT_US	 40000000
#define END_US	 60000000

struct client {
	double switch_us; /* after the fault began; < 0: it never does */
	bool both;	  /* it uses both all the time */
	bool flaps;	  /* behind the fault it cannot decide */
};

static struct route *
other(struct sim *s)
{
	return &s->record.routes[2];
}

static void
begin(struct sim *s)
{
	sim_init(s, 1);
	record_route(&s->record, "us");
	sim_api(s)->to = other(s)->to = "db";
	sim_api(s)->from = other(s)->from = "svc";
	sim_fault(sim_api(s), "down", FAULT_US, LIFT_US);
}

/* Where does call n go? */
static bool
goes_elsewhere(const struct client *c, int64_t at, size_t n)
{
	bool during = at >= FAULT_US && at < LIFT_US;

	if (during && c->switch_us >= 0 && at >= FAULT_US + c->switch_us)
		return true;
	if (c->flaps && at >= LIFT_US)
		return at / 2000000 % 2 == 0;
	return c->both && n % 2 == 0;
}

static const struct verdict *
run(struct sim *s, const struct client *c)
{
	begin(s);
	for (int64_t at = 0, n = 0; at < END_US; at += 50000, n++) {
		bool elsewhere = goes_elsewhere(c, at, (size_t)n);
		bool fails = !elsewhere && at >= FAULT_US && at < LIFT_US;

		sim_call(s, elsewhere ? other(s) : sim_api(s), at, at + 2000,
		    fails ? CALL_RESET : CALL_OK);
	}
	sim_judge(s, END_US);
	return sim_verdict(s, "failover");
}

START_TEST(a_standby_that_is_taken_is_timed)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, &(struct client){.switch_us = 3e6});
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_str_eq(verdict_fact(v, "others")->word, "standby");
	ck_assert_double_eq_tol(verdict_fact(v, "switch_s")->value.lo, 3,
	    0.06);
	ck_assert_double_eq_tol(verdict_fact(v, "detect_s")->value.lo, 2.95,
	    0.06);
	ck_assert_double_eq(verdict_fact(v, "lost")->value.lo, 60);
	ck_assert_double_eq(verdict_fact(v, "returns")->value.lo, 0);
	ck_assert_double_eq_tol(verdict_fact(v, "failback_s")->value.lo, 0,
	    0.06);
	ck_assert_double_eq(verdict_fact(v, "flaps")->value.lo, 0);
	sim_fini(&s);
}
END_TEST

START_TEST(one_that_is_not_taken_is_absent)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, &(struct client){.switch_us = -1});
	ck_assert_int_eq(v->state, STATE_ABSENT);
	ck_assert_uint_eq(v->n, 400);
	ck_assert_ptr_null(verdict_fact(v, "switch_s"));
	sim_fini(&s);
}
END_TEST

START_TEST(half_of_the_load_that_stays_there_is_no_failover)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, &(struct client){.switch_us = -1, .both = true});
	ck_assert_str_eq(verdict_fact(v, "others")->word, "in_use");
	ck_assert_int_eq(v->state, STATE_ABSENT);
	ck_assert_double_le(verdict_fact(v, "moved_share")->value.lo, 0.05);
	sim_fini(&s);
	v = run(&s, &(struct client){.switch_us = 1e6, .both = true});
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_ge(verdict_fact(v, "moved_share")->value.lo, 0.9);
	sim_fini(&s);
}
END_TEST

START_TEST(one_that_flaps_is_seen)
{
	const struct verdict *v;
	struct sim s;

	v = run(&s, &(struct client){.switch_us = 1e6, .flaps = true});
	ck_assert_double_ge(verdict_fact(v, "flaps")->value.lo, 7);
	sim_fini(&s);
}
END_TEST

START_TEST(a_route_without_siblings_has_no_verdict)
{
	struct sim s;

	begin(&s);
	other(&s)->to = "cache";
	sim_judge(&s, END_US);
	ck_assert_ptr_null(sim_verdict(&s, "failover"));
	sim_fini(&s);
	begin(&s);
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "failover")->state,
	    STATE_NOT_EXERCISED);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failover");
	TCase *tc = tcase_create("failover");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, a_standby_that_is_taken_is_timed);
	tcase_add_test(tc, one_that_is_not_taken_is_absent);
	tcase_add_test(tc, half_of_the_load_that_stays_there_is_no_failover);
	tcase_add_test(tc, one_that_flaps_is_seen);
	tcase_add_test(tc, a_route_without_siblings_has_no_verdict);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
