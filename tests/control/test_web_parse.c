/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the control server: what is taken, what is refused and how,
 * wherever the reads fall. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "control/web_conn.h"
#include "tests/harness/check_run.h"

#define HOST "Host: localhost\r\n"

static struct web_conn *
conn_new(void)
{
	struct web_conn *c = xcalloc(1, sizeof(*c));

	web_parse_init(c);
	return c;
}

static void
conn_free(struct web_conn *c)
{
	str_fini(&c->head);
	str_fini(&c->body);
	str_fini(&c->in);
	free(c);
}

/* Feeds the text in pieces of that size until a request is complete. */
static void
feed(struct web_conn *c, const char *text, size_t piece)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len; at += piece) {
		str_add_bytes(&c->in, text + at, MIN(piece, len - at));
		web_parse(c);
	}
}

static struct view
span(const struct web_conn *c, struct web_span s)
{
	return (struct view){c->head.text + s.at, s.len};
}

static const struct {
	const char *text;
	int refused; /* 0: complete */
} cases[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", 0},
    {"POST / HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
     0},
    {"DELETE http://localhost:8474/a HTTP/1.1\r\n" HOST "\r\n", 0},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"GET http://localhost:1@evil/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "Bad Header: x\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST
     "Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" HOST
     "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 4194305\r\n\r\n", 413},
    {"FROBNICATE / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"GETS / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"\x16\x03\x01\x02\x01\x01 hello", 400},
    {"{\"name\":1}\n", 400},
};

START_TEST(requests_are_taken_or_refused_wherever_reads_fall)
{
	static const size_t pieces[] = {1, 2, 7, 100000};

	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		struct web_conn *c = conn_new();

		feed(c, cases[_i].text, pieces[i]);
		ck_assert_int_eq(c->refused, cases[_i].refused);
		ck_assert(c->complete == (cases[_i].refused == 0));
		conn_free(c);
	}
}
END_TEST

START_TEST(requests_come_one_by_one_though_read_at_once)
{
	struct web_conn *c = conn_new();

	feed(c,
	     "POST /a HTTP/1.1\r\n" HOST "X: 1\r\nContent-Length: 2\r\n\r\n"
	     "hiGET /b HTTP/1.1\r\n" HOST "\r\nGET /c",
	     100000);
	ck_assert(c->complete);
	ck_assert(view_is(span(c, c->target), "/a"));
	ck_assert_uint_eq(c->headers_count, 3);
	ck_assert(view_is(span(c, c->names[1]), "X"));
	ck_assert(view_is(span(c, c->values[1]), "1"));
	ck_assert_str_eq(c->body.text, "hi");
	web_parse_next(c);
	web_parse(c);
	ck_assert(c->complete);
	ck_assert(view_is(span(c, c->target), "/b"));
	ck_assert_uint_eq(c->body.len, 0);
	web_parse_next(c);
	ck_assert(!c->begun);
	web_parse(c);
	ck_assert(c->begun && !c->head_done && !c->complete);
	conn_free(c);
}
END_TEST

START_TEST(heads_are_bounded_in_size_and_number)
{
	struct web_conn *c = conn_new();

	feed(c, "GET / HTTP/1.1\r\n" HOST, 1000);
	for (int i = 0; i < WEB_HEADERS_MAX - 1; i++)
		feed(c, "A: b\r\n", 1000);
	ck_assert_int_eq(c->refused, 0);
	feed(c, "A: b\r\n", 1000);
	ck_assert_int_eq(c->refused, 431);
	conn_free(c);
	c = conn_new();
	feed(c, "GET /", 1000);
	for (int i = 0; i < WEB_HEAD_MAX - 1; i++)
		feed(c, "x", 1);
	ck_assert_int_eq(c->refused, 0);
	feed(c, "x", 1);
	ck_assert_int_eq(c->refused, 431);
	conn_free(c);
}
END_TEST

START_TEST(chunked_bodies_are_bounded_too)
{
	struct web_conn *c = conn_new();
	char *large = xcalloc(1, WEB_BODY_MAX);

	feed(c,
	     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	     "400000\r\n",
	     1000);
	str_add_bytes(&c->in, large, WEB_BODY_MAX);
	web_parse(c);
	ck_assert_int_eq(c->refused, 0);
	feed(c, "\r\n1\r\nx", 1000);
	ck_assert_int_eq(c->refused, 413);
	free(large);
	conn_free(c);
}
END_TEST

START_TEST(trailers_are_nobodys_headers)
{
	struct web_conn *c = conn_new();

	feed(c,
	     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	     "\r\n0\r\nAuthorization: Bearer x\r\nHost: y\r\n\r\n",
	     1000);
	ck_assert(c->complete);
	ck_assert_uint_eq(c->headers_count, 2);
	conn_free(c);
}
END_TEST

/* A second Host must not hide behind it, wherever reads fall. */
START_TEST(a_header_without_a_value_does_not_swallow_the_next)
{
	for (size_t piece = 1; piece <= 8; piece++) {
		struct web_conn *c = conn_new();

		feed(c, "GET / HTTP/1.1\r\n" HOST "X-Empty:\r\nY:  \r\n"
			"Authorization: Bearer x\r\n\r\n", piece);
		ck_assert(c->complete);
		ck_assert_uint_eq(c->headers_count, 4);
		ck_assert(view_is(span(c, c->names[1]), "X-Empty"));
		ck_assert_uint_eq(c->values[1].len, 0);
		ck_assert(view_is(span(c, c->names[3]), "Authorization"));
		conn_free(c);
		c = conn_new();
		feed(c, "GET / HTTP/1.1\r\n" HOST "X:\r\nHost: evil\r\n\r\n",
		    piece);
		ck_assert_int_eq(c->refused, 400);
		conn_free(c);
	}
}
END_TEST

START_TEST(a_target_is_split_into_authority_and_path)
{
	static const char *const targets[][3] = {
	    {"/a?b", "", "/a?b"},
	    {"http://h:1/a?b", "h:1", "/a?b"},
	    {"HTTPS://h", "h", "/"},
	    {"http://h?x", "h", "?x"},
	    {"http://", "", "/"},
	    {"*", "", "*"},
	    {"", "", ""},
	    {"http:/a", "", "http:/a"},
	};

	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		struct view authority, path;

		web_parse_target(view_of(targets[i][0]), &authority, &path);
		ck_assert_msg(view_is(authority, targets[i][1]), "%s",
			      targets[i][0]);
		ck_assert_msg(view_is(path, targets[i][2]), "%s",
			      targets[i][0]);
	}
}
END_TEST

int
main(void)
{
	return check_run("web_parse",
			 (const TTest *const[]){
			     requests_are_taken_or_refused_wherever_reads_fall,
			     requests_come_one_by_one_though_read_at_once,
			     heads_are_bounded_in_size_and_number,
			     chunked_bodies_are_bounded_too,
			     trailers_are_nobodys_headers,
			     a_header_without_a_value_does_not_swallow_the_next,
			     a_target_is_split_into_authority_and_path, NULL});
}
