/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: one verdict, and the recommendation that follows from it. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "report/model.h"
#include "tests/harness/check_run.h"
#include "tests/harness/verdict_facts.h"
#include "tests/report/planted_asked.h"

/* Facts as "key=word", "key=1", "key=1..2". The second verdict stands beside
 * the first in the same scenario. */
static const struct {
	const char *mech;
	enum verdict_state state;
	const char *facts;
	const char *beside; /* mech of another one, CONFIRMED; or NULL */
	const char *rule;   /* NULL: none applies */
	const char *says;
} rows[] = {
    /* Too few failures: certain only from 250 on. */
    {"breaker", STATE_ABSENT, "", NULL, NULL, NULL},
    {"breaker", STATE_CONFIRMED, "open_s=59..60 probes=1..1", NULL, NULL, NULL},
    {"breaker", STATE_CONFIRMED, "open_s=89..90 probes=1..1", NULL, "R2",
     "up to 90.0 s"},
    {"recovery", STATE_CONFIRMED, "first_success_s=22 client_wait_s=21.9", NULL,
     "R2", "21.90 of the 22.00 s"},
    {"recovery", STATE_CONFIRMED, "first_success_s=22 client_wait_s=1", NULL,
     NULL, NULL},
    {"recovery", STATE_CONFIRMED, "first_success_s=0.5 client_wait_s=0.5", NULL,
     NULL, NULL},
    {"timeout", STATE_ABSENT, "horizon_s=60", NULL, "R3", "60.0 s"},
    {"timeout", STATE_INCONCLUSIVE, "horizon_s=60", NULL, NULL, NULL},
    {"timeout", STATE_CONFIRMED, "after_s=1 kind=idle", NULL, "R4", "1.000 s"},
    {"timeout", STATE_CONFIRMED, "after_s=1 kind=total", NULL, NULL, NULL},
    {"leaked_calls", STATE_CONFIRMED, "leaked=17", NULL, "R5", "17 went on"},
    {"leaked_calls", STATE_ABSENT, "leaked=0", NULL, NULL, NULL},
    {"timeout_order", STATE_ABSENT, "edge_left_share=0.8", NULL, "R6",
     "80 % left"},
    {"timeout_order", STATE_CONFIRMED, "edge_left_share=0", NULL, NULL, NULL},
    {"backoff", STATE_CONFIRMED, "shape=constant jitter=none first_s=0.1", NULL,
     "R7", "constant, 0.100 s"},
    {"backoff", STATE_CONFIRMED, "shape=immediate jitter=none first_s=0", NULL,
     "R7", "none at all"},
    {"backoff", STATE_CONFIRMED, "shape=constant jitter=full first_s=0.1", NULL,
     NULL, NULL},
    {"backoff", STATE_CONFIRMED, "shape=exponential jitter=none", NULL, NULL,
     NULL},
    {"synchronised_retries", STATE_CONFIRMED, "", NULL, "R7", "at random"},
    {"amplification", STATE_CONFIRMED, "factor=3.5 peak_share=2.5", NULL, "R8",
     "3.50 attempts"},
    {"amplification", STATE_ABSENT, "factor=1 peak_share=0", NULL, NULL, NULL},
    {"unsafe_retry", STATE_CONFIRMED, "unsafe=4", NULL, "R9", "4 were"},
    {"unsafe_retry", STATE_ABSENT, "unsafe=0", NULL, NULL, NULL},
    {"retry_after", STATE_ABSENT, "honoured_share=0", NULL, "R10", "0 % of"},
    {"retry_after", STATE_PARTIAL, "honoured_share=0.5", NULL, "R10",
     "50 % of"},
    {"retry_after", STATE_CONFIRMED, "honoured_share=1", NULL, NULL, NULL},
    {"reconnect", STATE_CONFIRMED,
     "shape=immediate jitter=none per_s=50 attempts=500", NULL, "R11",
     "50.0 times a second"},
    {"reconnect", STATE_CONFIRMED,
     "shape=exponential jitter=full per_s=0.5 attempts=5", NULL, NULL, NULL},
    {"cascade", STATE_CONFIRMED, "routes=reports", NULL, "R12",
     "what reports share"},
    {"cascade", STATE_CONFIRMED, "affected=2", NULL, "R12",
     "what endpoints share"},
    {"cascade", STATE_ABSENT, "", NULL, NULL, NULL},
    {"fallback", STATE_ABSENT, "class=fail_slow failed_share=0.9", NULL, "R13",
     "90 % of"},
    {"fallback", STATE_ABSENT, "class=fail_fast failed_share=0.9", NULL, NULL,
     NULL},
    {"health_honesty", STATE_ABSENT, "health=blind", NULL, "R14",
     "see what requests see"},
    {"health_honesty", STATE_PARTIAL, "health=tied", NULL, "R14", "Untie"},
    {"health_honesty", STATE_CONFIRMED, "health=honest", NULL, NULL, NULL},
    {"read_back", STATE_CONFIRMED, "lost=2 duplicates=1 ambiguous=0", NULL,
     "R15", "2 acknowledged"},
    {"read_back", STATE_ABSENT, "lost=0 duplicates=0 ambiguous=3", NULL, "R15",
     "3 were left in doubt"},
    {"read_back", STATE_ABSENT, "lost=0 duplicates=0 ambiguous=0", NULL, NULL,
     NULL},
    {"recovery", STATE_ABSENT, "", NULL, "R16", "because"},
    {"recovery", STATE_INCONCLUSIVE, "", NULL, NULL, NULL},
    {"metastable", STATE_CONFIRMED, "", NULL, "R16", "Shed load"},
    /* Alone it harms nobody. */
    {"bulkhead", STATE_ABSENT, "peak=40", NULL, NULL, NULL},
    {"bulkhead", STATE_ABSENT, "peak=40", "blast_radius", "R17", "40 were"},
    {"breaker", STATE_CONFIRMED, "open_s=3..3 probes=6..9", NULL, "R18",
     "up to 9"},
    {"breaker", STATE_PARTIAL,
     "open_s=3..3 probes=1..1 half_open=does_not_reopen", NULL, "R18",
     "does not open again"},
};

static void
add_verdict(struct run *run, const char *mech, enum verdict_state state,
	    const char *facts)
{
	struct verdict *v = verdicts_add(&run->verdicts, mech, "t/1");

	v->route = intern("db");
	v->fault = intern("down");
	verdict_add_facts(v, facts);
	verdict_say(v, state, "because");
}

/* Verdicts of the first scenario, and what is advised about them. */
struct world {
	struct run_expect expects[6];
	struct run_scenario scenarios[5];
	struct report report;
	struct run run;
};

static void
begin(struct world *w)
{
	*w = (struct world){0};
	planted_asked(&w->run);
	for (size_t i = 0; i < w->run.asked->scenarios_count; i++)
		w->scenarios[i] =
		    (struct run_scenario){.asked = &w->run.asked->scenarios[i],
					  .expects = w->expects};
	for (size_t i = 0; i < COUNT_OF(w->expects); i++)
		w->expects[i].verdict = SIZE_MAX;
	w->run.scenarios = w->scenarios;
	w->scenarios[0].state = SCENARIO_RUN;
}

static void
advise(struct world *w)
{
	w->scenarios[0].verdicts_count = w->run.verdicts.count;
	w->report.run = &w->run;
	report_find(&w->report);
	report_advise(&w->report);
}

static void
end(struct world *w)
{
	report_fini(&w->report);
	w->run.scenarios = NULL;
	run_fini(&w->run);
}

START_TEST(a_rule_applies_to_what_it_is_about_and_says_the_numbers)
{
	struct world w;
	const struct report *r = &w.report;

	begin(&w);
	add_verdict(&w.run, rows[_i].mech, rows[_i].state, rows[_i].facts);
	if (rows[_i].beside != NULL)
		add_verdict(&w.run, rows[_i].beside, STATE_CONFIRMED, "");
	advise(&w);
	ck_assert_uint_eq(r->advice_count, rows[_i].rule != NULL);
	if (rows[_i].rule != NULL) {
		ck_assert_str_eq(r->advice[0].rule, rows[_i].rule);
		ck_assert_msg(strstr(r->advice[0].text, rows[_i].says) != NULL,
			      "%s", r->advice[0].text);
		ck_assert_msg(strstr(r->advice[0].text, "db") != NULL, "%s",
			      r->advice[0].text);
		ck_assert_str_eq(r->advice[0].owner, "data <b>team</b>");
	}
	end(&w);
}
END_TEST

/* One fault kept everybody; under another somebody left, too few to say when.
 */
START_TEST(who_left_under_one_fault_has_a_time_out)
{
	struct world w;

	begin(&w);
	add_verdict(&w.run, "timeout", STATE_ABSENT, "horizon_s=10");
	add_verdict(&w.run, "timeout", STATE_INCONCLUSIVE, "");
	w.run.verdicts.items[1].n = (size_t)_i;
	advise(&w);
	ck_assert_uint_eq(w.report.advice_count, _i == 0);
	end(&w);
}
END_TEST

/* What somebody asked for is no advice. */
START_TEST(retries_that_were_expected_are_not_advised_against)
{
	struct world w;

	begin(&w);
	add_verdict(&w.run, "amplification", STATE_CONFIRMED, "factor=1.3");
	w.expects[0] = (struct run_expect){
	    .verdict = 0, .state = _i == 0 ? EXPECT_MET : EXPECT_VIOLATED};
	advise(&w);
	ck_assert_uint_eq(w.report.advice_count, (unsigned)_i);
	end(&w);
}
END_TEST

static const char *
owner_of_rule(const struct report *r, const char *rule)
{
	for (size_t i = 0; i < r->advice_count; i++) {
		if (strcmp(r->advice[i].rule, rule) == 0)
			return r->advice[i].owner;
	}
	return NULL;
}

/* A time-out that one fault showed is not missing because another defeats it;
 * and what the caller is to do is told to who answers for the caller. */
START_TEST(advice_goes_to_who_can_follow_it)
{
	struct run_route routes[] = {{.name = "front", .owner = "web team"},
				     {.name = "db", .owner = "data team"}};
	struct world w;

	begin(&w);
	free(w.run.routes);
	w.run.routes = routes;
	w.run.routes_count = COUNT_OF(routes);
	record_route(&w.run.record, "front")->to = intern("svc");
	record_route(&w.run.record, "db")->from = intern("svc");
	add_verdict(&w.run, "timeout", STATE_ABSENT, "horizon_s=10");
	add_verdict(&w.run, "timeout", STATE_CONFIRMED, "after_s=2 kind=idle");
	add_verdict(&w.run, "recovery", STATE_ABSENT, "");
	advise(&w);
	ck_assert_uint_eq(w.report.advice_count, 2);
	ck_assert_str_eq(owner_of_rule(&w.report, "R4"), "web team");
	ck_assert_str_eq(owner_of_rule(&w.report, "R16"), "data team");
	w.run.routes = NULL;
	w.run.routes_count = 0;
	end(&w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("advice");
	TCase *tc = tcase_create("advice");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(
	    tc, a_rule_applies_to_what_it_is_about_and_says_the_numbers, 0,
	    COUNT_OF(rows));
	tcase_add_test(tc, advice_goes_to_who_can_follow_it);
	tcase_add_loop_test(tc, who_left_under_one_fault_has_a_time_out, 0, 2);
	tcase_add_loop_test(
	    tc, retries_that_were_expected_are_not_advised_against, 0, 2);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
