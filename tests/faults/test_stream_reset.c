/* SPDX-License-Identifier: Apache-2.0 */
/* stream_reset: how much passes, with which code it ends, and where it has no
 * effect. */
#include "tests/harness/suite.h"

#define ANSWER "HTTP/1.1 200 OK\r\n\r\n"
#define HEAD   19

static struct harness_flow *
stream(const char *text)
{
	h->is_http2 = true;
	harness_add(h, text);
	return suite_exchange(HEAD);
}

START_TEST(by_default_nothing_passes)
{
	struct harness_flow *f = stream("stream_reset,code=REFUSED_STREAM");

	harness_send(f, LINK_UP, "request");
	harness_expect(f, LINK_UP, "request");
	harness_send(f, LINK_DOWN, ANSWER);
	harness_expect(f, LINK_DOWN, "");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST_AFTER);
	ck_assert_uint_eq(f->flow.end_code, 7);
}
END_TEST

START_TEST(a_share_of_the_body_passes_first)
{
	struct harness_flow *f = stream("stream_reset,bytes=5");

	harness_send(f, LINK_DOWN, ANSWER "123");
	ck_assert(!f->ended);
	harness_send(f, LINK_DOWN, "45678");
	harness_expect(f, LINK_DOWN, ANSWER "12345");
	ck_assert(f->ended);
	ck_assert_uint_eq(f->flow.end_code, 2);
}
END_TEST

START_TEST(messages_pass_whole)
{
	static const char two[] = "\0\0\0\0\1a\0\0\0\0\1b\0\0\0";
	struct harness_flow *f = stream("stream_reset,messages=2,code=CANCEL");

	harness_send(f, LINK_DOWN, ANSWER);
	harness_send_bytes(f, LINK_DOWN, two, sizeof(two) - 1);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, HEAD + 12);
	ck_assert_uint_eq(f->flow.end_code, 8);
}
END_TEST

START_TEST(on_http1_it_says_that_it_can_do_nothing)
{
	struct harness_flow *f;

	harness_add(h, "stream_reset");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_DOWN, ANSWER);
	harness_send(f, LINK_DOWN, "body");
	harness_expect(f, LINK_DOWN, ANSWER "body");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "not_http2"), 1);
	ck_assert(!f->flow.faulted);
}
END_TEST

START_TEST(one_measure_at_a_time)
{
	suite_complains("stream_reset,bytes=1,messages=1", "one of both");
	suite_complains("stream_reset,code=CANCELLED", "CANCEL");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("stream_reset", true, by_default_nothing_passes,
	    a_share_of_the_body_passes_first, messages_pass_whole,
	    on_http1_it_says_that_it_can_do_nothing, one_measure_at_a_time);
}
