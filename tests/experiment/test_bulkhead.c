/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated services that limit their calls under way, by refusal or by a
 * queue, and others that do not. */
#include <check.h>
#include <stdlib.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 20000000
#define LIFT_US	 50000000
#define SLOTS	 64
#define SLOW_US	 600000
#define LATE_US	 4000 /* an end is seen so late at most */

static const struct service {
	size_t limit; /* of calls under way */
	bool queues;
	double rate;
	enum verdict_state state;
	const char *excess;
} services[] = {
    {8, false, 40, STATE_CONFIRMED, "rejected"},
    {8, true, 16, STATE_CONFIRMED, "queued"},
    {SLOTS, false, 40, STATE_INCONCLUSIVE, NULL}, /* none */
    {SLOTS, false, 10, STATE_INCONCLUSIVE, NULL},
};

static void
run(struct sim *s, const struct service *o)
{
	double slots[SLOTS] = {0}, at = 0;

	sim_fault(sim_api(s), "latency", FAULT_US, LIFT_US);
	for (; at < LIFT_US + 20e6; at += sim_exponential(s, 1e6 / o->rate)) {
		bool slow = at >= FAULT_US && at < LIFT_US;
		double took = slow ? SLOW_US : 5000, start = at;
		size_t best = 0;

		for (size_t i = 1; i < o->limit; i++)
			best = slots[i] < slots[best] ? i : best;
		if (slots[best] > at && !o->queues) {
			sim_call(s, sim_edge(s), (int64_t)at,
			    (int64_t)at + 1000, CALL_ERROR);
			continue;
		}
		start = MAX(start, slots[best]);
		slots[best] = start + took;
		sim_call(s, sim_edge(s), (int64_t)at,
		    (int64_t)(start + took + 500), CALL_OK);
		sim_call(s, sim_api(s), (int64_t)start,
		    (int64_t)(start + took + sim_between(s, 0, LATE_US)),
		    CALL_OK);
	}
	sim_judge(s, (int64_t)at);
}

START_TEST(a_limit_is_seen_where_there_is_one)
{
	const struct service *o = &services[_i];

	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct verdict *v;
		struct sim s;

		sim_init(&s, seed);
		run(&s, o);
		v = sim_verdict(&s, "bulkhead");
		ck_assert_int_eq(v->state, o->state);
		if (o->state == STATE_CONFIRMED) {
			ck_assert_double_eq(
			    verdict_fact(v, "limit")->value.lo,
			    (double)o->limit);
			ck_assert_str_eq(verdict_fact(v, "excess")->word,
			    o->excess);
		}
		sim_fini(&s);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bulkhead");
	TCase *tc = tcase_create("bulkhead");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, a_limit_is_seen_where_there_is_one, 0,
	    (int)COUNT_OF(services));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
