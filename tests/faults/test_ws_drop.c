/* SPDX-License-Identifier: Apache-2.0 */
/* ws_drop: how messages are chosen is in test_ws_walk.c. */
#include "tests/harness/ws_frames.h"

START_TEST(a_large_message_is_dropped_as_it_comes)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=binary");
	f = ws_open();
	WS_SEND(f, LINK_UP, HI);
	harness_set(h, 0, "ws_drop,opcode=binary,stream=upstream");
	WS_SEND(f, LINK_UP, "\x82\x7f\0\0\0\0\0\x10\0\0");
	for (int i = 0; i < 1024; i++) {
		char piece[1024] = {0};

		harness_send_bytes(f, LINK_UP, piece, sizeof(piece));
		ck_assert_uint_eq(f->flow.links[LINK_UP].held, 0);
	}
	WS_SEND(f, LINK_UP, YO);
	WS_EXPECT(f, LINK_UP, HI YO);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "drop"), 1);
}
END_TEST

START_TEST(it_needs_an_http_route)
{
	h->protocol = "tcp";
	suite_complains("ws_drop", "expected a route with protocol = \"http\"");
	h->protocol = "http";
	suite_complains("ws_drop,opcode=txt", "did you mean \"text\"");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_drop", true,
	    a_large_message_is_dropped_as_it_comes, it_needs_an_http_route);
}
