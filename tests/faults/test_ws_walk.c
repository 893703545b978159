/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages of a WebSocket are chosen, wherever reads part them and
 * whenever the fault comes; shown by those that are lost. */
#include "faults/ws_walk.h"

#include <stdio.h>

#include "tests/harness/ws_frames.h"

START_TEST(what_is_no_websocket_passes)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop");
	f = suite_exchange(4);
	harness_send(f, LINK_DOWN, "HEAD\x81\x02hi");
	harness_expect(f, LINK_DOWN, "HEAD\x81\x02hi");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, NULL), 0);
}
END_TEST

START_TEST(the_head_of_the_answer_is_no_frame)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=text");
	f = suite_exchange(4);
	f->websocket = true;
	/* The host knows where the head ends. */
	f->frames[LINK_DOWN] = (struct ws_scan){0};
	link_feed_copy(&f->flow.links[LINK_DOWN], "HEAD" HI BIN, 13, 0);
	WS_EXPECT(f, LINK_DOWN, "HEAD" BIN);
}
END_TEST

START_TEST(opcodes_choose)
{
	static const struct {
		const char *opcode, *left;
	} cases[] = {
	    {"data", PING PONG BYE},
	    {"text", BIN PING PONG BYE},
	    {"binary", HI PING PONG BYE},
	    {"ping", HI BIN PONG BYE},
	    {"pong", HI BIN PING BYE},
	    {"close", HI BIN PING PONG},
	    {"any", ""},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[40];
		struct harness_flow *f;

		snprintf(text, sizeof(text), "ws_drop,opcode=%s",
		    cases[i].opcode);
		if (i == 0)
			harness_add(h, text);
		else
			harness_set(h, 0, text);
		f = ws_open();
		WS_SEND(f, LINK_DOWN, HI BIN PING PONG BYE);
		ws_expect(f, LINK_DOWN, cases[i].left, strlen(cases[i].left));
	}
}
END_TEST

START_TEST(places_choose)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,messages=1,most=2");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI PING YO YO HI HI);
	WS_EXPECT(f, LINK_DOWN, HI PING HI HI);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "drop"), 2);
}
END_TEST

/* Sends messages that are told apart. */
static void
send_numbered(struct harness_flow *f, enum link_dir dir)
{
	for (int i = 0; i < 200; i++) {
		char frame[] = {'\x82', 1, (char)i};

		harness_send_bytes(f, dir, frame, sizeof(frame));
	}
}

START_TEST(shares_are_drawn_from_the_seed_for_each_direction)
{
	struct harness_flow *f;
	const struct str *up, *down;

	harness_add(h, "ws_drop,rate=30%,stream=both");
	f = ws_open();
	send_numbered(f, LINK_UP);
	send_numbered(f, LINK_DOWN);
	up = &f->got[LINK_UP].bytes;
	down = &f->got[LINK_DOWN].bytes;
	ck_assert(up->len / 3 > 110 && up->len / 3 < 170);
	ck_assert(up->len != down->len ||
	    memcmp(up->text, down->text, up->len) != 0);
}
END_TEST

START_TEST(fragments_go_with_their_message)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=text,most=1");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE PING PART_TWO PONG PART_THREE HI);
	WS_EXPECT(f, LINK_DOWN, PING PONG HI);
}
END_TEST

START_TEST(a_control_frame_amid_fragments_goes_alone)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=ping");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, PART_ONE PING PART_TWO PONG PART_THREE HI);
	WS_EXPECT(f, LINK_DOWN, PART_ONE PART_TWO PONG PART_THREE HI);
}
END_TEST

START_TEST(single_bytes_make_no_difference)
{
	static const char all[] = HI BIN PART_ONE PING PART_TWO PART_THREE YO;
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=text");
	f = ws_open();
	for (size_t i = 0; i < sizeof(all) - 1; i++)
		harness_send_bytes(f, LINK_DOWN, all + i, 1);
	WS_EXPECT(f, LINK_DOWN, BIN PING);
}
END_TEST

START_TEST(a_fault_that_comes_amid_a_frame_begins_with_the_next)
{
	static const char all[] = BIN PART_ONE PING PART_TWO PART_THREE HI YO;
	size_t first = sizeof(BIN PART_ONE PING PART_TWO PART_THREE) - 1;

	/* Wherever it comes: what began before is whole. */
	for (size_t at = 0; at < sizeof(all); at++) {
		struct harness_flow *f = ws_open();

		harness_send_bytes(f, LINK_DOWN, all, at);
		harness_add(h, "ws_drop,opcode=text");
		harness_send_bytes(f, LINK_DOWN, all + at,
		    sizeof(all) - 1 - at);
		if (at > sizeof(BIN) - 1 && at <= first)
			ws_expect(f, LINK_DOWN, all, first);
		else if (at <= sizeof(BIN) - 1)
			WS_EXPECT(f, LINK_DOWN, BIN PING);
		else
			ws_expect(f, LINK_DOWN, all,
			    at <= first + 4 ? first + 4 : sizeof(all) - 1);
		harness_close(f);
		harness_remove(h, 0);
	}
}
END_TEST

START_TEST(bytes_that_another_fault_holds_are_let_by)
{
	struct harness_flow *f;

	harness_add(h, "latency,latency=100ms");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI "\x81\x05he");
	harness_add(h, "ws_drop");
	WS_SEND(f, LINK_DOWN, "llo" YO BIN);
	harness_advance(h, 100000);
	WS_EXPECT(f, LINK_DOWN, HI "\x81\x05hello");
}
END_TEST

START_TEST(a_fault_that_goes_loses_nothing)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop,opcode=binary");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI "\x81\x7e");
	WS_EXPECT(f, LINK_DOWN, HI);
	harness_remove(h, 0);
	WS_EXPECT(f, LINK_DOWN, HI "\x81\x7e");
}
END_TEST

START_TEST(what_is_no_frame_passes_from_there_on)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, HI "\x83nonsense" HI);
	WS_SEND(f, LINK_DOWN, HI);
	WS_EXPECT(f, LINK_DOWN, "\x83nonsense" HI HI);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "malformed"), 1);
}
END_TEST

START_TEST(the_end_amid_a_head_gives_up_what_is_held)
{
	struct harness_flow *f;

	harness_add(h, "ws_drop");
	f = ws_open();
	WS_SEND(f, LINK_DOWN, "\x81");
	WS_EXPECT(f, LINK_DOWN, "");
	harness_eof(f, LINK_DOWN);
	WS_EXPECT(f, LINK_DOWN, "\x81");
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/ws_walk", true, what_is_no_websocket_passes,
	    the_head_of_the_answer_is_no_frame, opcodes_choose, places_choose,
	    shares_are_drawn_from_the_seed_for_each_direction,
	    fragments_go_with_their_message,
	    a_control_frame_amid_fragments_goes_alone,
	    single_bytes_make_no_difference,
	    a_fault_that_comes_amid_a_frame_begins_with_the_next,
	    bytes_that_another_fault_holds_are_let_by,
	    a_fault_that_goes_loses_nothing,
	    what_is_no_frame_passes_from_there_on,
	    the_end_amid_a_head_gives_up_what_is_held);
}
