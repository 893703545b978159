/* SPDX-License-Identifier: Apache-2.0 */
/* connect_timeout: at the port, or the second best for single connections. */
#include "tests/harness/suite.h"

START_TEST(the_port_ignores)
{
	harness_add(h, "connect_timeout");
	ck_assert_int_eq(suite_listener(0), LISTENER_IGNORE);
}
END_TEST

START_TEST(a_connection_that_had_to_be_accepted_is_never_answered)
{
	struct harness_flow *f;

	harness_add(h, "connect_timeout,probability=1");
	f = harness_open(h);
	harness_send(f, LINK_UP, "hello");
	harness_eof(f, LINK_UP);
	harness_advance(h, 3600000000);
	ck_assert(!f->opened && !f->ended);
	ck_assert(f->got[LINK_UP].deaf);
	ck_assert(!link_wants(&f->flow.links[LINK_UP]));
	harness_expect(f, LINK_UP, "");
	ck_assert(!f->got[LINK_UP].eof);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "accept_silent"), 1);
}
END_TEST

START_TEST(it_goes_on_when_the_fault_is_removed)
{
	struct harness_flow *f;

	harness_add(h, "connect_timeout,probability=1");
	f = harness_open(h);
	harness_send(f, LINK_UP, "hello");
	harness_eof(f, LINK_UP);
	harness_remove(h, 0);
	ck_assert(f->opened && !f->got[LINK_UP].deaf);
	harness_expect(f, LINK_UP, "hello");
	ck_assert(f->got[LINK_UP].eof);
}
END_TEST

START_TEST(open_connections_are_left_alone)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "connect_timeout,probability=1");
	harness_send(f, LINK_UP, "request");
	harness_send(f, LINK_DOWN, "answer");
	harness_eof(f, LINK_UP);
	harness_expect(f, LINK_UP, "request");
	harness_expect(f, LINK_DOWN, "answer");
	ck_assert(f->got[LINK_UP].eof && !f->got[LINK_UP].deaf);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("connect_timeout", false, the_port_ignores,
	    a_connection_that_had_to_be_accepted_is_never_answered,
	    it_goes_on_when_the_fault_is_removed,
	    open_connections_are_left_alone);
}
