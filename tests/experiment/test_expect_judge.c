/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict decides about an expectation: one verdict, one expectation.
 */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "experiment/expect.h"
#include "tests/harness/check_run.h"
#include "tests/harness/verdict_facts.h"

/* A verdict in short: its facts as "key=word", "key=1", "key=1..2". */
static const struct {
	const char *key, *asked, *mech;
	enum verdict_state state;
	const char *facts;
	enum expect_state expected;
} rows[] = {
    {"breaker.on", "db", "breaker", STATE_CONFIRMED, "", EXPECT_MET},
    {"breaker.on", "db", "breaker", STATE_ABSENT, "", EXPECT_VIOLATED},
    {"breaker.on", "db", "breaker", STATE_PARTIAL, "", EXPECT_VIOLATED},
    {"breaker.on", "db", "breaker", STATE_INCONCLUSIVE, "", EXPECT_UNDECIDED},
    {"breaker.on", "db", "breaker", STATE_NOT_EXERCISED, "", EXPECT_UNDECIDED},
    {"breaker.on", "db", "breaker", STATE_NOT_OBSERVABLE, "", EXPECT_UNDECIDED},
    {"breaker.on", "api", "breaker", STATE_CONFIRMED, "", EXPECT_UNDECIDED},
    {"breaker.open_max", "3s", "breaker", STATE_CONFIRMED, "open_s=2.9..3",
     EXPECT_MET},
    {"breaker.open_max", "3s", "breaker", STATE_CONFIRMED, "open_s=3.1..3.2",
     EXPECT_VIOLATED},
    /* The bracket holds the limit: nobody knows. */
    {"breaker.open_max", "3s", "breaker", STATE_CONFIRMED, "open_s=2.9..3.1",
     EXPECT_UNDECIDED},
    {"breaker.open_max", "3s", "breaker", STATE_PARTIAL, "open_s=2..2.1",
     EXPECT_UNDECIDED},
    {"breaker.open_max", "3s", "breaker", STATE_PARTIAL, "open_s=4..4.1",
     EXPECT_VIOLATED},
    {"breaker.open_max", "3s", "breaker", STATE_CONFIRMED, "",
     EXPECT_UNDECIDED},
    {"breaker.open_max", "3s", "breaker", STATE_ABSENT, "", EXPECT_VIOLATED},
    {"timeout.max", "5s", "timeout", STATE_CONFIRMED,
     "after_s=4.9 ci_s=4.8..5.1", EXPECT_UNDECIDED},
    {"timeout.max", "5s", "timeout", STATE_CONFIRMED, "after_s=2 ci_s=1.9..2.1",
     EXPECT_MET},
    {"timeout.max", "5s", "timeout", STATE_ABSENT, "horizon_s=60",
     EXPECT_VIOLATED},
    /* Nobody left within 3 s: they still may before 5 s. */
    {"timeout.max", "5s", "timeout", STATE_ABSENT, "horizon_s=3",
     EXPECT_UNDECIDED},
    {"timeout.kind", "total", "timeout", STATE_CONFIRMED, "kind=idle",
     EXPECT_VIOLATED},
    {"timeout.kind", "total", "timeout", STATE_CONFIRMED, "kind=unknown",
     EXPECT_UNDECIDED},
    {"timeout_order", "true", "timeout_order", STATE_CONFIRMED, "", EXPECT_MET},
    {"timeout_order", "true", "timeout_order", STATE_ABSENT, "",
     EXPECT_VIOLATED},
    {"leaks", "false", "leaked_calls", STATE_ABSENT, "", EXPECT_MET},
    {"leaks", "false", "leaked_calls", STATE_CONFIRMED, "", EXPECT_VIOLATED},
    {"retries.max", "3", "retries", STATE_CONFIRMED, "retries_max=3 bound=3",
     EXPECT_MET},
    {"retries.max", "3", "retries", STATE_CONFIRMED, "retries_max=4 bound=4",
     EXPECT_VIOLATED},
    {"retries.max", "3", "retries", STATE_CONFIRMED, "retries_max=2",
     EXPECT_UNDECIDED},
    {"retries.max", "3", "retries", STATE_CONFIRMED, "retries_max=9",
     EXPECT_VIOLATED},
    {"retries.max", "3", "retries", STATE_ABSENT, "", EXPECT_MET},
    {"retries.max", "3", "retries", STATE_NOT_EXERCISED, "", EXPECT_UNDECIDED},
    {"retries.backoff", "exponential", "backoff", STATE_CONFIRMED,
     "shape=exponential", EXPECT_MET},
    {"retries.backoff", "exponential", "backoff", STATE_CONFIRMED,
     "shape=increasing", EXPECT_UNDECIDED},
    {"retries.backoff", "exponential", "backoff", STATE_CONFIRMED,
     "shape=constant", EXPECT_VIOLATED},
    {"retries.backoff", "constant", "backoff", STATE_CONFIRMED,
     "shape=increasing", EXPECT_VIOLATED},
    {"retries.jitter", "true", "backoff", STATE_CONFIRMED, "jitter=full",
     EXPECT_MET},
    {"retries.jitter", "true", "backoff", STATE_CONFIRMED, "jitter=none",
     EXPECT_VIOLATED},
    {"retries.jitter", "false", "backoff", STATE_CONFIRMED, "jitter=none",
     EXPECT_MET},
    {"fallback", "graceful", "fallback", STATE_CONFIRMED, "class=transparent",
     EXPECT_MET},
    {"fallback", "graceful", "fallback", STATE_CONFIRMED,
     "class=degraded_graceful", EXPECT_MET},
    {"fallback", "graceful", "fallback", STATE_PARTIAL, "class=slow",
     EXPECT_VIOLATED},
    {"fallback", "slow", "fallback", STATE_PARTIAL, "class=slow", EXPECT_MET},
    {"fallback", "fail-fast", "fallback", STATE_ABSENT, "class=fail_fast",
     EXPECT_MET},
    {"fallback", "fail-fast", "fallback", STATE_ABSENT, "class=fail_slow",
     EXPECT_VIOLATED},
    {"fallback", "fail-fast", "fallback", STATE_PARTIAL, "class=slow",
     EXPECT_VIOLATED},
    {"fallback", "fail-fast", "fallback", STATE_CONFIRMED, "class=transparent",
     EXPECT_MET},
    {"fallback", "fail-slow", "fallback", STATE_ABSENT, "class=fail_slow",
     EXPECT_MET},
    {"recovers", "true", "recovery", STATE_ABSENT, "", EXPECT_VIOLATED},
    {"recovery_max", "30s", "recovery", STATE_CONFIRMED,
     "first_success_s=22 steady_s=23", EXPECT_MET},
    {"recovery_max", "10s", "recovery", STATE_CONFIRMED,
     "first_success_s=2 steady_s=23", EXPECT_VIOLATED},
    {"recovery_max", "10s", "recovery", STATE_INCONCLUSIVE,
     "first_success_s=22", EXPECT_VIOLATED},
    {"recovery_max", "30s", "recovery", STATE_INCONCLUSIVE,
     "first_success_s=22", EXPECT_UNDECIDED},
    {"recovery_max", "30s", "recovery", STATE_PARTIAL,
     "first_success_s=1 steady_s=2", EXPECT_VIOLATED},
    {"amplification_max", "1.2", "amplification", STATE_ABSENT, "factor=1.05",
     EXPECT_MET},
    {"amplification_max", "1.2", "amplification", STATE_CONFIRMED, "factor=3.1",
     EXPECT_VIOLATED},
    {"lost_acked", "0", "read_back", STATE_ABSENT, "lost=0 duplicates=0",
     EXPECT_MET},
    {"lost_acked", "0", "read_back", STATE_CONFIRMED, "lost=2 duplicates=0",
     EXPECT_VIOLATED},
    {"lost_acked", "0", "read_back", STATE_INCONCLUSIVE, "", EXPECT_UNDECIDED},
    {"duplicates", "0", "read_back", STATE_CONFIRMED, "lost=2 duplicates=0",
     EXPECT_MET},
    {"health_honest", "true", "health_honesty", STATE_ABSENT, "health=blind",
     EXPECT_VIOLATED},
    {"siblings_unaffected", "true", "isolation", STATE_CONFIRMED, "",
     EXPECT_MET},
    {"siblings_unaffected", "true", "isolation", STATE_ABSENT, "",
     EXPECT_VIOLATED},
    {"siblings_unaffected", "true", "cascade", STATE_ABSENT, "", EXPECT_MET},
    {"siblings_unaffected", "true", "cascade", STATE_CONFIRMED, "",
     EXPECT_VIOLATED},
    {"cascade", "false", "cascade", STATE_ABSENT, "", EXPECT_MET},
    {"cascade", "false", "cascade", STATE_CONFIRMED, "", EXPECT_VIOLATED},
    {"pool_recovery_max", "5s", "recovery", STATE_CONFIRMED,
     "pool_refilled_share=1 pool_refill_s=4", EXPECT_MET},
    {"pool_recovery_max", "5s", "recovery", STATE_CONFIRMED,
     "pool_refilled_share=0.5 pool_refill_s=4", EXPECT_VIOLATED},
    {"pool_recovery_max", "5s", "recovery", STATE_CONFIRMED, "steady_s=1",
     EXPECT_UNDECIDED},
    {"failover.failback", "true", "failover", STATE_CONFIRMED,
     "failback_s=2 flaps=0", EXPECT_MET},
    {"failover.failback", "true", "failover", STATE_CONFIRMED,
     "failback_s=2 flaps=3", EXPECT_VIOLATED},
    {"failover.failback", "true", "failover", STATE_CONFIRMED, "lost=1",
     EXPECT_VIOLATED},
    {"failover.to", "us", "failover", STATE_CONFIRMED, "to=us", EXPECT_MET},
    {"failover.to", "us", "failover", STATE_CONFIRMED, "to=eu",
     EXPECT_VIOLATED},
    {"failover.to", "us", "failover", STATE_CONFIRMED, "to=several",
     EXPECT_VIOLATED},
    {"failover.to", "10.0.0.2:5432", "failover", STATE_CONFIRMED, "to=us",
     EXPECT_MET},
    {"failover.to", "10.0.0.2:5432", "failover", STATE_CONFIRMED, "to=eu",
     EXPECT_VIOLATED},
    {"failover.to", "us", "failover", STATE_ABSENT, "", EXPECT_VIOLATED},
    {"failover.to", "10.0.0.2:5432", "failover", STATE_INCONCLUSIVE, "to=us",
     EXPECT_UNDECIDED},
};

START_TEST(a_verdict_decides_an_expectation)
{
	char *key = strdup(rows[_i].key), *asked = strdup(rows[_i].asked);
	struct conf_expect expect = {.key = key, .value = asked};
	struct conf_scenario conf = {.expects = &expect, .expects_count = 1};
	struct run_scenario scenario = {.asked = &conf, .verdicts_count = 1};
	struct run_route us = {.name = "us", .upstream = "10.0.0.2:5432"};
	struct run run = {
	    .scenarios = &scenario, .routes = &us, .routes_count = 1};
	struct run_expect to = {.asked = &expect};
	struct record part = {0};
	struct verdict *v = verdicts_add(&run.verdicts, rows[_i].mech, "t/1");

	v->route = intern("db");
	v->fault = intern("down");
	verdict_add_facts(v, rows[_i].facts);
	verdict_say(v, rows[_i].state, "because");
	expect_judge(&run, 0, &part, &to);
	ck_assert_msg(to.state == rows[_i].expected, "%s = %s with %s %s is %s",
		      rows[_i].key, rows[_i].asked,
		      verdict_state_name(rows[_i].state), rows[_i].facts,
		      run_expect_word((enum expect_state)to.state));
	ck_assert_ptr_nonnull(to.why);
	ck_assert_ptr_nonnull(to.found);
	free(to.why);
	free(to.found);
	free(key);
	free(asked);
	verdicts_fini(&run.verdicts);
}
END_TEST

/* Of several verdicts one that violates wins, and what nobody decided is not
 * met. */
START_TEST(violations_win_over_what_is_met)
{
	static const struct {
		enum verdict_state states[2];
		enum expect_state expected;
	} pairs[] = {
	    {{STATE_CONFIRMED, STATE_ABSENT}, EXPECT_VIOLATED},
	    {{STATE_ABSENT, STATE_CONFIRMED}, EXPECT_VIOLATED},
	    {{STATE_NOT_EXERCISED, STATE_CONFIRMED}, EXPECT_MET},
	    {{STATE_NOT_EXERCISED, STATE_INCONCLUSIVE}, EXPECT_UNDECIDED},
	};
	char key[] = "timeout_order", asked[] = "true";
	struct conf_expect expect = {.key = key, .value = asked};
	struct conf_scenario conf = {.expects = &expect, .expects_count = 1};

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		struct run_scenario s = {.asked = &conf, .verdicts_count = 2};
		struct run run = {.scenarios = &s};
		struct run_expect to = {.asked = &expect};
		struct record part = {0};

		for (size_t k = 0; k < 2; k++) {
			struct verdict *v =
			    verdicts_add(&run.verdicts, "timeout_order", "t/1");

			v->route = intern("db");
			verdict_say(v, pairs[i].states[k], "because");
		}
		expect_judge(&run, 0, &part, &to);
		ck_assert_int_eq(to.state, pairs[i].expected);
		free(to.why);
		free(to.found);
		verdicts_fini(&run.verdicts);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("expect_judge");
	TCase *tc = tcase_create("expect_judge");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, a_verdict_decides_an_expectation, 0,
			    COUNT_OF(rows));
	tcase_add_test(tc, violations_win_over_what_is_met);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
