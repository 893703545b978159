/* SPDX-License-Identifier: Apache-2.0 */
/* loss stalls as retransmissions do and keeps the stream intact. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

static const char *const kinds_of_loss[] = {
    "loss,rate=5%",
    "loss,rate=50%,rto=50ms",
    "loss,rate=5%,burst=4",
    "loss,p=1%,r=10%,h=20%,k=99%",
};

START_TEST(the_stream_stays_intact_and_in_order)
{
	for (size_t i = 0; i < COUNT_OF(kinds_of_loss); i++) {
		struct harness *h = harness_new(2);
		struct harness_flow *f;

		harness_add(h, kinds_of_loss[i]);
		f = harness_open(h);
		for (int k = 0; k < 100; k++) {
			harness_send_pattern(f, LINK_DOWN, 5000, 5000);
			harness_advance(h, 1 * MS);
		}
		harness_eof(f, LINK_DOWN);
		harness_settle(h, 3600000 * (int64_t)MS);
		harness_expect_pattern(f, LINK_DOWN, 500000);
		ck_assert(f->got[LINK_DOWN].eof);
		harness_free(h);
	}
}
END_TEST

/* The delays of `n` lone messages, one at a time. */
static void
lone_messages(const char *text, uint64_t seed, size_t n, int64_t *took)
{
	struct harness *h = harness_new(seed);
	struct harness_flow *f;

	harness_add(h, text);
	f = harness_open(h);
	for (size_t i = 0; i < n; i++) {
		int64_t at = harness_now(h);

		harness_send(f, LINK_DOWN, "x");
		harness_settle(h, 3600000 * (int64_t)MS);
		took[i] = harness_delivered_us(f, LINK_DOWN, i) - at;
		harness_advance(h, 10 * MS);
	}
	harness_free(h);
}

START_TEST(a_lone_message_waits_for_the_timer_and_it_doubles)
{
	static int64_t took[20000];
	unsigned lost = 0, twice = 0, thrice = 0;

	lone_messages("loss,rate=10%,rtt=20ms,rto=200ms", 1, 20000, took);
	for (size_t i = 0; i < 20000; i++) {
		lost += took[i] > 0;
		twice += took[i] == 600 * MS;
		thrice += took[i] == 1400 * MS;
		ck_assert(
		    took[i] == 0 || took[i] == 200 * MS || took[i] >= 600 * MS);
	}
	ck_assert_uint_ge(lost, 1850);
	ck_assert_uint_le(lost, 2150);
	ck_assert_uint_ge(twice, 130);
	ck_assert_uint_le(twice, 230);
	ck_assert_uint_ge(thrice, 5);
	ck_assert_uint_le(thrice, 40);
}
END_TEST

START_TEST(three_packets_behind_make_it_one_round_trip)
{
	int64_t least = INT64_MAX;
	unsigned stalls = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct harness *h = harness_new(seed);
		struct harness_flow *f;
		int64_t first;

		harness_add(h, "loss,rate=20%,rtt=40ms,rto=1s");
		f = harness_open(h);
		/* Four packets at once: only the first can be fast. */
		harness_send_pattern(f, LINK_DOWN, 4 * 1460, 4 * 1460);
		harness_settle(h, 3600000 * (int64_t)MS);
		first = harness_delivered_us(f, LINK_DOWN, 0);
		stalls += first > 0;
		if (first > 0)
			least = MIN(least, first);
		ck_assert(first == 0 || first == 40 * MS || first >= 1040 * MS);
		harness_expect_pattern(f, LINK_DOWN, 4 * 1460);
		harness_free(h);
	}
	ck_assert_int_eq(least, 40 * MS);
	ck_assert_uint_ge(stalls, 20);
	ck_assert_uint_le(stalls, 60);
}
END_TEST

START_TEST(packets_that_follow_later_cut_the_wait_short)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "loss,rate=1,rtt=40ms,rto=1s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "a");
	for (int i = 0; i < 3; i++) {
		harness_advance(h, 10 * MS);
		harness_send(f, LINK_DOWN, "b");
	}
	/* Revealed at 30 ms, sent again by 70, then lost nine times more, with
	 * the timer at 1, 2, 4 … 64, 120, 120 seconds. */
	harness_settle(h, 3600000 * (int64_t)MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0),
	    (127 + 240) * 1000 * (int64_t)MS + 70 * MS);
	harness_expect(f, LINK_DOWN, "abbb");
	harness_free(h);
}
END_TEST

START_TEST(the_wait_has_an_end_even_if_everything_is_lost)
{
	int64_t took;

	lone_messages("loss,rate=100%,rtt=1ms,rto=1ms", 1, 1, &took);
	ck_assert_int_eq(took, 1023 * MS);
	lone_messages("loss,rate=100%,rtt=60s,rto=60s", 1, 1, &took);
	ck_assert_int_eq(took, (60 + 9 * 120) * 1000 * (int64_t)MS);
}
END_TEST

START_TEST(bursts_keep_the_rate_and_lie_together)
{
	static int64_t took[20000];
	unsigned lost = 0, pairs = 0;

	lone_messages("loss,rate=10%,burst=6,rto=60ms", 3, 20000, took);
	for (size_t i = 0; i < 20000; i++)
		lost += took[i] > 0;
	/* Retransmissions run through the same burst: fewer messages meet one,
	 * and those wait long. */
	ck_assert_uint_ge(lost, 250);
	ck_assert_uint_le(lost, 700);
	for (size_t i = 0; i < 20000; i++)
		pairs += took[i] >= 180 * MS;
	ck_assert_uint_gt(pairs, lost / 2);
}
END_TEST

START_TEST(the_same_seed_loses_the_same_packets)
{
	int64_t a[300], b[300], c[300];

	lone_messages("loss,rate=20%", 21, 300, a);
	lone_messages("loss,rate=20%", 21, 300, b);
	lone_messages("loss,rate=20%", 22, 300, c);
	ck_assert_mem_eq(a, b, sizeof(a));
	ck_assert_mem_ne(a, c, sizeof(a));
}
END_TEST

START_TEST(removal_while_waiting_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "loss,rate=1,stream=both");
	f = harness_open(h);
	harness_send_pattern(f, LINK_UP, 100000, 9999);
	harness_send_pattern(f, LINK_DOWN, 100000, 9999);
	harness_eof(f, LINK_UP);
	ck_assert_uint_eq(f->got[LINK_UP].bytes.len, 0);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_UP, 100000);
	harness_expect_pattern(f, LINK_DOWN, 100000);
	ck_assert(f->got[LINK_UP].eof);
	harness_free(h);
}
END_TEST

START_TEST(a_stalled_line_pushes_back)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "loss,rate=1");
	f = harness_open(h);
	ck_assert_uint_lt(
	    harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536), 64 << 20);
	harness_free(h);
}
END_TEST

START_TEST(the_kernel_loses_where_it_may)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	h->admin = true;
	harness_add(h, "loss,rate=20%,variant=segments");
	f = harness_open(h);
	ck_assert(f->got[LINK_DOWN].lose > 0.199);
	ck_assert(f->got[LINK_DOWN].lose < 0.201);
	ck_assert(f->got[LINK_UP].lose == 0);
	/* Nothing waits here, whatever is lost. */
	for (int i = 0; i < 100; i++)
		harness_send_pattern(f, LINK_DOWN, 1460, 1460);
	harness_expect_pattern(f, LINK_DOWN, 146000);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, NULL), 0);
	/* The first loss is told, later all of them. */
	f->got[LINK_DOWN].lost = 3;
	harness_send(f, LINK_DOWN, "x");
	f->got[LINK_DOWN].lost = 8;
	harness_send(f, LINK_DOWN, "y");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "segments"), 1);
	ck_assert(harness_last(h, EVENT_EFFECT)->amount == 3);
	harness_set(h, 0, "loss,rate=50%,variant=segments");
	ck_assert(f->got[LINK_DOWN].lose == 0.5);
	harness_remove(h, 0);
	ck_assert(f->got[LINK_DOWN].lose == 0);
	ck_assert(harness_last(h, EVENT_EFFECT)->amount == 8);
	harness_free(h);
}
END_TEST

START_TEST(it_stalls_where_the_kernel_may_not_and_says_so)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "loss,rate=1,rtt=10ms,rto=10ms,variant=segments");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "a");
	harness_expect(f, LINK_DOWN, "");
	harness_settle(h, 3600000 * (int64_t)MS);
	harness_send(f, LINK_DOWN, "b");
	harness_settle(h, 3600000 * (int64_t)MS);
	harness_expect(f, LINK_DOWN, "ab");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "stall"), 1);
	harness_free(h);
}
END_TEST

START_TEST(a_segment_arrives_if_no_fault_of_the_link_loses_it)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	h->admin = true;
	harness_add(h, "loss,name=a,rate=50%,variant=segments");
	harness_add(h, "loss,name=b,rate=50%,variant=segments");
	f = harness_open(h);
	ck_assert(f->got[LINK_DOWN].lose == 0.75);
	/* One that comes to stall instead leaves the other. */
	f->got[LINK_DOWN].lost = 1;
	harness_set(h, 0, "loss,name=a,rate=50%");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "segments"), 1);
	ck_assert(f->got[LINK_DOWN].lose == 0.5);
	harness_remove(h, 1);
	ck_assert(f->got[LINK_DOWN].lose == 0);
	harness_free(h);
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {
	    "loss",
	    "loss,rate=-1",
	    "loss,rate=101%",
	    "loss,rate=0.5,burst=0.5",
	    "loss,rate=0.9,burst=2",
	    "loss,rate=0.1,p=0.1,r=0.5",
	    "loss,p=0.1",
	    "loss,rate=0.1,rtt=300ms",
	    "loss,rate=0.1,mss=1",
	    "loss,rate=0.1,burst=2,variant=segments",
	    "loss,p=0.1,r=0.5,variant=segments",
	    "loss,rate=0.1,variant=segment",
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
	    the_stream_stays_intact_and_in_order,
	    a_lone_message_waits_for_the_timer_and_it_doubles,
	    three_packets_behind_make_it_one_round_trip,
	    packets_that_follow_later_cut_the_wait_short,
	    the_wait_has_an_end_even_if_everything_is_lost,
	    bursts_keep_the_rate_and_lie_together,
	    the_same_seed_loses_the_same_packets,
	    removal_while_waiting_loses_nothing,
	    a_stalled_line_pushes_back,
	    the_kernel_loses_where_it_may,
	    it_stalls_where_the_kernel_may_not_and_says_so,
	    a_segment_arrives_if_no_fault_of_the_link_loses_it,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("loss", tests);
}
