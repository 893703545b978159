/* SPDX-License-Identifier: Apache-2.0 */
/* The harness itself: what other tests rely on. */
#include "tests/harness/flow_harness.h"

#include <string.h>

#include "tests/harness/check_run.h"

START_TEST(bytes_and_eof_pass_a_route_without_faults)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	ck_assert(f->opened);
	harness_send(f, LINK_UP, "ping");
	harness_send(f, LINK_DOWN, "po");
	harness_send(f, LINK_DOWN, "ng");
	harness_eof(f, LINK_UP);
	harness_expect(f, LINK_UP, "ping");
	harness_expect(f, LINK_DOWN, "pong");
	ck_assert(f->got[LINK_UP].eof);
	ck_assert(!f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 2);
	harness_free(h);
}
END_TEST

START_TEST(time_stops_at_every_deadline)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=30ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "a");
	harness_advance(h, 10000);
	harness_send(f, LINK_DOWN, "b");
	harness_advance(h, 100000);
	ck_assert_int_eq(harness_now(h), 110000);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 30000);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 1), 40000);
	harness_free(h);
}
END_TEST

START_TEST(a_blocked_receiver_takes_nothing_until_released)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	harness_block(f, LINK_UP, true);
	harness_send(f, LINK_UP, "held");
	harness_eof(f, LINK_UP);
	harness_expect(f, LINK_UP, "");
	ck_assert(!f->got[LINK_UP].eof);
	harness_block(f, LINK_UP, false);
	harness_expect(f, LINK_UP, "held");
	ck_assert(f->got[LINK_UP].eof);
	harness_free(h);
}
END_TEST

START_TEST(sending_stops_where_the_link_is_full)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);
	size_t sent;

	harness_block(f, LINK_UP, true);
	sent = harness_send_pattern(f, LINK_UP, 100 << 20, 16384);
	ck_assert_uint_lt(sent, 100 << 20);
	ck_assert_uint_gt(sent, 0);
	harness_block(f, LINK_UP, false);
	ck_assert_uint_eq(f->got[LINK_UP].resumed, 1);
	harness_expect_pattern(f, LINK_UP, sent);
	harness_free(h);
}
END_TEST

START_TEST(faults_come_change_and_go_on_live_flows)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	harness_add(h, "latency,latency=50ms");
	ck_assert(f->flow.links[LINK_DOWN].first != NULL);
	ck_assert(f->flow.links[LINK_UP].first == NULL);
	harness_send(f, LINK_DOWN, "x");
	harness_set(h, 0, "latency,latency=20ms");
	harness_advance(h, 20000);
	harness_expect(f, LINK_DOWN, "x");
	harness_remove(h, 0);
	ck_assert(f->flow.links[LINK_DOWN].first == NULL);
	harness_free(h);
}
END_TEST

START_TEST(events_are_kept)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=3");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "12345");
	harness_close(f);
	ck_assert_uint_eq(harness_events(h, EVENT_FLOW_OPEN, NULL), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "cut"), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "reset"), 0);
	ck_assert_str_eq(harness_last(h, EVENT_FLOW_CLOSE)->what, "test");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	harness_free(h);
}
END_TEST

START_TEST(complaints_of_the_loader_are_heard)
{
	struct harness *h = harness_new(1);
	char *none = harness_complaints(h, "latency,latency=5ms");
	char *some = harness_complaints(h, "latency,latency=5parsecs");

	ck_assert_str_eq(none, "");
	ck_assert_ptr_nonnull(strstr(some, "latency"));
	free(none);
	free(some);
	harness_free(h);
}
END_TEST

START_TEST(the_busiest_window_is_found)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	for (int i = 0; i < 5; i++) {
		harness_send(f, LINK_UP, "xx");
		harness_advance(h, 1000 * (5 - i));
	}
	/* at 0, 5, 9, 12 and 14 ms */
	ck_assert_uint_eq(harness_busiest(f, LINK_UP, 1000), 2);
	ck_assert_uint_eq(harness_busiest(f, LINK_UP, 3000), 4);
	ck_assert_uint_eq(harness_busiest(f, LINK_UP, 6000), 6);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bytes_and_eof_pass_a_route_without_faults,
	    time_stops_at_every_deadline,
	    a_blocked_receiver_takes_nothing_until_released,
	    sending_stops_where_the_link_is_full,
	    faults_come_change_and_go_on_live_flows,
	    events_are_kept,
	    complaints_of_the_loader_are_heard,
	    the_busiest_window_is_found,
	    NULL,
	};

	return check_run("flow_harness", tests);
}
