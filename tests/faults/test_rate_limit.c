/* SPDX-License-Identifier: Apache-2.0 */
/* rate_limit: the rate is kept, the burst is kept, Retry-After is honest. */
#include "tests/harness/suite.h"

#define REQUEST "GET / HTTP/1.1\r\n\r\n"
#define HEAD	(sizeof(REQUEST) - 1)

/* Sends a request; true if it reached the server. */
static bool
knock(struct harness_flow **flow)
{
	struct harness_flow *f = suite_exchange(HEAD);
	bool let_in;

	harness_send(f, LINK_UP, REQUEST);
	harness_eof(f, LINK_UP);
	let_in = f->got[LINK_UP].bytes.len > 0;
	ck_assert(let_in != f->answered);
	if (flow != NULL)
		*flow = f;
	harness_close(f);
	return let_in;
}

static int
retry_after(void)
{
	struct harness_flow *f;
	const char *at;

	ck_assert(!knock(&f));
	at = strstr(f->answer_headers.text, "Retry-After: ");
	ck_assert_ptr_nonnull(at);
	return atoi(at + 13);
}

START_TEST(the_rate_is_kept_in_the_long_run_and_others_get_429)
{
	struct harness_flow *f;
	unsigned in = 0;

	harness_add(h, "rate_limit,rate=10");
	for (int i = 0; i < 1000; i++) {
		in += knock(NULL);
		harness_advance(h, 10000);
	}
	ck_assert_uint_eq(in, 100);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "rate_limit"), 900);
	harness_advance(h, 100000);
	ck_assert(knock(NULL));
	ck_assert(!knock(&f));
	ck_assert_int_eq(f->answer_status, 429);
	ck_assert_str_eq(f->answer_body.text, "rate limit exceeded\n");
	harness_expect(f, LINK_UP, "");
}
END_TEST

START_TEST(a_burst_is_let_in_at_once_and_no_more)
{
	unsigned in = 0;

	harness_add(h, "rate_limit,rate=1,burst=5");
	for (int i = 0; i < 20; i++)
		in += knock(NULL);
	ck_assert_uint_eq(in, 5);
	harness_advance(h, 3000000);
	for (int i = 0; i < 20; i++)
		in += knock(NULL);
	ck_assert_uint_eq(in, 8);
	harness_advance(h, 3600000000);
	for (int i = 0; i < 20; i++)
		in += knock(NULL);
	ck_assert_uint_eq(in, 13);
}
END_TEST

START_TEST(who_obeys_retry_after_is_let_in)
{
	harness_add(h, "rate_limit,rate=0.25");
	ck_assert(knock(NULL));
	harness_advance(h, 500000);
	ck_assert_int_eq(retry_after(), 4);
	harness_advance(h, 3000000);
	ck_assert_int_eq(retry_after(), 1);
	harness_advance(h, 1000000);
	ck_assert(knock(NULL));
}
END_TEST

START_TEST(retry_after_can_be_made_up)
{
	harness_add(h, "rate_limit,rate=1,retry_after=90500ms");
	ck_assert(knock(NULL));
	ck_assert_int_eq(retry_after(), 91);
}
END_TEST

START_TEST(knocking_does_not_prolong_the_wait)
{
	harness_add(h, "rate_limit,rate=1");
	ck_assert(knock(NULL));
	for (int i = 0; i < 9; i++) {
		harness_advance(h, 100000);
		ck_assert(!knock(NULL));
	}
	harness_advance(h, 100000);
	ck_assert(knock(NULL));
}
END_TEST

START_TEST(a_request_under_way_is_let_through)
{
	struct harness_flow *f = suite_exchange(HEAD);

	harness_send(f, LINK_UP, REQUEST);
	harness_add(h, "rate_limit,rate=0.001");
	ck_assert(knock(NULL));
	harness_send(f, LINK_UP, "body");
	harness_expect(f, LINK_UP, REQUEST "body");
}
END_TEST

START_TEST(the_slowest_rate_and_the_largest_burst_do_not_overflow)
{
	harness_add(h, "rate_limit,rate=0.001,burst=1000000");
	for (int i = 0; i < 1000; i++)
		ck_assert(knock(NULL));
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("rate_limit", "rate");
	suite_complains("rate_limit,rate=0", "rate");
	suite_complains("rate_limit,rate=1,burst=0", "burst");
	suite_complains("rate_limit,rate=1,status=200", "status");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("rate_limit", true,
	    the_rate_is_kept_in_the_long_run_and_others_get_429,
	    a_burst_is_let_in_at_once_and_no_more,
	    who_obeys_retry_after_is_let_in, retry_after_can_be_made_up,
	    knocking_does_not_prolong_the_wait,
	    a_request_under_way_is_let_through,
	    the_slowest_rate_and_the_largest_burst_do_not_overflow,
	    bad_parameters_are_refused);
}
