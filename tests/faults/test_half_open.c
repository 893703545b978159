/* SPDX-License-Identifier: Apache-2.0 */
/* half_open: dead, and nobody is told. */
#include "tests/harness/suite.h"

START_TEST(the_connection_dies_silently_at_its_time)
{
	struct harness_flow *f;

	harness_add(h, "half_open,after=10s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "alive");
	harness_advance(h, 9999999);
	ck_assert(!f->ended);
	harness_advance(h, 1);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_SILENT);
	harness_expect(f, LINK_DOWN, "alive");
	ck_assert(!f->got[LINK_DOWN].eof && !f->got[LINK_UP].eof);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "silence"), 1);
}
END_TEST

START_TEST(time_counts_from_when_the_fault_reached_an_open_connection)
{
	struct harness_flow *f = harness_open(h);

	harness_advance(h, 5000000);
	harness_add(h, "half_open,after=1s");
	harness_advance(h, 999999);
	ck_assert(!f->ended);
	harness_advance(h, 1);
	ck_assert(f->ended);
}
END_TEST

START_TEST(exactly_so_many_bytes_pass_however_they_arrive)
{
	static const size_t chunks[] = {1, 7, 1000, 5000};

	harness_add(h, "half_open,bytes=1000");
	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct harness_flow *f = harness_open(h);

		harness_send_pattern(f, LINK_DOWN, 5000, chunks[i]);
		harness_advance(h, 0);
		harness_expect_pattern(f, LINK_DOWN, 1000);
		ck_assert(f->ended);
		ck_assert_int_eq(f->how, END_SILENT);
	}
}
END_TEST

START_TEST(bytes_of_the_other_direction_do_not_count)
{
	struct harness_flow *f;

	harness_add(h, "half_open,bytes=10,stream=upstream");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 5000, 100);
	harness_advance(h, 1000000);
	ck_assert(!f->ended);
	harness_send(f, LINK_UP, "0123456789");
	harness_advance(h, 0);
	ck_assert(f->ended);
	harness_expect(f, LINK_UP, "0123456789");
}
END_TEST

START_TEST(without_time_and_bytes_it_is_dead_at_once)
{
	struct harness_flow *f;

	harness_add(h, "half_open");
	f = harness_open(h);
	harness_advance(h, 0);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_SILENT);
}
END_TEST

START_TEST(a_connection_that_ends_before_its_time_ends_as_usual)
{
	struct harness_flow *f;

	harness_add(h, "half_open,after=10s,bytes=1000");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "bye");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "bye");
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(removal_before_its_time_leaves_it_alive)
{
	struct harness_flow *f;

	harness_add(h, "half_open,after=10s");
	f = harness_open(h);
	harness_advance(h, 9000000);
	harness_remove(h, 0);
	harness_advance(h, 9000000);
	harness_send(f, LINK_DOWN, "alive");
	harness_expect(f, LINK_DOWN, "alive");
	ck_assert(!f->ended);
}
END_TEST

START_TEST(it_vanishes_where_it_may_and_is_deaf_elsewhere)
{
	struct harness_flow *f;

	h->admin = true;
	harness_add(h, "half_open,after=1s,variant=vanish");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "alive");
	harness_advance(h, 1000000);
	ck_assert(f->vanished && f->flow.ended);
	ck_assert(!f->ended);
	harness_expect(f, LINK_DOWN, "alive");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "vanish"), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "silence"), 0);
	h->admin = false;
	f = harness_open(h);
	harness_advance(h, 1000000);
	ck_assert(!f->vanished && f->ended);
	ck_assert_int_eq(f->how, END_SILENT);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "vanish"), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "silence"), 1);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("half_open", false,
	    the_connection_dies_silently_at_its_time,
	    time_counts_from_when_the_fault_reached_an_open_connection,
	    exactly_so_many_bytes_pass_however_they_arrive,
	    bytes_of_the_other_direction_do_not_count,
	    without_time_and_bytes_it_is_dead_at_once,
	    a_connection_that_ends_before_its_time_ends_as_usual,
	    removal_before_its_time_leaves_it_alive,
	    it_vanishes_where_it_may_and_is_deaf_elsewhere);
}
