/* SPDX-License-Identifier: Apache-2.0 */
/* window_stall: what came passes, and then nothing is read. */
#include "tests/harness/suite.h"

#define HEAD 4

START_TEST(bytes_pass_and_reading_stops)
{
	struct harness_flow *f;

	harness_add(h, "window_stall,bytes=6");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_DOWN, "head12345");
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
	harness_send(f, LINK_DOWN, "678");
	harness_expect(f, LINK_DOWN, "head12345678");
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
	ck_assert(link_wants(&f->flow.links[LINK_UP]));
	harness_remove(h, 0);
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "window_stall"), 1);
}
END_TEST

START_TEST(a_head_alone_does_not_begin_it)
{
	struct harness_flow *f;

	harness_add(h, "window_stall");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_DOWN, "head");
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
}
END_TEST

START_TEST(it_goes_on_after_the_duration)
{
	struct harness_flow *f;

	harness_add(h, "window_stall,duration=2s");
	f = suite_exchange(0);
	harness_send(f, LINK_DOWN, "1");
	harness_advance(h, 1999999);
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
	harness_advance(h, 1);
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
	harness_send(f, LINK_DOWN, "2");
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
	harness_expect(f, LINK_DOWN, "12");
}
END_TEST

START_TEST(connections_stall_too)
{
	struct harness_flow *f;

	harness_add(h, "window_stall,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_UP, "1");
	ck_assert(!link_wants(&f->flow.links[LINK_UP]));
	harness_expect(f, LINK_UP, "1");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("window_stall", true, bytes_pass_and_reading_stops,
	    a_head_alone_does_not_begin_it, it_goes_on_after_the_duration,
	    connections_stall_too);
}
