/* SPDX-License-Identifier: Apache-2.0 */
/* Which flows a fault acts on: every condition about the single flow, and the
 * order in which they are asked. Time is in test_condition_time.c. */
#include "faults/condition.h"

#include <arpa/inet.h>

#include "base/xalloc.h"
#include "tests/harness/suite.h"

/* Does the (only) fault act on this flow? */
static bool
acts(const struct harness_flow *f)
{
	return f->flow.links[LINK_DOWN].first != NULL;
}

static enum event_verdict
last_verdict(void)
{
	const struct event_record *e = harness_last(h, EVENT_DECISION);

	ck_assert_ptr_nonnull(e);
	return e->verdict;
}

/* A new exchange of which one fact is known. */
static struct harness_flow *
exchange(enum fact fact, const char *text)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);

	f->facts[fact] = text;
	harness_begin(f);
	return f;
}

/* Opens a session for each letter and expects the fault to act on those that
 * are marked x. */
static void
expect_acts(const char *marks)
{
	for (size_t i = 0; marks[i] != '\0'; i++) {
		if (acts(harness_open(h)) != (marks[i] == 'x'))
			ck_abort_msg("flow %zu of %s", i, marks);
	}
}

START_TEST(a_fault_without_conditions_acts_on_every_flow)
{
	harness_add(h, "noop");
	expect_acts("xxx");
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 3);
	ck_assert_int_eq(last_verdict(), VERDICT_APPLIED);
	ck_assert(harness_last(h, EVENT_DECISION)->matched);
	ck_assert(harness_last(h, EVENT_DECISION)->drawn);
	ck_assert_str_eq(harness_last(h, EVENT_DECISION)->kind, "noop");
	ck_assert_str_eq(harness_last(h, EVENT_DECISION)->dir, "downstream");
}
END_TEST

START_TEST(a_disabled_fault_decides_nothing)
{
	harness_add(h, "noop,enabled=false");
	expect_acts("..");
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 0);
	harness_set(h, 0, "noop");
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 2);
}
END_TEST

START_TEST(each_fact_is_compared_with_its_own_pattern)
{
	static const struct {
		const char *fault;
		enum fact fact;
		const char *fits, *fails;
	} cases[] = {
	    {"noop,when.host=*.example", FACT_HOST, "a.example", "a.test"},
	    {"noop,when.method=POST", FACT_METHOD, "POST", "GET"},
	    {"noop,when.path=/orders/*", FACT_PATH, "/orders/1", "/users/1"},
	    {"noop,when.path=~^/v[12]/", FACT_PATH, "/v2/x", "/v3/x"},
	    {"noop,when.path=!/health", FACT_PATH, "/", "/health"},
	    {"noop,when.query=*debug=1*", FACT_QUERY, "a&debug=1", "debug=0"},
	    {"noop,when.sni=db.*", FACT_SNI, "db.test", "web.test"},
	};

	harness_add(h, "noop");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		harness_remove(h, 0);
		harness_add(h, cases[i].fault);
		ck_assert_msg(acts(exchange(cases[i].fact, cases[i].fits)),
		    "%s does not fit %s", cases[i].fault, cases[i].fits);
		ck_assert_msg(!acts(exchange(cases[i].fact, cases[i].fails)),
		    "%s fits %s", cases[i].fault, cases[i].fails);
		ck_assert_int_eq(last_verdict(), VERDICT_NOT_MATCHED);
	}
}
END_TEST

START_TEST(an_unknown_fact_fits_no_pattern)
{
	harness_add(h, "noop,when.path=*");
	ck_assert(!acts(exchange(FACT_PATH, NULL)));
	harness_set(h, 0, "noop,name=other,when.path=!/health");
	ck_assert(!acts(exchange(FACT_PATH, NULL)));
}
END_TEST

START_TEST(all_conditions_of_when_must_hold)
{
	struct harness_flow *f;

	harness_add(h, "noop,when.path=/a,when.method=GET");
	ck_assert(!acts(exchange(FACT_PATH, "/a")));
	ck_assert(!acts(exchange(FACT_METHOD, "GET")));
	f = harness_prepare(h, FLOW_EXCHANGE);
	f->facts[FACT_PATH] = "/a";
	f->facts[FACT_METHOD] = "GET";
	harness_begin(f);
	ck_assert(acts(f));
}
END_TEST

/* Does the fault act on an exchange with these headers? */
static bool
acts_on_headers(const char *const *headers)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);

	f->headers = headers;
	harness_begin(f);
	return acts(f);
}

START_TEST(a_header_name_alone_asks_for_its_presence)
{
	static const char *const with[] = {"X-Debug: ", NULL};
	static const char *const without[] = {"X-Other: 1", NULL};

	harness_add(h, "noop,when.header=x-debug");
	ck_assert(acts_on_headers(with));
	ck_assert(!acts_on_headers(without));
	ck_assert(!acts_on_headers(NULL));
}
END_TEST

START_TEST(any_of_several_equal_headers_may_fit)
{
	static const char *const second[] = {"Tag: red", "tag: blue", NULL};
	static const char *const none[] = {"Tag: red", "Tag: green", NULL};

	harness_add(h, "noop,when.header=Tag: blue");
	ck_assert(acts_on_headers(second));
	ck_assert(!acts_on_headers(none));
}
END_TEST

START_TEST(every_listed_header_must_fit)
{
	static const char *const both[] = {"A: 1", "B: 2", NULL};
	static const char *const one[] = {"A: 1", NULL};

	harness_add(h, "noop,when.header=A+B: 2");
	ck_assert(acts_on_headers(both));
	ck_assert(!acts_on_headers(one));
}
END_TEST

/* Does the fault act on a session of this client? */
static bool
acts_on_client(const char *address)
{
	struct harness_flow *f = harness_prepare(h, FLOW_STREAM);

	ck_assert_int_eq(inet_pton(AF_INET6, address, &f->flow.client), 1);
	harness_begin(f);
	return acts(f);
}

START_TEST(a_client_in_any_of_the_ranges_fits)
{
	harness_add(h, "noop,when.client=10.1.0.0/16+2001:db8::/32");
	ck_assert(acts_on_client("::ffff:10.1.200.3"));
	ck_assert(acts_on_client("2001:db8::7"));
	ck_assert(!acts_on_client("::ffff:10.2.0.1"));
	ck_assert(!acts_on_client("2001:db9::7"));
}
END_TEST

START_TEST(a_status_is_waited_for_and_decided_once)
{
	struct harness_flow *f, *other;

	harness_add(h, "noop,when.status=5xx");
	f = harness_prepare(h, FLOW_EXCHANGE);
	other = harness_prepare(h, FLOW_EXCHANGE);
	harness_begin(f);
	harness_begin(other);
	ck_assert(!acts(f));
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 0);
	f->status = 503;
	flow_respond(&f->flow);
	ck_assert(acts(f));
	other->status = 404;
	flow_respond(&other->flow);
	ck_assert(!acts(other));
	other->status = 500;
	flow_reconcile(&other->flow, h->route);
	ck_assert(!acts(other));
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 2);
}
END_TEST

static const struct {
	const char *fields, *marks;
} counts[] = {
    {"first=2", "xx..."},
    {"skip=2", "..xxx"},
    {"every=3", "x..x..x"},
    {"skip=1,first=2", ".xx.."},
    {"skip=1,every=2", ".x.x.x"},
    {"every=2,first=2", "x.x...."},
    {"skip=2,every=3,first=2", "..x..x..."},
};

START_TEST(first_skip_and_every_count_flows)
{
	char *fault = xasprintf("noop,%s", counts[_i].fields);

	harness_add(h, fault);
	free(fault);
	expect_acts(counts[_i].marks);
}
END_TEST

START_TEST(with_when_they_count_the_flows_that_meet_it)
{
	char *fault = xasprintf("noop,when.path=/a,%s", counts[_i].fields);

	harness_add(h, fault);
	free(fault);
	for (const char *mark = counts[_i].marks; *mark != '\0'; mark++) {
		ck_assert(!acts(exchange(FACT_PATH, "/b")));
		ck_assert_int_eq(last_verdict(), VERDICT_NOT_MATCHED);
		ck_assert_int_eq(acts(exchange(FACT_PATH, "/a")), *mark == 'x');
	}
}
END_TEST

START_TEST(without_when_the_number_counts_not_the_order_of_opening)
{
	struct harness_flow *flows[4];

	harness_add(h, "noop,first=2");
	for (size_t i = 0; i < COUNT_OF(flows); i++)
		flows[i] = harness_prepare(h, FLOW_STREAM);
	for (size_t i = COUNT_OF(flows); i-- > 0;)
		harness_begin(flows[i]);
	for (size_t i = 0; i < COUNT_OF(flows); i++)
		ck_assert_int_eq(acts(flows[i]), i < 2);
}
END_TEST

START_TEST(counting_starts_where_the_fault_came_into_force)
{
	struct harness_flow *old = harness_open(h);

	harness_open(h);
	harness_add(h, "noop,first=1");
	ck_assert(!acts(old));
	ck_assert_int_eq(last_verdict(), VERDICT_NOT_COUNTED);
	expect_acts("x.");
}
END_TEST

START_TEST(flows_may_be_picked_by_age)
{
	struct harness_flow *old = harness_open(h);

	harness_add(h, "noop,name=new,flows=new");
	ck_assert(!acts(old));
	ck_assert_int_eq(last_verdict(), VERDICT_NOT_MATCHED);
	expect_acts("xx");
	harness_set(h, 0, "noop,name=existing,flows=existing");
	ck_assert(acts(old));
	expect_acts(".");
}
END_TEST

/* The order: age and when, then the place among them, then the draw, then
 * the limit. What fails early takes nothing from what comes later. */

START_TEST(a_flow_of_the_wrong_age_takes_no_place)
{
	harness_prepare(h, FLOW_EXCHANGE);
	harness_prepare(h, FLOW_EXCHANGE);
	harness_add(h, "noop,flows=new,when.path=/a,first=1");
	for (struct harness_flow *f = h->flows; f != NULL; f = f->next) {
		f->facts[FACT_PATH] = "/a";
		harness_begin(f);
		ck_assert(!acts(f));
	}
	ck_assert(acts(exchange(FACT_PATH, "/a")));
}
END_TEST

START_TEST(a_flow_that_is_not_drawn_uses_up_its_place)
{
	harness_add(h, "noop,first=1,probability=0");
	harness_open(h);
	ck_assert_int_eq(last_verdict(), VERDICT_NOT_DRAWN);
	ck_assert(harness_last(h, EVENT_DECISION)->matched);
	ck_assert(!harness_last(h, EVENT_DECISION)->drawn);
	harness_open(h);
	ck_assert_int_eq(last_verdict(), VERDICT_NOT_COUNTED);
}
END_TEST

START_TEST(a_flow_that_is_not_drawn_takes_no_place_among_the_active)
{
	size_t acting = 0;

	harness_add(h, "noop,probability=0.5,max_active=3");
	for (int i = 0; i < 64; i++)
		acting += acts(harness_open(h));
	ck_assert_uint_eq(acting, 3);
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[0].shared->active), 3);
}
END_TEST

START_TEST(the_draw_fits_the_probability_and_the_seed)
{
	size_t acting = 0;

	harness_add(h, "noop,probability=30%");
	for (int i = 0; i < 4000; i++) {
		struct harness_flow *f = harness_prepare(h, FLOW_STREAM);

		harness_begin(f);
		acting += acts(f);
		ck_assert_int_eq(
		    acts(f), harness_last(h, EVENT_DECISION)->draw < 0.3);
		harness_close(f);
	}
	/* Five standard deviations of a fair draw. */
	ck_assert_uint_gt(acting, 1200 - 145);
	ck_assert_uint_lt(acting, 1200 + 145);
}
END_TEST

START_TEST(equal_seeds_draw_alike_and_others_do_not)
{
	uint64_t runs[3] = {0};

	for (size_t run = 0; run < COUNT_OF(runs); run++) {
		harness_free(h);
		h = harness_new(run < 2 ? 7 : 8);
		harness_add(h, "noop,probability=0.5");
		for (int i = 0; i < 64; i++)
			runs[run] = runs[run] << 1 | acts(harness_open(h));
	}
	ck_assert_uint_eq(runs[0], runs[1]);
	ck_assert_uint_ne(runs[0], runs[2]);
}
END_TEST

START_TEST(max_active_lets_so_many_in_and_then_as_many_as_left)
{
	struct harness_flow *first, *late;

	harness_add(h, "noop,max_active=2");
	first = harness_open(h);
	expect_acts("x.");
	ck_assert_int_eq(last_verdict(), VERDICT_LIMIT);
	harness_close(first);
	expect_acts("x.");
	late = harness_open(h);
	ck_assert(!acts(late));
	/* A larger limit is for those who were turned away, too. */
	harness_set(h, 0, "noop,max_active=5");
	ck_assert(acts(late));
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[0].shared->active), 5);
}
END_TEST

START_TEST(a_place_among_the_active_is_taken_once_per_flow)
{
	struct harness_flow *f;

	harness_add(h, "noop,stream=both,max_active=2");
	f = harness_open(h);
	flow_reconcile(&f->flow, h->route);
	flow_reconcile(&f->flow, h->route);
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[0].shared->active), 1);
	expect_acts("x.");
}
END_TEST

START_TEST(a_fault_out_of_force_gives_its_places_back)
{
	struct fault_shared *shared;
	struct harness_flow *f;

	harness_add(h, "noop,max_active=1,on=10ms,off=10ms");
	shared = h->route->faults[0].shared;
	f = harness_open(h);
	ck_assert(acts(f));
	harness_advance(h, 10000);
	flow_reconcile(&f->flow, h->route);
	ck_assert(!acts(f));
	ck_assert_int_eq(atomic_load(&shared->active), 0);
	harness_advance(h, 10000);
	flow_reconcile(&f->flow, h->route);
	ck_assert(acts(f));
	ck_assert_int_eq(atomic_load(&shared->active), 1);
	harness_set(h, 0, "noop,max_active=1,enabled=false");
	ck_assert_int_eq(atomic_load(&shared->active), 0);
	harness_set(h, 0, "noop,max_active=1");
	flow_reconcile(&f->flow, NULL);
	ck_assert_int_eq(atomic_load(&shared->active), 0);
}
END_TEST

START_TEST(deciding_twice_gives_the_same_decision)
{
	struct harness_flow *f;
	struct decision *d;

	harness_add(h, "noop");
	f = harness_prepare(h, FLOW_STREAM);
	d = condition_decide(&f->flow, &h->route->faults[0]);
	ck_assert_ptr_nonnull(d);
	ck_assert(d->applies && !d->active);
	ck_assert_ptr_eq(condition_decide(&f->flow, &h->route->faults[0]), d);
	ck_assert(condition_enter(&f->flow, &h->route->faults[0], d));
	ck_assert(condition_enter(&f->flow, &h->route->faults[0], d));
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[0].shared->active), 1);
	condition_leave(&h->route->faults[0], d);
	condition_leave(&h->route->faults[0], d);
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[0].shared->active), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("condition");
	TCase *tc = tcase_create("condition");
	SRunner *runner = srunner_create(suite);
	const TTest *const tests[] = {
	    a_fault_without_conditions_acts_on_every_flow,
	    a_disabled_fault_decides_nothing,
	    each_fact_is_compared_with_its_own_pattern,
	    an_unknown_fact_fits_no_pattern,
	    all_conditions_of_when_must_hold,
	    a_header_name_alone_asks_for_its_presence,
	    any_of_several_equal_headers_may_fit,
	    every_listed_header_must_fit,
	    a_client_in_any_of_the_ranges_fits,
	    a_status_is_waited_for_and_decided_once,
	    without_when_the_number_counts_not_the_order_of_opening,
	    counting_starts_where_the_fault_came_into_force,
	    flows_may_be_picked_by_age,
	    a_flow_of_the_wrong_age_takes_no_place,
	    a_flow_that_is_not_drawn_uses_up_its_place,
	    a_flow_that_is_not_drawn_takes_no_place_among_the_active,
	    the_draw_fits_the_probability_and_the_seed,
	    equal_seeds_draw_alike_and_others_do_not,
	    max_active_lets_so_many_in_and_then_as_many_as_left,
	    a_place_among_the_active_is_taken_once_per_flow,
	    a_fault_out_of_force_gives_its_places_back,
	    deciding_twice_gives_the_same_decision,
	};

	tcase_add_checked_fixture(tc, suite_setup_http, suite_teardown);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, first_skip_and_every_count_flows, 0,
	    (int)COUNT_OF(counts));
	tcase_add_loop_test(tc, with_when_they_count_the_flows_that_meet_it, 0,
	    (int)COUNT_OF(counts));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
