/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks that tell the truth, and others. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 30000000
#define LIFT_US	 60000000
#define END_US	 80000000

/* A check each second, flagged or known by its beat. */
static void
run(struct sim *s, bool calls_fail, bool checks_fail, bool flagged)
{
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < END_US; at += 100000) {
		bool during = at >= FAULT_US && at < LIFT_US;

		sim_call(s, sim_edge(s), at + 7000 + (at / 100000 * 37) % 5000,
		    at + 20000, during && calls_fail ? CALL_ERROR : CALL_OK);
		sim_call(s, sim_api(s), at + 13000, at + 15000,
		    during ? CALL_ERROR : CALL_OK);
		if (at % 1000000 == 0) {
			struct call *c = sim_call(s, sim_edge(s), at,
			    at + 1000,
			    during && checks_fail ? CALL_ERROR : CALL_OK);

			c->request = flagged ? c->request : 7;
			c->probe = flagged;
		}
	}
	sim_judge(s, END_US);
}

static const struct {
	bool calls_fail, checks_fail;
	const char *health;
	enum verdict_state state;
} cases[] = {
    {true, true, "honest", STATE_CONFIRMED},
    {true, false, "blind", STATE_ABSENT},
    {false, true, "tied", STATE_PARTIAL},
    {false, false, "good", STATE_NOT_EXERCISED},
};

START_TEST(checks_are_beside_what_callers_get)
{
	for (int flagged = 0; flagged < 2; flagged++) {
		const struct verdict *v;
		struct sim s;

		sim_init(&s, 1);
		run(&s, cases[_i].calls_fail, cases[_i].checks_fail, flagged);
		v = sim_verdict(&s, "health_honesty");
		ck_assert_int_eq(v->state, cases[_i].state);
		ck_assert_str_eq(verdict_fact(v, "health")->word,
		    cases[_i].health);
		ck_assert_uint_eq(v->n, 30);
		sim_fini(&s);
	}
}
END_TEST

START_TEST(without_checks_there_is_no_verdict)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < END_US; at += 100000)
		sim_call(&s, sim_edge(&s), at, at + 20000, CALL_OK);
	sim_judge(&s, END_US);
	ck_assert_ptr_null(sim_verdict(&s, "health_honesty"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("honesty");
	TCase *tc = tcase_create("honesty");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, checks_are_beside_what_callers_get, 0,
	    (int)COUNT_OF(cases));
	tcase_add_test(tc, without_checks_there_is_no_verdict);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
