/* SPDX-License-Identifier: Apache-2.0 */
/* The blocking HTTP client against servers that behave and that do not. */
#include "client/http_client.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "tests/client/http_fake.h"
#include "tests/harness/check_run.h"

#define OK "HTTP/1.1 200 OK\r\n"

static struct http_client_target
target_of(const struct http_fake *f)
{
	struct http_client_target t;
	struct error err = {0};

	ck_assert_msg(http_client_target_init(&t, f->url, &err), "%s",
	    err.text);
	t.timeout_us = 2000000;
	return t;
}

static const struct {
	const char *url, *text; /* the address; NULL: refused */
} urls[] = {
    {"http://h:1", "h:1"},
    {"http://h:1/livez", "h:1"},
    {"h:1", "h:1"},
    {"h", "h:8474"},
    {":9", "localhost:9"},
    {"", "localhost:8474"},
    {"http://[::1]", "[::1]:8474"},
    {"http://[::1]:5/", "[::1]:5"},
    {"unix:/run/x.sock", "unix:/run/x.sock"},
    {"https://h:1", NULL},
    {"http://h:70000", NULL},
    {"h:port", NULL},
};

START_TEST(urls_are_read_as_people_write_them)
{
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct http_client_target t;
		struct error err = {0};
		bool ok = http_client_target_init(&t, urls[i].url, &err);

		ck_assert_msg(ok == (urls[i].text != NULL), "%s: %s",
		    urls[i].url, err.text);
		if (ok)
			ck_assert_str_eq(t.address.text, urls[i].text);
		http_client_target_fini(&t);
	}
}
END_TEST

static const struct {
	const char *wire;
	int status;
	const char *body;
} replies[] = {
    {OK "Content-Length: 5\r\n\r\nhello", 200, "hello"},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
	200, "hello!"},
    {OK "\r\nuntil the end", 200, "until the end"},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, NULL},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, "no"},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 200,
	"x"},
};

START_TEST(replies_are_read_whatever_their_framing_and_pieces)
{
	for (size_t i = 0; i < COUNT_OF(replies) * 2; i++) {
		struct http_fake f = {.reply = replies[i / 2].wire,
		    .piece = i % 2};
		struct http_client_request request = {"GET", "/x", NULL, NULL};
		struct http_client_reply reply;
		struct http_client_target t;
		struct error err = {0};

		http_fake_start(&f);
		t = target_of(&f);
		ck_assert_msg(http_client_call(&t, &request, &reply, &err),
		    "%s: %s", replies[i / 2].wire, err.text);
		ck_assert_int_eq(reply.status, replies[i / 2].status);
		ck_assert_pstr_eq(reply.body.text, replies[i / 2].body);
		http_client_reply_fini(&reply);
		http_client_target_fini(&t);
		http_fake_stop(&f);
	}
}
END_TEST

static const struct {
	const char *head;
	int seconds;
} retries[] = {
    {"X: y", -1},
    {"Retry-After: 7", 7},
    {"X-Empty:\r\nRetry-After: 7\r\nX-Other: 9", 7},
    {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", 0},
    {"Retry-After: -1", 0},
    {"Retry-After: 99999999999999999999", INT_MAX},
};

START_TEST(a_reply_may_say_when_to_come_again)
{
	for (size_t i = 0; i < 2 * COUNT_OF(retries); i++) {
		struct http_fake f = {.piece = i % 2};
		struct http_client_request request = {"GET", "/", NULL, NULL};
		struct http_client_reply reply;
		struct http_client_target t;
		struct error err;
		char wire[256];

		snprintf(wire, sizeof(wire), "HTTP/1.1 503 No\r\n%s\r\n"
		    "Content-Length: 0\r\n\r\n", retries[i / 2].head);
		f.reply = wire;
		http_fake_start(&f);
		t = target_of(&f);
		ck_assert(http_client_call(&t, &request, &reply, &err));
		ck_assert_int_eq(reply.retry_after_s, retries[i / 2].seconds);
		http_client_reply_fini(&reply);
		http_client_target_fini(&t);
		http_fake_stop(&f);
	}
}
END_TEST

START_TEST(a_request_carries_token_lease_and_body)
{
	struct http_fake f = {.reply = OK "Content-Length: 0\r\n\r\n"};
	struct http_client_request request = {"POST", "/v1/x", "{\"a\":1}",
	    "l1"};
	struct http_client_reply reply;
	struct http_client_target t;
	struct error err;

	http_fake_start(&f);
	t = target_of(&f);
	t.token = "secret";
	ck_assert(http_client_call(&t, &request, &reply, &err));
	http_fake_stop(&f);
	ck_assert_ptr_eq(strstr(f.request, "POST /v1/x HTTP/1.1\r\n"),
	    f.request);
	ck_assert_ptr_nonnull(strstr(f.request,
	    "Authorization: Bearer secret\r\n"));
	ck_assert_ptr_nonnull(strstr(f.request, "Faultwire-Lease: l1\r\n"));
	ck_assert_ptr_nonnull(strstr(f.request,
	    "Content-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(f.request, "\r\n\r\n{\"a\":1}"));
	http_client_reply_fini(&reply);
	http_client_target_fini(&t);
}
END_TEST

static const struct {
	const char *wire;
	bool hang;
	const char *says;
} failures[] = {
    {NULL, false, "ended before a reply"},
    {OK "Content-Length: 9\r\n\r\nhalf", false, "the reply was cut"},
    {"220 mail.example ESMTP\r\n", false, "the reply is no HTTP"},
    {NULL, true, "no answer in time"},
    {OK "Content-Length: 9\r\n\r\nhalf", true, "no answer in time"},
};

START_TEST(what_is_no_reply_is_told)
{
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		struct http_fake f = {.reply = failures[i].wire,
		    .hang = failures[i].hang};
		struct http_client_request request = {"GET", "/", NULL, NULL};
		struct http_client_reply reply;
		struct http_client_target t;
		struct error err = {0};

		http_fake_start(&f);
		t = target_of(&f);
		t.timeout_us = 50000;
		ck_assert(!http_client_call(&t, &request, &reply, &err));
		ck_assert_msg(strstr(err.text, failures[i].says) != NULL,
		    "%s", err.text);
		http_client_reply_fini(&reply);
		http_client_target_fini(&t);
		http_fake_stop(&f);
	}
}
END_TEST

START_TEST(a_unix_socket_works_like_a_port)
{
	struct http_fake f = {.reply = OK "Content-Length: 2\r\n\r\nok"};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct http_client_request request = {"GET", "/", NULL, NULL};
	struct http_client_reply reply;
	struct http_client_target t;
	struct error err = {0};
	char dir[] = "/tmp/faultwire-test-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", dir);
	snprintf(f.url, sizeof(f.url), "unix:%s", at.sun_path);
	http_fake_listen(&f, (const void *)&at, sizeof(at));
	t = target_of(&f);
	ck_assert_msg(http_client_call(&t, &request, &reply, &err), "%s",
	    err.text);
	ck_assert_str_eq(reply.body.text, "ok");
	ck_assert_ptr_nonnull(strstr(f.request, "Host: localhost\r\n"));
	http_client_reply_fini(&reply);
	http_client_target_fini(&t);
	http_fake_stop(&f);
	unlink(at.sun_path);
	rmdir(dir);
}
END_TEST

static bool
take(void *arg, struct view data)
{
	str_add_bytes(arg, data.at, data.len);
	return memchr(data.at, '!', data.len) == NULL;
}

/* Streams from a server that never ends; what came. */
static char *
streamed(const char *wire, int64_t until_us, int cancel_fd, bool *ok,
    struct error *err)
{
	struct http_fake f = {.reply = wire, .hang = true};
	struct http_client_request request = {"GET", "/", NULL, NULL};
	struct http_client_reply reply;
	struct http_client_target t;
	struct str got = {0};
	struct http_client_sink sink = {take, &got, until_us};

	http_fake_start(&f);
	t = target_of(&f);
	t.cancel_fd = cancel_fd;
	*ok = http_client_stream(&t, &request, &sink, &reply, err);
	http_client_reply_fini(&reply);
	http_client_target_fini(&t);
	http_fake_stop(&f);
	return str_take(&got);
}

#define STREAM OK "Transfer-Encoding: chunked\r\n\r\n"

START_TEST(a_stream_ends_when_the_sink_has_enough)
{
	struct error err = {0};
	bool ok;
	char *got = streamed(STREAM "2\r\na!\r\n", 0, -1, &ok, &err);

	ck_assert_msg(ok, "%s", err.text);
	ck_assert_str_eq(got, "a!");
	free(got);
}
END_TEST

START_TEST(a_stream_ends_at_its_time)
{
	int64_t until_us = clock_now(&clock_real) + 100000;
	struct error err = {0};
	bool ok;
	char *got = streamed(STREAM "1\r\na\r\n", until_us, -1, &ok, &err);

	ck_assert_msg(ok, "%s", err.text);
	ck_assert_int_ge(clock_now(&clock_real), until_us);
	free(got);
}
END_TEST

START_TEST(a_stream_can_be_cancelled)
{
	struct error err = {0};
	int pipes[2];
	bool ok;
	char *got;

	ck_assert_int_eq(pipe(pipes), 0);
	close(pipes[1]);
	got = streamed(STREAM "1\r\na\r\n", 0, pipes[0], &ok, &err);
	ck_assert(!ok);
	ck_assert_int_eq(err.code, ECANCELED);
	close(pipes[0]);
	free(got);
}
END_TEST

START_TEST(names_become_segments_of_a_path)
{
	struct str path = {0};

	http_client_escape(&path, "a-b_1.~/x y?\xc3\xa9%");
	ck_assert_str_eq(path.text, "a-b_1.~%2Fx%20y%3F%C3%A9%25");
	str_fini(&path);
}
END_TEST

int
main(void)
{
	return check_run("http_client", (const TTest *const[]){
	    urls_are_read_as_people_write_them,
	    replies_are_read_whatever_their_framing_and_pieces,
	    a_reply_may_say_when_to_come_again,
	    a_request_carries_token_lease_and_body, what_is_no_reply_is_told,
	    a_unix_socket_works_like_a_port,
	    a_stream_ends_when_the_sink_has_enough, a_stream_ends_at_its_time,
	    a_stream_can_be_cancelled, names_become_segments_of_a_path,
	    NULL});
}
