/* SPDX-License-Identifier: Apache-2.0 */
/* A record that grows: nothing is told twice, nothing is kept for ever. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "experiment/live.h"

#define START_US 5000000
#define SECOND	 1000000

static struct live *l;
static size_t retries, stopped, flow;

static void
on_reaction(void *arg, const struct reaction *r)
{
	retries += r->type == REACTION_RETRY;
	stopped += r->type == REACTION_STOPPED;
}

static void
on_breaker(void *arg, const struct route *route, enum breaker_state state)
{
}

static const struct live_teller teller = {on_reaction, on_breaker, NULL};

static struct event_record
event(const char *route, int64_t at_us, uint64_t request, int status)
{
	return (struct event_record){.type = EVENT_FLOW_CLOSE,
	    .time_us = START_US + at_us,
	    .route = route,
	    .kind = status >= 500 ? "abort" : NULL,
	    .flow = flow++,
	    .what = "done",
	    .status = status,
	    .duration_us = 1000,
	    .flow_type = "exchange",
	    .who = {.method = "GET", .request = request, .attempt = -1,
		.grpc_status = -1},
	    .when = {.request_us = START_US + at_us - 900}};
}

static void
take(const char *route, int64_t at_us, uint64_t request, int status)
{
	struct event_record e = event(route, at_us, request, status);

	live_take(l, &e);
}

static void
arm(const char *route, int64_t at_us, bool armed)
{
	live_take(l, &(struct event_record){
	    .type = armed ? EVENT_FAULT_ARMED : EVENT_FAULT_CLEARED,
	    .time_us = START_US + at_us, .route = route, .fault = "f",
	    .kind = "abort"});
}

static void
news(int64_t at_us)
{
	live_begin(l, NULL, 0, START_US + at_us);
	live_news(l, &teller);
	live_end(l);
}

static void
begin(size_t calls)
{
	l = live_new(calls, START_US);
	retries = stopped = flow = 0;
}

/* Each request is sent again, half a second later. */
START_TEST(each_reaction_is_told_once)
{
	const char *api = intern("api");

	begin(10000);
	for (uint64_t i = 0; i < 100; i++)
		take(api, (int64_t)i * 100000, 1 + i, 200);
	arm(api, 10 * SECOND, true);
	for (uint64_t i = 0; i < 300; i++) {
		int64_t at_us = 10 * SECOND + (int64_t)i * 100000;

		take(api, at_us + 10000, 1000 + i, 503);
		if (i >= 5)
			take(api, at_us + 20000, 1000 + i - 5, 503);
		if (i % 7 == 0)
			news(at_us + 30000);
	}
	news(41 * SECOND);
	news(42 * SECOND);
	ck_assert_uint_eq(retries, 295);
	news(60 * SECOND);
	ck_assert_uint_eq(stopped, 300);
	ck_assert_uint_eq(retries, 295);
	live_free(l);
}
END_TEST

START_TEST(flows_under_way_are_there_while_it_is_looked_at)
{
	const char *api = intern("api");
	struct event_record open[2];
	const struct record *r;

	begin(1000);
	take(api, SECOND, 1, 200);
	open[0] = event(api, 2 * SECOND, 2, 0);
	open[1] = event(api, 2 * SECOND, 3, 0);
	open[0].what = open[1].what = "open";
	/* One of them ended before it was looked at. */
	flow = open[1].flow;
	take(api, 2 * SECOND + 100, 3, 200);
	r = live_begin(l, open, 2, START_US + 3 * SECOND);
	ck_assert_uint_eq(r->routes[0].calls.count, 3);
	ck_assert_int_eq(r->routes[0].calls.items[1].outcome, CALL_OPEN);
	ck_assert_int_eq(r->routes[0].calls.items[2].outcome, CALL_OK);
	live_end(l);
	ck_assert_uint_eq(live_count(l), 2);
	live_free(l);
}
END_TEST

START_TEST(what_is_kept_is_bounded_and_the_baseline_stays)
{
	const char *api = intern("api"), *edge = intern("edge");
	const struct record *r;
	const struct route *route;

	begin(1000);
	for (uint64_t i = 0; i < 5000; i++)
		take(api, (int64_t)i * 10000, 1 + i, 200);
	arm(api, 50 * SECOND, true);
	for (uint64_t i = 0; i < 50000; i++) {
		take(api, 50 * SECOND + (int64_t)i * 10000, 10000 + i, 503);
		take(edge, 50 * SECOND + (int64_t)i * 10000, 10000 + i, 503);
		ck_assert_uint_le(live_count(l), 3 * 1000 + 1100);
	}
	r = live_begin(l, NULL, 0, START_US + 551 * SECOND);
	live_end(l);
	ck_assert_uint_le(live_count(l), 1000);
	r = live_begin(l, NULL, 0, START_US + 551 * SECOND);
	route = &r->routes[record_find(r, "api")];
	/* A quarter is from before the fault, the rest the latest. */
	ck_assert_uint_ge(calls_from(&route->calls, 50 * SECOND), 200);
	ck_assert_int_ge(route->calls.items[route->calls.count - 1].start_us,
	    549 * SECOND);
	ck_assert(route->windows[0].clipped);
	ck_assert_int_gt(route->windows[0].from_us, 540 * SECOND);
	live_end(l);
	/* Its end is the window's, for all that. */
	arm(api, 560 * SECOND, false);
	r = live_begin(l, NULL, 0, START_US + 570 * SECOND);
	ck_assert_int_eq(r->routes[record_find(r, "api")].windows[0].to_us,
	    560 * SECOND);
	live_end(l);
	live_free(l);
}
END_TEST

static bool
is_api(void *arg, const char *name)
{
	return strcmp(name, "api") == 0;
}

START_TEST(routes_that_are_gone_are_forgotten)
{
	begin(1000);
	take(intern("api"), SECOND, 1, 200);
	take(intern("edge"), SECOND, 2, 200);
	live_relate(l, intern("edge"), NULL, intern("svc"));
	live_forget(l, is_api, NULL);
	ck_assert_uint_eq(live_count(l), 1);
	take(intern("edge"), 2 * SECOND, 3, 200);
	ck_assert_uint_eq(live_count(l), 2);
	live_free(l);
}
END_TEST

START_TEST(without_faults_and_failures_it_is_quiet)
{
	struct event_record answered;

	begin(1000);
	take(intern("api"), SECOND, 1, 200);
	ck_assert(!live_wants_look(l, START_US + SECOND));
	/* Of gRPC, NOT_FOUND is no failure of the server; UNAVAILABLE is. */
	answered = event(intern("api"), SECOND, 1, 200);
	answered.who.grpc_status = 5;
	live_take(l, &answered);
	ck_assert(!live_wants_look(l, START_US + SECOND));
	answered.who.grpc_status = 14;
	live_take(l, &answered);
	ck_assert(live_wants_look(l, START_US + SECOND));
	take(intern("api"), 2 * SECOND, 2, 503);
	ck_assert(live_wants_look(l, START_US + 2 * SECOND));
	ck_assert(!live_wants_look(l, START_US + 200 * SECOND));
	live_arm(l, intern("api"), intern("f"), "abort", START_US);
	ck_assert(live_wants_look(l, START_US + 200 * SECOND));
	live_free(l);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live");
	TCase *tc = tcase_create("live");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, each_reaction_is_told_once);
	tcase_add_test(tc, flows_under_way_are_there_while_it_is_looked_at);
	tcase_add_test(tc, what_is_kept_is_bounded_and_the_baseline_stays);
	tcase_add_test(tc, routes_that_are_gone_are_forgotten);
	tcase_add_test(tc, without_faults_and_failures_it_is_quiet);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
