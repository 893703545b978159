/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: at the port, or the second best for single connections. */
#include "tests/harness/suite.h"

START_TEST(the_port_refuses)
{
	harness_add(h, "refuse");
	ck_assert_int_eq(suite_listener(0), LISTENER_REFUSE);
}
END_TEST

START_TEST(a_connection_that_had_to_be_accepted_is_reset_at_once)
{
	struct harness_flow *f;

	harness_add(h, "refuse,first=1");
	f = harness_open(h);
	ck_assert(f->ended && !f->opened);
	ck_assert_int_eq(f->how, END_RST);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "accept_rst"), 1);
	ck_assert(harness_open(h)->opened);
}
END_TEST

START_TEST(open_connections_are_left_alone)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "refuse,probability=1");
	harness_send(f, LINK_UP, "request");
	harness_eof(f, LINK_UP);
	harness_expect(f, LINK_UP, "request");
	ck_assert(f->got[LINK_UP].eof);
	ck_assert(!f->ended);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, NULL), 0);
}
END_TEST

START_TEST(a_direction_is_refused)
{
	suite_complains("refuse,stream=upstream", "stream");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("refuse", false, the_port_refuses,
	    a_connection_that_had_to_be_accepted_is_reset_at_once,
	    open_connections_are_left_alone, a_direction_is_refused);
}
