/* SPDX-License-Identifier: Apache-2.0 */
/* blackhole: a cut wire, and what becomes of what it held. */
#include "tests/harness/suite.h"

START_TEST(nothing_passes_and_nothing_is_acknowledged)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "blackhole,stream=both");
	harness_send(f, LINK_UP, "request");
	harness_send(f, LINK_DOWN, "answer");
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 3600000000);
	harness_expect(f, LINK_UP, "");
	harness_expect(f, LINK_DOWN, "");
	ck_assert(!f->got[LINK_DOWN].eof);
	ck_assert(f->got[LINK_UP].deaf && f->got[LINK_DOWN].deaf);
	ck_assert(!link_wants(&f->flow.links[LINK_UP]));
	ck_assert(!f->ended);
}
END_TEST

START_TEST(removal_delivers_what_was_held_in_order_with_its_end)
{
	struct harness_flow *f = harness_open(h);

	harness_send(f, LINK_DOWN, "one ");
	harness_add(h, "blackhole,stream=both");
	harness_send(f, LINK_DOWN, "two ");
	harness_send(f, LINK_DOWN, "three");
	harness_eof(f, LINK_DOWN);
	harness_remove(h, 0);
	harness_expect(f, LINK_DOWN, "one two three");
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert(!f->got[LINK_UP].deaf && !f->got[LINK_DOWN].deaf);
	ck_assert(link_wants(&f->flow.links[LINK_UP]));
	ck_assert(!f->ended);
}
END_TEST

START_TEST(a_stream_with_a_hole_is_reset_on_removal)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "blackhole,held=drop");
	harness_send(f, LINK_DOWN, "lost");
	harness_remove(h, 0);
	harness_expect(f, LINK_DOWN, "");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "drop"), 1);
}
END_TEST

START_TEST(a_flow_that_ends_by_itself_is_not_reset)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "blackhole,held=drop");
	harness_send(f, LINK_DOWN, "lost");
	harness_close(f);
	ck_assert(!f->ended);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "drop"), 0);
}
END_TEST

START_TEST(a_jam_stops_reading_and_stays_within_acknowledgement)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "blackhole,acknowledge=true");
	ck_assert(!f->got[LINK_DOWN].deaf);
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
	harness_set(h, 0, "blackhole,acknowledge=false");
	ck_assert(f->got[LINK_DOWN].deaf);
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
}
END_TEST

START_TEST(one_direction_leaves_the_other_alone)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "blackhole,stream=downstream");
	harness_send(f, LINK_UP, "request");
	harness_send(f, LINK_DOWN, "answer");
	harness_expect(f, LINK_UP, "request");
	harness_expect(f, LINK_DOWN, "");
	ck_assert(!f->got[LINK_UP].deaf);
}
END_TEST

START_TEST(the_server_is_not_dialled_while_it_is_out_of_reach)
{
	struct harness_flow *f;

	harness_add(h, "blackhole,stream=both");
	f = harness_open(h);
	harness_send(f, LINK_UP, "early");
	harness_advance(h, 1000000);
	ck_assert(!f->opened);
	harness_remove(h, 0);
	ck_assert(f->opened);
	harness_expect(f, LINK_UP, "early");
}
END_TEST

START_TEST(a_lost_way_back_does_not_keep_the_server_from_being_dialled)
{
	harness_add(h, "blackhole,stream=downstream");
	ck_assert(harness_open(h)->opened);
}
END_TEST

START_TEST(the_port_ignores_new_connections_only_if_both_ways_are_cut)
{
	static const struct {
		const char *text;
		enum listener_effect effect;
	} cases[] = {
	    {"blackhole,name=x,stream=both", LISTENER_IGNORE},
	    {"blackhole,name=x,stream=both,acknowledge=true", LISTENER_OPEN},
	    {"blackhole,name=x,stream=downstream", LISTENER_OPEN},
	    {"blackhole,name=x,stream=upstream", LISTENER_OPEN},
	};

	harness_add(h, cases[0].text);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		harness_set(h, 0, cases[i].text);
		ck_assert_int_eq(suite_listener(0), cases[i].effect);
	}
}
END_TEST

int
main(void)
{
	return SUITE_RUN("blackhole", false,
	    nothing_passes_and_nothing_is_acknowledged,
	    removal_delivers_what_was_held_in_order_with_its_end,
	    a_stream_with_a_hole_is_reset_on_removal,
	    a_flow_that_ends_by_itself_is_not_reset,
	    a_jam_stops_reading_and_stays_within_acknowledgement,
	    one_direction_leaves_the_other_alone,
	    the_server_is_not_dialled_while_it_is_out_of_reach,
	    a_lost_way_back_does_not_keep_the_server_from_being_dialled,
	    the_port_ignores_new_connections_only_if_both_ways_are_cut);
}
