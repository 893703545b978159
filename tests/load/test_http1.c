/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 against a server that answers in all ways, and in none. */
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/template.h"
#include "tests/harness/check_run.h"
#include "tests/load/driving.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const struct answer {
	const char *wire, *method;
	enum sample_outcome outcome;
	int status;
	uint64_t bytes;
	bool then_closes;
} answers[] = {
    {OK "Content-Length: 5\r\n\r\nhello", NULL, SAMPLE_OK, 200, 5, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n"
	"T: v\r\n\r\n",
     NULL, SAMPLE_OK, 200, 6, false},
    {OK "\r\nuntil the end", NULL, SAMPLE_OK, 200, 13, true},
    {OK "Content-Length: 2\r\nConnection: close\r\n\r\nno", NULL, SAMPLE_OK,
     200, 2, true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nno", NULL, SAMPLE_OK, 200, 2,
     true},
    {"HTTP/1.1 204 No Content\r\n\r\n", NULL, SAMPLE_OK, 204, 0, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", NULL, SAMPLE_OK,
     304, 0, false},
    {OK "Content-Length: 500\r\n\r\n", "HEAD", SAMPLE_OK, 200, 0, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
     "x\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
     NULL, SAMPLE_OK, 200, 1, false},
    {"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", NULL, SAMPLE_OK, 301, 0,
     false},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", NULL,
     SAMPLE_FAILED, 404, 2, false},
    {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", NULL, SAMPLE_FAILED, 503,
     0, false},
    {OK "Content-Length: 9\r\n\r\ncut", NULL, SAMPLE_BROKEN, 200, 3, true},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", NULL, SAMPLE_BROKEN, 200,
     3, true},
    {OK "Content-Le", NULL, SAMPLE_BROKEN, 0, 0, true},
    {"SSH-2.0-OpenSSH\r\n", NULL, SAMPLE_BROKEN, 0, 0, true},
    {"", NULL, SAMPLE_BROKEN, 0, 0, true},
};

struct script {
	const struct answer *answer;
	size_t piece;
};

static void
serve_answer(struct peer *p, int fd, unsigned nth)
{
	const struct script *s = p->arg;

	while (
	    peer_read_http(p, fd) &&
	    peer_send(fd, s->answer->wire, strlen(s->answer->wire), s->piece) &&
	    !s->answer->then_closes)
		;
}

static void
check_answer(const struct answer *a, size_t piece)
{
	struct conf_request request = {.weight = 1,
				       .method = (char *)a->method};
	struct conf_load load = driving_load(&request);
	struct script script = {a, piece};
	struct driving d = {0};
	struct peer p = {.arg = &script};

	driving_against(&d, &load, &p, serve_answer, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct sample *s = &d.samples.items[i];

		ck_assert_msg(
		    s->outcome == a->outcome && s->status == a->status &&
			s->bytes == a->bytes,
		    "%s: sample %zu: outcome %d, status %d, %lu bytes", a->wire,
		    i, s->outcome, s->status, s->bytes);
		ck_assert((s->first_us != 0) == (a->wire[0] != '\0'));
	}
	ck_assert_uint_eq(d.tally.opened, a->then_closes ? 3 : 1);
	ck_assert_uint_eq(d.tally.resent, 0);
	driving_fini(&d);
}

START_TEST(answers_are_read_whatever_their_framing)
{
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		check_answer(&answers[i], 0);
}
END_TEST

START_TEST(answers_are_read_byte_by_byte)
{
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		check_answer(&answers[i], 1);
}
END_TEST

START_TEST(a_request_is_as_it_was_asked_for)
{
	char *headers[] = {(char *)"X-Seq: {seq}", (char *)"host: example"};
	struct conf_request request = {.weight = 1,
				       .method = (char *)"POST",
				       .target = (char *)"/rows/{seq}?r={rand}",
				       .body = (char *)"{\"id\":\"{uuid}\"}",
				       .headers = {headers, 2}};
	struct conf_load load = driving_load(&request);
	struct driving d = {.seed = 9};
	struct peer p = {0};
	char uuid[LOAD_UUID_SIZE], text[128];

	driving_against(&d, &load, &p, peer_serve_empty, 2);
	load_uuid(9, "users", 2, uuid);
	ck_assert_ptr_eq(strstr(p.last, "POST /rows/2?r="), p.last);
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nX-Seq: 2\r\n"));
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nhost: example\r\n"));
	ck_assert_ptr_null(strstr(p.last, "Host: 127"));
	ck_assert_ptr_nonnull(
	    strstr(p.last, "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nContent-Length: 45\r\n"));
	snprintf(text, sizeof(text), "\r\nX-Request-Id: %s\r\n", uuid);
	ck_assert_ptr_nonnull(strstr(p.last, text));
	snprintf(text, sizeof(text), "\r\nTraceparent: 00-%.8s", uuid);
	ck_assert_ptr_nonnull(strstr(p.last, text));
	snprintf(text, sizeof(text), "\r\n\r\n{\"id\":\"%s\"}", uuid);
	ck_assert_ptr_nonnull(strstr(p.last, text));
	driving_fini(&d);
}
END_TEST

START_TEST(ids_of_the_template_are_left_alone)
{
	char *headers[] = {(char *)"x-request-id: mine",
			   (char *)"traceparent: 00-1-2-00"};
	struct conf_request request = {.weight = 1, .headers = {headers, 2}};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	driving_against(&d, &load, &p, peer_serve_empty, 1);
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nx-request-id: mine\r\n"));
	ck_assert_ptr_null(strstr(p.last, "X-Request-Id"));
	ck_assert_ptr_null(strstr(p.last, "Traceparent"));
	driving_fini(&d);
}
END_TEST

/* --- how connections end --- */

static void
serve_once(struct peer *p, int fd, unsigned nth)
{
	if (peer_read_http(p, fd))
		peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0);
}

/* The end comes in one segment with the answer. */
static void
serve_and_close(struct peer *p, int fd, unsigned nth)
{
	int one = 1;

	if (!peer_read_http(p, fd))
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one));
	peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0);
}

START_TEST(a_connection_closed_while_idle_is_nobodys_failure)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	driving_against(&d, &load, &p, serve_and_close, 20);
	driving_expect(&d, SAMPLE_OK);
	ck_assert_uint_eq(d.tally.opened, 20);
	driving_fini(&d);
}
END_TEST

/* Answers once, then hears nothing any more and closes when the next request
 * must be on its way: a close that crosses a request. */
static void
serve_deaf(struct peer *p, int fd, unsigned nth)
{
	int ttl = 255;

	if (nth > 1) {
		peer_serve_empty(p, fd, nth);
		return;
	}
	if (!peer_read_http(p, fd))
		return;
	peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0);
	ck_assert_int_eq(
	    setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof(ttl)), 0);
	usleep(300000);
}

START_TEST(a_request_that_crossed_a_close_is_sent_once_more)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	load.rate = 10;
	driving_against(&d, &load, &p, serve_deaf, 4);
	driving_expect(&d, SAMPLE_OK);
	ck_assert_uint_eq(d.tally.resent, 1);
	ck_assert_uint_eq(d.tally.opened, 2);
	driving_fini(&d);
}
END_TEST

/* Reads the second request on a connection, and goes. */
static void
serve_second_never(struct peer *p, int fd, unsigned nth)
{
	if (!peer_read_http(p, fd))
		return;
	peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0);
	peer_read_http(p, fd);
	/* An acknowledgement that waits would go with the close. */
	if (p->arg != NULL)
		peer_reset(fd);
}

static void
check_second_never(const char *reset)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {.arg = (void *)reset};

	driving_against(&d, &load, &p, serve_second_never, 10);
	ck_assert_uint_eq(d.tally.ended[SAMPLE_OK], 5);
	ck_assert_uint_eq(d.tally.ended[SAMPLE_BROKEN], 5);
	ck_assert_uint_eq(d.tally.resent, 0);
	driving_fini(&d);
}

START_TEST(a_service_that_took_the_request_and_closed_has_failed)
{
	check_second_never(NULL);
}
END_TEST

START_TEST(a_reset_is_a_failure_on_a_used_connection_too)
{
	check_second_never("reset");
}
END_TEST

START_TEST(a_server_that_never_answers_is_a_timeout)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	load.timeout_us = 50000;
	driving_against(&d, &load, &p, peer_serve_never, 3);
	driving_expect(&d, SAMPLE_TIMEOUT);
	for (size_t i = 0; i < 3; i++) {
		const struct sample *s = &d.samples.items[i];

		ck_assert_int_ge(s->end_us - s->start_us, 50000);
		ck_assert_int_eq(s->first_us, 0);
	}
	ck_assert_uint_eq(d.tally.opened, 3);
	driving_fini(&d);
}
END_TEST

/* The first ones answer once, slowly, and are silent from then on. */
static void
serve_tired(struct peer *p, int fd, unsigned nth)
{
	if (nth > 5) {
		peer_serve_empty(p, fd, nth);
		return;
	}
	if (!peer_read_http(p, fd))
		return;
	usleep(150000);
	peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0);
	peer_wait(fd);
}

START_TEST(one_time_out_in_silence_ends_all_idle_connections)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct conf_load_step steps[] = {{50000, 0}, {400000, 5}};
	struct driving d = {0};
	struct peer p = {0};

	load.serial = false;
	load.rate = 100;
	load.steps = steps;
	load.steps_count = 2;
	load.timeout_us = 350000;
	driving_against(&d, &load, &p, serve_tired, 12);
	ck_assert_uint_ge(d.tally.ended[SAMPLE_TIMEOUT], 1);
	/* The one, and another that was sent before it was over. */
	ck_assert_uint_le(d.tally.ended[SAMPLE_TIMEOUT], 2);
	driving_fini(&d);
}
END_TEST

START_TEST(a_port_where_nobody_listens_breaks_requests)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	peer_start(&p, peer_serve_empty);
	peer_stop(&p);
	driving_run(&d, &load, &p, 3);
	driving_expect(&d, SAMPLE_BROKEN);
	ck_assert_uint_eq(d.tally.opened, 0);
	ck_assert_str_eq(d.tally.why, "Connection refused");
	driving_fini(&d);
}
END_TEST

START_TEST(fresh_connections_serve_once)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	load.fresh = true;
	driving_against(&d, &load, &p, serve_once, 5);
	driving_expect(&d, SAMPLE_OK);
	ck_assert_uint_eq(d.tally.opened, 5);
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nConnection: close\r\n"));
	driving_fini(&d);
}
END_TEST

START_TEST(a_unix_socket_works_like_a_port)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	char path[64];
	struct peer p = {.path = path};

	snprintf(path, sizeof(path), "/tmp/faultwire-load-%d.sock", getpid());
	driving_against(&d, &load, &p, peer_serve_empty, 5);
	driving_expect(&d, SAMPLE_OK);
	ck_assert_ptr_nonnull(strstr(p.last, "\r\nHost: localhost\r\n"));
	driving_fini(&d);
}
END_TEST

int
main(void)
{
	return check_run(
	    "http1", (const TTest *const[]){
			 answers_are_read_whatever_their_framing,
			 answers_are_read_byte_by_byte,
			 a_request_is_as_it_was_asked_for,
			 ids_of_the_template_are_left_alone,
			 a_connection_closed_while_idle_is_nobodys_failure,
			 a_request_that_crossed_a_close_is_sent_once_more,
			 a_service_that_took_the_request_and_closed_has_failed,
			 a_reset_is_a_failure_on_a_used_connection_too,
			 a_server_that_never_answers_is_a_timeout,
			 one_time_out_in_silence_ends_all_idle_connections,
			 a_port_where_nobody_listens_breaks_requests,
			 fresh_connections_serve_once,
			 a_unix_socket_works_like_a_port,
			 NULL,
		     });
}
