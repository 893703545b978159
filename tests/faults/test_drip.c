/* SPDX-License-Identifier: Apache-2.0 */
/* drip: even pieces, on time, nothing lost. */
#include "tests/harness/message_fake.h"
#include "tests/harness/suite.h"

#define HEAD 50

/* An exchange whose response announces a body of body_len bytes. */
static struct harness_flow *
announce(int64_t body_len)
{
	struct harness_flow *f = suite_exchange(HEAD);
	struct message_fake m;

	message_fake_init(&m, 200, body_len);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	message_fake_fini(&m);
	return f;
}

START_TEST(the_head_passes_at_once_and_the_body_in_even_pieces)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=10,duration=1s");
	f = announce(1000);
	harness_send_pattern(f, LINK_DOWN, HEAD + 1000, HEAD + 1000);
	harness_expect_pattern(f, LINK_DOWN, HEAD);
	harness_advance(h, 99999);
	harness_expect_pattern(f, LINK_DOWN, HEAD);
	for (size_t k = 1; k <= 10; k++) {
		harness_advance(h, k == 1 ? 1 : 100000);
		harness_expect_pattern(f, LINK_DOWN, HEAD + 100 * k);
	}
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, HEAD + 999),
	    1000000);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 11);
}
END_TEST

START_TEST(any_length_and_any_number_of_pieces_end_on_time)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
	    {"drip,pieces=3,duration=1s", 1000},
	    {"drip,pieces=7,duration=1s", 1},
	    {"drip,pieces=1000,duration=1s", 999},
	    {"drip,pieces=1,duration=1s", 100000},
	    {"drip,pieces=999983,duration=1s", 4000},
	};

	harness_add(h, cases[0].text);
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		size_t len = cases[i / 2].len;
		int64_t start;
		struct harness_flow *f;

		harness_set(h, 0, cases[i / 2].text);
		f = announce(i % 2 ? (int64_t)len : -1);
		start = harness_now(h);
		harness_send_pattern(f, LINK_DOWN, HEAD + len, HEAD + len);
		harness_eof(f, LINK_DOWN);
		harness_settle(h, 1000000);
		harness_expect_pattern(f, LINK_DOWN, HEAD + len);
		ck_assert(f->got[LINK_DOWN].eof);
		ck_assert_int_le(harness_now(h) - start, 1000000);
	}
}
END_TEST

START_TEST(pieces_that_had_to_wait_for_the_sender_are_made_up_for)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=10,duration=1s");
	f = announce(1000);
	harness_send_pattern(f, LINK_DOWN, HEAD + 50, HEAD + 50);
	harness_advance(h, 500000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 50);
	harness_send_pattern(f, LINK_DOWN, 950, 950);
	harness_advance(h, 500000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 1000);
}
END_TEST

START_TEST(a_body_shorter_than_announced_is_parted_as_it_is)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=10,duration=1s");
	f = announce(1000);
	harness_send_pattern(f, LINK_DOWN, HEAD + 100, HEAD + 100);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 100000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 10);
	harness_advance(h, 900000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 100);
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(what_comes_after_the_duration_passes_at_once)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=4,duration=1s");
	f = announce(-1);
	harness_send_pattern(f, LINK_DOWN, HEAD + 100, HEAD + 100);
	harness_advance(h, 250000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 25);
	harness_advance(h, 1000000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 100);
	harness_send_pattern(f, LINK_DOWN, 400, 400);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 500);
}
END_TEST

START_TEST(removal_lets_the_rest_go)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=10,duration=10s");
	f = announce(1000);
	harness_send_pattern(f, LINK_DOWN, HEAD + 1000, 100);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 3000000);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 1000);
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(fewer_pieces_take_effect_amid_a_body)
{
	struct harness_flow *f;

	harness_add(h, "drip,pieces=10,duration=10s");
	f = announce(1000);
	harness_send_pattern(f, LINK_DOWN, HEAD + 1000, 1050);
	harness_advance(h, 5000000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 500);
	harness_set(h, 0, "drip,pieces=2,duration=10s");
	harness_settle(h, 10000000);
	harness_expect_pattern(f, LINK_DOWN, HEAD + 1000);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("drip,pieces=0", "pieces");
	suite_complains("drip,duration=-1s", "duration");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("drip", true,
	    the_head_passes_at_once_and_the_body_in_even_pieces,
	    any_length_and_any_number_of_pieces_end_on_time,
	    pieces_that_had_to_wait_for_the_sender_are_made_up_for,
	    a_body_shorter_than_announced_is_parted_as_it_is,
	    what_comes_after_the_duration_passes_at_once,
	    removal_lets_the_rest_go, fewer_pieces_take_effect_amid_a_body,
	    bad_parameters_are_refused);
}
