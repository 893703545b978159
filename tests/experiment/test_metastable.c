/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps on failing behind a fault, and why. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/draw.h"

#define FAULT_US 30000000
#define LIFT_US	 50000000

/* Behind the fault a share of calls fails, and `load` attempts are made. */
static const struct verdict *
run(struct sim *s, double fails, int load, int64_t after_s)
{
	int64_t end = LIFT_US + after_s * 1000000;

	sim_init(s, 1);
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < end; at += 100000) {
		bool during = at >= FAULT_US && at < LIFT_US;
		bool behind = at >= LIFT_US;
		bool bad = during ||
		    (behind && draw_unit(&s->rng) < fails);

		sim_call(s, sim_edge(s), at, at + 30000,
		    bad ? CALL_ERROR : CALL_OK);
		for (int i = 0; i < (behind ? load : 1); i++)
			sim_call(s, sim_api(s), at + 1000 + i * 5000,
			    at + 3000 + i * 5000, bad ? CALL_ERROR : CALL_OK);
	}
	sim_judge(s, end);
	return sim_verdict(s, "metastable");
}

static const struct {
	double fails;
	int load;
	int64_t after_s;
	enum verdict_state state;
} cases[] = {
    {0, 1, 70, STATE_ABSENT},	     /* it recovers */
    {0.6, 3, 70, STATE_CONFIRMED},   /* retries keep it down */
    {0.6, 1, 70, STATE_ABSENT},	     /* it is down by itself */
    {0.6, 3, 30, STATE_INCONCLUSIVE} /* nobody looked for long */
};

START_TEST(a_failure_that_feeds_itself_is_told)
{
	struct sim s;

	ck_assert_int_eq(run(&s, cases[_i].fails, cases[_i].load,
	    cases[_i].after_s)->state, cases[_i].state);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metastable");
	TCase *tc = tcase_create("metastable");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, a_failure_that_feeds_itself_is_told, 0,
	    (int)COUNT_OF(cases));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
