/* SPDX-License-Identifier: Apache-2.0 */
/* cut ends the connection at a byte count or a pattern. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

static const struct {
	const char *text;
	enum flow_end how;
} hows[] = {
    {"cut,bytes=5", END_FIN},
    {"cut,bytes=5,how=fin", END_FIN},
    {"cut,bytes=5,how=rst", END_RST_AFTER},
    {"cut,bytes=5,how=silent", END_SILENT},
};

START_TEST(bytes_before_the_cut_are_delivered)
{
	for (size_t i = 0; i < COUNT_OF(hows); i++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;

		harness_add(h, hows[i].text);
		f = harness_open(h);
		harness_send(f, LINK_DOWN, "123");
		ck_assert(!f->ended);
		harness_send(f, LINK_DOWN, "45678");
		ck_assert(f->ended);
		ck_assert_int_eq(f->how, hows[i].how);
		if (hows[i].how != END_SILENT)
			harness_expect(f, LINK_DOWN, "12345");
		ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "cut"), 1);
		harness_free(h);
	}
}
END_TEST

START_TEST(zero_bytes_cut_at_the_first_one)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut");
	f = harness_open(h);
	harness_send(f, LINK_UP, "not this way");
	ck_assert(!f->ended);
	harness_send(f, LINK_DOWN, "x");
	ck_assert(f->ended);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

static const struct {
	const char *fault, *sent, *got;
	bool cut;
} cases[] = {
    {"cut,pattern=COMMIT", "BEGIN;COMMIT;", "BEGIN;", true},
    {"cut,pattern=COMMIT,place=after", "BEGIN;COMMIT;", "BEGIN;COMMIT", true},
    {"cut,pattern=COMMIT", "COMMIT", "", true},
    {"cut,pattern=COMMIT", "COMMIX COMMI", "COMMIX COMMI", false},
    {"cut,pattern=aab", "aaaab", "aa", true},
    {"cut,pattern=abab,place=after", "abaababab", "abaabab", true},
    {"cut,pattern=x", "aaa", "aaa", false},
    {"cut,pattern=ab,bytes=4", "ababxaby", "ababx", true},
    {"cut,pattern=ab,bytes=3", "ababx", "ababx", false},
    {"cut,pattern=\\x41\\n", "bAA\nb", "bA", true},
    {"cut,pattern=\\\\x41", "a\\x41", "a", true},
    {"cut,pattern=\\r\\n\\r\\n", "head\r\n\r\nbody", "head", true},
};

/* Sends each case whole, then byte by byte, and expects the same. */
START_TEST(patterns_are_found_wherever_reads_part_them)
{
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;
		const char *at = cases[i / 2].sent;
		size_t step = i % 2 ? 1 : strlen(at);

		harness_add(h, cases[i / 2].fault);
		f = harness_open(h);
		for (; *at != '\0'; at += step) {
			harness_send_bytes(f, LINK_DOWN, at, step);
			harness_advance(h, 1 * MS);
		}
		harness_settle(h, 100 * MS);
		harness_expect(f, LINK_DOWN, cases[i / 2].got);
		ck_assert_int_eq(f->ended, cases[i / 2].cut);
		harness_free(h);
	}
}
END_TEST

START_TEST(the_start_of_a_pattern_is_held_only_for_a_moment)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,pattern=COMMIT");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "abc COM");
	harness_expect(f, LINK_DOWN, "abc ");
	harness_advance(h, 50 * MS);
	harness_expect(f, LINK_DOWN, "abc COM");
	harness_send(f, LINK_DOWN, "MIT");
	harness_expect(f, LINK_DOWN, "abc COM");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_held_start_goes_with_the_end_of_stream)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,pattern=COMMIT");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "COMM");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "COMM");
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(removal_while_holding_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,pattern=COMMIT,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_UP, "xCOM");
	harness_remove(h, 0);
	harness_expect(f, LINK_UP, "xCOM");
	harness_send(f, LINK_UP, "MIT");
	harness_expect(f, LINK_UP, "xCOMMIT");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_new_pattern_holds_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,pattern=COMMIT");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "a COMM");
	harness_set(h, 0, "cut,pattern=ROLL");
	harness_send(f, LINK_DOWN, "IT ROLLBACK");
	harness_expect(f, LINK_DOWN, "a COMMIT ");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_blocked_receiver_still_gets_what_stands_before_the_cut)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,bytes=100000,how=rst");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	harness_send_pattern(f, LINK_DOWN, 200000, 7777);
	ck_assert(f->ended);
	harness_block(f, LINK_DOWN, false);
	harness_expect_pattern(f, LINK_DOWN, 100000);
	harness_free(h);
}
END_TEST

START_TEST(heads_of_http_messages_do_not_count)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "cut,pattern=d");
	f = harness_prepare(h, FLOW_EXCHANGE);
	f->flow.links[LINK_DOWN].head_len = 6;
	harness_begin(f);
	harness_send(f, LINK_DOWN, "head\r\nbody");
	harness_expect(f, LINK_DOWN, "head\r\nbo");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {
	    "cut,bytes=-1",
	    "cut,pattern=",
	    "cut,pattern=\\q",
	    "cut,pattern=\\x4",
	    "cut,how=loudly",
	    "cut,pattern="
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4",
	};
	struct harness *h = harness_new(1);

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char *text = harness_complaints(h, texts[i]);

		ck_assert_msg(text[0] != '\0', "accepted: %s", texts[i]);
		free(text);
	}
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bytes_before_the_cut_are_delivered,
	    zero_bytes_cut_at_the_first_one,
	    patterns_are_found_wherever_reads_part_them,
	    the_start_of_a_pattern_is_held_only_for_a_moment,
	    a_held_start_goes_with_the_end_of_stream,
	    removal_while_holding_loses_nothing,
	    a_new_pattern_holds_at_once,
	    a_blocked_receiver_still_gets_what_stands_before_the_cut,
	    heads_of_http_messages_do_not_count,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("cut", tests);
}
