/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments: what is read, and what is said about those that cannot be. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

#define ROUTES                                                                 \
	"routes = ( { name = \"edge\"; listen = \":1\"; upstream = \"a:1\"; "  \
	"role = \"edge\"; from = \"u\"; to = \"s\"; }, { name = \"api\"; "     \
	"listen = \":2\"; upstream = \"a:2\"; caused_by = \"edge\"; } );"
#define HEAD "experiment = { name = \"x\"; }; " ROUTES
#define LOAD                                                                   \
	"load = ( { name = \"users\"; target = \"edge\"; requests = ( { get "  \
	"= \"/{seq}\"; } ); } );"
/* A fake kind with a duration, on the route api. */
#define FAULT "route = \"api\"; type = \"latency\"; "

START_TEST(what_a_file_says_is_read)
{
	struct conf_model *m = fake_load(
	    "version = 1; seed = 7; experiment: { name = \"x\"; seed = 42; "
	    "max_duration = \"20m\"; }" ROUTES
	    "load = ( { name = \"users\"; target = \"edge\"; rate = 12.5; "
	    "arrivals = \"poisson\"; steps = ( { at = \"2s\"; rate = 3.0; } );"
	    "requests = ( { weight = 8; get = \"/a/{seq}\"; }, { post = "
	    "\"/b\"; body = \"x\"; } ); degraded_when = ( { header = \"X\"; } "
	    "); } );"
	    "steady = ( { of = \"users\"; success_min = 0.99; } );"
	    "guards: { never_together = ( [\"edge\", \"api\"] ); blackout = ( "
	    "\"Sat,Sun\" ); abort = ( { error_above = 0.6; } ); }"
	    "scenarios = ( { name = \"s\"; faults = ( { " FAULT
	    "at = \"1s\"; for = \"2s\"; probability = 0.5; } ); expect: { "
	    "retries: { max = 3; backoff = [\"exponential\", \"linear\"]; "
	    "jitter = true; }; recovery_max = \"5s\"; }; } );");
	const struct conf_experiment *e = m->experiment;
	const struct conf_scenario *s = &e->scenarios[0];

	ck_assert_str_eq(e->name, "x");
	ck_assert_uint_eq(e->seed, 42);
	ck_assert(e->has_seed);
	ck_assert_int_eq(e->max_duration_us, INT64_C(1200000000));
	ck_assert_double_eq(e->loads[0].rate, 12.5);
	ck_assert_int_eq(e->loads[0].steps[0].at_us, 2000000);
	ck_assert_str_eq(e->loads[0].requests[1].method, "POST");
	ck_assert_str_eq(e->loads[0].requests[1].target, "/b");
	ck_assert(!e->loads[0].requests[1].idempotent);
	ck_assert(e->loads[0].requests[0].idempotent);
	ck_assert_str_eq(e->guards.never_together[0].items[1], "api");
	ck_assert_int_eq(e->guards.lease_us, 5000000);
	ck_assert_str_eq(s->steps[0].route, "api");
	ck_assert_str_eq(s->steps[0].fault->name, "s-1");
	ck_assert_double_eq(s->steps[0].fault->conditions.probability, 0.5);
	ck_assert_int_eq(s->steps[0].fault->conditions.for_us, 0);
	ck_assert_int_eq(conf_scenario_length(s), 3000000);
	ck_assert_uint_eq(s->expects_count, 4);
	ck_assert_str_eq(s->expects[0].key, "retries.max");
	ck_assert_str_eq(s->expects[0].value, "3");
	ck_assert_str_eq(s->expects[1].values.items[1], "linear");
	ck_assert_str_eq(s->expects[3].key, "recovery_max");
	ck_assert_uint_eq(conf_experiment_load(e, "users"), 0);
	ck_assert_uint_eq(conf_experiment_scenario(e, "t"), SIZE_MAX);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_file_without_an_experiment_has_none)
{
	struct conf_model *m = fake_load(ROUTES);

	ck_assert_ptr_null(m->experiment);
	conf_model_unref(m);
}
END_TEST

static const struct complaint heads[] = {
    {"version = 2;", "t.conf:2: version: 2 is out of bounds"},
    {"load = ( );", "t.conf:2: load belongs to an experiment, which the file "
		    "lacks; expected experiment = { name"},
    {"experiment = { };", "experiment lacks \"name\""},
    {"experiment = 5;", "experiment: it is not a group"},
    {"experiment = { name = \"x\"; max_duraton = \"1m\"; };",
     "did you mean \"max_duration\"?"},
    {"routes = ( { name = \"a\"; listen = \":1\"; upstream = \"b:1\"; "
     "caused_by = \"b\"; } ); experiment = { name = \"x\"; };",
     "caused_by: there is no route \"b\""},
    {"routes = ( { name = \"a\"; listen = \":1\"; upstream = \"b:1\"; "
     "caused_by = \"a\"; } );",
     "the calls of route \"a\" would cause themselves"},
};

START_TEST(heads_that_cannot_be_are_refused)
{
	fake_expect(heads, COUNT_OF(heads), "\n", "");
}
END_TEST

static const struct complaint loads[] = {
    {"load = ( { name = \"u\"; target = \"egde\"; requests = ( { get = "
     "\"/\"; } ); } );",
     "t.conf:2: target: there is no route \"egde\"; expected one of routes; "
     "did you mean \"edge\"?"},
    {"load = ( { name = \"u\"; target = \"tls://db\"; requests = ( { get = "
     "\"/\"; } ); } );",
     "target: \"db\""},
    {"load = ( { name = \"u\"; target = \"https://db/x\"; requests = ( { get "
     "= \"/\"; } ); } );",
     "target: db/x: paths belong to the requests; expected host:port"},
    {"load = ( { name = \"u\"; target = \"edge\"; } );",
     "a load lacks \"requests\""},
    {"load = ( { name = \"u\"; target = \"edge\"; requests = ( ); } );",
     "requests: there is none"},
    {"load = ( { name = \"u\"; target = \"edge\"; requests = ( { get = "
     "\"/\"; put = \"/\"; } ); } );",
     "put: get says where to as well; expected one of them"},
    {"load = ( { name = \"u\"; target = \"edge\"; requests = ( { body = "
     "\"x\"; } ); } );",
     "a request lacks its target; expected such as get"},
    {"load = ( { name = \"u\"; target = \"edge\"; protocol = \"redis\"; "
     "requests = ( { } ); } );",
     "a request lacks what is sent"},
    {"load = ( { name = \"u\"; target = \"edge\"; rate = 0.0; requests = ( { "
     "get = \"/\"; } ); } );",
     "rate: 0 is out of bounds"},
    {"load = ( { name = \"u\"; target = \"edge\"; requests = ( { get = "
     "\"/\"; } ); degraded_when = ( { } ); } );",
     "an element of degraded_when says nothing"},
    {"load = ( { name = \"u\"; target = \"edge\"; requests = ( { get = "
     "\"/\"; } ); steps = ( { at = \"2s\"; rate = 1.0; }, { at = \"1s\"; "
     "rate = 2.0; } ); } );",
     "at: it is not behind the one before"},
    {"load = ( { name = \"u\"; target = \"edge\"; probe = \"live\"; requests "
     "= ( { get = \"/\"; } ); } );",
     "probe: \"live\" is unknown; expected health"},
    {LOAD "steady = ( { of = \"user\"; } );",
     "of: there is no load \"user\"; expected one of load; did you mean "
     "\"users\"?"},
    {LOAD "guards = { abort = ( { of = \"users\"; } ); };",
     "an element of abort asks nothing"},
    {LOAD "guards = { abort = ( { error_above = 0.5; except = [\"s\"]; } ); "
	  "};",
     "except: there is no scenario \"s\""},
    {"guards = { blackout = [ \"Fri 15-16\" ]; };",
     "blackout: \"Fri 15-16\" has no time of the day"},
    {"guards = { rollback = \"never\"; };", "expected one of always"},
    {"guards = { lease = \"1ms\"; };", "lease: 1ms is out of bounds"},
    {"guards = { never_together = ( [\"edge\", \"db\"] ); };",
     "never_together: there is no route \"db\""},
    {"guards = { never_together = [ \"edge\" ]; };",
     "never_together: it is not a list"},
    {"schedule = { cron = \"61 * * * *\"; };", "cron: \"61\" is no minute"},
    {"schedule = { tz = \"Mars/Olympus\"; };",
     "tz: there is no time zone \"Mars/Olympus\" here"},
    {"schedule = { monkey = { window = \"never\"; }; };",
     "window: \"never\" is no list of days"},
    {"report = { formats = [\"pdf\"]; };",
     "formats: there is no format \"pdf\"; expected one of md, html"},
};

START_TEST(loads_and_guards_that_cannot_be_are_refused)
{
	fake_expect(loads, COUNT_OF(loads), HEAD "\n", "");
}
END_TEST

static const struct complaint scenarios[] = {
    {"scenarios = ( { name = \"s\"; } );",
     "t.conf:2: scenario \"s\" has no faults"},
    {"scenarios = ( { faults = ( { " FAULT "for = \"1s\"; } ); } );",
     "a scenario lacks \"name\""},
    {"scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; type = "
     "\"delay\"; for = \"1s\"; } ); } );",
     "there is no fault kind \"delay\"; did you mean \"latency\"?"},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT "for = \"1s\"; ratio "
     "= 0.5; } ); } );",
     "unknown key \"ratio\" in a fault of type latency; did you mean "
     "\"probability\"?"},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT " } ); } );",
     "a fault of type latency lacks \"for\""},
    {"scenarios = ( { name = \"s\"; faults = ( { type = \"latency\"; for = "
     "\"1s\"; } ); } );",
     "a fault of a scenario lacks \"route\""},
    {"scenarios = ( { name = \"s\"; faults = ( { route = \"app\"; type = "
     "\"latency\"; for = \"1s\"; } ); } );",
     "there is no route \"app\"; expected one of routes; did you mean "
     "\"api\"?"},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT
     "for = \"2s\"; }, { " FAULT "at = \"1s\"; for = \"2s\"; } ); } );",
     "route \"api\" has a fault of type latency already at that time (line "
     "2)"},
    {"guards = { max_routes_faulted = 1; }; scenarios = ( { name = \"s\"; "
     "faults = ( { " FAULT "for = \"2s\"; }, { route = \"edge\"; type = "
     "\"latency\"; at = \"1s\"; for = \"2s\"; } ); } );",
     "2 routes would have faults at that time; expected 1 at most"},
    {"guards = { never_together = ( [\"api\", \"edge\"] ); }; scenarios = ( { "
     "name = \"s\"; faults = ( { " FAULT "for = \"2s\"; }, { route = "
     "\"edge\"; type = \"latency\"; for = \"2s\"; } ); } );",
     "routes \"api\" and \"edge\" would have faults at the same time"},
    {"scenarios = ( { name = \"s\"; faults = ( { partition = \"p\"; for = "
     "\"1s\"; } ); } );",
     "partition: there is no partition \"p\""},
    {"partitions = ( { name = \"p\"; groups = ( [\"u\"], [\"s\"] ); } ); "
     "scenarios = ( { name = \"s\"; faults = ( { partition = \"p\"; for = "
     "\"1s\"; } ); } );",
     "partition: \"p\" cuts from the start; expected enabled = false"},
    {"scenarios = ( { name = \"s\"; faults = ( { partition = { groups = ( "
     "[\"u\"], [\"v\"] ); }; for = \"1s\"; } ); } );",
     "groups: there is no service \"v\""},
    {"scenarios = ( { name = \"s\"; faults = ( { partition = 5; for = \"1s\"; "
     "} ); } );",
     "partition: it is neither text nor a group"},
    {"scenarios = ( { name = \"s\"; identify = \"breaker\"; route = \"api\"; "
     "runs = [ \"fail_most\" ]; } );",
     "runs: \"fail_most\" is no run of it; expected fail_all"},
    {"scenarios = ( { name = \"s\"; identify = \"breaker\"; route = \"api\"; "
     "runs = [ \"fail_all@x\" ]; } );",
     "runs: \"fail_all@x\" is no run of it"},
    {"scenarios = ( { name = \"s\"; identify = \"timeout\"; } );",
     "an identification lacks \"route\""},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT "for = \"2h\"; } ); "
     "} );",
     "max_duration: the scenarios take 2h1m, more than 1h"},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT "for = \"1s\"; } ); "
     "verify = { acked = \"users\"; read = \"true\"; }; } );",
     "acked: there is no load \"users\""},
    {"scenarios = ( { name = \"s\"; faults = ( { " FAULT "for = \"1s\"; } ); "
     "expect = { retries = ( { } ); }; } );",
     "retries: element 1 is not text"},
};

START_TEST(scenarios_that_cannot_be_are_refused)
{
	fake_expect(scenarios, COUNT_OF(scenarios), HEAD "\n", "");
}
END_TEST

START_TEST(partitions_in_place_get_a_name)
{
	struct conf_model *m = fake_load(
	    HEAD "scenarios = ( { name = \"s\"; faults = ( { partition = { "
		 "groups = ( [\"u\"], [\"s\"] ); mode = \"reject\"; }; for = "
		 "\"1s\"; force = true; } ); } );");
	const struct conf_step *s = &m->experiment->scenarios[0].steps[0];

	ck_assert_str_eq(s->partition, "s-1");
	ck_assert_ptr_nonnull(s->cut);
	ck_assert_int_eq(s->cut->mode, PARTITION_REJECT);
	ck_assert(s->force);
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run(
	    "load_experiment",
	    (const TTest *const[]){what_a_file_says_is_read,
				   a_file_without_an_experiment_has_none,
				   heads_that_cannot_be_are_refused,
				   loads_and_guards_that_cannot_be_are_refused,
				   scenarios_that_cannot_be_are_refused,
				   partitions_in_place_get_a_name, NULL});
}
