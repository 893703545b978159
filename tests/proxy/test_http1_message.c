/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as faults edit them: what nobody names stays byte for byte, and
 * framing follows what became of the body. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "proxy/http1_edit.h"
#include "proxy/http1_message.h"
#include "proxy/http1_reply.h"

#define HEAD_MAX 4096

static struct http1_parser parser;
static struct http1_message *m;
static struct str out;
static struct zone zone;
static const struct http1_message_memory memory = {&zone, &out};

static void
teardown(void)
{
	http1_message_free(m);
	m = NULL;
	str_fini(&out);
	zone_fini(&zone);
}

static void
setup(void)
{
	out = (struct str){0};
}

static void
collect(void *arg, const void *data, size_t len)
{
	(void)arg;
	http1_message_body(m, data, len);
}

static void
open_response(const char *method, const char *text, bool old_peer)
{
	struct view head;

	http1_parser_response(&parser, view_of(method), HEAD_MAX);
	ck_assert_int_eq(http1_parser_head(&parser, text, strlen(text)),
	    HTTP1_DONE);
	head = (struct view){text, parser.head.len};
	m = http1_message_new(&memory, &parser, head, old_peer);
}

static void
open_request(const char *text)
{
	http1_parser_request(&parser, HEAD_MAX);
	ck_assert_int_eq(http1_parser_head(&parser, text, strlen(text)),
	    HTTP1_DONE);
	m = http1_message_new(&memory, &parser,
	    (struct view){text, parser.head.len}, false);
}

/* Head and body as the exchange sends them. */
static void
send_all(const char *text)
{
	size_t len = strlen(text), head = parser.head.len;
	ssize_t n;

	http1_message_begin(m);
	parser.on_body = collect;
	n = http1_parser_body(&parser, text + head, len - head);
	ck_assert_int_ge(n, 0);
	if (m->mode == HTTP1_AS_IS)
		str_add_bytes(&out, text + head, (size_t)n);
	http1_message_end(m);
}

/* Doubles every byte, and adds "!" at the end. */
static int drops;

static void
dropped(void *arg)
{
	(void)arg;
	drops++;
}

static void
twice(void *arg, struct str *to, const void *data, size_t len, bool end)
{
	(void)arg;
	for (size_t i = 0; i < len; i++) {
		str_add_bytes(to, (const char *)data + i, 1);
		str_add_bytes(to, (const char *)data + i, 1);
	}
	if (end)
		str_add(to, "!");
}

#define OK "HTTP/1.1 200 OK\r\n"

START_TEST(what_another_message_left_is_emptied)
{
	str_add(&out, "left");
	open_response("GET", OK "a: 1\r\n\r\n", false);
	ck_assert(!http1_message_edited(m));
	m->message.ops->add_header(&m->message, "b", "2");
	http1_message_begin(m);
	ck_assert_str_eq(out.text, OK "a: 1\r\nb: 2\r\n\r\n");
}
END_TEST

START_TEST(headers_are_spliced_and_the_rest_stays)
{
	static const char text[] = OK
	    "a:  1 \r\nB: 2\r\nb: 3\r\nC: 4\r\nContent-Length: 1\r\n\r\nx";
	struct view v;

	open_response("GET", text, false);
	ck_assert(m->message.ops->header(&m->message, "b", 1, &v));
	ck_assert(view_is(v, "3"));
	ck_assert(!m->message.ops->header(&m->message, "b", 2, &v));
	ck_assert(!http1_message_edited(m));
	m->message.ops->set_header(&m->message, "B", "new");
	m->message.ops->add_header(&m->message, "D", "5");
	m->message.ops->remove_header(&m->message, "c");
	ck_assert(m->message.ops->header(&m->message, "d", 0, &v));
	ck_assert(view_is(v, "5"));
	ck_assert(http1_message_edited(m));
	send_all(text);
	ck_assert_str_eq(out.text, OK
	    "a:  1 \r\nB: new\r\nContent-Length: 1\r\nD: 5\r\n\r\nx");
}
END_TEST

START_TEST(the_first_line_is_no_header)
{
	static const char text[] = OK "Content-Length: 0\r\n\r\n";
	struct str head = {0};
	struct view v;

	open_response("GET", text, false);
	ck_assert(!m->message.ops->header(&m->message, "HTTP/1.1 200 OK", 0,
	    &v));
	str_add(&head, "A: 1\r\nA: 2\r\n\r\n");
	http1_edit_remove(&head, "A");
	ck_assert_str_eq(head.text, "A: 1\r\n\r\n");
	str_fini(&head);
}
END_TEST

START_TEST(a_status_brings_its_reason)
{
	static const char text[] = OK "Content-Length: 1\r\n\r\nx";

	open_response("GET", text, false);
	m->message.ops->set_status(&m->message, 404);
	send_all(text);
	ck_assert_str_eq(out.text,
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx");
}
END_TEST

START_TEST(a_status_without_a_body_loses_the_body)
{
	static const char text[] = OK "Content-Length: 1\r\nX: y\r\n\r\nx";

	open_response("GET", text, false);
	m->message.ops->set_status(&m->message, 204);
	send_all(text);
	ck_assert_str_eq(out.text, "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n");
}
END_TEST

START_TEST(a_status_that_wants_a_body_gets_an_empty_one)
{
	static const char text[] = "HTTP/1.1 204 No Content\r\n\r\n";

	open_response("GET", text, false);
	m->message.ops->set_status(&m->message, 500);
	send_all(text);
	ck_assert_str_eq(out.text, "HTTP/1.1 500 Internal Server Error\r\n"
				   "Content-Length: 0\r\n\r\n");
}
END_TEST

/* What was sent is framed by a length, whatever it was framed by before. */
START_TEST(a_replaced_body_is_framed_by_its_length)
{
	static const char *const texts[] = {
	    OK "X: y\r\nContent-Length: 3\r\n\r\nabc",
	    OK "X: y\r\nTransfer-Encoding: chunked\r\n\r\n"
	       "3\r\nabc\r\n0\r\n\r\n",
	    OK "X: y\r\n\r\nabc",
	};

	open_response("GET", texts[_i], false);
	m->message.ops->set_body(&m->message, "new body", 8);
	ck_assert_int_eq(m->message.body_len, 8);
	send_all(texts[_i]);
	ck_assert_str_eq(out.text,
	    OK "X: y\r\nContent-Length: 8\r\n\r\nnew body");
}
END_TEST

START_TEST(a_replaced_body_is_not_sent_in_answer_to_head)
{
	static const char text[] = OK "Content-Length: 3\r\n\r\n";

	open_response("HEAD", text, false);
	m->message.ops->set_body(&m->message, "new body", 8);
	send_all(text);
	ck_assert_str_eq(out.text, OK "Content-Length: 8\r\n\r\n");
}
END_TEST

START_TEST(a_request_without_a_body_stays_without)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

	open_request(text);
	m->message.ops->set_body(&m->message, "", 0);
	send_all(text);
	ck_assert_str_eq(out.text, text);
}
END_TEST

START_TEST(a_filtered_body_is_framed_in_chunks)
{
	static const char *const texts[] = {
	    OK "Content-Length: 3\r\n\r\nabc",
	    OK "Transfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
	       "3\r\nabc\r\n0\r\nT: u\r\n\r\n",
	};

	open_response("GET", texts[_i], false);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	ck_assert_int_eq(m->message.body_len, -1);
	send_all(texts[_i]);
	ck_assert_str_eq(out.text,
	    OK "Transfer-Encoding: chunked\r\n\r\n"
	       "6\r\naabbcc\r\n1\r\n!\r\n0\r\n\r\n");
}
END_TEST

START_TEST(a_client_of_http_1_0_gets_no_chunks)
{
	static const char text[] = OK "Content-Length: 3\r\n\r\nabc";

	open_response("GET", text, true);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	send_all(text);
	ck_assert(m->until_close);
	ck_assert_str_eq(out.text, OK "Connection: close\r\n\r\naabbcc!");
}
END_TEST

START_TEST(filters_stack_in_order)
{
	static const char text[] = OK "Content-Length: 1\r\n\r\na";

	open_response("GET", text, true);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	send_all(text);
	ck_assert_str_eq(out.text, OK "Connection: close\r\n\r\naaaa!!!");
}
END_TEST

START_TEST(a_filter_behind_a_replacement_sees_the_replacement)
{
	static const char text[] = OK "Content-Length: 1\r\n\r\na";

	open_response("GET", text, false);
	m->message.ops->set_body(&m->message, "xy", 2);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	send_all(text);
	ck_assert_str_eq(out.text, OK "Content-Length: 5\r\n\r\nxxyy!");
}
END_TEST

START_TEST(a_message_without_a_body_is_not_filtered)
{
	static const char text[] = OK "Content-Length: 0\r\n\r\n";

	open_response("GET", text, false);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){twice, dropped, NULL});
	ck_assert(!http1_message_edited(m));
}
END_TEST

START_TEST(every_filter_is_dropped_once_whatever_becomes_of_it)
{
	static const struct message_filter filter = {twice, dropped, NULL};
	static const char text[] = OK "Content-Length: 1\r\n\r\na";

	/* Kept until the message goes, though its body never comes. */
	open_response("GET", text, false);
	drops = 0;
	m->message.ops->filter_body(&m->message, filter);
	ck_assert_int_eq(drops, 0);
	/* No longer needed. */
	m->message.ops->set_body(&m->message, "x", 1);
	ck_assert_int_eq(drops, 1);
	/* Done at once, and refused. */
	m->message.ops->filter_body(&m->message, filter);
	ck_assert_int_eq(drops, 2);
	m->message.ops->set_raw(&m->message, "x", 1, END_FIN);
	m->message.ops->filter_body(&m->message, filter);
	ck_assert_int_eq(drops, 3);
	send_all(text);
	ck_assert_int_eq(drops, 3);
}
END_TEST

START_TEST(raw_bytes_stand_for_everything)
{
	static const char text[] = OK "Content-Length: 1\r\n\r\na";

	open_response("GET", text, false);
	m->message.ops->set_raw(&m->message, "\x80garbage", 8, END_RST_AFTER);
	m->message.ops->set_body(&m->message, "late", 4);
	send_all(text);
	ck_assert_str_eq(out.text, "\x80garbage");
	ck_assert_int_eq(m->raw_end, END_RST_AFTER);
}
END_TEST

static void
shout(void *arg, struct str *to, const void *data, size_t len, bool end)
{
	(void)arg;
	str_add_bytes(to, data, len);
	if (end)
		str_add(to, "!");
}

START_TEST(a_bare_body_has_no_framing)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "content-length: 3\r\n"
				   "trailer: t\r\n\r\n";
	struct message about = {.status = 200, .body_len = 3,
	    .head = {head, sizeof(head) - 1}};

	m = http1_message_new_bare(&memory, &about, false);
	ck_assert(!m->message.on_wire);
	m->message.ops->filter_body(&m->message,
	    (struct message_filter){.run = shout});
	http1_message_begin(m);
	http1_message_body(m, "abc", 3);
	http1_message_end(m);
	ck_assert_str_eq(out.text,
	    "HTTP/1.1 200 OK\r\ntrailer: t\r\n\r\nabc!");
}
END_TEST

START_TEST(a_reply_is_complete_and_well_formed)
{
	static const char *const headers[] = {"A: b", NULL};
	struct stage_reply reply = {.status = 503, .headers = headers,
	    .body = "sorry", .body_len = 5};
	struct http1_parser p;

	http1_reply_build(&out, &reply, VIEW("GET"), true);
	ck_assert(strncmp(out.text, "HTTP/1.1 503 Service Unavailable\r\n"
				    "A: b\r\nDate: ", 46) == 0);
	http1_parser_response(&p, VIEW("GET"), HEAD_MAX);
	ck_assert_int_eq(http1_parser_head(&p, out.text, out.len),
	    HTTP1_DONE);
	ck_assert(p.head.close);
	ck_assert_int_eq(p.head.length, 5);
	ck_assert_str_eq(out.text + p.head.len, "sorry");
}
END_TEST

START_TEST(replies_leave_out_bodies_where_there_are_none)
{
	struct stage_reply reply = {.status = 200, .body = "x", .body_len = 1};

	http1_reply_build(&out, &reply, VIEW("HEAD"), false);
	ck_assert_ptr_nonnull(strstr(out.text, "Content-Length: 1\r\n"));
	ck_assert_str_eq(out.text + out.len - 4, "\r\n\r\n");
	str_clear(&out);
	reply.status = 204;
	http1_reply_build(&out, &reply, VIEW("GET"), false);
	ck_assert_ptr_null(strstr(out.text, "Content-Length"));
	ck_assert_str_eq(out.text + out.len - 4, "\r\n\r\n");
}
END_TEST

START_TEST(errors_of_the_proxy_say_so)
{
	static const struct http_error error = {502, "connection_refused",
	    "no \"luck\" \\ \xc3\xa9"};

	http1_reply_error(&out, &error, VIEW("GET"), true, false);
	ck_assert_ptr_nonnull(strstr(out.text,
	    "\r\nProxy-Status: faultwire; error=connection_refused; "
	    "details=\"no \\\"luck\\\" \\\\ ??\"\r\n"));
	ck_assert_ptr_null(strstr(out.text, "Connection: close"));
	ck_assert_ptr_nonnull(
	    strstr(out.text, "\r\n\r\nno \"luck\" \\ \xc3\xa9\n"));
	str_clear(&out);
	http1_reply_error(&out, &error, VIEW("GET"), false, true);
	ck_assert_ptr_null(strstr(out.text, "Proxy-Status"));
}
END_TEST

START_TEST(answers_of_faults_name_them_where_asked)
{
	struct stage_reply reply = {.status = 503, .by = "busy"};

	http1_reply_build(&out, &reply, VIEW("GET"), false);
	ck_assert_ptr_nonnull(strstr(out.text,
	    "\r\nProxy-Status: faultwire; error=proxy_internal_response; "
	    "details=\"injected by busy\"\r\n"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_another_message_left_is_emptied,
	    headers_are_spliced_and_the_rest_stays,
	    the_first_line_is_no_header, a_status_brings_its_reason,
	    a_status_without_a_body_loses_the_body,
	    a_status_that_wants_a_body_gets_an_empty_one,
	    a_replaced_body_is_not_sent_in_answer_to_head,
	    a_request_without_a_body_stays_without,
	    a_client_of_http_1_0_gets_no_chunks, filters_stack_in_order,
	    a_filter_behind_a_replacement_sees_the_replacement,
	    a_message_without_a_body_is_not_filtered,
	    every_filter_is_dropped_once_whatever_becomes_of_it,
	    raw_bytes_stand_for_everything,
	    raw_bytes_stand_for_everything, a_bare_body_has_no_framing,
	    a_reply_is_complete_and_well_formed,
	    replies_leave_out_bodies_where_there_are_none,
	    errors_of_the_proxy_say_so,
	    answers_of_faults_name_them_where_asked,
	};
	Suite *s = suite_create("http1_message");
	TCase *c = tcase_create("http1_message");
	SRunner *r;

	tcase_add_checked_fixture(c, setup, teardown);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(c, tests[i]);
	tcase_add_loop_test(c, a_replaced_body_is_framed_by_its_length, 0, 3);
	tcase_add_loop_test(c, a_filtered_body_is_framed_in_chunks, 0, 2);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return EXIT_SUCCESS;
}
