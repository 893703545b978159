/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated clients of a byte stream that is cut, and cut again. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/intern.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 10000000
#define OUTAGE_US 20000000

static struct call *
connects(struct sim *s, int64_t at_us, bool cut)
{
	struct call *c = record_add(&sim_api(s)->connections);

	c->line = ++s->line;
	c->start_us = at_us;
	c->end_us = c->closed_us = at_us + (cut ? 500 : 1000000);
	c->outcome = cut ? CALL_RESET : CALL_OK;
	c->kind = cut ? intern("down") : NULL;
	c->client = 1;
	return c;
}

/* Comes back after base, 2 base, 4 base, … (linear: 3 base, …); at most
 * `most` times. */
static void
outage_by(struct sim *s, int64_t from_us, double base_us, size_t most,
    bool linear)
{
	double at = (double)from_us + 100;

	sim_fault(sim_api(s), "down", from_us, from_us + OUTAGE_US);
	for (size_t k = 0; k <= most; k++) {
		bool cut = at < (double)(from_us + OUTAGE_US);
		struct call *c = connects(s, (int64_t)at, cut);

		if (!cut)
			return;
		at = (double)c->closed_us + sim_noise(s) +
		    base_us * (linear ? (double)k + 1 : pow(2, (double)k));
	}
}

static void
outage(struct sim *s, int64_t from_us, double base_us, size_t most)
{
	outage_by(s, from_us, base_us, most, false);
}

START_TEST(five_outages_tell_the_law_of_reconnects)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 5; i++)
		outage(&s, FAULT_US + i * 40000000LL, 2e5, 100);
	sim_judge(&s, 300000000);
	v = sim_verdict(&s, "reconnect");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_str_eq(verdict_fact(v, "shape")->word, "exponential");
	ck_assert_double_eq_tol(verdict_fact(v, "factor")->value.lo, 2, 0.1);
	ck_assert_double_eq(verdict_fact(v, "gave_up")->value.lo, 0);
	sim_fini(&s);
}
END_TEST

START_TEST(steps_that_are_added_are_told)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 5; i++)
		outage_by(&s, FAULT_US + i * 40000000LL, 2e5, 100, true);
	sim_judge(&s, 300000000);
	v = sim_verdict(&s, "reconnect");
	ck_assert_str_eq(verdict_fact(v, "shape")->word, "linear");
	ck_assert_double_eq_tol(verdict_fact(v, "step_s")->value.lo, 0.2,
	    0.01);
	ck_assert_ptr_null(verdict_fact(v, "factor"));
	sim_fini(&s);
}
END_TEST

START_TEST(who_gives_up_is_said_to)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 5; i++)
		outage(&s, FAULT_US + i * 40000000LL, 2e5, 3);
	sim_judge(&s, 300000000);
	v = sim_verdict(&s, "reconnect");
	/* Behind the last outage nothing comes at all. */
	ck_assert_double_ge(verdict_fact(v, "gave_up")->value.lo, 1);
	sim_fini(&s);
}
END_TEST

START_TEST(nobody_who_comes_back_is_told_as_absent)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "down", FAULT_US, FAULT_US + OUTAGE_US);
	for (uint64_t i = 0; i < 10; i++)
		connects(&s, FAULT_US + (int64_t)i, true)->client = 100 + i;
	sim_judge(&s, 300000000);
	ck_assert_int_eq(sim_verdict(&s, "reconnect")->state, STATE_ABSENT);
	sim_fini(&s);
}
END_TEST

START_TEST(connections_side_by_side_hide_the_pauses)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "down", FAULT_US, FAULT_US + OUTAGE_US);
	for (int i = 0; i < 50; i++)
		connects(&s, FAULT_US + i * 100, true);
	sim_judge(&s, 300000000);
	v = sim_verdict(&s, "reconnect");
	ck_assert_int_eq(v->state, STATE_PARTIAL);
	ck_assert_ptr_null(verdict_fact(v, "shape"));
	sim_fini(&s);
}
END_TEST

START_TEST(connections_that_no_fault_cut_say_nothing)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "down", FAULT_US, FAULT_US + OUTAGE_US);
	for (int i = 0; i < 50; i++)
		connects(&s, i * 1000000, false);
	sim_judge(&s, 300000000);
	ck_assert_ptr_null(sim_verdict(&s, "reconnect"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reconnect");
	TCase *tc = tcase_create("reconnect");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, five_outages_tell_the_law_of_reconnects);
	tcase_add_test(tc, steps_that_are_added_are_told);
	tcase_add_test(tc, who_gives_up_is_said_to);
	tcase_add_test(tc, nobody_who_comes_back_is_told_as_absent);
	tcase_add_test(tc, connections_side_by_side_hide_the_pauses);
	tcase_add_test(tc, connections_that_no_fault_cut_say_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
