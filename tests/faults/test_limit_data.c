/* SPDX-License-Identifier: Apache-2.0 */
/* limit_data passes exactly so many bytes, then closes. */
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

START_TEST(exactly_the_asked_bytes_pass_then_fin)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=7");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "1234");
	ck_assert(!f->ended);
	harness_send(f, LINK_DOWN, "567890");
	harness_expect(f, LINK_DOWN, "1234567");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	harness_free(h);
}
END_TEST

START_TEST(the_last_byte_closes_without_waiting_for_more)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=4");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "1234");
	harness_expect(f, LINK_DOWN, "1234");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(zero_closes_at_the_first_byte)
{
	static const char *const texts[] = {"limit_data,bytes=0", "limit_data"};

	for (size_t i = 0; i < 2; i++) {
		struct harness *h = harness_new(1);
		struct harness_flow *f;

		harness_add(h, texts[i]);
		f = harness_open(h);
		ck_assert(!f->ended);
		harness_send(f, LINK_UP, "up is free");
		ck_assert(!f->ended);
		harness_send(f, LINK_DOWN, "x");
		harness_expect(f, LINK_DOWN, "");
		ck_assert(f->ended);
		harness_free(h);
	}
}
END_TEST

START_TEST(the_count_survives_updates)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=10");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "12345");
	harness_set(h, 0, "limit_data,bytes=7");
	ck_assert(!f->ended);
	harness_send(f, LINK_DOWN, "6789");
	harness_expect(f, LINK_DOWN, "1234567");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_limit_below_what_passed_closes_at_once)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=10");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "12345");
	harness_set(h, 0, "limit_data,bytes=2");
	ck_assert(f->ended);
	harness_expect(f, LINK_DOWN, "12345");
	harness_free(h);
}
END_TEST

START_TEST(each_connection_has_its_own_count)
{
	struct harness *h = harness_new(1);
	struct harness_flow *a, *b;

	harness_add(h, "limit_data,bytes=4,stream=upstream");
	a = harness_open(h);
	b = harness_open(h);
	harness_send(a, LINK_UP, "aaaaaa");
	harness_send(b, LINK_UP, "bbb");
	ck_assert(a->ended);
	ck_assert(!b->ended);
	harness_expect(b, LINK_UP, "bbb");
	harness_free(h);
}
END_TEST

START_TEST(an_early_end_of_stream_passes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=100");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "short");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "short");
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(heads_of_http_messages_do_not_count)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=3");
	f = harness_prepare(h, FLOW_EXCHANGE);
	f->flow.links[LINK_DOWN].head_len = 6;
	harness_begin(f);
	harness_send(f, LINK_DOWN, "hea");
	harness_send(f, LINK_DOWN, "d\r\nbody");
	harness_expect(f, LINK_DOWN, "head\r\nbod");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(removal_lifts_the_limit)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=5");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "123");
	harness_remove(h, 0);
	harness_send(f, LINK_DOWN, "456789");
	harness_expect(f, LINK_DOWN, "123456789");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_blocked_receiver_still_gets_all_of_it)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "limit_data,bytes=100000");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	harness_send_pattern(f, LINK_DOWN, 150000, 9000);
	ck_assert(f->ended);
	harness_block(f, LINK_DOWN, false);
	harness_expect_pattern(f, LINK_DOWN, 100000);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    exactly_the_asked_bytes_pass_then_fin,
	    the_last_byte_closes_without_waiting_for_more,
	    zero_closes_at_the_first_byte,
	    the_count_survives_updates,
	    a_limit_below_what_passed_closes_at_once,
	    each_connection_has_its_own_count,
	    an_early_end_of_stream_passes,
	    heads_of_http_messages_do_not_count,
	    removal_lifts_the_limit,
	    a_blocked_receiver_still_gets_all_of_it,
	    NULL,
	};

	return check_run("limit_data", tests);
}
