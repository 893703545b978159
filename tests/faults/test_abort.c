/* SPDX-License-Identifier: Apache-2.0 */
/* abort: the proxy's answer in the server's place. */
#include "tests/harness/suite.h"

#define REQUEST "POST / HTTP/1.1\r\n\r\n"
#define HEAD	(sizeof(REQUEST) - 1)

START_TEST(the_request_is_answered_and_never_reaches_the_server)
{
	struct harness_flow *f;

	harness_add(h, "abort,status=502,body=sorry,headers=Retry-After: 2");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_send(f, LINK_UP, "a body that comes later");
	harness_expect(f, LINK_UP, "");
	ck_assert(f->answered);
	ck_assert_int_eq(f->answer_status, 502);
	ck_assert_str_eq(f->answer_body.text, "sorry");
	ck_assert_str_eq(f->answer_headers.text,
	    "Retry-After: 2\nContent-Type: text/plain; charset=utf-8\n");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "abort"), 1);
	ck_assert_double_eq(harness_last(h, EVENT_EFFECT)->amount, 502);
}
END_TEST

START_TEST(the_users_content_type_stands)
{
	struct harness_flow *f;

	harness_add(h, "abort,body={},headers=content-type: application/json");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	ck_assert_int_eq(f->answer_status, 503);
	ck_assert_str_eq(f->answer_headers.text,
	    "content-type: application/json\n");
}
END_TEST

START_TEST(after_lets_the_server_work_and_replaces_its_answer)
{
	struct harness_flow *f;

	harness_add(h, "abort,after=true");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_expect(f, LINK_UP, REQUEST);
	ck_assert(!f->answered);
	harness_send(f, LINK_DOWN, "HTTP/1.1 200 OK\r\n\r\n and more");
	harness_eof(f, LINK_DOWN);
	ck_assert(f->answered);
	ck_assert_int_eq(f->answer_status, 503);
	harness_expect(f, LINK_DOWN, "");
}
END_TEST

START_TEST(a_message_that_has_begun_to_pass_is_not_cut_in_half)
{
	struct harness_flow *f = suite_exchange(HEAD);

	harness_send(f, LINK_UP, REQUEST);
	harness_add(h, "abort");
	harness_send(f, LINK_UP, "body");
	harness_expect(f, LINK_UP, REQUEST "body");
	ck_assert(!f->answered);
}
END_TEST

START_TEST(an_exchange_already_answered_passes)
{
	struct harness_flow *f;

	harness_add(h, "abort,after=true");
	f = suite_exchange(HEAD);
	f->answered = true;
	harness_send(f, LINK_DOWN, "HTTP/1.1 200 OK\r\n\r\n");
	harness_expect(f, LINK_DOWN, "HTTP/1.1 200 OK\r\n\r\n");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, NULL), 0);
}
END_TEST

START_TEST(grpc_is_answered_in_its_own_terms)
{
	static const char *const headers[] = {
	    "Content-Type: application/grpc+proto", NULL};
	struct harness_flow *f;

	harness_add(h, "abort,grpc_status=14,grpc_message=50% \xc3\xa9");
	f = suite_exchange(HEAD);
	f->headers = headers;
	harness_send(f, LINK_UP, REQUEST);
	ck_assert_int_eq(f->answer_status, 200);
	ck_assert_str_eq(f->answer_headers.text,
	    "content-type: application/grpc\n"
	    "grpc-status: 14\n"
	    "grpc-message: 50%25 %C3%A9\n");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "grpc_abort"), 1);
}
END_TEST

START_TEST(who_does_not_speak_grpc_gets_the_status)
{
	static const char *const headers[] = {
	    "Content-Type: application/json", NULL};
	struct harness_flow *f;

	harness_add(h, "abort,grpc_status=14,status=418");
	f = suite_exchange(HEAD);
	f->headers = headers;
	harness_send(f, LINK_UP, REQUEST);
	ck_assert_int_eq(f->answer_status, 418);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "abort"), 1);
}
END_TEST

START_TEST(a_delay_in_front_makes_the_error_late)
{
	struct harness_flow *f;

	harness_add(h, "latency,latency=100ms,stream=upstream");
	harness_add(h, "abort");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_advance(h, 99999);
	ck_assert(!f->answered);
	harness_advance(h, 1);
	ck_assert(f->answered);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("abort", NULL);
	suite_complains("abort,status=99", "status");
	suite_complains("abort,status=600", "status");
	suite_complains("abort,grpc_status=17", "grpc_status");
	suite_complains("abort,status=204,body=x", "status 204 has none");
	suite_complains("abort,grpc_status=2,body=x", "grpc_message");
	suite_complains("abort,grpc_message=x", "grpc_message without");
	suite_complains("abort,headers=no colon", "is not a header");
	suite_complains("abort,headers=X: 1\r\nEvil: 2", "line break");
	suite_complains("abort,headers=Content-Length: 7", "malform");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("abort", true,
	    the_request_is_answered_and_never_reaches_the_server,
	    the_users_content_type_stands,
	    after_lets_the_server_work_and_replaces_its_answer,
	    a_message_that_has_begun_to_pass_is_not_cut_in_half,
	    an_exchange_already_answered_passes,
	    grpc_is_answered_in_its_own_terms,
	    who_does_not_speak_grpc_gets_the_status,
	    a_delay_in_front_makes_the_error_late, bad_parameters_are_refused);
}
