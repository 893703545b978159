/* SPDX-License-Identifier: Apache-2.0 */
/* ws_delay: when messages arrive. */
#include "tests/harness/ws_frames.h"

START_TEST(a_chosen_message_is_late_and_keeps_those_behind_waiting)
{
	struct harness_flow *f;

	harness_add(h, "ws_delay,delay=100ms,opcode=binary");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI BIN);
	harness_advance(h, 30000);
	WS_SEND(f, LINK_DOWN, YO);
	WS_EXPECT(f, LINK_DOWN, HI);
	harness_advance(h, 69999);
	WS_EXPECT(f, LINK_DOWN, HI);
	harness_advance(h, 1);
	WS_EXPECT(f, LINK_DOWN, HI BIN YO);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 4), 100000);
}
END_TEST

START_TEST(each_part_is_as_late_as_the_others)
{
	struct harness_flow *f;

	harness_add(h, "ws_delay,delay=100ms");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE);
	harness_advance(h, 40000);
	WS_SEND(f, LINK_DOWN, PART_TWO PART_THREE);
	harness_advance(h, 60000);
	WS_EXPECT(f, LINK_DOWN, PART_ONE);
	harness_advance(h, 40000);
	WS_EXPECT(f, LINK_DOWN, PART_ONE PART_TWO PART_THREE);
}
END_TEST

START_TEST(jitter_keeps_order_and_bounds)
{
	struct harness_flow *f;

	harness_add(h, "ws_delay,delay=50ms,jitter=40ms");
	f = ws_open();
	for (int i = 0; i < 50; i++) {
		WS_SEND(f, LINK_DOWN, HI);
		harness_advance(h, 200000);
	}
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 200);
	for (int i = 0; i < 50; i++) {
		int64_t late =
		    harness_delivered_us(f, LINK_DOWN, 4 * (size_t)i) -
		    200000 * (int64_t)i;

		ck_assert(late >= 10000 && late <= 90000);
	}
}
END_TEST

START_TEST(delays_are_measured_once_a_message)
{
	const struct event_record *e;
	struct harness_flow *f;

	harness_add(h, "ws_delay,delay=10ms,most=3");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI HI PART_ONE PART_TWO PART_THREE YO);
	harness_advance(h, 10000);
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_uint_eq(e->count, 3);
	ck_assert_double_eq(e->asked_us, 10000);
}
END_TEST

START_TEST(removal_lets_everything_go_at_once)
{
	struct harness_flow *f;

	harness_add(h, "ws_delay,delay=1h");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI YO);
	harness_eof(f, LINK_DOWN);
	WS_EXPECT(f, LINK_DOWN, "");
	harness_remove(h, 0);
	WS_EXPECT(f, LINK_DOWN, HI YO);
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
	struct harness_flow *f;
	size_t sent = 0;

	harness_add(h, "ws_delay,delay=1h");
	f = ws_open();
	while (link_wants(&f->flow.links[LINK_DOWN]) && sent < (64u << 20)) {
		static char frame[4 + 60000] = {'\x82', 126, '\xea', 0x60};

		harness_send_bytes(f, LINK_DOWN, frame, sizeof(frame));
		sent += sizeof(frame);
	}
	ck_assert_uint_lt(sent, 5u << 20);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_delay", true,
	    a_chosen_message_is_late_and_keeps_those_behind_waiting,
	    each_part_is_as_late_as_the_others, jitter_keeps_order_and_bounds,
	    delays_are_measured_once_a_message,
	    removal_lets_everything_go_at_once, what_waits_is_bounded);
}
