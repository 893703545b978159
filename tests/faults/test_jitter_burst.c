/* SPDX-License-Identifier: Apache-2.0 */
/* Bursts come and go, delay what arrives within them, and lose nothing. */
#include "tests/harness/suite.h"

#define MS 1000

/* One chunk a millisecond. */
static void
stream(struct harness_flow *f, int chunks)
{
	for (int i = 0; i < chunks; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 1 * MS);
	}
}

static int64_t
delay_of(struct harness_flow *f, int chunk)
{
	return harness_delivered_us(f, LINK_DOWN, (size_t)chunk) -
	       (int64_t)chunk * MS;
}

START_TEST(regular_bursts_stand_where_they_should)
{
	struct harness_flow *f;

	harness_add(h, "jitter_burst,interval=100,duration=20,latency=5,"
		       "jitter=0,regular=true");
	f = harness_open(h);
	stream(f, 480);
	harness_settle(h, 1000 * MS);
	for (int i = 0; i < 480; i++) {
		bool burst = i % 120 >= 100;
		/* The first ones behind a burst wait for its last. */
		int64_t wait = i >= 120 ? 4 - i % 120 : 0;

		ck_assert_int_eq(delay_of(f, i), burst	    ? 5 * MS
						 : wait > 0 ? wait * MS
							    : 0);
	}
}
END_TEST

START_TEST(random_bursts_take_the_share_of_time_that_their_means_say)
{
	struct harness_flow *f;
	int delayed = 0, bursts = 0;

	harness_add(h, "jitter_burst,interval=300,duration=100,latency=1,"
		       "jitter=0");
	f = harness_open(h);
	stream(f, 20000);
	harness_settle(h, 1000 * MS);
	for (int i = 0; i < 20000; i++) {
		bool burst = delay_of(f, i) > 0;

		delayed += burst;
		bursts += burst && (i == 0 || delay_of(f, i - 1) == 0);
	}
	/* 50 bursts of 100 ms are expected; over three deviations either way.
	 */
	ck_assert_int_gt(bursts, 25);
	ck_assert_int_lt(bursts, 75);
	ck_assert_int_gt(delayed, 5000 - 2000);
	ck_assert_int_lt(delayed, 5000 + 2000);
}
END_TEST

START_TEST(delays_within_a_burst_are_spread_and_order_is_kept)
{
	struct harness_flow *f;
	int64_t most = 0;

	harness_add(h, "jitter_burst,interval=1,duration=100s,latency=10,"
		       "jitter=40,regular=true");
	f = harness_open(h);
	harness_advance(h, 10 * MS);
	for (int i = 0; i < 50; i++) {
		int64_t sent = harness_now(h), took;

		harness_send(f, LINK_DOWN, "x");
		harness_settle(h, 100 * MS);
		took = harness_delivered_us(f, LINK_DOWN, (size_t)i) - sent;
		ck_assert_int_ge(took, 10 * MS);
		ck_assert_int_le(took, 50 * MS);
		most = MAX(most, took);
	}
	ck_assert_int_gt(most, 40 * MS);
	harness_send_pattern(f, LINK_DOWN, 20000, 100);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 20050);
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(a_long_silence_costs_nothing_and_bursts_go_on)
{
	struct harness_flow *f;

	harness_add(h, "jitter_burst,interval=3,duration=1,latency=7,"
		       "jitter=0,regular=true");
	f = harness_open(h);
	harness_advance(h, 86400000000 + 3 * MS);
	harness_send(f, LINK_DOWN, "b");
	harness_expect(f, LINK_DOWN, "");
	harness_settle(h, 7 * MS);
	harness_expect(f, LINK_DOWN, "b");
}
END_TEST

START_TEST(removal_lets_held_bytes_go_in_order)
{
	struct harness_flow *f;

	harness_add(h, "jitter_burst,interval=1,duration=1h,jitter=1h,"
		       "latency=1h,regular=true");
	f = harness_open(h);
	harness_advance(h, 10 * MS);
	harness_send_pattern(f, LINK_DOWN, 50000, 1000);
	harness_expect(f, LINK_DOWN, "");
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_DOWN, 50000);
}
END_TEST

START_TEST(a_burst_is_told_once)
{
	struct harness_flow *f;

	harness_add(h, "jitter_burst,interval=100,duration=20,jitter=3,"
		       "regular=true");
	f = harness_open(h);
	stream(f, 240);
	harness_settle(h, 1000 * MS);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "burst"), 2);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	suite_complains("jitter_burst", "lacks \"jitter\"");
	suite_complains("jitter_burst,jitter=0", "expected one above it");
	suite_complains("jitter_burst,jitter=5,interval=0", "interval");
}
END_TEST

int
main(void)
{
	return SUITE_RUN(
	    "jitter_burst", false, regular_bursts_stand_where_they_should,
	    random_bursts_take_the_share_of_time_that_their_means_say,
	    delays_within_a_burst_are_spread_and_order_is_kept,
	    a_long_silence_costs_nothing_and_bursts_go_on,
	    removal_lets_held_bytes_go_in_order, a_burst_is_told_once,
	    nonsense_is_refused);
}
