/* SPDX-License-Identifier: Apache-2.0 */
/* ws_duplicate: copies of messages. */
#include "tests/harness/ws_frames.h"

START_TEST(a_message_is_followed_by_its_copies)
{
	struct harness_flow *f;

	harness_add(h, "ws_duplicate,opcode=text,copies=2");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, BIN HI PING);
	WS_EXPECT(f, LINK_DOWN, BIN HI HI HI PING);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "duplicate"), 1);
}
END_TEST

START_TEST(copies_of_a_clients_message_are_masked)
{
	struct harness_flow *f;

	harness_add(h, "ws_duplicate,stream=upstream");
	f = ws_open();
	WS_SEND(f, LINK_UP, MASKED_HI);
	WS_EXPECT(f, LINK_UP, MASKED_HI MASKED_HI);
}
END_TEST

START_TEST(a_copy_has_the_fragments_without_what_came_between)
{
	struct harness_flow *f;

	harness_add(h, "ws_duplicate");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE PING PART_TWO PART_THREE YO);
	WS_EXPECT(f, LINK_DOWN,
	    PART_ONE PING PART_TWO PART_THREE PART_ONE PART_TWO PART_THREE YO
		YO);
}
END_TEST

START_TEST(control_frames_are_copied_amid_fragments)
{
	struct harness_flow *f;

	harness_add(h, "ws_duplicate,opcode=any");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE PING PART_TWO PART_THREE);
	WS_EXPECT(f, LINK_DOWN,
	    PART_ONE PING PING PART_TWO PART_THREE PART_ONE PART_TWO
		PART_THREE);
}
END_TEST

START_TEST(a_message_above_a_mebibyte_passes_once)
{
	static const char head[] = "\x82\x7f\0\0\0\0\0\x20\0\0";
	static char payload[0x200000];
	struct harness_flow *f;

	harness_add(h, "ws_duplicate");
	f = ws_open();
	harness_send_bytes(f, LINK_DOWN, head, sizeof(head) - 1);
	harness_send_bytes(f, LINK_DOWN, payload, sizeof(payload));
	WS_SEND(f, LINK_DOWN, HI);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len,
	    sizeof(head) - 1 + sizeof(payload) + 8);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "too_large"), 1);
}
END_TEST

START_TEST(an_unfinished_copy_is_forgotten_with_the_flow)
{
	struct harness_flow *f;

	harness_add(h, "ws_duplicate");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE);
	harness_close(f);
	WS_EXPECT(f, LINK_DOWN, PART_ONE);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_duplicate", true,
	    a_message_is_followed_by_its_copies,
	    copies_of_a_clients_message_are_masked,
	    a_copy_has_the_fragments_without_what_came_between,
	    control_frames_are_copied_amid_fragments,
	    a_message_above_a_mebibyte_passes_once,
	    an_unfinished_copy_is_forgotten_with_the_flow);
}
