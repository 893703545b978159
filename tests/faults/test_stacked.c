/* SPDX-License-Identifier: Apache-2.0 */
/* Several faults in one link. */
#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(latencies_add_up_exactly)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,name=a,latency=30ms");
	harness_add(h, "latency,name=b,latency=12ms");
	harness_add(h, "latency,name=c,latency=8ms");
	f = harness_open(h);
	for (int i = 0; i < 30; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 3 * MS);
	}
	harness_settle(h, 100 * MS);
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, (size_t)i),
		    i * 3 * MS + 50 * MS);
	harness_free(h);
}
END_TEST

START_TEST(latency_behind_bandwidth_shifts_the_paced_bytes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1MB/s");
	harness_add(h, "latency,latency=100ms");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 200000, 50000);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect_pattern(f, LINK_DOWN, 200000);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 199999), 300 * MS);
	ck_assert_uint_le(harness_busiest(f, LINK_DOWN, 10 * MS), 15000);
	harness_free(h);
}
END_TEST

START_TEST(latency_before_bandwidth_is_no_slower)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=100ms");
	harness_add(h, "bandwidth,rate=1MB/s");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 200000, 50000);
	harness_settle(h, 1000 * MS);
	harness_expect_pattern(f, LINK_DOWN, 200000);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 199999), 300 * MS);
	harness_free(h);
}
END_TEST

static const char *const all[] = {
    "noop",
    "latency,latency=20ms,jitter=20ms",
    "bandwidth,rate=1MB/s",
    "slicer,average_size=500,size_variation=300,delay=100us",
    "loss,rate=2%",
    "slow_close,delay=30ms",
    "limit_data,bytes=1GB",
};

START_TEST(everything_at_once_keeps_bytes_order_and_eof)
{
	struct harness *h = harness_new(6);
	struct harness_flow *f;

	for (size_t i = 0; i < COUNT_OF(all); i++)
		harness_add(h, all[i]);
	f = harness_open(h);
	for (int i = 0; i < 100; i++) {
		harness_send_pattern(f, LINK_DOWN, 1500, 700);
		harness_advance(h, 2 * MS);
	}
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 600000 * (int64_t)MS);
	harness_expect_pattern(f, LINK_DOWN, 150000);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_int_ge(f->got[LINK_DOWN].eof_us,
	    harness_delivered_us(f, LINK_DOWN, 149999) + 30 * MS);
	harness_free(h);
}
END_TEST

START_TEST(faults_may_leave_in_any_order_while_all_hold)
{
	for (size_t first = 0; first < COUNT_OF(all); first++) {
		struct harness *h = harness_new(6);
		struct harness_flow *f;

		for (size_t i = 0; i < COUNT_OF(all); i++)
			harness_add(h, all[i]);
		f = harness_open(h);
		harness_send_pattern(f, LINK_DOWN, 100000, 10000);
		harness_eof(f, LINK_DOWN);
		for (size_t i = COUNT_OF(all); i > 0; i--) {
			harness_advance(h, 5 * MS);
			harness_remove(h, first % i);
		}
		harness_expect_pattern(f, LINK_DOWN, 100000);
		ck_assert(f->got[LINK_DOWN].eof);
		ck_assert(f->flow.links[LINK_DOWN].first == NULL);
		harness_free(h);
	}
}
END_TEST

START_TEST(an_ending_fault_still_delivers_what_later_stages_hold)
{
	static const char *const ends[] = {"limit_data,bytes=1000",
	    "cut,bytes=1000", "cut,bytes=1000,how=rst"};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;

		harness_add(h, ends[i]);
		harness_add(h, "latency,latency=50ms");
		f = harness_open(h);
		harness_send_pattern(f, LINK_DOWN, 1500, 1500);
		harness_settle(h, 1000 * MS);
		ck_assert(f->ended);
		ck_assert_int_eq(f->ended_us, 50 * MS);
		harness_expect_pattern(f, LINK_DOWN, 1000);
		ck_assert(!f->got[LINK_DOWN].eof);
		harness_free(h);
	}
}
END_TEST

START_TEST(an_end_waits_where_an_end_of_stream_waits)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=3");
	harness_add(h, "slow_close,delay=200ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "abcdef");
	harness_send(f, LINK_DOWN, "ghi");
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "abc");
	ck_assert_int_eq(f->ended_us, 200 * MS);
	ck_assert_int_eq(f->how, END_FIN);
	harness_free(h);
}
END_TEST

START_TEST(a_reset_does_not_wait_for_later_stages)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer");
	harness_add(h, "latency,latency=50ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	ck_assert(f->ended);
	ck_assert_int_eq(f->ended_us, 0);
	harness_free(h);
}
END_TEST

START_TEST(an_end_under_way_outlives_the_faults)
{
	/* The n-th fault is removed, or all are. */
	for (size_t n = 0; n < 3; n++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;

		harness_add(h, "limit_data,bytes=3");
		harness_add(h, "latency,latency=50ms");
		f = harness_open(h);
		harness_send(f, LINK_DOWN, "abcdef");
		harness_advance(h, 10 * MS);
		ck_assert(!f->ended);
		harness_remove(h, n % 2);
		if (n == 2)
			harness_remove(h, 0);
		harness_send(f, LINK_DOWN, "ghi");
		harness_settle(h, 1000 * MS);
		ck_assert(f->ended);
		harness_expect(f, LINK_DOWN, "abc");
		harness_free(h);
	}
}
END_TEST

START_TEST(removing_a_timeout_closes_behind_what_later_stages_hold)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=50ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "kept");
	harness_set(h, 0, "timeout,timeout=0");
	harness_add(h, "latency,name=late,latency=50ms");
	harness_send(f, LINK_DOWN, "lost");
	harness_remove(h, 0);
	ck_assert(f->ended);
	harness_expect(f, LINK_DOWN, "kept");
	harness_free(h);
}
END_TEST

START_TEST(a_shared_full_link_drains_and_fills_again)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent = 0;

	harness_add(h, "latency,latency=10ms");
	harness_add(h, "bandwidth,rate=100MB/s");
	f = harness_open(h);
	for (int i = 0; i < 40; i++) {
		sent += harness_send_pattern(f, LINK_DOWN, 8 << 20, 65536);
		harness_advance(h, 10 * MS);
	}
	harness_settle(h, 1000 * MS);
	ck_assert_uint_gt(sent, 30 << 20);
	harness_expect_pattern(f, LINK_DOWN, sent);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    latencies_add_up_exactly,
	    latency_behind_bandwidth_shifts_the_paced_bytes,
	    latency_before_bandwidth_is_no_slower,
	    everything_at_once_keeps_bytes_order_and_eof,
	    faults_may_leave_in_any_order_while_all_hold,
	    an_ending_fault_still_delivers_what_later_stages_hold,
	    an_end_waits_where_an_end_of_stream_waits,
	    a_reset_does_not_wait_for_later_stages,
	    an_end_under_way_outlives_the_faults,
	    removing_a_timeout_closes_behind_what_later_stages_hold,
	    a_shared_full_link_drains_and_fills_again,
	    NULL,
	};

	return check_run("stacked", tests);
}
