/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, good and hostile, whole and split at every byte. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/http1_parser.h"

#define HEAD_MAX 512

/* What the parser makes of a stream that holds one message and a rest. */
struct seen {
	int error; /* 0: well-formed */
	bool done;
	size_t used;
	enum http1_framing framing;
	struct str body;
};

static void
on_body(void *arg, const void *data, size_t len)
{
	str_add_bytes(arg, data, len);
}

/* Feeds text[0..split) and then the rest, from memory of exactly that size,
 * so that a look beyond it is noticed. */
static struct seen
parse(struct http1_parser *p, const char *text, size_t split)
{
	size_t len = strlen(text), have = split, used;
	struct seen seen = {0};

	p->on_body = on_body;
	p->arg = &seen.body;
	for (;;) {
		char *copy = xmemdup0(text, have);
		enum http1_result r = HTTP1_MORE;

		if (have > 0)
			r = http1_parser_head(p, copy, have);
		free(copy);
		if (r == HTTP1_BAD) {
			seen.error = p->head.error;
			ck_assert_ptr_nonnull(p->head.why);
			return seen;
		}
		if (r == HTTP1_DONE)
			break;
		if (have == len)
			return seen;
		have = len;
	}
	seen.framing = (enum http1_framing)p->framing;
	seen.used = p->head.len;
	while (!p->done && seen.used < len) {
		size_t n = (seen.used < split ? split : len) - seen.used;
		char *copy = xmemdup0(text + seen.used, n);
		ssize_t got = http1_parser_body(p, copy, n);

		free(copy);
		if (got < 0) {
			seen.error = p->head.error;
			return seen;
		}
		used = (size_t)got;
		ck_assert(used == n || p->done);
		seen.used += used;
	}
	seen.done = p->done;
	return seen;
}

#define HEAD	  "POST /p HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *text;
	int error;	  /* 0: good */
	const char *body; /* good ones */
	const char *rest; /* what is not the message's */
} requests[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "", ""},
    {"GET / HTTP/1.0\r\n\r\n", 0, "", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2", 0, "", "GET /2"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, "", ""},
    {"GET http://a/x HTTP/1.1\r\nHost: A:80\r\n\r\n", 0, "", ""},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0, "", ""},
    {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nTLS", 0, "", "TLS"},
    {HEAD "Connection: upgrade\r\nUpgrade: x\r\n\r\nmore", 0, "", "more"},
    {HEAD "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nabc",
	0, "ab", "c"},
    {HEAD "Content-Length: 0\r\n\r\nx", 0, "", "x"},
    {HEAD "Content-Length: 3\r\n\r\nabcd", 0, "abc", "d"},
    {HEAD "content-LENGTH:3  \r\n\r\nabc", 0, "abc", ""},
    {CHUNKED "3\r\nabc\r\n0\r\n\r\nd", 0, "abc", "d"},
    {CHUNKED "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n", 0, "abcde", ""},
    {HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, "", ""},
    /* Who is meant? */
    {"GET / HTTP/1.1\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "", ""},
    {"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "", ""},
    {"CONNECT b:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400, "", ""},
    /* What language is this? */
    {"GET /\r\nHost: a\r\n\r\n", 400, "", ""},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "", ""},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "", ""},
    {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "", ""},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "", ""},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 505, "", ""},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "", ""},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "", ""},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "", ""},
    {"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "", ""},
    {"GETS / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "", ""},
    {"SOURCE / ICE/1.0\r\nHost: a\r\n\r\n", 400, "", ""},
    {"DESCRIBE / RTSP/1.0\r\nHost: a\r\n\r\n", 400, "", ""},
    {"\x16\x03\x01\x02\x00\x01", 400, "", ""},
    /* Where does a line end? */
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "", ""},
    {HEAD "X: a\r\n b\r\n\r\n", 400, "", ""},
    {HEAD "X: a\r\n\tb\r\n\r\n", 400, "", ""},
    {HEAD "X: a\rb\r\n\r\n", 400, "", ""},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "", ""},
    /* What is a header? */
    {HEAD "X : a\r\n\r\n", 400, "", ""},
    {HEAD ": a\r\n\r\n", 400, "", ""},
    {HEAD "no colon\r\n\r\n", 400, "", ""},
    {HEAD "X: a\001b\r\n\r\n", 400, "", ""},
    {HEAD "X(: a\r\n\r\n", 400, "", ""},
    /* Where does the body end? */
    {HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "",
	""},
    {HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400, "",
	""},
    {HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: 3, 3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: +3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: -3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: 0x3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: 3 3\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: \r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length: 99999999999999999999\r\n\r\nabc", 400, "", ""},
    {HEAD "Content-Length : 3\r\n\r\nabc", 400, "", ""},
    {HEAD "Transfer-Encoding: xchunked\r\n\r\n", 400, "", ""},
    {HEAD "Transfer-Encoding: chunked, gzip\r\n\r\n", 400, "", ""},
    {HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n", 400, "", ""},
    {HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
	400, "", ""},
    {HEAD "Transfer-Encoding: identity\r\n\r\n", 400, "", ""},
    {HEAD "Transfer-Encoding:\r\n\r\n", 400, "", ""},
    {HEAD "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, "", ""},
    {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
	"", ""},
    {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400,
	"", ""},
    {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	400, "", ""},
    {CHUNKED "3\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "3\r\nabc\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "3\r\nab\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "-3\r\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "\r\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "fffffffffffffffff\r\nabc", 400, "", ""},
    {CHUNKED "3;a\nabc\r\n0\r\n\r\n", 400, "", ""},
    {CHUNKED "0\n\n", 400, "", ""},
};

START_TEST(requests_are_judged_the_same_wherever_they_are_split)
{
	const char *text = requests[_i].text;
	size_t len = strlen(text), rest = strlen(requests[_i].rest);

	for (size_t split = 0; split <= len; split++) {
		struct http1_parser p;
		struct seen seen;

		http1_parser_request(&p, HEAD_MAX);
		seen = parse(&p, text, split);
		ck_assert_msg(seen.error == requests[_i].error,
		    "request %d split at %zu: %d (%s)", _i, split, seen.error,
		    p.head.why != NULL ? p.head.why : "");
		if (seen.error == 0) {
			ck_assert_msg(seen.done && seen.used == len - rest,
			    "request %d split at %zu: %zu bytes", _i, split,
			    seen.used);
			ck_assert_str_eq(
			    seen.body.len > 0 ? seen.body.text : "",
			    requests[_i].body);
		}
		str_fini(&seen.body);
	}
}
END_TEST

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *method, *text;
	bool good;
	enum http1_framing framing;
	const char *body, *rest;
} responses[] = {
    {"GET", OK "Content-Length: 3\r\n\r\nabcd", true, HTTP1_LENGTH, "abc",
	"d"},
    {"GET", OK "Content-Length: 0\r\n\r\nd", true, HTTP1_NONE, "", "d"},
    {"HEAD", OK "Content-Length: 3\r\n\r\nd", true, HTTP1_NONE, "", "d"},
    {"HEAD", OK "Transfer-Encoding: chunked\r\n\r\nd", true, HTTP1_NONE, "",
	"d"},
    {"GET", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nd", true,
	HTTP1_NONE, "", "d"},
    {"GET", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nd", true, HTTP1_NONE,
	"", "d"},
    {"GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1", true, HTTP1_NONE, "",
	"HTTP/1.1"},
    {"GET", OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nd", true,
	HTTP1_CHUNKED, "a", "d"},
    {"GET", OK "\r\nabc", true, HTTP1_UNTIL_CLOSE, "abc", ""},
    {"GET", OK "Transfer-Encoding: gzip\r\n\r\nabc", true, HTTP1_UNTIL_CLOSE,
	"abc", ""},
    {"GET", "HTTP/1.0 200 OK\r\n\r\nabc", true, HTTP1_UNTIL_CLOSE, "abc", ""},
    {"GET", "HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nab",
	true, HTTP1_TUNNEL, "ab", ""},
    {"CONNECT", OK "\r\nab", true, HTTP1_TUNNEL, "ab", ""},
    {"CONNECT", OK "Content-Length: 9\r\n\r\nab", true, HTTP1_TUNNEL, "ab",
	""},
    {"CONNECT", "HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nab", true,
	HTTP1_LENGTH, "a", "b"},
    {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", true, HTTP1_NONE, "",
	""},
    {"GET", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTX/1.1 200 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/2.0 200 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/1.1 99 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/1.1 099 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/1.1 2000 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/1.1  200 OK\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", false, HTTP1_NONE,
	"", ""},
    {"GET", OK "X: a\r\n b\r\n\r\n", false, HTTP1_NONE, "", ""},
    {"GET", OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", false,
	HTTP1_NONE, "", ""},
    {"GET", OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	false, HTTP1_NONE, "", ""},
    {"GET", OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n", false,
	HTTP1_CHUNKED, "", ""},
};

START_TEST(responses_are_framed_the_same_wherever_they_are_split)
{
	const char *text = responses[_i].text;
	size_t len = strlen(text), rest = strlen(responses[_i].rest);

	for (size_t split = 0; split <= len; split++) {
		struct http1_parser p;
		struct seen seen;

		http1_parser_response(&p, view_of(responses[_i].method),
		    HEAD_MAX);
		seen = parse(&p, text, split);
		ck_assert_msg((seen.error == 0) == responses[_i].good,
		    "response %d split at %zu: %d", _i, split, seen.error);
		if (seen.error == 0) {
			ck_assert_int_eq(seen.framing, responses[_i].framing);
			ck_assert_uint_eq(seen.used, len - rest);
			ck_assert_str_eq(
			    seen.body.len > 0 ? seen.body.text : "",
			    responses[_i].body);
		} else {
			ck_assert_int_eq(seen.error, 502);
		}
		str_fini(&seen.body);
	}
}
END_TEST

/* Lengths are bounded before an end is in sight. */
START_TEST(endless_heads_are_refused_at_the_limit)
{
	static const struct {
		const char *begin;
		int error;
	} cases[] = {
	    {"GET /", 414},
	    {"GET / HTTP/1.1\r\nHost: a\r\nX: ", 431},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str text = {0};
		struct http1_parser p;
		enum http1_result r = HTTP1_MORE;

		http1_parser_request(&p, HEAD_MAX);
		str_add(&text, cases[i].begin);
		while (text.len < HEAD_MAX && r == HTTP1_MORE) {
			str_add_char(&text, 'a');
			r = http1_parser_head(&p, text.text, text.len);
		}
		ck_assert_int_eq(r, HTTP1_MORE);
		str_add_char(&text, 'a');
		ck_assert_int_eq(http1_parser_head(&p, text.text, text.len),
		    HTTP1_BAD);
		ck_assert_int_eq(p.head.error, cases[i].error);
		str_fini(&text);
	}
}
END_TEST

START_TEST(a_head_of_exactly_the_limit_passes_and_one_more_does_not)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http1_parser p;

	http1_parser_request(&p, sizeof(text) - 1);
	ck_assert_int_eq(http1_parser_head(&p, text, sizeof(text) - 1),
	    HTTP1_DONE);
	http1_parser_request(&p, sizeof(text) - 2);
	ck_assert_int_eq(http1_parser_head(&p, text, sizeof(text) - 1),
	    HTTP1_BAD);
	ck_assert_int_eq(p.head.error, 431);
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
	struct str text = {0};
	struct http1_parser p;

	str_add(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < HTTP1_FIELDS_MAX; i++)
		str_add(&text, "a: b\r\n");
	str_add(&text, "\r\n");
	http1_parser_request(&p, 1 << 20);
	ck_assert_int_eq(http1_parser_head(&p, text.text, text.len),
	    HTTP1_BAD);
	ck_assert_int_eq(p.head.error, 431);
	str_fini(&text);
}
END_TEST

START_TEST(endless_trailers_are_refused)
{
	static const char head[] = CHUNKED;
	struct http1_parser p;
	ssize_t n = 0;
	int fed = 0;

	http1_parser_request(&p, HEAD_MAX);
	ck_assert_int_eq(http1_parser_head(&p, head, sizeof(head) - 1),
	    HTTP1_DONE);
	ck_assert_int_eq(http1_parser_body(&p, "0\r\n", 3), 3);
	while (n >= 0 && fed < 2 * HEAD_MAX) {
		n = http1_parser_body(&p, "a: b\r\n", 6);
		fed += 6;
	}
	ck_assert_int_lt(n, 0);
	ck_assert_int_le(fed, HEAD_MAX + 6);
}
END_TEST

START_TEST(facts_are_found_in_every_form_of_target)
{
	static const struct {
		const char *line, *host, *path, *query;
	} cases[] = {
	    {"GET /a/b?c=d&e", "h.example", "/a/b", "c=d&e"},
	    {"GET /", "h.example", "/", ""},
	    {"GET http://h.example:81/x?y", "h.example", "/x", "y"},
	    {"GET HTTP://h.example", "h.example", "", ""},
	    {"GET http://h.example?q", "h.example", "", "q"},
	    {"OPTIONS *", "h.example", "*", ""},
	    {"CONNECT h.example:443", "h.example", "", ""},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str text = {0};
		struct http1_parser p;
		struct view v;

		str_printf(&text, "%s HTTP/1.1\r\nHost: h.example:80\r\n\r\n",
		    cases[i].line);
		http1_parser_request(&p, HEAD_MAX);
		ck_assert_int_eq(
		    http1_parser_head(&p, text.text, text.len), HTTP1_DONE);
		v = http1_span(text.text, p.head.host);
		ck_assert(view_is(v, cases[i].host));
		v = http1_span(text.text, p.head.path);
		ck_assert_msg(view_is(v, cases[i].path), "%.*s", (int)v.len,
		    v.at);
		ck_assert(view_is(http1_span(text.text, p.head.query),
		    cases[i].query));
		str_fini(&text);
	}
}
END_TEST

START_TEST(a_literal_address_keeps_its_brackets_and_loses_its_port)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n";
	struct http1_parser p;

	http1_parser_request(&p, HEAD_MAX);
	ck_assert_int_eq(http1_parser_head(&p, text, sizeof(text) - 1),
	    HTTP1_DONE);
	ck_assert(view_is(http1_span(text, p.head.host), "[::1]"));
}
END_TEST

START_TEST(connections_live_on_as_version_and_header_say)
{
	static const struct {
		const char *version, *connection;
		bool alive;
	} cases[] = {
	    {"1.1", "X: y", true},
	    {"1.1", "Connection: close", false},
	    {"1.1", "Connection: foo, CLOSE", false},
	    {"1.1", "Connection: keep-alive", true},
	    {"1.0", "X: y", false},
	    {"1.0", "Connection: Keep-Alive", true},
	    {"1.0", "Connection: keep-alive, close", false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str text = {0};
		struct http1_parser p;

		str_printf(&text, "GET / HTTP/%s\r\nHost: a\r\n%s\r\n\r\n",
		    cases[i].version, cases[i].connection);
		http1_parser_request(&p, HEAD_MAX);
		ck_assert_int_eq(
		    http1_parser_head(&p, text.text, text.len), HTTP1_DONE);
		ck_assert(http1_head_keeps_alive(&p.head) == cases[i].alive);
		str_fini(&text);
	}
}
END_TEST

START_TEST(llhttp_is_as_strict_as_we_rely_on)
{
	struct error err = {0};

	ck_assert_msg(http1_parser_self_test(&err), "%s", err.text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http1_parser");
	TCase *c = tcase_create("http1_parser");
	SRunner *r;

	tcase_add_loop_test(c,
	    requests_are_judged_the_same_wherever_they_are_split, 0,
	    COUNT_OF(requests));
	tcase_add_loop_test(c,
	    responses_are_framed_the_same_wherever_they_are_split, 0,
	    COUNT_OF(responses));
	tcase_add_test(c, endless_heads_are_refused_at_the_limit);
	tcase_add_test(c,
	    a_head_of_exactly_the_limit_passes_and_one_more_does_not);
	tcase_add_test(c, too_many_headers_are_refused);
	tcase_add_test(c, endless_trailers_are_refused);
	tcase_add_test(c, facts_are_found_in_every_form_of_target);
	tcase_add_test(c,
	    a_literal_address_keeps_its_brackets_and_loses_its_port);
	tcase_add_test(c, connections_live_on_as_version_and_header_say);
	tcase_add_test(c, llhttp_is_as_strict_as_we_rely_on);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return EXIT_SUCCESS;
}
