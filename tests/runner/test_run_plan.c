/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says that an experiment can and cannot find out. */
#include "runner/run_plan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define SCENARIO(fault)                                                        \
	"phases = { baseline = \"10s\"; recover = \"20s\"; };"                 \
	"scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; " fault   \
	" } ); } );"

static const struct run_plan_finding *
finding(const struct run_plan *p, const char *mech)
{
	for (size_t i = 0; i < p->findings_count; i++) {
		if (strcmp(p->findings[i].mech, mech) == 0)
			return &p->findings[i];
	}
	return NULL;
}

/* lambda * D >= 2K for breakers, 30 failed originals for retries, 250 failures
 * and 30 s for the absence of a breaker, horizons of time-outs. */
static const struct {
	const char *fault, *mech;
	int state; /* -1: not spoken of */
	const char *text;
} cases[] = {
    {"type = \"abort\"; status = 503; for = \"1s\";", "retries",
     RUN_PLAN_PARTLY,
     "up to 20 failed requests; retries can be seen, but their absence needs "
     "30: 1.5 s"},
    {"type = \"abort\"; status = 503; for = \"1500ms\";", "retries",
     RUN_PLAN_DECIDES, "up to 30 failed requests"},
    {"type = \"abort\"; status = 503; for = \"3s\"; probability = 0.25;",
     "retries", RUN_PLAN_PARTLY, "absence needs 30: 6 s"},
    /* q = 3/200, K = ceil(ln(0.001/n)/ln q) = 2: 4 calls, 0.2 s. */
    {"type = \"abort\"; status = 503; for = \"100ms\";", "breaker",
     RUN_PLAN_UNDECIDED,
     "at 20/s that is 0.2 s, and the fault is over after 0.1 s"},
    {"type = \"abort\"; status = 503; for = \"10s\";", "breaker",
     RUN_PLAN_PARTLY,
     "its absence needs 250 failures and 30 s: 30 s at this load"},
    {"type = \"abort\"; status = 503; for = \"30s\";", "breaker",
     RUN_PLAN_DECIDES, "its absence has its 250 failures and 30 s"},
    {"type = \"abort\"; status = 503; for = \"30s\"; probability = 0.1;",
     "breaker", RUN_PLAN_PARTLY, "125 s at this load"},
    {"type = \"hang\"; for = \"10s\";", "timeout", RUN_PLAN_PARTLY,
     "time-outs up to 10 s can be seen; common ones are 30 s"},
    {"type = \"hang\"; for = \"40s\";", "timeout", RUN_PLAN_DECIDES,
     "up to 40 s"},
    {"type = \"blackhole\"; for = \"40s\";", "timeout", RUN_PLAN_UNDECIDED,
     "behind blackhole nobody sees a client leave; hang shows it"},
    {"type = \"latency\"; latency = \"1s\"; for = \"10s\";", "timeout", -1, ""},
    {"type = \"latency\"; latency = \"1s\"; for = \"1s\";", "fallback",
     RUN_PLAN_UNDECIDED,
     "up to 20 calls in 1 s; fallback and blast radius need 30"},
    {"type = \"latency\"; latency = \"1s\"; for = \"10s\";", "recovery",
     RUN_PLAN_DECIDES, "recoveries up to 10 s can be seen"},
    {"type = \"abort\"; status = 503; for = \"10s\"; every = 10;", "retries",
     RUN_PLAN_PARTLY, "absence needs 30: 15 s"},
    {"type = \"abort\"; status = 503; for = \"1s\"; expect_hits = 50;", "proof",
     RUN_PLAN_UNDECIDED, "up to 20 flows, and expect_hits is 50"},
};

START_TEST(plans_tell_what_cannot_be_found_out)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = xasprintf(HEAD SCENARIO("%s"), cases[i].fault);
		struct conf_model *m = runner_load(text);
		const struct run_plan_finding *f;
		struct run_plan p;

		run_plan_make(&p, m, NULL);
		f = finding(&p, cases[i].mech);
		if (cases[i].state < 0) {
			ck_assert_ptr_null(f);
		} else {
			ck_assert_msg(f != NULL, "%s", cases[i].fault);
			ck_assert_msg((int)f->state == cases[i].state, "%s: %s",
				      cases[i].fault, f->text);
			ck_assert_msg(strstr(f->text, cases[i].text) != NULL,
				      "%s: %s\nnot: %s", cases[i].fault,
				      f->text, cases[i].text);
		}
		run_plan_fini(&p);
		conf_model_unref(m);
		free(text);
	}
}
END_TEST

START_TEST(a_fault_must_outlast_the_chain_that_is_expected)
{
	struct conf_model *m = runner_load(
	    HEAD "scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "
		 "type = \"abort\"; for = \"1800ms\"; } ); expect = { retries "
		 "= { max = 3; }; }; } );");
	struct run_plan p;

	/* 0.1 + 0.2 + 0.4 and three times 0.4. */
	run_plan_make(&p, m, NULL);
	ck_assert_int_eq(finding(&p, "retries")->state, RUN_PLAN_UNDECIDED);
	ck_assert_ptr_nonnull(
	    strstr(finding(&p, "retries")->text, "take 1.9 s"));
	run_plan_fini(&p);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_fault_that_nobody_calls_through_proves_nothing)
{
	struct conf_model *m = runner_load(
	    "experiment = { name = \"x\"; }; routes = ( { name = \"a\"; listen "
	    "= \":1\"; upstream = \"u:1\"; }, { name = \"b\"; listen = \":2\"; "
	    "upstream = \"u:2\"; } ); load = ( { name = \"users\"; target = "
	    "\"a\"; requests = ( { get = \"/\"; } ); } ); scenarios = ( { name "
	    "= \"s\"; faults = ( { route = \"b\"; type = \"down\"; for = "
	    "\"5s\"; } ); } );");
	struct run_plan p;

	run_plan_make(&p, m, NULL);
	ck_assert_ptr_nonnull(finding(&p, "load"));
	ck_assert_ptr_nonnull(
	    strstr(finding(&p, "load")->text, "the fault hits nothing"));
	run_plan_fini(&p);
	conf_model_unref(m);
}
END_TEST

START_TEST(the_timeline_adds_up)
{
	struct conf_model *m = runner_load(
	    HEAD "phases = { baseline = \"10s\"; recover = \"5s\"; };"
		 "scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "
		 "type = \"down\"; for = \"3s\"; }, { route = \"edge\"; type = "
		 "\"down\"; at = \"2s\"; for = \"4s\"; } ); }, { name = \"t\"; "
		 "enabled = false; faults = ( { route = \"api\"; type = "
		 "\"down\"; for = \"3s\"; } ); }, { name = \"u\"; identify = "
		 "\"breaker\"; route = \"api\"; observe = \"20s\"; } );");
	const struct conf_scenario *u = &m->experiment->scenarios[2];
	struct run_plan p;

	run_plan_make(&p, m, NULL);
	ck_assert_int_eq(p.items[1].from_us, 10000000);
	ck_assert_int_eq(p.items[2].to_us, 16000000);
	ck_assert_str_eq(p.items[3].what, "recovery");
	ck_assert_int_eq(p.items[3].to_us, 21000000);
	/* Three runs of 20 s, two pauses of 10 s. */
	ck_assert_int_eq(p.length_us, 21000000 + 80000000 + 5000000);
	ck_assert_uint_eq(u->steps_count, 3);
	ck_assert_double_eq(u->steps[1].fault->conditions.probability, 0.75);
	ck_assert_uint_eq(u->load_scale_count, 2);
	ck_assert_double_eq(u->load_scale[0].rate, 2);
	ck_assert_int_eq(u->load_scale[0].at_us, 60000000);
	ck_assert_int_eq(u->load_scale[1].at_us, 80000000);
	run_plan_fini(&p);
	run_plan_make(&p, m, "t");
	ck_assert_int_eq(p.length_us, 18000000);
	run_plan_fini(&p);
	conf_model_unref(m);
}
END_TEST

START_TEST(edges_are_found_by_what_is_said)
{
	struct conf_model *m = runner_load(
	    "experiment = { name = \"x\"; }; routes = ( "
	    "{ name = \"e\"; listen = \":1\"; upstream = \"u:1\"; role = "
	    "\"edge\"; to = \"s\"; }, "
	    "{ name = \"a\"; listen = \":2\"; upstream = \"u:2\"; from = "
	    "\"s\"; to = \"t\"; }, "
	    "{ name = \"b\"; listen = \":3\"; upstream = \"u:3\"; caused_by = "
	    "\"a\"; }, { name = \"c\"; listen = \":4\"; upstream = \"u:4\"; } "
	    "); load = ( { name = \"users\"; target = \"e\"; rate = 5.0; "
	    "requests = ( { get = \"/\"; } ); }, { name = \"health\"; target = "
	    "\"e\"; rate = 3.0; probe = \"health\"; requests = ( { get = "
	    "\"/h\"; } ); } );");

	ck_assert_ptr_null(run_plan_edge(m, &m->routes[0]));
	ck_assert_str_eq(run_plan_edge(m, &m->routes[1])->name, "e");
	ck_assert_str_eq(run_plan_edge(m, &m->routes[2])->name, "a");
	ck_assert_str_eq(run_plan_edge(m, &m->routes[3])->name, "e");
	ck_assert_double_eq(run_plan_rate(m, "b"), 5);
	conf_model_unref(m);
}
END_TEST

START_TEST(baselines_that_are_too_short_are_told)
{
	struct conf_model *m = runner_load(
	    HEAD "steady = ( { of = \"users\"; min_samples = 300; } ); phases "
		 "= { baseline = \"1s\"; };");
	struct run_plan p;

	run_plan_make(&p, m, NULL);
	ck_assert_ptr_nonnull(strstr(finding(&p, "steady")->text,
				     "expected baseline = \"16s\" or more"));
	ck_assert_ptr_nonnull(strstr(finding(&p, "baseline")->text,
				     "about 20 requests in the baseline"));
	run_plan_fini(&p);
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run("run_plan",
			 (const TTest *const[]){
			     plans_tell_what_cannot_be_found_out,
			     a_fault_must_outlast_the_chain_that_is_expected,
			     a_fault_that_nobody_calls_through_proves_nothing,
			     the_timeline_adds_up,
			     edges_are_found_by_what_is_said,
			     baselines_that_are_too_short_are_told, NULL});
}
