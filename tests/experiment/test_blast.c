/* SPDX-License-Identifier: Apache-2.0 */
/* What a fault spreads to: siblings, and calls that need no dependency. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/draw.h"

#define FAULT_US 20000000
#define LIFT_US	 40000000
#define END_US	 60000000
#define ORDERS	 1 /* endpoints */
#define STATIC	 2

/* Orders lead to "api", pages to nothing, and every order to "stock", too. */
static void
run(struct sim *s, double page_fails, double stock_fails, int64_t stock_us)
{
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	record_route(&s->record, "stock")->edge = 0;
	for (int64_t at = 0; at < END_US; at += 100000) {
		bool during = at >= FAULT_US && at < LIFT_US;
		struct call *c = sim_call(s, sim_edge(s), at, at + 9000,
		    during ? CALL_ERROR : CALL_OK);

		c->endpoint = ORDERS;
		c = sim_call(s, sim_api(s), at + 1000, at + 2000,
		    during ? CALL_ERROR : CALL_OK);
		sim_call(s, &s->record.routes[2], at + 3000,
		    at + 3100 + (during ? stock_us : 0),
		    during && draw_unit(&s->rng) < stock_fails
			? CALL_ERROR
			: CALL_OK);
		c = sim_call(s, sim_edge(s), at + 50000, at + 51000,
		    during && draw_unit(&s->rng) < page_fails ? CALL_ERROR
								  : CALL_OK);
		c->endpoint = STATIC;
	}
	sim_judge(s, END_US);
}

static const struct {
	double page_fails, stock_fails;
	int64_t stock_us; /* slower by that under the fault */
	enum verdict_state cascade, isolation;
} cases[] = {
    {0, 0, 0, STATE_ABSENT, STATE_CONFIRMED},
    {0.5, 0, 0, STATE_CONFIRMED, STATE_CONFIRMED},
    {0, 0.5, 0, STATE_ABSENT, STATE_ABSENT},
    /* Within the noise of our own timers: nobody was harmed. */
    {0, 0, 500, STATE_ABSENT, STATE_CONFIRMED},
    {0, 0, 20000, STATE_ABSENT, STATE_ABSENT},
};

START_TEST(what_gets_worse_beside_it_is_told)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run(&s, cases[_i].page_fails, cases[_i].stock_fails,
	    cases[_i].stock_us);
	v = sim_verdict(&s, "cascade");
	ck_assert_int_eq(v->state, cases[_i].cascade);
	ck_assert_double_eq(verdict_fact(v, "observed")->value.lo, 1);
	v = sim_verdict(&s, "isolation");
	ck_assert_int_eq(v->state, cases[_i].isolation);
	/* What callers of orders notice is not mixed with pages. */
	v = sim_verdict(&s, "fallback");
	ck_assert_double_eq(verdict_fact(v, "failed_share")->value.lo, 1);
	ck_assert_uint_eq(v->n, 200);
	sim_fini(&s);
}
END_TEST

/* Two faults at once: whose doing it was is not to be told, and what has a
 * fault of its own did not get worse by the other. */
START_TEST(what_another_fault_may_have_done_is_left_open)
{
	static const char *const mechs[] = {"cascade", "blast_radius"};
	struct sim s;

	sim_init(&s, 1);
	record_route(&s.record, "stock");
	sim_fault(&s.record.routes[2], "latency", FAULT_US - 1000000,
	    FAULT_US + 1000000);
	run(&s, 0.5, 0.5, 0);
	for (size_t i = 0; i < COUNT_OF(mechs); i++) {
		const struct verdict *v = sim_verdict(&s, mechs[i]);

		ck_assert_int_eq(v->state, STATE_INCONCLUSIVE);
		ck_assert_msg(strstr(v->why, "; but stock was faulted, too") !=
		    NULL, "%s", v->why);
		ck_assert(strstr(v->decide, "stock") != NULL);
	}
	ck_assert_ptr_null(sim_verdict(&s, "isolation"));
	ck_assert(strstr(sim_verdict(&s, "fallback")->why,
	    "; stock was faulted, too") != NULL);
	sim_fini(&s);
}
END_TEST

START_TEST(without_such_calls_it_is_not_exercised)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < END_US; at += 100000) {
		struct call *c = sim_call(&s, sim_edge(&s), at, at + 9000,
		    CALL_OK);

		c->endpoint = ORDERS;
		sim_call(&s, sim_api(&s), at + 1000, at + 2000, CALL_OK);
	}
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "cascade")->state,
	    STATE_NOT_EXERCISED);
	ck_assert_ptr_null(sim_verdict(&s, "isolation"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("blast");
	TCase *tc = tcase_create("blast");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, what_gets_worse_beside_it_is_told, 0,
	    (int)COUNT_OF(cases));
	tcase_add_test(tc, what_another_fault_may_have_done_is_left_open);
	tcase_add_test(tc, without_such_calls_it_is_not_exercised);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
