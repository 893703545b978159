/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of a stage about itself: bytes, time, random numbers and proof.
 * Those about the flow are in test_stage_flow.c. */
#include "faults/stage.h"

#include "tests/harness/probe.h"
#include "tests/harness/suite.h"

/* --- bytes ---------------------------------------------------------------- */

static void
frame(struct stage *s)
{
	size_t len = stage_in(s)->len;

	if (len == 0)
		return;
	stage_insert(s, "<", 1);
	stage_pass(s, len / 2, -1);
	stage_insert(s, "|", 1);
	stage_pass_all(s);
	stage_insert(s, ">", 1);
}

static const struct fault_ops framer = {
    .kind = PROBE_KIND(0), .data = frame};

START_TEST(what_is_inserted_stands_behind_what_was_passed)
{
	struct harness_flow *f;

	probe_add(h, "framer", &framer);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "abcdef");
	harness_send(f, LINK_DOWN, "g");
	harness_expect(f, LINK_DOWN, "<abc|def><|g>");
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
	ck_assert_uint_eq(
	    stage_offset(f->flow.links[LINK_DOWN].first), 7);
}
END_TEST

START_TEST(what_is_inserted_goes_through_the_stages_behind)
{
	struct harness_flow *f;

	probe_add(h, "inner", &framer);
	probe_add(h, "outer", &framer);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "ab");
	harness_expect(f, LINK_DOWN, "<<a||b>>");
}
END_TEST

static void
drop_two(struct stage *s)
{
	if (stage_in(s)->len > 2)
		stage_drop(s, 2);
	stage_pass_all(s);
}

START_TEST(dropped_bytes_never_arrive_but_count)
{
	static const struct fault_ops dropper = {
	    .kind = PROBE_KIND(0), .data = drop_two};
	struct harness_flow *f;

	probe_add(h, "dropper", &dropper);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "xxabc");
	harness_expect(f, LINK_DOWN, "abc");
	ck_assert_uint_eq(
	    stage_offset(f->flow.links[LINK_DOWN].first), 5);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].taken, 3);
}
END_TEST

static void
flip_second(struct stage *s)
{
	if (stage_in(s)->len > 1)
		stage_xor(s, 1, 0x20);
	stage_pass_all(s);
}

START_TEST(one_byte_is_flipped_and_no_other)
{
	static const struct fault_ops flipper = {
	    .kind = PROBE_KIND(0), .data = flip_second};
	struct harness_flow *f;

	probe_add(h, "flipper", &flipper);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "abc");
	harness_expect(f, LINK_DOWN, "aBc");
}
END_TEST

static void
pass_at_250(struct stage *s)
{
	stage_pass(s, stage_in(s)->len, HARNESS_START_US + 250);
}

static const struct fault_ops keeper = {
    .kind = PROBE_KIND(KIND_MAY_STALL),
    .data = probe_keep,
    .eof = probe_keep,
};

START_TEST(bytes_arrive_at_the_next_stage_when_they_nominally_left)
{
	static const struct fault_ops stamper = {
	    .kind = PROBE_KIND(0), .data = pass_at_250};
	struct harness_flow *f;

	probe_add(h, "stamper", &stamper);
	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	harness_advance(h, 300);
	harness_send(f, LINK_DOWN, "x");
	ck_assert_int_eq(stage_arrival(f->flow.links[LINK_DOWN].last),
	    HARNESS_START_US + 250);
}
END_TEST

START_TEST(an_end_of_stream_arrives_when_it_came)
{
	struct harness_flow *f;

	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	harness_advance(h, 300);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 500);
	ck_assert(stage_at_eof(f->flow.links[LINK_DOWN].first));
	ck_assert_int_eq(stage_arrival(f->flow.links[LINK_DOWN].first),
	    HARNESS_START_US + 300);
}
END_TEST

static size_t heads[8], heads_count;

static void
note_head(struct stage *s)
{
	heads[heads_count++] = stage_head_left(s);
	stage_pass_all(s);
}

START_TEST(the_rest_of_the_head_is_known_even_to_a_stage_that_came_late)
{
	static const struct fault_ops reader = {
	    .kind = PROBE_KIND(0), .data = note_head};
	struct harness_flow *f;

	heads_count = 0;
	f = suite_exchange(10);
	harness_send(f, LINK_DOWN, "four");
	harness_add(h, "noop");
	h->route->faults[0].ops = &reader;
	flow_reconcile(&f->flow, h->route);
	heads_count = 0;
	harness_send(f, LINK_DOWN, "123");
	harness_send(f, LINK_DOWN, "456");
	harness_send(f, LINK_DOWN, "body");
	ck_assert_uint_eq(heads[0], 6);
	ck_assert_uint_eq(heads[1], 3);
	ck_assert_uint_eq(heads[2], 0);
	ck_assert(stage_is_exchange(f->flow.links[LINK_DOWN].first));
}
END_TEST

/* --- time ----------------------------------------------------------------- */

static int64_t looks[8];
static size_t looks_count;

static void
note_look(struct stage *s)
{
	(void)s;
	looks[looks_count++] = harness_now(h);
}

static const struct fault_ops sleeper = {
    .kind = PROBE_KIND(KIND_MAY_STALL), .data = note_look, .eof = probe_keep};

static struct stage *
open_sleeper(void)
{
	struct harness_flow *f;

	probe_add(h, "sleeper", &sleeper);
	f = harness_open(h);
	looks_count = 0;
	return f->flow.links[LINK_DOWN].first;
}

START_TEST(a_stage_wakes_once_at_its_time)
{
	struct stage *s = open_sleeper();

	stage_wake_at(s, HARNESS_START_US + 400);
	harness_advance(h, 1000);
	ck_assert_uint_eq(looks_count, 1);
	ck_assert_int_eq(looks[0], 400);
}
END_TEST

START_TEST(a_later_wish_moves_the_wakeup)
{
	struct stage *s = open_sleeper();

	stage_wake_at(s, HARNESS_START_US + 400);
	stage_wake_at(s, HARNESS_START_US + 600);
	harness_advance(h, 500);
	stage_wake_at(s, HARNESS_START_US + 550);
	harness_advance(h, 500);
	ck_assert_uint_eq(looks_count, 1);
	ck_assert_int_eq(looks[0], 550);
}
END_TEST

START_TEST(a_wakeup_can_be_cancelled)
{
	struct stage *s = open_sleeper();

	stage_wake_at(s, HARNESS_START_US + 400);
	stage_wake_at(s, DEADLINE_NEVER);
	stage_wake_at(s, DEADLINE_NEVER);
	harness_advance(h, 1000);
	ck_assert_uint_eq(looks_count, 0);
}
END_TEST

START_TEST(a_stage_that_goes_takes_its_wakeup_along)
{
	stage_wake_at(open_sleeper(), HARNESS_START_US + 400);
	harness_remove(h, 0);
	ck_assert_int_eq(
	    deadline_next(&h->engine.deadlines), DEADLINE_NEVER);
}
END_TEST

static const struct fault_ops other = {
    .kind = PROBE_KIND(KIND_MAY_STALL)};

/* A session with two stages in its downstream link. */
static struct harness_flow *
open_pair(struct stage *pair[2])
{
	struct harness_flow *f;

	probe_add(h, "one", &other);
	probe_add(h, "two", &other);
	f = harness_open(h);
	pair[0] = f->flow.links[LINK_DOWN].first;
	pair[1] = f->flow.links[LINK_DOWN].last;
	return f;
}

/* --- numbers and proof ---------------------------------------------------- */

START_TEST(draws_differ_by_number_direction_flow_and_fault_alone)
{
	struct harness_flow *f, *g;
	struct stage *up, *down, *next;

	harness_add(h, "noop,name=a,stream=both");
	harness_add(h, "noop,name=b,stream=both");
	f = harness_open(h);
	g = harness_open(h);
	up = f->flow.links[LINK_UP].first;
	down = f->flow.links[LINK_DOWN].first;
	next = g->flow.links[LINK_UP].first;
	ck_assert_uint_eq(stage_bits(up, 16), stage_bits(up, 16));
	ck_assert_uint_ne(stage_bits(up, 16), stage_bits(up, 17));
	ck_assert_uint_ne(stage_bits(up, 16), stage_bits(down, 16));
	ck_assert_uint_ne(stage_bits(up, 16), stage_bits(next, 16));
	ck_assert_uint_ne(stage_bits(up, 16), stage_bits(up->next, 16));
	/* A route that is removed draws on as it did. */
	g->flow.number = f->flow.number;
	g->flow.route = NULL;
	ck_assert_uint_eq(stage_bits(up, 16), stage_bits(next, 16));
	g->flow.route = h->route;
}
END_TEST

START_TEST(draws_stay_in_their_range)
{
	struct stage *pair[2], *s;

	open_pair(pair);
	s = pair[0];
	for (uint64_t i = 0; i < 1000; i++) {
		ck_assert(stage_unit(s, i) >= 0 && stage_unit(s, i) < 1);
		ck_assert_uint_lt(stage_below(s, i, 7), 7);
		ck_assert_uint_eq(stage_below(s, i, 1), 0);
	}
}
END_TEST

START_TEST(what_was_achieved_is_told_when_the_stage_goes)
{
	struct stage *pair[2];
	const struct event_record *e;

	open_pair(pair);
	stage_delayed(pair[0], 100, 130);
	stage_delayed(pair[0], 200, 210);
	stage_touched(pair[0], 5);
	stage_touched(pair[0], 6);
	ck_assert_uint_eq(harness_events(h, EVENT_MEASURE, NULL), 0);
	harness_remove(h, 0);
	ck_assert_uint_eq(harness_events(h, EVENT_MEASURE, NULL), 1);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_str_eq(e->fault, "one");
	ck_assert_uint_eq(e->count, 2);
	ck_assert(e->asked_us == 150 && e->achieved_us == 170);
	ck_assert(e->error_max_us == 30 && e->amount == 11);
}
END_TEST

START_TEST(an_effect_is_told_at_once)
{
	struct stage *pair[2];
	const struct event_record *e;

	open_pair(pair);
	stage_acted(pair[1], "cut", 12, "bytes");
	e = harness_last(h, EVENT_EFFECT);
	ck_assert_str_eq(e->what, "cut");
	ck_assert_str_eq(e->unit, "bytes");
	ck_assert_str_eq(e->fault, "two");
	ck_assert_str_eq(e->dir, "downstream");
	ck_assert(e->amount == 12);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("stage", true,
	    what_is_inserted_stands_behind_what_was_passed,
	    what_is_inserted_goes_through_the_stages_behind,
	    dropped_bytes_never_arrive_but_count,
	    one_byte_is_flipped_and_no_other,
	    bytes_arrive_at_the_next_stage_when_they_nominally_left,
	    an_end_of_stream_arrives_when_it_came,
	    the_rest_of_the_head_is_known_even_to_a_stage_that_came_late,
	    a_stage_wakes_once_at_its_time,
	    a_later_wish_moves_the_wakeup,
	    a_wakeup_can_be_cancelled,
	    a_stage_that_goes_takes_its_wakeup_along,
	    draws_differ_by_number_direction_flow_and_fault_alone,
	    draws_stay_in_their_range,
	    what_was_achieved_is_told_when_the_stage_goes,
	    an_effect_is_told_at_once);
}
