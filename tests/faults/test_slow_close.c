/* SPDX-License-Identifier: Apache-2.0 */
/* slow_close holds the end of stream and nothing else. */
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(only_the_end_of_its_direction_waits)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slow_close,delay=200ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "bye");
	harness_eof(f, LINK_DOWN);
	harness_eof(f, LINK_UP);
	harness_expect(f, LINK_DOWN, "bye");
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 0);
	ck_assert(f->got[LINK_UP].eof);
	harness_advance(h, 200 * MS - 1);
	ck_assert(!f->got[LINK_DOWN].eof);
	harness_advance(h, 1);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(the_other_direction_goes_on_meanwhile)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slow_close,delay=1s,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_UP, "request");
	harness_eof(f, LINK_UP);
	harness_advance(h, 500 * MS);
	harness_send(f, LINK_DOWN, "reply");
	harness_expect(f, LINK_DOWN, "reply");
	harness_settle(h, 1000 * MS);
	ck_assert_int_eq(f->got[LINK_UP].eof_us, 1000 * MS);
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(removal_lets_a_held_end_go)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slow_close,delay=10s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 1000 * MS);
	harness_remove(h, 0);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_expect(f, LINK_DOWN, "x");
	harness_free(h);
}
END_TEST

START_TEST(a_new_delay_counts_from_the_arrival_of_the_end)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slow_close,delay=10s");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 300 * MS);
	harness_set(h, 0, "slow_close,delay=500ms");
	harness_settle(h, 10000 * MS);
	ck_assert_int_eq(f->got[LINK_DOWN].eof_us, 500 * MS);
	harness_free(h);
}
END_TEST

START_TEST(what_was_achieved_is_reported)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	const struct event_record *e;

	harness_add(h, "slow_close,delay=70ms");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->count, 1);
	ck_assert_double_eq(e->asked_us, 70 * MS);
	ck_assert_double_eq(e->achieved_us, 70 * MS);
	harness_free(h);
}
END_TEST

START_TEST(back_pressure_goes_through)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent;

	harness_add(h, "slow_close,delay=1s");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	sent = harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536);
	ck_assert_uint_lt(sent, 64 << 20);
	harness_block(f, LINK_DOWN, false);
	harness_expect_pattern(f, LINK_DOWN, sent);
	harness_free(h);
}
END_TEST

START_TEST(absurd_delays_are_refused)
{
	struct harness *h = harness_new(1);
	char *text = harness_complaints(h, "slow_close,delay=-1ms");

	ck_assert_ptr_nonnull(strstr(text, "delay"));
	free(text);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    only_the_end_of_its_direction_waits,
	    the_other_direction_goes_on_meanwhile,
	    removal_lets_a_held_end_go,
	    a_new_delay_counts_from_the_arrival_of_the_end,
	    what_was_achieved_is_reported,
	    back_pressure_goes_through,
	    absurd_delays_are_refused,
	    NULL,
	};

	return check_run("slow_close", tests);
}
