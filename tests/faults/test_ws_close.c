/* SPDX-License-Identifier: Apache-2.0 */
/* ws_close: a close frame, and nothing behind it. */
#include "faults/ws.h"
#include "tests/harness/ws_frames.h"

START_TEST(a_close_frame_takes_the_messages_place)
{
	struct harness_flow *f;

	harness_add(h, "ws_close,code=1013,reason=later,messages=1");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI PING YO HI);
	WS_SEND(f, LINK_DOWN, BYE);
	WS_EXPECT(f, LINK_DOWN, HI PING "\x88\x07\x03\xf5later");
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "close"), 1);
	ck_assert_double_eq(harness_last(h, EVENT_EFFECT)->amount, 1013);
	/* The client's answer reaches the server. */
	WS_SEND(f, LINK_UP, "\x88\x82mask..");
	WS_EXPECT(f, LINK_UP, "\x88\x82mask..");
}
END_TEST

START_TEST(in_the_clients_name_it_is_masked)
{
	struct harness_flow *f;
	const char *got;
	struct ws_head head;

	harness_add(h, "ws_close,stream=upstream,reason=bye");
	f = ws_open();
	WS_SEND(f, LINK_UP, MASKED_HI);
	got = f->got[LINK_UP].bytes.text;
	ck_assert_uint_eq(f->got[LINK_UP].bytes.len, 11);
	ck_assert_int_eq(ws_head_parse((const unsigned char *)got, 11, &head),
	    WS_DONE);
	ck_assert(head.masked && head.opcode == WS_CLOSE);
	ck_assert_uint_eq(head.payload, 5);
	ck_assert_int_eq(got[6] ^ got[2], 0x03);
	ck_assert_int_eq((unsigned char)(got[7] ^ got[3]), 0xe9);
	ck_assert_int_eq(got[8] ^ got[4], 'b');
	ck_assert_int_eq(got[10] ^ got[2], 'e');
}
END_TEST

START_TEST(codes_that_no_frame_may_carry_are_refused)
{
	suite_complains("ws_close,code=1006", "kinds cut or reset_peer");
	suite_complains("ws_close,code=1005", "no frame may carry 1005");
	suite_complains("ws_close,code=999", "out of bounds");
	suite_complains("ws_close,code=4999", NULL);
}
END_TEST

START_TEST(a_reason_too_long_is_refused)
{
	char text[200] = "ws_close,reason=";

	memset(text + strlen(text), 'x', 123);
	suite_complains(text, NULL);
	text[strlen(text)] = 'x';
	suite_complains(text, "reason: 124 bytes; expected at most 123");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_close", true,
	    a_close_frame_takes_the_messages_place,
	    in_the_clients_name_it_is_masked,
	    codes_that_no_frame_may_carry_are_refused,
	    a_reason_too_long_is_refused);
}
