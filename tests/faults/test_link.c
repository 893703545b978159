/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a flow, between the host that feeds and the host that
 * takes. */
#include "faults/registry.h"
#include "faults/stage.h"
#include "tests/harness/probe.h"
#include "tests/harness/suite.h"

/* Holds everything until it goes. */
static const struct fault_ops keeper = {
    .kind = PROBE_KIND(KIND_MAY_STALL),
    .data = probe_keep,
    .eof = probe_keep,
};

/* A session with room for `limit` bytes per link, whose receiver of the
 * downstream link takes nothing. */
static struct harness_flow *
open_blocked(size_t limit)
{
	struct harness_flow *f = harness_open(h);

	f->flow.links[LINK_DOWN].limit = limit;
	harness_block(f, LINK_DOWN, true);
	return f;
}

START_TEST(a_link_is_full_at_its_limit_and_not_before)
{
	struct harness_flow *f = open_blocked(800);
	struct link *l = &f->flow.links[LINK_DOWN];

	ck_assert_uint_eq(harness_send_pattern(f, LINK_DOWN, 799, 799), 799);
	ck_assert(link_wants(l));
	ck_assert_uint_eq(l->held, 799);
	ck_assert_uint_eq(harness_send_pattern(f, LINK_DOWN, 1, 1), 1);
	ck_assert(!link_wants(l));
	ck_assert(link_wants(&f->flow.links[LINK_UP]));
}
END_TEST

START_TEST(reading_goes_on_at_seven_eighths)
{
	struct harness_flow *f = open_blocked(800);
	struct link *l = &f->flow.links[LINK_DOWN];

	harness_send_pattern(f, LINK_DOWN, 800, 800);
	link_taken(l, 99);
	ck_assert(!link_wants(l));
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 0);
	link_taken(l, 1);
	ck_assert(link_wants(l));
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 1);
	link_taken(l, 100);
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 1);
}
END_TEST

START_TEST(more_than_the_limit_may_come_at_once)
{
	struct harness_flow *f = open_blocked(800);

	harness_send_pattern(f, LINK_DOWN, 3000, 3000);
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
	harness_block(f, LINK_DOWN, false);
	harness_expect_pattern(f, LINK_DOWN, 3000);
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 1);
}
END_TEST

START_TEST(bytes_in_stages_count_like_those_that_wait_to_leave)
{
	struct harness_flow *f;
	struct link *l;

	probe_add(h, "first", &noop_ops);
	probe_add(h, "keeper", &keeper);
	f = open_blocked(800);
	l = &f->flow.links[LINK_DOWN];
	harness_send_pattern(f, LINK_DOWN, 800, 100);
	ck_assert_uint_eq(l->held, 800);
	ck_assert(!link_wants(l));
	harness_remove(h, 1);
	ck_assert_uint_eq(l->out.len, 800);
	ck_assert_uint_eq(l->held, 800);
	ck_assert(!link_wants(l));
	harness_block(f, LINK_DOWN, false);
	ck_assert_uint_eq(l->held, 0);
	ck_assert(link_wants(l));
	harness_expect_pattern(f, LINK_DOWN, 800);
}
END_TEST

START_TEST(the_routes_buffer_is_the_limit)
{
	struct conf_route *conf = &h->model->routes[0];
	struct harness_flow *f;

	conf->buffer_bytes = 12345;
	f = harness_open(h);
	ck_assert_uint_eq(f->flow.links[LINK_UP].limit, 12345);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].limit, 12345);
}
END_TEST

START_TEST(the_end_of_stream_stays_behind_the_bytes)
{
	struct harness_flow *f = open_blocked(800);
	struct link *l = &f->flow.links[LINK_DOWN];

	harness_send(f, LINK_DOWN, "last words");
	harness_eof(f, LINK_DOWN);
	ck_assert(!link_wants(l));
	ck_assert(!link_at_eof(l));
	link_taken(l, 9);
	ck_assert(!link_at_eof(l));
	link_taken(l, 1);
	ck_assert(link_at_eof(l));
	ck_assert(!link_at_eof(&f->flow.links[LINK_UP]));
}
END_TEST

START_TEST(the_end_of_stream_waits_in_a_stage_that_holds_bytes)
{
	struct harness_flow *f;

	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "held");
	harness_eof(f, LINK_DOWN);
	ck_assert(!f->flow.links[LINK_DOWN].eof_out);
	harness_remove(h, 0);
	harness_expect(f, LINK_DOWN, "held");
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(a_second_end_of_stream_is_ignored)
{
	struct harness_flow *f;

	harness_add(h, "slow_close,delay=10ms");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 4000);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 100000);
	ck_assert_int_eq(f->got[LINK_DOWN].eof_us, 10000);
}
END_TEST

static void
never(struct stage *s)
{
	ck_abort_msg("%s was asked", s->fault->name);
}

START_TEST(a_stage_that_comes_after_the_end_of_stream_does_not_see_it)
{
	static const struct fault_ops late = {
	    .kind = PROBE_KIND(0), .eof = never};
	struct harness_flow *f = harness_open(h);

	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_add(h, "noop");
	h->route->faults[0].ops = &late;
	flow_reconcile(&f->flow, h->route);
	ck_assert(stage_at_eof(f->flow.links[LINK_DOWN].first));
	f->flow.links[LINK_DOWN].first->dirty = true;
	link_pump(&f->flow.links[LINK_DOWN]);
	ck_assert(f->flow.links[LINK_DOWN].eof_out);
}
END_TEST

START_TEST(a_link_is_fast_only_when_there_is_nothing_in_the_way)
{
	struct harness_flow *f = open_blocked(800);
	struct link *l = &f->flow.links[LINK_DOWN];

	ck_assert(link_is_fast(l));
	harness_send(f, LINK_DOWN, "x");
	ck_assert(!link_is_fast(l));
	harness_block(f, LINK_DOWN, false);
	ck_assert(link_is_fast(l));
	harness_add(h, "noop");
	ck_assert(!link_is_fast(l));
	ck_assert(link_is_fast(&f->flow.links[LINK_UP]));
	harness_remove(h, 0);
	ck_assert(link_is_fast(l));
}
END_TEST

START_TEST(bytes_are_counted_on_either_path)
{
	struct harness_flow *f = harness_open(h);
	struct link *l = &f->flow.links[LINK_DOWN];

	link_passed(l, 1000);
	harness_send(f, LINK_DOWN, "12345");
	ck_assert_uint_eq(l->fed, 1005);
	ck_assert_uint_eq(l->taken, 1005);
	harness_block(f, LINK_DOWN, true);
	harness_send(f, LINK_DOWN, "678");
	ck_assert_uint_eq(l->fed, 1008);
	ck_assert_uint_eq(l->taken, 1005);
}
END_TEST

START_TEST(feeding_nothing_tells_nobody)
{
	struct harness_flow *f;

	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	harness_send(f, LINK_UP, "");
	harness_send(f, LINK_DOWN, "");
	ck_assert_uint_eq(f->got[LINK_UP].count, 0);
	ck_assert(!f->flow.links[LINK_DOWN].first->dirty);
}
END_TEST

START_TEST(arrival_times_outlast_a_stage)
{
	struct harness_flow *f;
	struct link *l;

	probe_add(h, "keeper", &keeper);
	f = open_blocked(800);
	l = &f->flow.links[LINK_DOWN];
	harness_send(f, LINK_DOWN, "a");
	harness_advance(h, 70);
	harness_send(f, LINK_DOWN, "b");
	harness_advance(h, 1000);
	harness_remove(h, 0);
	ck_assert_int_eq(l->out.head->time_us, HARNESS_START_US);
	ck_assert_int_eq(l->out.tail->time_us, HARNESS_START_US + 70);
}
END_TEST

/* --- a host that feeds while the link is at work --- */

static struct flow_ops eager_ops;
static unsigned eager_rounds;

/* Reading may go on: there is always more to read. */
static void
eager_resume(struct flow *f, struct link *l)
{
	char byte = (char)('a' + eager_rounds);

	(void)f;
	if (++eager_rounds < 5)
		link_feed_copy(l, &byte, 1, clock_now(&h->clock));
	else
		link_feed_eof(l);
}

/* Drops what comes, one byte at a time. */
static void
eat(struct stage *s)
{
	while (stage_in(s)->len > 0)
		stage_drop(s, 1);
}

/* Lets bytes by that it saw in this call, not those that come meanwhile. */
static void
let_one_by(struct stage *s)
{
	stage_hold(s, true);
	if (stage_in(s)->len > 0)
		stage_pass(s, 1, -1);
	stage_hold(s, false);
}

static struct harness_flow *
open_eager(void)
{
	struct harness_flow *f = harness_open(h);

	eager_ops = *f->flow.ops;
	eager_ops.resume = eager_resume;
	f->flow.ops = &eager_ops;
	eager_rounds = 0;
	return f;
}

START_TEST(bytes_fed_while_a_stage_drops_are_dropped_too)
{
	static const struct fault_ops eater = {
	    .kind = PROBE_KIND(0), .data = eat};
	struct harness_flow *f;

	probe_add(h, "eater", &eater);
	f = open_eager();
	f->flow.links[LINK_DOWN].limit = 1;
	harness_send(f, LINK_DOWN, "x");
	ck_assert_uint_eq(eager_rounds, 5);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].fed, 5);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
	harness_expect(f, LINK_DOWN, "");
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(bytes_fed_while_a_stage_works_keep_their_order)
{
	static const struct fault_ops one = {
	    .kind = PROBE_KIND(KIND_MAY_STALL), .data = let_one_by};
	struct harness_flow *f;

	probe_add(h, "one", &one);
	probe_add(h, "noop", &noop_ops);
	f = open_eager();
	harness_send(f, LINK_DOWN, "x");
	harness_expect(f, LINK_DOWN, "xabcd");
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

/* A server that is reached at once takes what waited for it; more may be
 * there to be read, and enters the chain amid its run. */
static void
open_and_read(struct flow *flow)
{
	struct harness_flow *f = (struct harness_flow *)flow;

	harness_block(f, LINK_UP, false);
	harness_send(f, LINK_UP, "more");
}

START_TEST(what_comes_while_the_opening_is_let_go_is_not_left_behind)
{
	struct harness_flow *f;
	struct flow_ops ops;

	harness_add(h, "connect_delay,delay=1s");
	f = harness_prepare(h, FLOW_STREAM);
	ops = *f->flow.ops;
	ops.opened = open_and_read;
	f->flow.ops = &ops;
	harness_block(f, LINK_UP, true);
	harness_begin(f);
	harness_send(f, LINK_UP, "early, ");
	harness_advance(h, 1000000);
	harness_expect(f, LINK_UP, "early, more");
	harness_close(f);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("link", false,
	    a_link_is_full_at_its_limit_and_not_before,
	    reading_goes_on_at_seven_eighths,
	    more_than_the_limit_may_come_at_once,
	    bytes_in_stages_count_like_those_that_wait_to_leave,
	    the_routes_buffer_is_the_limit,
	    the_end_of_stream_stays_behind_the_bytes,
	    the_end_of_stream_waits_in_a_stage_that_holds_bytes,
	    a_second_end_of_stream_is_ignored,
	    a_stage_that_comes_after_the_end_of_stream_does_not_see_it,
	    a_link_is_fast_only_when_there_is_nothing_in_the_way,
	    bytes_are_counted_on_either_path, feeding_nothing_tells_nobody,
	    arrival_times_outlast_a_stage,
	    bytes_fed_while_a_stage_drops_are_dropped_too,
	    bytes_fed_while_a_stage_works_keep_their_order,
	    what_comes_while_the_opening_is_let_go_is_not_left_behind);
}
