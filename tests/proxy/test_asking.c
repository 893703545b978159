/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that ask for their destination: what is understood, what they hear,
 * and that it does not matter in which pieces their bytes come. */
#include "config/model.h"
#include "proxy/asking.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define HEAD_MAX 1000

/* Feeds the text in pieces of `step` bytes, each look at a copy of just that
 * size, so that the address sanitizer sees it read beyond. What it answers
 * is collected in `reply`. */
static enum asking_result
feed(struct asking *a, int accept, struct view text, size_t step,
    struct str *reply)
{
	enum asking_result result = ASKING_MORE;
	size_t at = 0, have = 0;

	asking_init(a, accept, false, HEAD_MAX);
	while (result == ASKING_MORE && have < text.len) {
		char *copy;

		have += step < text.len - have ? step : text.len - have;
		copy = xmemdup0(text.at + at, have - at);
		copy = xrealloc(copy, have - at > 0 ? have - at : 1);
		result = asking_look(a, copy, have - at);
		free(copy);
		at += a->used;
		str_add_bytes(reply, a->reply.text, a->reply.len);
		str_clear(&a->reply);
	}
	a->used = at;
	return result;
}

static const struct {
	int accept;
	struct view text;
	const char *host;
	uint16_t port;
	struct view reply;
} good[] = {
	{ACCEPT_CONNECT, VIEW("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n"
			      "\r\n"), "db", 5432, VIEW("")},
	{ACCEPT_CONNECT, VIEW("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: "
			      "[2001:db8::1]\r\nProxy-Authorization: B x\r\n"
			      "\r\n"),
	    "2001:db8::1", 443, VIEW("")},
	{ACCEPT_CONNECT, VIEW("CONNECT 10.0.0.1:1 HTTP/1.0\r\n\r\n"),
	    "10.0.0.1", 1, VIEW("")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\1\12\0\0\1\0\120"), "10.0.0.1", 80,
	    VIEW("\5\0")},
	{ACCEPT_SOCKS5, VIEW("\5\2\2\0\5\1\0\3\2db\25\70"), "db", 5432,
	    VIEW("\5\0")},
	{ACCEPT_SOCKS5, VIEW("\5\1\2\1\1u\1p\5\1\0\3\2db\25\70"), "db", 5432,
	    VIEW("\5\2\1\0")},
	{ACCEPT_SOCKS5, VIEW("\5\1\2\1\0\0\5\1\0\3\2db\25\70"), "db", 5432,
	    VIEW("\5\2\1\0")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\1\273"), "::1", 443, VIEW("\5\0")},
};

START_TEST(a_wish_is_understood_in_any_pieces)
{
	struct view text = good[_i].text;

	for (size_t step = 1; step <= text.len; step++) {
		struct str reply = {0};
		struct asking a;

		ck_assert_int_eq(feed(&a, good[_i].accept, text, step,
				     &reply), ASKING_DONE);
		ck_assert_str_eq(a.host, good[_i].host);
		ck_assert_uint_eq(a.port, good[_i].port);
		ck_assert_uint_eq(a.used, text.len);
		ck_assert_uint_eq(reply.len, good[_i].reply.len);
		ck_assert_mem_eq(reply.text != NULL ? reply.text : "",
		    good[_i].reply.at, reply.len);
		asking_fini(&a);
		str_fini(&reply);
	}
}
END_TEST

START_TEST(bytes_behind_a_wish_are_left_alone)
{
	struct str text = {0}, reply = {0};
	struct asking a;

	str_add_bytes(&text, good[_i].text.at, good[_i].text.len);
	str_add_bytes(&text, "\0\1tail", 6);
	ck_assert_int_eq(feed(&a, good[_i].accept,
			     (struct view){text.text, text.len}, text.len,
			     &reply), ASKING_DONE);
	ck_assert_uint_eq(a.used, good[_i].text.len);
	asking_fini(&a);
	str_fini(&text);
	str_fini(&reply);
}
END_TEST

static const struct {
	int accept;
	struct view text;
	struct view reply; /* its beginning */
} wrong[] = {
	{ACCEPT_CONNECT, VIEW("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	    VIEW("HTTP/1.1 405 ")},
	{ACCEPT_CONNECT, VIEW("CONNECT db HTTP/1.1\r\nHost: x\r\n\r\n"),
	    VIEW("HTTP/1.1 400 ")},
	{ACCEPT_CONNECT, VIEW("CONNECT unix:/x HTTP/1.1\r\nHost: x\r\n\r\n"),
	    VIEW("HTTP/1.1 400 ")},
	{ACCEPT_CONNECT, VIEW("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n"
			      "Content-Length: 3\r\n\r\n"),
	    VIEW("HTTP/1.1 400 ")},
	{ACCEPT_CONNECT, VIEW("CONNECT x:1 HTTP/2.0\r\n\r\n"),
	    VIEW("HTTP/1.1 505 ")},
	{ACCEPT_SOCKS5, VIEW("\4\1\0\120\1\2\3\4\0"), VIEW("")},
	{ACCEPT_SOCKS5, VIEW("GET / HTTP/1.1\r\n"), VIEW("")},
	{ACCEPT_SOCKS5, VIEW("\5\0"), VIEW("\5\377")},
	{ACCEPT_SOCKS5, VIEW("\5\1\1"), VIEW("\5\377")},
	{ACCEPT_SOCKS5, VIEW("\5\1\2\5"), VIEW("\5\2")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\2\0\1\1\2\3\4\0\1"), VIEW("\5\0\5\7")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\2\1\2\3\4\0\1"), VIEW("\5\0\5\10")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\1\1\2\3\4\0\0"), VIEW("\5\0\5\1")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\3\1 \0\1"), VIEW("\5\0\5\1")},
	{ACCEPT_SOCKS5, VIEW("\5\1\0\5\1\0\3\0\0\1"), VIEW("\5\0\5\1")},
};

START_TEST(what_is_no_wish_is_refused_and_answered_where_that_can_be)
{
	struct str reply = {0};
	struct asking a;

	ck_assert_int_eq(feed(&a, wrong[_i].accept, wrong[_i].text,
			     wrong[_i].text.len, &reply), ASKING_BAD);
	ck_assert_ptr_nonnull(a.why);
	ck_assert_uint_ge(reply.len, wrong[_i].reply.len);
	ck_assert_mem_eq(reply.text != NULL ? reply.text : "",
	    wrong[_i].reply.at, wrong[_i].reply.len);
	asking_fini(&a);
	str_fini(&reply);
}
END_TEST

static const struct {
	struct view target;
	const char *host; /* NULL: it is none */
	uint16_t port;
} urls[] = {
	{VIEW("http://db/x"), "db", 80},
	{VIEW("HTTP://db:8080?q"), "db", 8080},
	{VIEW("http://[::1]"), "::1", 80},
	{VIEW("http://[::1]:81/"), "::1", 81},
	{VIEW("http://"), NULL, 0},
	{VIEW("http:///x"), NULL, 0},
	{VIEW("http://unix:/x"), NULL, 0},
	{VIEW("http://x:0/"), NULL, 0},
	{VIEW("https://x/"), NULL, 0},
	{VIEW("/x"), NULL, 0},
	{VIEW("*"), NULL, 0},
};

START_TEST(a_whole_url_names_host_and_port)
{
	uint16_t port = 0;
	char *host = NULL;

	ck_assert(asking_url(urls[_i].target, &host, &port) ==
	    (urls[_i].host != NULL));
	if (urls[_i].host == NULL)
		return;
	ck_assert_str_eq(host, urls[_i].host);
	ck_assert_uint_eq(port, urls[_i].port);
	free(host);
}
END_TEST

START_TEST(a_request_with_a_whole_url_is_a_wish_where_that_will_do)
{
	const struct view text = VIEW("GET http://db/x HTTP/1.1\r\nHost: db"
				      "\r\n\r\n");
	struct asking a;

	asking_init(&a, ACCEPT_CONNECT, true, HEAD_MAX);
	ck_assert_int_eq(asking_look(&a, text.at, text.len), ASKING_DONE);
	ck_assert(a.per_request);
	ck_assert_uint_eq(a.used, 0);
	ck_assert_str_eq(a.host, "db");
	asking_fini(&a);
}
END_TEST

START_TEST(an_endless_head_is_refused)
{
	struct str text = {0}, reply = {0};
	struct asking a;

	str_add(&text, "CONNECT x:1 HTTP/1.1\r\nA: ");
	while (text.len <= HEAD_MAX)
		str_add(&text, "aaaaaaaaaaaaaaaa");
	ck_assert_int_eq(feed(&a, ACCEPT_CONNECT,
			     (struct view){text.text, text.len}, 100, &reply),
	    ASKING_BAD);
	asking_fini(&a);
	str_fini(&text);
	str_fini(&reply);
}
END_TEST

static const struct {
	enum dial_result result;
	const char *status;
	char code;
} answers[] = {
	{DIAL_OK, "HTTP/1.1 200 ", 0},
	{DIAL_REFUSED, "HTTP/1.1 502 ", 5},
	{DIAL_RESET, "HTTP/1.1 502 ", 5},
	{DIAL_TIMEOUT, "HTTP/1.1 504 ", 6},
	{DIAL_UNREACHABLE, "HTTP/1.1 502 ", 3},
	{DIAL_DNS, "HTTP/1.1 502 ", 4},
	{DIAL_TLS, "HTTP/1.1 502 ", 1},
	{DIAL_LOOP, "HTTP/1.1 502 ", 2},
};

START_TEST(every_end_of_a_dial_has_its_answer)
{
	struct str to = {0};

	asking_answer(ACCEPT_CONNECT, answers[_i].result, &to);
	ck_assert_int_eq(strncmp(to.text, answers[_i].status, 13), 0);
	str_clear(&to);
	asking_answer(ACCEPT_SOCKS5, answers[_i].result, &to);
	ck_assert_uint_eq(to.len, 10);
	ck_assert_int_eq(to.text[1], answers[_i].code);
	str_fini(&to);
}
END_TEST

START_TEST(a_destination_without_a_route_is_forbidden)
{
	struct str to = {0};

	asking_deny(ACCEPT_CONNECT, &to);
	ck_assert_int_eq(strncmp(to.text, "HTTP/1.1 403 ", 13), 0);
	str_clear(&to);
	asking_deny(ACCEPT_SOCKS5, &to);
	ck_assert_int_eq(to.text[1], 2);
	str_fini(&to);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("asking");
	TCase *c = tcase_create("asking");
	SRunner *r;

	tcase_add_loop_test(c, a_wish_is_understood_in_any_pieces, 0,
	    COUNT_OF(good));
	tcase_add_loop_test(c, bytes_behind_a_wish_are_left_alone, 0,
	    COUNT_OF(good));
	tcase_add_loop_test(c,
	    what_is_no_wish_is_refused_and_answered_where_that_can_be, 0,
	    COUNT_OF(wrong));
	tcase_add_loop_test(c, a_whole_url_names_host_and_port, 0,
	    COUNT_OF(urls));
	tcase_add_test(c,
	    a_request_with_a_whole_url_is_a_wish_where_that_will_do);
	tcase_add_test(c, an_endless_head_is_refused);
	tcase_add_loop_test(c, every_end_of_a_dial_has_its_answer, 0,
	    COUNT_OF(answers));
	tcase_add_test(c, a_destination_without_a_route_is_forbidden);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
