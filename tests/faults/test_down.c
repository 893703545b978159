/* SPDX-License-Identifier: Apache-2.0 */
/* down: accepted, counted, ended. */
#include "tests/harness/suite.h"

START_TEST(new_connections_are_reset_before_the_server_is_dialled)
{
	struct harness_flow *f;

	harness_add(h, "down");
	for (unsigned n = 1; n <= 3; n++) {
		f = harness_open(h);
		ck_assert(f->ended && !f->opened);
		ck_assert_int_eq(f->how, END_RST);
		ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "down"), n);
	}
}
END_TEST

START_TEST(open_connections_are_reset_too)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "down");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
}
END_TEST

START_TEST(open_connections_are_kept_if_asked)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "down,existing=keep");
	harness_send(f, LINK_UP, "request");
	harness_expect(f, LINK_UP, "request");
	ck_assert(!f->ended);
	ck_assert(harness_open(h)->ended);
	harness_set(h, 0, "down,existing=reset");
	ck_assert(f->ended);
}
END_TEST

START_TEST(connections_end_in_good_order_if_asked)
{
	struct harness_flow *f;

	harness_add(h, "down,how=fin");
	f = harness_open(h);
	ck_assert(f->ended && !f->opened);
	ck_assert_int_eq(f->how, END_FIN);
}
END_TEST

START_TEST(removal_restores_service)
{
	harness_add(h, "down");
	ck_assert(harness_open(h)->ended);
	harness_remove(h, 0);
	ck_assert(harness_open(h)->opened);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("down", false,
	    new_connections_are_reset_before_the_server_is_dialled,
	    open_connections_are_reset_too, open_connections_are_kept_if_asked,
	    connections_end_in_good_order_if_asked, removal_restores_service);
}
