/* SPDX-License-Identifier: Apache-2.0 */
/* timeout swallows bytes and closes. */
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(idle_connections_close_after_the_timeout)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=500");
	f = harness_open(h);
	harness_advance(h, 500 * MS - 1);
	ck_assert(!f->ended);
	harness_advance(h, 1);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	harness_free(h);
}
END_TEST

START_TEST(its_direction_is_swallowed_and_the_other_passes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=500");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "lost");
	harness_send(f, LINK_UP, "found");
	harness_expect(f, LINK_DOWN, "");
	harness_expect(f, LINK_UP, "found");
	harness_advance(h, 500 * MS);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

/* Sends every 300 ms for 1.5 s under a timeout of 500 ms. */
static struct harness_flow *
busy(struct harness *h)
{
	struct harness_flow *f = harness_open(h);

	for (int i = 0; i < 5; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 300 * MS);
	}
	return f;
}

START_TEST(each_arrival_starts_the_time_anew)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=500ms");
	f = busy(h);
	ck_assert(!f->ended);
	harness_settle(h, 1000 * MS);
	ck_assert_int_eq(f->ended_us, 1700 * MS);
	harness_free(h);
}
END_TEST

START_TEST(an_absolute_timeout_does_not_wait_for_silence)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=500ms,absolute=true");
	f = busy(h);
	ck_assert(f->ended);
	ck_assert_int_eq(f->ended_us, 500 * MS);
	harness_free(h);
}
END_TEST

START_TEST(zero_never_closes_until_removed)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=0");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "lost");
	harness_advance(h, 3600000 * (int64_t)MS);
	ck_assert(!f->ended);
	harness_remove(h, 0);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

START_TEST(the_senders_end_of_stream_passes_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=10s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "lost");
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(a_new_timeout_counts_from_the_same_moment)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=10s");
	f = harness_open(h);
	harness_advance(h, 1000 * MS);
	harness_send(f, LINK_DOWN, "x");
	harness_advance(h, 1000 * MS);
	harness_set(h, 0, "timeout,timeout=3s");
	harness_settle(h, 5000 * MS);
	ck_assert_int_eq(f->ended_us, 4000 * MS);
	harness_free(h);
}
END_TEST

START_TEST(a_new_timeout_of_zero_calls_the_close_off)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "timeout,timeout=1s");
	f = harness_open(h);
	harness_set(h, 0, "timeout,timeout=0");
	harness_advance(h, 60000 * MS);
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(swallowed_bytes_never_fill_the_link)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	const struct event_record *e;

	harness_add(h, "timeout,timeout=0");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	ck_assert_uint_eq(
	    harness_send_pattern(f, LINK_DOWN, 32 << 20, 65536), 32 << 20);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_double_eq(e->amount, 32 << 20);
	harness_free(h);
}
END_TEST

START_TEST(behind_an_answer_that_vanished_nothing_follows)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	h->protocol = "redis";
	harness_add(h, "timeout,timeout=500ms");
	f = harness_prepare(h, FLOW_EXCHANGE);
	harness_begin(f);
	harness_send(f, LINK_DOWN, "+OK");
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 499 * MS);
	ck_assert(!f->ended && !f->got[LINK_DOWN].eof);
	harness_advance(h, 2 * MS);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    idle_connections_close_after_the_timeout,
	    its_direction_is_swallowed_and_the_other_passes,
	    each_arrival_starts_the_time_anew,
	    an_absolute_timeout_does_not_wait_for_silence,
	    zero_never_closes_until_removed,
	    the_senders_end_of_stream_passes_at_once,
	    a_new_timeout_counts_from_the_same_moment,
	    a_new_timeout_of_zero_calls_the_close_off,
	    swallowed_bytes_never_fill_the_link,
	    behind_an_answer_that_vanished_nothing_follows,
	    NULL,
	};

	return check_run("timeout", tests);
}
