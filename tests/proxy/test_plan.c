/* SPDX-License-Identifier: Apache-2.0 */
/* From models to plans: what goes on over a reload and what begins anew, who
 * listens where, and what is left to the port. */
#include "proxy/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/intern.h"
#include "base/str.h"
#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

#define LATER 7777777

static const char plain[] =
    "routes = (" MODEL_ROUTE("a",
	"{ type = \"latency\"; latency = \"1ms\"; first = 5; }") ");";

/* The first fault of route "a". */
static const struct armed_fault *
fault_of(const struct plan *plan)
{
	const struct armed_route *r = plan_route(plan, "a");

	ck_assert_ptr_nonnull(r);
	ck_assert_uint_ge(r->faults_count, 1);
	return &r->faults[0];
}

START_TEST(a_first_plan_arms_everything_now)
{
	struct plan *plan = plan_of(plain, NULL, 1234);
	const struct armed_fault *f = fault_of(plan);

	ck_assert_uint_eq(plan->generation, 1);
	ck_assert_int_eq(f->shared->armed_us, 1234);
	ck_assert_uint_eq(f->shared->base_flow, 0);
	ck_assert_str_eq(f->name, "latency_downstream");
	ck_assert_ptr_eq(f->name, intern("latency_downstream"));
	ck_assert_uint_eq(f->hash, rng_hash("latency_downstream"));
	ck_assert_str_eq(f->ops->kind.name, "latency");
	ck_assert_uint_eq(plan_route(plan, "a")->hash, rng_hash("a"));
	plan_unref(plan);
}
END_TEST

START_TEST(an_unchanged_fault_keeps_its_clock_and_its_count)
{
	struct plan *plan = plan_of(plain, NULL, 1234);
	const struct fault_shared *shared = fault_of(plan)->shared;
	const struct route_shared *route = plan_route(plan, "a")->shared;

	atomic_store(&plan_route(plan, "a")->shared->next_flow, 9);
	plan_step(&plan, plain, LATER);
	ck_assert_uint_eq(plan->generation, 2);
	ck_assert_ptr_eq(fault_of(plan)->shared, shared);
	ck_assert_ptr_eq(plan_route(plan, "a")->shared, route);
	ck_assert_int_eq(shared->armed_us, 1234);
	ck_assert_uint_eq(shared->base_flow, 0);
	plan_unref(plan);
}
END_TEST

static const struct {
	const char *fault; /* in place of plain's */
	bool continues;
} changes[] = {
    {"{ type = \"latency\"; latency = \"9ms\"; first = 5; }", true},
    {"{ type = \"latency\"; latency = \"1ms\"; first = 5; }", true},
    {"{ type = \"latency\"; latency = \"1ms\"; first = 6; }", false},
    {"{ type = \"latency\"; latency = \"1ms\"; }", false},
    {"{ type = \"latency\"; latency = \"1ms\"; first = 5; for = \"1s\"; }",
	false},
    {"{ type = \"latency\"; latency = \"1ms\"; first = 5; "
     "probability = 0.5; }",
	false},
    {"{ type = \"latency\"; latency = \"1ms\"; first = 5; "
     "when = { client = [\"10.0.0.0/8\"]; }; }",
	false},
    {"{ name = \"latency_downstream\"; type = \"latency\"; "
     "latency = \"1ms\"; first = 5; stream = \"both\"; }",
	false},
    {"{ name = \"latency_downstream\"; type = \"noop\"; first = 5; }", false},
    {"{ name = \"other\"; type = \"latency\"; latency = \"1ms\"; "
     "first = 5; }",
	false},
};

START_TEST(parameters_change_live_and_conditions_begin_anew)
{
	struct plan *plan = plan_of(plain, NULL, 1234);
	const struct fault_shared *shared = fault_of(plan)->shared;
	struct plan *old = plan_ref(plan);
	struct str text = {0};

	atomic_store(&plan_route(plan, "a")->shared->next_flow, 9);
	str_printf(&text,
	    "routes = ({ name = \"a\"; listen = \"127.0.0.1:0\"; "
	    "upstream = \"127.0.0.1:9\"; faults = (%s); });",
	    changes[_i].fault);
	plan_step(&plan, text.text, LATER);
	if (changes[_i].continues) {
		ck_assert_ptr_eq(fault_of(plan)->shared, shared);
	} else {
		ck_assert_ptr_ne(fault_of(plan)->shared, shared);
		ck_assert_int_eq(fault_of(plan)->shared->armed_us, LATER);
		ck_assert_uint_eq(fault_of(plan)->shared->base_flow, 9);
	}
	str_fini(&text);
	plan_unref(old);
	plan_unref(plan);
}
END_TEST

static const char disabled[] =
    "routes = (" MODEL_ROUTE("a",
	"{ type = \"latency\"; latency = \"1ms\"; first = 5; "
	"enabled = false; }") ");";

START_TEST(a_fault_that_is_enabled_again_begins_anew)
{
	struct plan *plan = plan_of(plain, NULL, 1234);

	plan_step(&plan, disabled, 2000);
	plan_step(&plan, disabled, 3000);
	plan_step(&plan, plain, LATER);
	ck_assert_int_eq(fault_of(plan)->shared->armed_us, LATER);
	plan_unref(plan);
}
END_TEST

START_TEST(a_removed_route_that_comes_back_counts_from_zero)
{
	struct plan *plan = plan_of(plain, NULL, 1234);

	atomic_store(&plan_route(plan, "a")->shared->next_flow, 9);
	plan_step(&plan, "", 2000);
	ck_assert_uint_eq(plan->routes_count, 0);
	ck_assert_ptr_null(plan_route(plan, "a"));
	plan_step(&plan, plain, LATER);
	ck_assert_uint_eq(plan_route(plan, "a")->shared->next_flow, 0);
	ck_assert_int_eq(fault_of(plan)->shared->armed_us, LATER);
	plan_unref(plan);
}
END_TEST

START_TEST(what_a_plan_shares_outlives_it)
{
	struct plan *first = plan_of(plain, NULL, 1234);
	struct plan *second = plan_of(plain, first, LATER);
	struct route_shared *route = plan_route(first, "a")->shared;

	ck_assert(route_shared_enter(plan_route(first, "a")));
	plan_unref(first);
	ck_assert_int_eq(fault_of(second)->shared->armed_us, 1234);
	plan_unref(second);
	/* A connection that is still open counts itself out. */
	ck_assert_int_eq(atomic_load(&route->connections), 1);
	route_shared_leave(route);
	plan_unref(NULL);
}
END_TEST

START_TEST(connections_are_let_in_up_to_the_maximum)
{
	struct plan *plan = plan_of(
	    "routes = ({ name = \"a\"; listen = \"127.0.0.1:0\"; "
	    "upstream = \"127.0.0.1:9\"; max_connections = 2; });",
	    NULL, 0);
	struct armed_route *r = plan_route(plan, "a");

	ck_assert(route_shared_enter(r));
	ck_assert(route_shared_enter(r));
	ck_assert(!route_shared_enter(r));
	route_shared_leave(r->shared);
	ck_assert(route_shared_enter(r));
	ck_assert(!route_shared_enter(r));
	route_shared_leave(r->shared);
	route_shared_leave(r->shared);
	plan_unref(plan);
}
END_TEST

static const char shared_port[] =
    "routes = ("
    "{ name = \"z\"; listen = \":8080\"; upstream = \"a:1\"; "
    "protocol = \"http\"; match = { host = \"z.*\"; }; "
    "faults = ({ type = \"refuse\"; }); },"
    "{ name = \"own\"; listen = \":8081\"; upstream = \"a:1\"; "
    "faults = ({ type = \"refuse\"; },"
    "{ type = \"connect_timeout\"; enabled = false; },"
    "{ type = \"refuse\"; probability = 0.5; },"
    "{ type = \"latency\"; }); },"
    "{ name = \"off\"; listen = \":8082\"; upstream = \"a:1\"; "
    "enabled = false; },"
    "{ name = \"b\"; listen = \":8080\"; upstream = \"a:1\"; "
    "protocol = \"http\"; });";

START_TEST(routes_are_gathered_by_listener_in_order_of_the_file)
{
	struct plan *plan = plan_of(shared_port, NULL, 0);
	struct plan_listener *l;

	ck_assert_uint_eq(plan->listeners_count, 2);
	l = plan_listener(plan, plan_route(plan, "z")->listen);
	ck_assert_ptr_nonnull(l);
	ck_assert_uint_eq(l->routes_count, 2);
	ck_assert_str_eq(l->routes[0]->name, "z");
	ck_assert_str_eq(l->routes[1]->name, "b");
	ck_assert_int_eq(l->protocol, PROTOCOL_HTTP);
	ck_assert_uint_eq(l->address->port, 8080);
	l = plan_listener(plan, plan_route(plan, "own")->listen);
	ck_assert_uint_eq(l->routes_count, 1);
	ck_assert_int_eq(l->protocol, PROTOCOL_TCP);
	plan_unref(plan);
}
END_TEST

START_TEST(a_disabled_route_has_no_listener)
{
	struct plan *plan = plan_of(shared_port, NULL, 0);

	ck_assert_ptr_nonnull(plan_route(plan, "off"));
	ck_assert_ptr_null(
	    plan_listener(plan, plan_route(plan, "off")->listen));
	ck_assert_ptr_null(plan_listener(plan, intern(":1")));
	plan_unref(plan);
}
END_TEST

START_TEST(only_faults_alone_on_their_port_act_on_it)
{
	struct plan *plan = plan_of(shared_port, NULL, 0);
	const struct armed_fault *own = plan_route(plan, "own")->faults;

	ck_assert(own[0].at_listener);
	ck_assert(own[1].at_listener);
	ck_assert(!own[2].at_listener); /* picks single flows */
	ck_assert(!own[3].at_listener); /* has no way with ports */
	ck_assert(!plan_route(plan, "z")->faults[0].at_listener);
	plan_unref(plan);
}
END_TEST

START_TEST(clearing_leaves_routes_and_their_numbers_and_no_fault)
{
	struct plan *plan = plan_of(shared_port, NULL, 0), *clear;

	clear = plan_clear(plan);
	ck_assert_uint_eq(clear->routes_count, plan->routes_count);
	ck_assert_uint_eq(clear->listeners_count, plan->listeners_count);
	ck_assert_uint_eq(clear->generation, 2);
	for (size_t i = 0; i < clear->routes_count; i++) {
		ck_assert_uint_eq(clear->routes[i].faults_count, 0);
		ck_assert_ptr_eq(
		    clear->routes[i].shared, plan->routes[i].shared);
	}
	ck_assert_int_eq(plan_next_change(clear, 0), DEADLINE_NEVER);
	plan_unref(plan);
	ck_assert_ptr_nonnull(plan_route(clear, "own"));
	plan_unref(clear);
}
END_TEST

START_TEST(the_next_change_is_the_earliest_of_all_faults)
{
	struct plan *plan = plan_of(
	    "routes = (" MODEL_ROUTE_ON("a", "8081",
		"{ type = \"noop\"; for = \"9s\"; }")
	    "," MODEL_ROUTE_ON("b", "8082",
		"{ type = \"noop\"; for = \"5s\"; },"
		"{ type = \"noop\"; name = \"n\"; }") ");",
	    NULL, 1000);

	ck_assert_int_eq(plan_next_change(plan, 2000), 5001000);
	ck_assert_int_eq(plan_next_change(plan, 5001000), 9001000);
	ck_assert_int_eq(plan_next_change(plan, 9001000), DEADLINE_NEVER);
	plan_unref(plan);
}
END_TEST

static const char parted[] =
    "services = ({ name = \"x\"; }, { name = \"y\"; });"
    "routes = ({ name = \"a\"; listen = \":8081\"; upstream = \"u:1\"; "
    "from = \"x\"; to = \"y\"; faults = ({ type = \"noop\"; }); },"
    "{ name = \"b\"; listen = \":8082\"; upstream = \"u:1\"; "
    "from = \"y\"; to = \"x\"; });"
    "partitions = ({ name = \"p\"; groups = ([\"x\"], [\"y\"]); });";

START_TEST(faults_of_partitions_stand_before_those_of_the_file)
{
	struct plan *plan = plan_of(parted, NULL, 50);
	const struct armed_route *a = plan_route(plan, "a");
	const struct fault_shared *shared = a->faults[0].shared;

	ck_assert_uint_eq(a->faults_count, 2);
	ck_assert_str_eq(a->faults[0].name, "partition:p");
	ck_assert_str_eq(a->faults[0].ops->kind.name, "blackhole");
	ck_assert_str_eq(a->faults[1].ops->kind.name, "noop");
	ck_assert_uint_eq(plan_route(plan, "b")->faults_count, 1);
	plan_step(&plan, parted, LATER);
	ck_assert_ptr_eq(fault_of(plan)->shared, shared);
	ck_assert_int_eq(shared->armed_us, 50);
	plan_unref(plan);
}
END_TEST

/* A configuration of n routes between two services, a listener each. */
static char *
many_routes(size_t n)
{
	struct str text = {0};

	str_add(&text, "services = ({ name = \"x\"; }, { name = \"y\"; });"
		       "partitions = ({ name = \"p\"; "
		       "groups = ([\"x\"], [\"y\"]); mode = \"reject\"; });"
		       "routes = (");
	for (size_t i = 0; i < n; i++)
		str_printf(&text,
		    "%s{ name = \"r%zu\"; listen = \"127.0.%zu.%zu:9\"; "
		    "upstream = \"u:1\"; from = \"x\"; to = \"y\"; "
		    "faults = ({ type = \"noop\"; }); }",
		    i > 0 ? "," : "", i, i / 250, i % 250 + 1);
	str_add(&text, ");");
	return str_take(&text);
}

START_TEST(a_route_takes_just_the_faults_of_partitions_that_are_its_own)
{
	char *text = many_routes(200);
	struct conf_model *m = model_of(text);
	struct plan *plan = plan_new(m, NULL, NULL, MODEL_SEED, 0), *next;
	const struct armed_route *last;

	next = plan_new(m, plan, NULL, MODEL_SEED, 0);
	ck_assert_uint_eq(next->listeners_count, 200);
	last = plan_route(next, "r199");
	ck_assert_uint_eq(last->faults_count, 3);
	ck_assert_str_eq(last->faults[1].name, "partition:p/2");
	ck_assert_ptr_eq(last->faults[2].shared,
	    plan_route(plan, "r199")->faults[2].shared);
	ck_assert_uint_eq(plan->made_count, 400);
	plan_unref(plan);
	plan_unref(next);
	conf_model_unref(m);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_first_plan_arms_everything_now);
	tcase_add_test(tc, an_unchanged_fault_keeps_its_clock_and_its_count);
	tcase_add_loop_test(tc,
	    parameters_change_live_and_conditions_begin_anew,
	    0, (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(tc, a_fault_that_is_enabled_again_begins_anew);
	tcase_add_test(tc, a_removed_route_that_comes_back_counts_from_zero);
	tcase_add_test(tc, what_a_plan_shares_outlives_it);
	tcase_add_test(tc, connections_are_let_in_up_to_the_maximum);
	tcase_add_test(
	    tc, routes_are_gathered_by_listener_in_order_of_the_file);
	tcase_add_test(tc, a_disabled_route_has_no_listener);
	tcase_add_test(tc, only_faults_alone_on_their_port_act_on_it);
	tcase_add_test(
	    tc, clearing_leaves_routes_and_their_numbers_and_no_fault);
	tcase_add_test(tc, the_next_change_is_the_earliest_of_all_faults);
	tcase_add_test(tc, faults_of_partitions_stand_before_those_of_the_file);
	tcase_add_test(tc,
	    a_route_takes_just_the_faults_of_partitions_that_are_its_own);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
