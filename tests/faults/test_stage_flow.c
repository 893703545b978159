/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of a stage about others: the source, the opening, the end and the
 * answer of a flow. */
#include "faults/stage.h"

#include "tests/harness/probe.h"
#include "tests/harness/suite.h"

static const struct fault_ops keeper = {
    .kind = PROBE_KIND(KIND_MAY_STALL),
    .data = probe_keep,
    .eof = probe_keep,
};

/* --- the source and the opening ------------------------------------------- */

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

START_TEST(reading_resumes_when_the_last_hold_is_gone)
{
	struct stage *pair[2];
	struct harness_flow *f = open_pair(pair);
	struct link *l = &f->flow.links[LINK_DOWN];

	stage_hold(pair[0], true);
	stage_hold(pair[0], true);
	stage_hold(pair[1], true);
	ck_assert(!link_wants(l));
	stage_hold(pair[0], false);
	ck_assert(!link_wants(l));
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 0);
	stage_hold(pair[1], false);
	stage_hold(pair[1], false);
	ck_assert(link_wants(l));
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 1);
}
END_TEST

START_TEST(the_source_is_deaf_from_the_first_wish_to_the_last)
{
	struct stage *pair[2];
	struct harness_flow *f = open_pair(pair);

	stage_deaf(pair[0], true);
	ck_assert(f->got[LINK_DOWN].deaf);
	ck_assert(!f->got[LINK_UP].deaf);
	stage_deaf(pair[1], true);
	stage_deaf(pair[0], false);
	ck_assert(f->got[LINK_DOWN].deaf);
	stage_deaf(pair[1], false);
	ck_assert(!f->got[LINK_DOWN].deaf);
}
END_TEST

START_TEST(a_stage_that_goes_lets_go_of_everything)
{
	struct stage *pair[2];
	struct harness_flow *f = open_pair(pair);
	struct link *l = &f->flow.links[LINK_DOWN];

	for (size_t i = 0; i < 2; i++) {
		stage_hold(pair[i], true);
		stage_deaf(pair[i], true);
	}
	harness_remove(h, 0);
	harness_remove(h, 0);
	ck_assert_uint_eq(l->stage_holds, 0);
	ck_assert_uint_eq(l->deaf_holds, 0);
	ck_assert(!f->got[LINK_DOWN].deaf);
	ck_assert_uint_eq(f->got[LINK_DOWN].resumed, 1);
}
END_TEST

static unsigned opens;

static void
hold_opening(struct stage *s)
{
	opens++;
	stage_hold_open(s, true);
}

START_TEST(a_flow_opens_when_the_last_stage_lets_it)
{
	static const struct fault_ops gate = {.kind = PROBE_KIND(0),
	    .links = LINK_MASK_UP | LINK_MASK_DOWN,
	    .open = hold_opening};
	struct harness_flow *f;

	opens = 0;
	probe_add(h, "outer", &gate);
	probe_add(h, "inner", &gate);
	f = harness_open(h);
	/* Each fault is asked once, though it has a stage in either link. */
	ck_assert_uint_eq(opens, 2);
	ck_assert(!f->opened);
	harness_advance(h, 100);
	stage_hold_open(f->flow.links[LINK_UP].last, false);
	ck_assert(!f->opened);
	stage_hold_open(f->flow.links[LINK_UP].first, false);
	ck_assert(f->opened);
	ck_assert_int_eq(f->opened_us, 100);
	/* What is open stays open. */
	stage_hold_open(f->flow.links[LINK_UP].first, true);
	ck_assert_uint_eq(f->flow.open_holds, 0);
}
END_TEST

/* --- the end -------------------------------------------------------------- */

START_TEST(a_flow_ends_once_and_the_first_wish_counts)
{
	struct stage *pair[2];
	struct harness_flow *f = open_pair(pair);

	stage_end(pair[1], END_RST);
	stage_end(pair[0], END_SILENT);
	stage_end(pair[1], END_FIN);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
}
END_TEST

static unsigned looks;

static void
note_look(struct stage *s)
{
	(void)s;
	looks++;
}

static const struct fault_ops looker = {
    .kind = PROBE_KIND(KIND_MAY_STALL), .data = note_look, .eof = note_look};

START_TEST(a_stage_is_not_asked_after_the_end)
{
	struct harness_flow *f;

	probe_add(h, "looker", &looker);
	f = harness_open(h);
	looks = 0;
	stage_wake_at(
	    f->flow.links[LINK_DOWN].first, HARNESS_START_US + 10);
	stage_end(f->flow.links[LINK_DOWN].first, END_RST);
	link_feed_copy(&f->flow.links[LINK_DOWN], "x", 1, 0);
	link_feed_eof(&f->flow.links[LINK_DOWN]);
	harness_advance(h, 1000);
	ck_assert_uint_eq(looks, 0);
}
END_TEST

static void
expect_behind(enum flow_end how)
{
	struct harness_flow *f;

	probe_add(h, "ender", &other);
	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "kept");
	stage_end(f->flow.links[LINK_DOWN].first, how);
	ck_assert(!f->ended);
	/* What comes later does not get past the one that ended. */
	harness_send(f, LINK_DOWN, "late");
	ck_assert(!f->ended);
	stage_pass_all(f->flow.links[LINK_DOWN].last);
	stage_pass_eof(f->flow.links[LINK_DOWN].last);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, how);
	harness_expect(f, LINK_DOWN, "kept");
	ck_assert(!f->got[LINK_DOWN].eof);
}

START_TEST(a_polite_end_travels_behind_what_was_passed)
{
	expect_behind(END_FIN);
}
END_TEST

START_TEST(a_reset_after_delivery_travels_likewise)
{
	expect_behind(END_RST_AFTER);
}
END_TEST

START_TEST(an_end_wished_further_on_overtakes_and_one_behind_does_not)
{
	struct harness_flow *f;
	struct stage *first, *middle;

	probe_add(h, "first", &other);
	probe_add(h, "middle", &keeper);
	probe_add(h, "last", &keeper);
	f = harness_open(h);
	first = f->flow.links[LINK_DOWN].first;
	middle = first->next;
	stage_end(first, END_FIN);
	stage_end(middle, END_RST_AFTER);
	stage_end(first, END_FIN);
	ck_assert_ptr_eq(f->flow.links[LINK_DOWN].ender, middle);
	stage_pass_eof(middle->next);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST_AFTER);
}
END_TEST

START_TEST(an_end_before_the_opening_happens_at_once)
{
	static const struct fault_ops gate = {
	    .kind = PROBE_KIND(0), .open = hold_opening};
	struct harness_flow *f;

	probe_add(h, "gate", &gate);
	probe_add(h, "keeper", &keeper);
	f = harness_open(h);
	stage_end(f->flow.links[LINK_DOWN].first, END_FIN);
	ck_assert(f->ended);
	stage_hold_open(f->flow.links[LINK_DOWN].first, false);
	ck_assert(!f->opened);
}
END_TEST

START_TEST(only_an_exchange_that_goes_on_can_be_answered)
{
	const struct stage_reply reply = {.status = 503};
	struct harness_flow *stream, *exchange;
	struct stage *s;

	probe_add(h, "other", &other);
	stream = harness_open(h);
	ck_assert(
	    !stage_answer(stream->flow.links[LINK_DOWN].first, &reply));
	exchange = suite_exchange(1);
	s = exchange->flow.links[LINK_DOWN].first;
	ck_assert(stage_answer(s, &reply));
	ck_assert_int_eq(exchange->answer_status, 503);
	ck_assert(!stage_answer(s, &reply));
	exchange = suite_exchange(1);
	s = exchange->flow.links[LINK_DOWN].first;
	stage_end(s, END_RST);
	ck_assert(!stage_answer(s, &reply));
}
END_TEST

int
main(void)
{
	return SUITE_RUN("stage_flow", true,
	    reading_resumes_when_the_last_hold_is_gone,
	    the_source_is_deaf_from_the_first_wish_to_the_last,
	    a_stage_that_goes_lets_go_of_everything,
	    a_flow_opens_when_the_last_stage_lets_it,
	    a_flow_ends_once_and_the_first_wish_counts,
	    a_stage_is_not_asked_after_the_end,
	    a_polite_end_travels_behind_what_was_passed,
	    a_reset_after_delivery_travels_likewise,
	    an_end_wished_further_on_overtakes_and_one_behind_does_not,
	    an_end_before_the_opening_happens_at_once,
	    only_an_exchange_that_goes_on_can_be_answered);
}
