/* SPDX-License-Identifier: Apache-2.0 */
/* Heads as text become fields; what HTTP/2 could not carry is refused. */
#include "proxy/http2_fields.h"

#include <string.h>

#include "tests/harness/check_run.h"

static struct http2_fields fields;
static struct str text, shown;

static bool
request(const char *head)
{
	str_fini(&text);
	str_add(&text, head);
	return http2_fields_request(&fields, &text, VIEW("http"));
}

static bool
response(const char *head)
{
	str_fini(&text);
	str_add(&text, head);
	return http2_fields_response(&fields, &text);
}

/* "name=value" one a line. */
static const char *
show(void)
{
	str_fini(&shown);
	str_add(&shown, "");
	for (size_t i = 0; i < fields.count; i++) {
		const nghttp2_nv *nv = &fields.nv[i];

		str_add_bytes(&shown, nv->name, nv->namelen);
		str_add_char(&shown, '=');
		str_add_bytes(&shown, nv->value, nv->valuelen);
		str_add_char(&shown, '\n');
	}
	return shown.text;
}

static void
clean(void)
{
	str_fini(&text);
	str_fini(&shown);
}

START_TEST(a_request_has_its_pseudo_headers_first)
{
	ck_assert(request("GET /a?b HTTP/1.1\r\n"
			  "X-A:  1 \r\nHost: h:1\r\n\r\n"));
	ck_assert_str_eq(show(), ":method=GET\n:scheme=http\n:authority=h:1\n"
				 ":path=/a?b\nx-a=1\n");
	clean();
}
END_TEST

START_TEST(a_target_may_name_its_host)
{
	ck_assert(request("GET https://h/x HTTP/1.1\r\nHost: other\r\n\r\n"));
	ck_assert_str_eq(show(),
	    ":method=GET\n:scheme=http\n:authority=h\n:path=/x\n");
	ck_assert(request("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"));
	clean();
}
END_TEST

START_TEST(what_concerns_one_hop_is_left_out)
{
	ck_assert(response("HTTP/1.1 200 OK\r\nConnection: close\r\n"
			   "Keep-Alive: 1\r\nTransfer-Encoding: chunked\r\n"
			   "Upgrade: x\r\nTE: gzip\r\nte: Trailers\r\n\r\n"));
	ck_assert_int_eq(fields.status, 200);
	ck_assert_str_eq(show(), ":status=200\nte=Trailers\n");
	clean();
}
END_TEST

START_TEST(what_http2_could_not_carry_is_refused)
{
	static const char *const bad[] = {
	    "",
	    "HTTP/1.1 200 OK",
	    "HTTP/1.1 2x0 OK\r\n\r\n",
	    "HTTP/1.1 20 OK\r\n\r\n",
	    "HTTP/1.1 099 No\r\n\r\n",
	    "HTTP/1.1 101 Switch\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n: none\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n:status: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
	    "HTTP/1.1 200 OK\r\na: b\001c\r\n\r\n",
	    "HTTP/1.1 200 OK\r\na: b\n\r\n",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(!response(bad[i]), "%zu", i);
	ck_assert(!request("GET /a b HTTP/1.1\r\n: x\r\n\r\n"));
	ck_assert(!request("GE\001T / HTTP/1.1\r\n\r\n"));
	ck_assert(!request("GET /\001 HTTP/1.1\r\n\r\n"));
	clean();
}
END_TEST

START_TEST(too_many_fields_are_refused)
{
	str_fini(&text);
	str_add(&text, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < HTTP2_FIELDS_MAX; i++)
		str_add(&text, "a: b\r\n");
	str_add(&text, "\r\n");
	ck_assert(!http2_fields_response(&fields, &text));
	clean();
}
END_TEST

START_TEST(trailers_are_lines_alone)
{
	str_fini(&text);
	str_add(&text, "Grpc-Status: 0\r\nx: \r\n");
	ck_assert(http2_fields_lines(&fields, &text));
	ck_assert_str_eq(show(), "grpc-status=0\nx=\n");
	clean();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_request_has_its_pseudo_headers_first,
	    a_target_may_name_its_host,
	    what_concerns_one_hop_is_left_out,
	    what_http2_could_not_carry_is_refused,
	    too_many_fields_are_refused,
	    trailers_are_lines_alone,
	    NULL,
	};

	return check_run("http2_fields", tests);
}
