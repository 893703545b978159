/* SPDX-License-Identifier: Apache-2.0 */
/* goaway: said once for each request, and what becomes of the request. */
#include "tests/harness/suite.h"

#define REQUEST "GET / HTTP/1.1\r\n\r\n"
#define HEAD	18

static struct harness_flow *
stream(const char *text)
{
	struct harness_flow *f;

	h->is_http2 = true;
	harness_add(h, text);
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_send(f, LINK_UP, "body");
	return f;
}

START_TEST(graceful_lets_the_request_pass)
{
	struct harness_flow *f = stream("goaway,code=ENHANCE_YOUR_CALM");

	harness_expect(f, LINK_UP, REQUEST "body");
	ck_assert_uint_eq(f->goaways, 1);
	ck_assert(!f->goaway.abrupt);
	ck_assert_uint_eq(f->goaway.code, 11);
}
END_TEST

START_TEST(abrupt_keeps_it_from_the_server)
{
	struct harness_flow *f = stream("goaway,mode=abrupt,last=before");

	harness_expect(f, LINK_UP, "");
	ck_assert_uint_eq(f->goaways, 1);
	ck_assert(f->goaway.abrupt);
	ck_assert_int_eq(f->goaway.last, STAGE_LAST_BEFORE);
}
END_TEST

START_TEST(a_request_under_way_is_let_alone)
{
	struct harness_flow *f;

	h->is_http2 = true;
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_add(h, "goaway");
	harness_send(f, LINK_UP, "body");
	harness_expect(f, LINK_UP, REQUEST "body");
	ck_assert_uint_eq(f->goaways, 0);
}
END_TEST

START_TEST(on_http1_it_says_that_it_can_do_nothing)
{
	struct harness_flow *f;

	harness_add(h, "goaway,mode=abrupt");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_expect(f, LINK_UP, REQUEST);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "not_http2"), 1);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("goaway", true, graceful_lets_the_request_pass,
	    abrupt_keeps_it_from_the_server, a_request_under_way_is_let_alone,
	    on_http1_it_says_that_it_can_do_nothing);
}
