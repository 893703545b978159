/* SPDX-License-Identifier: Apache-2.0 */
/* ws_cut: how much of a frame arrives, and the end. */
#include "tests/harness/ws_frames.h"

START_TEST(the_frame_never_gets_complete)
{
	static const struct {
		const char *fault;
		size_t len; /* of the binary frame */
		enum flow_end how;
	} cases[] = {
	    {"ws_cut,opcode=binary", 2, END_FIN},
	    {"ws_cut,opcode=binary,bytes=1,how=rst", 3, END_RST_AFTER},
	    {"ws_cut,opcode=binary,bytes=2,how=silent", 4, END_SILENT},
	    {"ws_cut,opcode=binary,bytes=3", 4, END_FIN},
	    {"ws_cut,opcode=binary,bytes=1MB", 4, END_FIN},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct harness_flow *f;

		harness_add(h, cases[i].fault);
		f = ws_open();
		WS_SEND(f, LINK_DOWN, HI BIN YO);
		ck_assert(f->ended);
		ck_assert_int_eq(f->how, cases[i].how);
		ws_expect(f, LINK_DOWN, HI BIN, 4 + cases[i].len);
		harness_close(f);
		harness_remove(h, 0);
	}
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "cut"), 5);
}
END_TEST

START_TEST(a_frame_without_payload_is_cut_in_its_head)
{
	struct harness_flow *f;

	harness_add(h, "ws_cut");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, "\x81\x00" HI);
	ck_assert(f->ended);
	WS_EXPECT(f, LINK_DOWN, "\x81");
}
END_TEST

START_TEST(pieces_of_a_frame_add_up)
{
	struct harness_flow *f;

	harness_add(h, "ws_cut,bytes=4");
	f = ws_open();
	WS_SEND(f, LINK_DOWN,
	    "\x81\x06"
	    "ab");
	ck_assert(!f->ended);
	WS_SEND(f, LINK_DOWN, "cdef");
	ck_assert(f->ended);
	WS_EXPECT(f, LINK_DOWN, "\x81\x06"
				"abcd");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_cut", true, the_frame_never_gets_complete,
	    a_frame_without_payload_is_cut_in_its_head,
	    pieces_of_a_frame_add_up);
}
