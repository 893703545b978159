/* SPDX-License-Identifier: Apache-2.0 */
/* reset_peer ends connections with a reset. */
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(the_first_bytes_reset_at_once_and_are_not_delivered)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "greeting");
	ck_assert(!f->ended);
	harness_send(f, LINK_UP, "request");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
	harness_expect(f, LINK_UP, "");
	harness_expect(f, LINK_DOWN, "greeting");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "reset"), 1);
	harness_free(h);
}
END_TEST

START_TEST(the_reset_comes_a_timeout_after_the_first_bytes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,timeout=2000");
	f = harness_open(h);
	harness_advance(h, 1500 * MS);
	harness_send(f, LINK_DOWN, "first");
	harness_advance(h, 1000 * MS);
	harness_send(f, LINK_DOWN, "second");
	harness_settle(h, 5000 * MS);
	ck_assert_int_eq(f->ended_us, 3500 * MS);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

START_TEST(the_end_of_stream_counts_as_bytes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer");
	f = harness_open(h);
	harness_eof(f, LINK_DOWN);
	ck_assert(f->ended);
	ck_assert(!f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(idle_connections_are_reset_after_the_timeout)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	harness_advance(h, 1000 * MS);
	harness_add(h, "reset_peer,timeout=300ms");
	harness_settle(h, 1000 * MS);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
	ck_assert_int_eq(f->ended_us, 1300 * MS);
	harness_free(h);
}
END_TEST

START_TEST(without_a_timeout_idle_connections_wait_for_bytes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	harness_add(h, "reset_peer");
	harness_advance(h, 60000 * MS);
	ck_assert(!f->ended);
	harness_send(f, LINK_DOWN, "x");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(at_open_resets_new_connections_before_they_are_opened)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,at=open");
	f = harness_open(h);
	ck_assert(f->ended);
	ck_assert(!f->opened);
	ck_assert_int_eq(f->how, END_RST);
	harness_free(h);
}
END_TEST

START_TEST(at_open_resets_existing_connections_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f = harness_open(h);

	harness_send(f, LINK_DOWN, "before");
	harness_add(h, "reset_peer,at=open");
	harness_advance(h, 0);
	ck_assert(f->ended);
	harness_expect(f, LINK_DOWN, "before");
	harness_free(h);
}
END_TEST

START_TEST(at_open_passes_bytes_until_the_timeout)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,at=open,timeout=1s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "works");
	harness_advance(h, 900 * MS);
	harness_send(f, LINK_DOWN, " still");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "works still");
	ck_assert(f->got[LINK_DOWN].eof);
	harness_settle(h, 1000 * MS);
	ck_assert_int_eq(f->ended_us, 1000 * MS);
	harness_free(h);
}
END_TEST

START_TEST(removal_calls_a_pending_reset_off_and_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,timeout=4s");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "kept");
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "");
	harness_remove(h, 0);
	harness_advance(h, 60000 * MS);
	ck_assert(!f->ended);
	harness_expect(f, LINK_DOWN, "kept");
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(a_new_timeout_moves_a_pending_reset)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,timeout=40s");
	f = harness_open(h);
	harness_advance(h, 1000 * MS);
	harness_send(f, LINK_DOWN, "x");
	harness_advance(h, 1000 * MS);
	harness_set(h, 0, "reset_peer,timeout=3s");
	harness_settle(h, 40000 * MS);
	ck_assert_int_eq(f->ended_us, 4000 * MS);
	harness_free(h);
}
END_TEST

START_TEST(a_flow_that_was_not_drawn_is_untouched)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,probability=0");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	ck_assert(!f->ended);
	ck_assert(link_is_fast(&f->flow.links[LINK_DOWN]));
	harness_free(h);
}
END_TEST

START_TEST(a_pending_reset_pushes_back)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "reset_peer,timeout=1s");
	f = harness_open(h);
	ck_assert_uint_lt(
	    harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536), 64 << 20);
	harness_settle(h, 2000 * MS);
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_first_bytes_reset_at_once_and_are_not_delivered,
	    the_reset_comes_a_timeout_after_the_first_bytes,
	    the_end_of_stream_counts_as_bytes,
	    idle_connections_are_reset_after_the_timeout,
	    without_a_timeout_idle_connections_wait_for_bytes,
	    at_open_resets_new_connections_before_they_are_opened,
	    at_open_resets_existing_connections_at_once,
	    at_open_passes_bytes_until_the_timeout,
	    removal_calls_a_pending_reset_off_and_loses_nothing,
	    a_new_timeout_moves_a_pending_reset,
	    a_flow_that_was_not_drawn_is_untouched,
	    a_pending_reset_pushes_back,
	    NULL,
	};

	return check_run("reset_peer", tests);
}
