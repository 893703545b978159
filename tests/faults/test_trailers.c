/* SPDX-License-Identifier: Apache-2.0 */
/* trailers: lost, late, another; and a status amid a stream of messages. */
#include <stdio.h>

#include "tests/harness/suite.h"

#define ANSWER	 "HTTP/1.1 200 OK\r\n\r\n"
#define HEAD	 19
#define MESSAGES "\0\0\0\0\1a\0\0\0\0\1b\0\0\0\0\1c"

static struct harness_flow *
stream(const char *text)
{
	struct harness_flow *f;

	h->is_http2 = true;
	harness_add(h, text);
	f = suite_exchange(HEAD);
	str_add(&f->trailers, "grpc-status: 0\r\n");
	harness_send(f, LINK_DOWN, ANSWER);
	harness_send_bytes(f, LINK_DOWN, MESSAGES, sizeof(MESSAGES) - 1);
	return f;
}

START_TEST(lost_means_that_the_end_comes_without)
{
	struct harness_flow *f = stream("trailers,lost=true");

	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_str_eq(f->trailers.text, "");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "trailers_lost"), 1);
}
END_TEST

START_TEST(late_means_behind_the_body)
{
	struct harness_flow *f = stream("trailers,delay=300ms");

	harness_eof(f, LINK_DOWN);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len,
	    HEAD + sizeof(MESSAGES) - 1);
	harness_advance(h, 299999);
	ck_assert(!f->got[LINK_DOWN].eof);
	harness_advance(h, 1);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_str_eq(f->trailers.text, "grpc-status: 0\r\n");
}
END_TEST

START_TEST(another_status_stands_in_their_place)
{
	struct harness_flow *f =
	    stream("trailers,grpc_status=5,grpc_message=no: 1%");

	ck_assert_str_eq(f->trailers.text, "grpc-status: 0\r\n");
	harness_eof(f, LINK_DOWN);
	ck_assert_str_eq(f->trailers.text,
	    "grpc-status: 5\r\ngrpc-message: no: 1%25\r\n");
}
END_TEST

START_TEST(a_status_comes_after_so_many_messages)
{
	static const size_t len[] = {0, 6, 12, 18};

	for (int k = 0; k < 4; k++) {
		char text[64];
		struct harness_flow *f;

		snprintf(text, sizeof(text),
		    "trailers,grpc_status=14,messages=%d", k);
		f = stream(text);
		ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, HEAD + len[k]);
		ck_assert(f->ended);
		ck_assert_int_eq(f->how, END_FIN);
		ck_assert_str_eq(f->trailers.text, "grpc-status: 14\r\n");
		harness_remove(h, 0);
	}
}
END_TEST

START_TEST(a_server_that_sends_fewer_is_not_touched)
{
	struct harness_flow *f = stream("trailers,grpc_status=14,messages=4");

	harness_eof(f, LINK_DOWN);
	ck_assert(!f->ended);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_str_eq(f->trailers.text, "grpc-status: 0\r\n");
}
END_TEST

START_TEST(on_http1_it_says_that_it_can_do_nothing)
{
	struct harness_flow *f;

	harness_add(h, "trailers,lost=true");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_DOWN, ANSWER);
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "not_http2"), 1);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	suite_complains("trailers", "nothing to do");
	suite_complains("trailers,lost=true,grpc_status=1", "one of both");
	suite_complains("trailers,lost=true,messages=1", "messages without");
	suite_complains("trailers,delay=1s,grpc_message=x",
	    "grpc_message without");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("trailers", true,
	    lost_means_that_the_end_comes_without, late_means_behind_the_body,
	    another_status_stands_in_their_place,
	    a_status_comes_after_so_many_messages,
	    a_server_that_sends_fewer_is_not_touched,
	    on_http1_it_says_that_it_can_do_nothing,
	    what_makes_no_sense_is_refused);
}
