/* SPDX-License-Identifier: Apache-2.0 */
/* A record that is lent to a thread, and comes back with what was found. */
#include "control/looker.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intern.h"
#include "tests/harness/check_run.h"

#define SECOND 1000000

static struct event_base *base;
static struct looker *looker;
static int64_t start_us;
static size_t dones, news, retries, calls;
static char verdicts[4096];

static void
on_done(void *arg, const struct look *look)
{
	ck_assert_ptr_nonnull(looker_live(looker));
	dones++;
	news += look->news_count;
	calls = look->calls;
	verdicts[0] = '\0';
	for (size_t i = 0; i < look->news_count; i++) {
		retries += look->news[i].reaction.type == REACTION_RETRY;
		ck_assert_str_eq(look->news[i].route, "api");
	}
	ck_assert_uint_eq(look->routes_count, 1);
	ck_assert_str_eq(look->routes[0].name, "api");
	ck_assert_uint_eq(look->routes[0].calls, look->calls);
	if (look->routes[0].verdicts != NULL)
		snprintf(verdicts, sizeof(verdicts), "%s",
		    look->routes[0].verdicts);
}

static void
begin(void)
{
	struct error err;

	base = event_base_new();
	start_us = clock_now(&clock_real) - 60 * (int64_t)SECOND;
	dones = news = retries = calls = 0;
	looker = looker_new(base, live_new(1000, start_us), on_done, NULL,
	    &err);
	ck_assert_ptr_nonnull(looker);
}

static void
finish(void)
{
	looker_free(looker);
	event_base_free(base);
}

/* An exchange that lasted 1 ms and ended at that time. */
static struct event_record
event(int64_t at_us, uint64_t request, int status)
{
	static uint64_t flow;

	return (struct event_record){.type = EVENT_FLOW_CLOSE,
	    .time_us = start_us + at_us,
	    .route = intern("api"),
	    .kind = status >= 500 ? "abort" : NULL,
	    .flow = flow++,
	    .what = "done",
	    .status = status,
	    .duration_us = 1000,
	    .flow_type = "exchange",
	    .who = {.method = "GET", .request = request, .id = request,
		.attempt = -1, .grpc_status = -1},
	    .when = {.request_us = start_us + at_us - 900}};
}

static void
take(int64_t at_us, uint64_t request, int status)
{
	struct event_record e = event(at_us, request, status);

	live_take(looker_live(looker), &e);
}

static void
arm(int64_t at_us)
{
	live_take(looker_live(looker), &(struct event_record){
	    .type = EVENT_FAULT_ARMED, .time_us = start_us + at_us,
	    .route = intern("api"), .fault = "f", .kind = "abort"});
}

static void
look(bool judge)
{
	size_t before = dones;

	looker_begin(looker, NULL, 0, judge);
	while (dones == before)
		event_base_loop(base, EVLOOP_ONCE);
}

/* Good calls, then a fault under which each is sent again. */
static void
play(void)
{
	for (int i = 0; i < 100; i++)
		take(i * 50000, (uint64_t)i + 1, 200);
	arm(10 * SECOND);
	for (int i = 0; i < 50; i++) {
		int64_t at_us = 11 * SECOND + i * 500000;

		take(at_us, (uint64_t)i + 1001, 503);
		take(at_us + 200000, (uint64_t)i + 1001, 200);
	}
}

START_TEST(what_it_finds_is_told_once)
{
	begin();
	play();
	look(false);
	ck_assert_uint_eq(calls, 200);
	ck_assert_uint_eq(retries, 50);
	ck_assert_str_eq(verdicts, "");
	look(false);
	ck_assert_uint_eq(retries, 50);
	finish();
}
END_TEST

START_TEST(verdicts_are_concluded_if_they_are_asked_for)
{
	begin();
	play();
	look(true);
	ck_assert_ptr_nonnull(strstr(verdicts, "\"mech\":\"retries\""));
	finish();
}
END_TEST

START_TEST(the_record_is_away_while_it_is_looked_at)
{
	begin();
	play();
	looker_begin(looker, NULL, 0, true);
	ck_assert_ptr_null(looker_live(looker));
	while (dones == 0)
		event_base_loop(base, EVLOOP_ONCE);
	take(50 * SECOND, 9999, 200);
	look(false);
	ck_assert_uint_eq(calls, 201);
	finish();
}
END_TEST

START_TEST(flows_under_way_are_looked_at_and_not_kept)
{
	struct event_record *open = malloc(sizeof(*open));

	begin();
	play();
	*open = event(50 * SECOND, 5000, 0);
	open->what = "open";
	looker_begin(looker, open, 1, false);
	while (dones == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(live_count(looker_live(looker)), 200);
	finish();
}
END_TEST

START_TEST(it_may_end_while_it_looks)
{
	begin();
	play();
	looker_begin(looker, NULL, 0, true);
	finish();
	ck_assert_uint_eq(dones, 0);
}
END_TEST

int
main(void)
{
	return check_run("looker",
	    (const TTest *const[]){
		what_it_finds_is_told_once,
		verdicts_are_concluded_if_they_are_asked_for,
		the_record_is_away_while_it_is_looked_at,
		flows_under_way_are_looked_at_and_not_kept,
		it_may_end_while_it_looks, NULL});
}
