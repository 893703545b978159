/* SPDX-License-Identifier: Apache-2.0 */
/* latency delays, keeps order, loses nothing. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(each_chunk_leaves_the_delay_after_its_arrival)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=80");
	f = harness_open(h);
	for (int i = 0; i < 20; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 7 * MS);
	}
	harness_settle(h, 200 * MS);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, (size_t)i),
		    i * 7 * MS + 80 * MS);
	harness_free(h);
}
END_TEST

START_TEST(only_its_direction_is_delayed)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=80ms,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "now");
	harness_send(f, LINK_UP, "later");
	harness_expect(f, LINK_DOWN, "now");
	harness_expect(f, LINK_UP, "");
	harness_settle(h, 100 * MS);
	harness_expect(f, LINK_UP, "later");
	harness_free(h);
}
END_TEST

static const char *const spreads[] = {
    "latency,latency=50ms,jitter=50ms",
    "latency,latency=50ms,jitter=40ms,distribution=normal",
    "latency,latency=50ms,jitter=20ms,distribution=pareto",
    "latency,latency=50ms,jitter=50ms,distribution=lognormal",
    "latency,distribution=percentiles,p50=20ms,p95=50ms,p99=300ms",
    "latency,latency=50ms,jitter=50ms,correlation=0.9",
};

/* Sends 400 chunks, one a millisecond, and waits for all. */
static struct harness_flow *
stream(struct harness *h)
{
	struct harness_flow *f = harness_open(h);

	for (int i = 0; i < 400; i++) {
		harness_send_pattern(f, LINK_DOWN, 100, 100);
		harness_advance(h, 1 * MS);
	}
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 60000 * MS);
	return f;
}

START_TEST(jitter_keeps_bytes_order_and_eof)
{
	for (size_t i = 0; i < COUNT_OF(spreads); i++) {
		struct harness *h = harness_new(5);
		struct harness_flow *f;

		harness_add(h, spreads[i]);
		f = stream(h);
		harness_expect_pattern(f, LINK_DOWN, 40000);
		ck_assert(f->got[LINK_DOWN].eof);
		ck_assert_int_ge(f->got[LINK_DOWN].eof_us,
		    harness_delivered_us(f, LINK_DOWN, 39999));
		for (size_t k = 0; k < 400; k++)
			ck_assert_int_ge(
			    harness_delivered_us(f, LINK_DOWN, 100 * k),
			    (int64_t)k * MS);
		harness_free(h);
	}
}
END_TEST

START_TEST(jitter_spreads_evenly_around_the_mean)
{
	struct harness *h = harness_new(9);
	int64_t least = INT64_MAX, most = 0, sum = 0;

	harness_add(h, "latency,latency=50ms,jitter=20ms");
	/* One chunk a flow, so that none waits for another. */
	for (int i = 0; i < 2000; i++) {
		struct harness_flow *f = harness_open(h);
		int64_t at = harness_now(h), took;

		harness_send(f, LINK_DOWN, "x");
		harness_settle(h, 100 * MS);
		took = harness_delivered_us(f, LINK_DOWN, 0) - at;
		least = MIN(least, took);
		most = MAX(most, took);
		sum += took;
		harness_close(f);
	}
	ck_assert_int_ge(least, 30 * MS);
	ck_assert_int_lt(least, 31 * MS);
	ck_assert_int_le(most, 70 * MS);
	ck_assert_int_gt(most, 69 * MS);
	ck_assert_int_ge(sum / 2000, 49 * MS);
	ck_assert_int_le(sum / 2000, 51 * MS);
	harness_free(h);
}
END_TEST

START_TEST(jitter_above_the_latency_never_goes_back_in_time)
{
	struct harness *h = harness_new(3);
	struct harness_flow *f;

	harness_add(h, "latency,latency=10ms,jitter=40ms");
	f = stream(h);
	harness_expect_pattern(f, LINK_DOWN, 40000);
	harness_free(h);
}
END_TEST

START_TEST(the_same_seed_replays_the_same_delays)
{
	int64_t at[3][400];
	static const uint64_t seeds[] = {11, 11, 12};

	for (int run = 0; run < 3; run++) {
		struct harness *h = harness_new(seeds[run]);
		struct harness_flow *f;

		harness_add(h, "latency,latency=50ms,jitter=50ms");
		f = stream(h);
		for (size_t i = 0; i < 400; i++)
			at[run][i] =
			    harness_delivered_us(f, LINK_DOWN, 100 * i);
		harness_free(h);
	}
	ck_assert_mem_eq(at[0], at[1], sizeof(at[0]));
	ck_assert_mem_ne(at[0], at[2], sizeof(at[0]));
}
END_TEST

START_TEST(both_directions_draw_for_themselves)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=50ms,jitter=50ms,stream=both");
	f = harness_open(h);
	harness_send(f, LINK_UP, "a");
	harness_send(f, LINK_DOWN, "b");
	harness_settle(h, 200 * MS);
	ck_assert_int_ne(harness_delivered_us(f, LINK_UP, 0),
	    harness_delivered_us(f, LINK_DOWN, 0));
	harness_free(h);
}
END_TEST

START_TEST(removal_while_holding_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=10s");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 200000, 3000);
	harness_eof(f, LINK_DOWN);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 0);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_DOWN, 200000);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(a_new_latency_holds_for_bytes_still_waiting)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=10s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "a");
	harness_advance(h, 30 * MS);
	harness_send(f, LINK_DOWN, "b");
	harness_set(h, 0, "latency,latency=50ms");
	harness_settle(h, 200 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 50 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 1), 80 * MS);
	harness_free(h);
}
END_TEST

START_TEST(a_full_link_pushes_back_and_resumes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent;

	harness_add(h, "latency,latency=100ms");
	f = harness_open(h);
	sent = harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536);
	ck_assert_uint_lt(sent, 64 << 20);
	ck_assert(!link_wants(&f->flow.links[LINK_DOWN]));
	harness_settle(h, 200 * MS);
	ck_assert(link_wants(&f->flow.links[LINK_DOWN]));
	ck_assert_uint_gt(f->got[LINK_DOWN].resumed, 0);
	sent += harness_send_pattern(f, LINK_DOWN, 100000, 65536);
	harness_settle(h, 200 * MS);
	harness_expect_pattern(f, LINK_DOWN, sent);
	harness_free(h);
}
END_TEST

START_TEST(the_close_is_delayed_only_if_asked)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=300ms");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);

	h = harness_new(1);
	harness_add(h, "latency,latency=300ms,delay_close=true");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 400 * MS);
	ck_assert_int_eq(f->got[LINK_DOWN].eof_us, 300 * MS);
	harness_free(h);
}
END_TEST

START_TEST(the_bound_cuts_long_delays)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "latency,latency=50ms,max=20ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_settle(h, 100 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 20 * MS);
	harness_free(h);
}
END_TEST

START_TEST(achieved_delays_are_reported_beside_asked_ones)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	const struct event_record *e;

	harness_add(h, "latency,latency=40ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_settle(h, 100 * MS);
	harness_send(f, LINK_DOWN, "y");
	harness_settle(h, 100 * MS);
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->count, 2);
	ck_assert_double_eq(e->asked_us, 40 * MS);
	ck_assert_double_eq(e->achieved_us, 40 * MS);
	ck_assert_double_eq(e->error_max_us, 0);
	harness_free(h);
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {
	    "latency,latency=-5ms",
	    "latency,latency=400d",
	    "latency,jitter=9999999999999999999",
	    "latency,correlation=2",
	    "latency,distribution=gauss",
	    "latency,distribution=percentiles,p50=10ms",
	    "latency,distribution=percentiles,p50=10ms,p99=5ms",
	    "latency,distribution=percentiles,p50=9ms,p95=8ms,p99=10ms",
	    "latency,distribution=percentiles,p50=9ms,p95=10ms,latency=1ms",
	    "latency,distribution=table",
	    "latency,distribution=lognormal,jitter=1ms",
	    "latency,p50=10ms",
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
	    each_chunk_leaves_the_delay_after_its_arrival,
	    only_its_direction_is_delayed,
	    jitter_keeps_bytes_order_and_eof,
	    jitter_spreads_evenly_around_the_mean,
	    jitter_above_the_latency_never_goes_back_in_time,
	    the_same_seed_replays_the_same_delays,
	    both_directions_draw_for_themselves,
	    removal_while_holding_loses_nothing,
	    a_new_latency_holds_for_bytes_still_waiting,
	    a_full_link_pushes_back_and_resumes,
	    the_close_is_delayed_only_if_asked,
	    the_bound_cuts_long_delays,
	    achieved_delays_are_reported_beside_asked_ones,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("latency", tests);
}
