/* SPDX-License-Identifier: Apache-2.0 */
/* What simulated callers notice while a dependency fails, and who else. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/draw.h"

#define FAULT_US 20000000
#define LIFT_US	 40000000
#define END_US	 70000000

static const struct reaction {
	double failed;	/* share of calls on the edge that fail */
	double took_us; /* how long they take, good or not */
	uint64_t size;	/* of good answers; before: 1000 bytes */
	const char *class;
	enum verdict_state state;
} reactions[] = {
    {0, 10000, 1000, "transparent", STATE_CONFIRMED},
    {0, 10000, 300, "degraded_graceful", STATE_CONFIRMED},
    {0, 50000, 1000, "slow", STATE_PARTIAL},
    {1, 10000, 1000, "fail_fast", STATE_ABSENT},
    {0.5, 20000, 1000, "fail_fast", STATE_ABSENT},
    {1, 5000000, 1000, "fail_slow", STATE_ABSENT},
};

static void
run(struct sim *s, const struct reaction *o)
{
	sim_fault(sim_api(s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < END_US; at += 100000) {
		bool during = at >= FAULT_US && at < LIFT_US;
		bool failed = during && draw_unit(&s->rng) < o->failed;
		double took = (during ? o->took_us : 10000) *
		    sim_between(s, 0.9, 1.1);
		struct call *c = sim_call(s, sim_edge(s), at,
		    at + (int64_t)took, failed ? CALL_ERROR : CALL_OK);

		c->bytes_down = during ? o->size : 1000;
		sim_call(s, sim_api(s), at + 100, at + 2000,
		    during ? CALL_ERROR : CALL_OK);
	}
	sim_judge(s, END_US);
}

START_TEST(what_callers_notice_has_a_class)
{
	const struct reaction *o = &reactions[_i];
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run(&s, o);
	v = sim_verdict(&s, "fallback");
	ck_assert_str_eq(verdict_fact(v, "class")->word, o->class);
	ck_assert_int_eq(v->state, o->state);
	v = sim_verdict(&s, "blast_radius");
	ck_assert_int_eq(v->state,
	    strcmp(o->class, "transparent") == 0 ||
		strcmp(o->class, "degraded_graceful") == 0
		? STATE_ABSENT
		: STATE_CONFIRMED);
	sim_fini(&s);
}
END_TEST

START_TEST(too_few_calls_have_no_class)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	sim_call(&s, sim_edge(&s), FAULT_US + 1, FAULT_US + 2, CALL_ERROR);
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "fallback")->state,
	    STATE_INCONCLUSIVE);
	ck_assert_ptr_null(sim_verdict(&s, "blast_radius"));
	sim_fini(&s);
}
END_TEST

/* A sibling that never calls the dependency gets worse, or does not. */
START_TEST(a_fault_that_spreads_to_a_sibling_is_seen)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	record_route(&s.record, "sibling");
	for (int64_t at = 0; at < END_US; at += 100000) {
		bool hit = _i > 0 && at >= FAULT_US && at < LIFT_US &&
		    draw_unit(&s.rng) < 0.2;

		sim_call(&s, &s.record.routes[2], at, at + 5000,
		    hit ? CALL_ERROR : CALL_OK);
	}
	run(&s, &reactions[0]);
	v = sim_verdict(&s, "blast_radius");
	ck_assert_double_eq(verdict_fact(v, "observed")->value.lo, 2);
	ck_assert_double_eq(verdict_fact(v, "affected")->value.lo, _i);
	if (_i > 0)
		ck_assert_ptr_nonnull(strstr(v->why, "sibling"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fallback");
	TCase *tc = tcase_create("fallback");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, what_callers_notice_has_a_class, 0,
	    (int)COUNT_OF(reactions));
	tcase_add_test(tc, too_few_calls_have_no_class);
	tcase_add_loop_test(tc, a_fault_that_spreads_to_a_sibling_is_seen, 0,
	    2);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
