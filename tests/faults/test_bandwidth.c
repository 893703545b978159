/* SPDX-License-Identifier: Apache-2.0 */
/* bandwidth holds a rate, evenly, and stalls at 0. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

/* Keeps the link as full as it lets us, for so long. */
static void
saturate(struct harness_flow *f, enum link_dir dir, int64_t us)
{
	for (int64_t t = 0; t < us; t += 5 * MS) {
		harness_send_pattern(f, dir, 8 << 20, 65536);
		harness_advance(f->harness, 5 * MS);
	}
}

static const struct {
	const char *text;
	size_t rate_Bps;
} rates[] = {
    {"bandwidth,rate=100", 100000},
    {"bandwidth,rate=1MB/s", 1000000},
    {"bandwidth,rate=10MB/s", 10000000},
    {"bandwidth,rate=100MB/s", 100000000},
};

START_TEST(the_rate_is_kept_within_a_percent_and_evenly)
{
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;
		size_t got, per_window = rates[i].rate_Bps / 100;

		harness_add(h, rates[i].text);
		f = harness_open(h);
		saturate(f, LINK_DOWN, 1000 * MS);
		got = f->got[LINK_DOWN].bytes.len;
		ck_assert_uint_ge(got, rates[i].rate_Bps * 99 / 100);
		ck_assert_uint_le(got, rates[i].rate_Bps * 101 / 100);
		ck_assert_uint_le(
		    harness_busiest(f, LINK_DOWN, 10 * MS), per_window * 3 / 2);
		harness_expect_pattern(f, LINK_DOWN, got);
		harness_free(h);
	}
}
END_TEST

START_TEST(a_small_message_takes_its_size_over_the_rate)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1KB/s");
	f = harness_open(h);
	harness_advance(h, 5000 * MS);
	harness_send(f, LINK_DOWN, "0123456789");
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 100 * MS);
	harness_expect(f, LINK_DOWN, "0123456789");
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 9), 5010 * MS);
	ck_assert_int_eq(f->got[LINK_DOWN].eof_us, 5010 * MS);
	harness_free(h);
}
END_TEST

START_TEST(rate_zero_stalls_and_removal_releases_everything)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent;

	harness_add(h, "bandwidth,rate=0");
	f = harness_open(h);
	sent = harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536);
	ck_assert_uint_lt(sent, 64 << 20);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 3600000 * (int64_t)MS);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 0);
	ck_assert(!f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "stall"), 1);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_DOWN, sent);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(a_raised_rate_ends_the_stall_without_a_burst)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=0");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 1000000, 65536);
	harness_advance(h, 60000 * MS);
	harness_set(h, 0, "bandwidth,rate=1MB/s");
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 0);
	harness_advance(h, 100 * MS);
	ck_assert_uint_ge(f->got[LINK_DOWN].bytes.len, 97000);
	ck_assert_uint_le(f->got[LINK_DOWN].bytes.len, 101000);
	harness_settle(h, 2000 * MS);
	harness_expect_pattern(f, LINK_DOWN, 1000000);
	harness_free(h);
}
END_TEST

START_TEST(a_new_rate_holds_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1B/s");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 100000, 10000);
	harness_advance(h, 500 * MS);
	harness_set(h, 0, "bandwidth,rate=1MB/s");
	harness_advance(h, 101 * MS);
	harness_expect_pattern(f, LINK_DOWN, 100000);
	harness_free(h);
}
END_TEST

START_TEST(connections_have_a_line_each)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f[3];

	harness_add(h, "bandwidth,rate=1MB/s");
	for (int i = 0; i < 3; i++) {
		f[i] = harness_open(h);
		harness_send_pattern(f[i], LINK_DOWN, 2000000, 65536);
	}
	harness_advance(h, 1000 * MS);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_ge(f[i]->got[LINK_DOWN].bytes.len, 990000);
	harness_free(h);
}
END_TEST

START_TEST(a_shared_line_is_divided)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f[4];
	size_t total = 0;

	harness_add(h, "bandwidth,rate=1MB/s,shared=true");
	for (int i = 0; i < 4; i++) {
		f[i] = harness_open(h);
		harness_send_pattern(f[i], LINK_DOWN, 1000000, 65536);
	}
	harness_advance(h, 1000 * MS);
	for (int i = 0; i < 4; i++) {
		size_t got = f[i]->got[LINK_DOWN].bytes.len;

		ck_assert_uint_ge(got, 230000);
		ck_assert_uint_le(got, 270000);
		total += got;
	}
	ck_assert_uint_ge(total, 985000);
	ck_assert_uint_le(total, 1010000);
	harness_settle(h, 5000 * MS);
	for (int i = 0; i < 4; i++)
		harness_expect_pattern(f[i], LINK_DOWN, 1000000);
	harness_free(h);
}
END_TEST

START_TEST(directions_do_not_share_a_line)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1MB/s,shared=true,stream=both");
	f = harness_open(h);
	harness_send_pattern(f, LINK_UP, 500000, 65536);
	harness_send_pattern(f, LINK_DOWN, 500000, 65536);
	harness_settle(h, 505 * MS);
	harness_expect_pattern(f, LINK_UP, 500000);
	harness_expect_pattern(f, LINK_DOWN, 500000);
	harness_free(h);
}
END_TEST

START_TEST(a_burst_passes_at_full_speed_after_a_pause)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1MB/s,burst=64KB");
	f = harness_open(h);
	harness_advance(h, 1000 * MS);
	harness_send_pattern(f, LINK_DOWN, 200000, 50000);
	ck_assert_uint_ge(f->got[LINK_DOWN].bytes.len, 62000);
	ck_assert_uint_le(f->got[LINK_DOWN].bytes.len, 64000);
	harness_settle(h, 140 * MS);
	harness_expect_pattern(f, LINK_DOWN, 200000);
	ck_assert_int_ge(harness_now(h), 1135 * MS);
	harness_free(h);
}
END_TEST

START_TEST(removal_while_pacing_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=10KB/s");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 300000, 7000);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 333 * MS);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_DOWN, 300000);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(heads_of_http_messages_pass_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "bandwidth,rate=1KB/s");
	f = harness_prepare(h, FLOW_EXCHANGE);
	f->flow.links[LINK_DOWN].head_len = 6;
	harness_begin(f);
	harness_send(f, LINK_DOWN, "head\r\nbody");
	harness_expect(f, LINK_DOWN, "head\r\n");
	harness_settle(h, 10 * MS);
	harness_expect(f, LINK_DOWN, "head\r\nbody");
	harness_free(h);
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {
	    "bandwidth,rate=-1",
	    "bandwidth,rate=1e30",
	    "bandwidth,rate=0.0001",
	    "bandwidth,rate=1MB/s,burst=-1",
	    "bandwidth,rate=1MB/s,burst=5000GB",
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
	    the_rate_is_kept_within_a_percent_and_evenly,
	    a_small_message_takes_its_size_over_the_rate,
	    rate_zero_stalls_and_removal_releases_everything,
	    a_raised_rate_ends_the_stall_without_a_burst,
	    a_new_rate_holds_at_once,
	    connections_have_a_line_each,
	    a_shared_line_is_divided,
	    directions_do_not_share_a_line,
	    a_burst_passes_at_full_speed_after_a_pause,
	    removal_while_pacing_loses_nothing,
	    heads_of_http_messages_pass_at_once,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("bandwidth", tests);
}
