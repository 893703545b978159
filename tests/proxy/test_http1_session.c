/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sessions over sockets: a worker in its thread, the test as client and
 * as upstream. Every wait is bounded by a time-out of the socket. */
#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/log.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/plan.h"
#include "proxy/resolve.h"
#include "proxy/protocol.h"
#include "proxy/worker.h"

#define LISTEN "127.0.0.1:1"

static struct resolver *resolver;
static struct worker *worker;
static int upstream = -1; /* listens */
static uint64_t sessions;

static void
time_out(int fd)
{
	struct timeval tv = {.tv_sec = 20};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static int
listen_somewhere(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	time_out(fd);
	return fd;
}

static int
port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	getsockname(fd, (struct sockaddr *)&in, &len);
	return ntohs(in.sin_port);
}

/* A worker with one HTTP route; `more` is added to its group. */
static void
begin(const char *more)
{
	struct conf_diag diag = {0};
	struct conf_model *model;
	struct error err;
	struct plan *plan;
	char text[1024];

	upstream = listen_somewhere();
	snprintf(text, sizeof(text),
	    "routes = ({ name = \"r\"; listen = \"" LISTEN "\"; "
	    "upstream = \"127.0.0.1:%d\"; protocol = \"http\"; %s });",
	    port_of(upstream), more);
	model = conf_load_text(text, "test", &fault_kinds, &diag);
	ck_assert_ptr_nonnull(model);
	conf_diag_fini(&diag);
	resolver = resolver_new(NULL);
	worker = worker_new(0, 42, &all_protocols, resolver, &err);
	ck_assert_ptr_nonnull(worker);
	plan = plan_new(model, NULL, NULL, 42, worker_now(worker));
	worker_post_plan(worker, plan, NULL, NULL);
	plan_unref(plan);
	conf_model_unref(model);
	worker_start(worker);
}

static void
teardown(void)
{
	worker_post_stop(worker);
	worker_join(worker);
	worker_free(worker);
	resolver_free(resolver);
	close(upstream);
}

static int
client(void)
{
	struct accepted from = {.listener = intern(LISTEN),
	    .session = ++sessions, .flow = UINT64_MAX};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	from.fd = fds[0];
	from.peer.ss_family = AF_UNIX;
	worker_post_accepted(worker, &from);
	time_out(fds[1]);
	return fds[1];
}

static int
server(void)
{
	int fd = accept(upstream, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	time_out(fd);
	return fd;
}

static void
put(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

/* Exactly this comes. */
static void
expect(int fd, const char *text)
{
	char got[4096];
	size_t have = 0, want = strlen(text);

	while (have < want) {
		ssize_t n = recv(fd, got + have, want - have, 0);

		ck_assert_msg(n > 0, "%zd behind \"%.*s\"", n, (int)have, got);
		have += (size_t)n;
	}
	got[have] = '\0';
	ck_assert_str_eq(got, text);
}

/* A reply that begins like this and ends with its connection. */
static void
expect_last(int fd, const char *begins)
{
	char got[4096];
	size_t have = 0;
	ssize_t n;

	while ((n = recv(fd, got + have, sizeof(got) - have, 0)) > 0)
		have += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_msg(have >= strlen(begins) &&
		memcmp(got, begins, strlen(begins)) == 0,
	    "%.*s", (int)have, got);
}

static void
expect_end(int fd)
{
	char byte;

	ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
}

#define GET(path) "GET " path " HTTP/1.1\r\nhost:a\r\nX:  y \r\n\r\n"
#define OK(body, len)                                                          \
	"HTTP/1.1 200 Fine\r\ncontent-length: " len "\r\n\r\n" body

START_TEST(messages_pass_byte_for_byte_and_connections_are_kept)
{
	int c, s, other;

	begin("");
	c = client();
	put(c, GET("/1"));
	s = server();
	expect(s, GET("/1"));
	put(s, OK("abc", "3"));
	expect(c, OK("abc", "3"));
	other = client();
	put(other, GET("/2"));
	expect(s, GET("/2"));
	put(s, OK("", "0"));
	expect(other, OK("", "0"));
	close(c);
	close(other);
	close(s);
}
END_TEST

START_TEST(pipelined_requests_go_one_by_one)
{
	int c, s;

	begin("");
	c = client();
	put(c, GET("/1") GET("/2"));
	s = server();
	expect(s, GET("/1"));
	put(s, OK("a", "1"));
	expect(s, GET("/2"));
	put(s, OK("b", "1"));
	expect(c, OK("a", "1") OK("b", "1"));
	shutdown(c, SHUT_WR);
	expect_end(c);
	close(c);
	close(s);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
	int c, s;

	begin("");
	c = client();
	for (const char *at = text; *at != '\0'; at++)
		put(c, (const char[]){*at, '\0'});
	s = server();
	expect(s, text);
	put(s, "HTTP/1.1 100 Continue\r\n\r\n" OK("", "0"));
	expect(c, "HTTP/1.1 100 Continue\r\n\r\n" OK("", "0"));
	close(c);
	close(s);
}
END_TEST

START_TEST(what_is_ambiguous_is_refused)
{
	int c;

	begin("");
	c = client();
	put(c, "GET / HTTP/1.1\r\n\r\n");
	expect_last(c, "HTTP/1.1 400 ");
	close(c);
}
END_TEST

START_TEST(a_dead_upstream_gives_502_and_the_client_goes_on)
{
	char reply[32] = {0};
	int c;

	begin("");
	shutdown(upstream, SHUT_RDWR);
	c = client();
	for (int i = 0; i < 2; i++) {
		put(c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_int_eq(recv(c, reply, 13, MSG_WAITALL), 13);
		ck_assert_str_eq(reply, "HTTP/1.1 502 ");
		/* The rest of a head of unknown date. */
		while (strstr(reply, "\r\n\r\n") == NULL) {
			memmove(reply, reply + 1, 4);
			reply[4] = '\0';
			ck_assert_int_eq(recv(c, reply + 3, 1, 0), 1);
		}
	}
	close(c);
}
END_TEST

START_TEST(a_kept_connection_that_died_is_tried_again)
{
	int c, s, fresh;

	begin("");
	c = client();
	put(c, GET("/1"));
	s = server();
	expect(s, GET("/1"));
	put(s, OK("", "0"));
	expect(c, OK("", "0"));
	/* The next request is on its way when the connection ends. */
	put(c, GET("/2"));
	expect(s, GET("/2"));
	close(s);
	fresh = server();
	expect(fresh, GET("/2"));
	put(fresh, OK("", "0"));
	expect(c, OK("", "0"));
	close(c);
	close(fresh);
}
END_TEST

START_TEST(an_upgrade_is_a_tunnel_with_two_ends)
{
	static const char ask[] = "GET / HTTP/1.1\r\nHost: a\r\n"
	    "Connection: upgrade\r\nUpgrade: x\r\n\r\n";
	static const char yes[] = "HTTP/1.1 101 Yes\r\n"
	    "Connection: upgrade\r\nUpgrade: x\r\n\r\n";
	int c, s;

	begin("");
	c = client();
	put(c, ask);
	s = server();
	expect(s, ask);
	put(s, yes);
	expect(c, yes);
	put(c, "\x80 no http");
	expect(s, "\x80 no http");
	shutdown(c, SHUT_WR);
	expect_end(s);
	put(s, "last words");
	expect(c, "last words");
	close(s);
	expect_end(c);
	close(c);
}
END_TEST

START_TEST(a_response_until_close_ends_with_the_connection)
{
	int c, s;

	begin("");
	c = client();
	put(c, GET("/"));
	s = server();
	expect(s, GET("/"));
	put(s, "HTTP/1.1 200 OK\r\n\r\nall of it");
	close(s);
	expect_last(c, "HTTP/1.1 200 OK\r\n\r\nall of it");
	close(c);
}
END_TEST

START_TEST(an_early_answer_ends_the_upload)
{
	int c, s;

	begin("");
	c = client();
	put(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	s = server();
	expect(s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	put(s, OK("", "0"));
	expect_last(c, OK("", "0"));
	close(c);
	close(s);
}
END_TEST

START_TEST(faults_see_the_exchange)
{
	int c, s;

	begin("faults = ("
	      "{ type = \"abort\"; status = 418; when = { path = \"/t\"; }; },"
	      "{ type = \"headers\"; set = [ \"X: 1\" ]; },"
	      "{ type = \"latency\"; latency = \"5ms\"; });");
	c = client();
	put(c, "POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
	       "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	s = server();
	expect(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	put(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	shutdown(c, SHUT_WR);
	expect_last(c, "HTTP/1.1 418 I'm a teapot\r\n");
	close(c);
	close(s);
}
END_TEST

START_TEST(a_head_that_does_not_come_is_answered_in_time)
{
	int c;

	begin("header_timeout = \"10ms\";");
	c = client();
	put(c, "GET /");
	expect_last(c, "HTTP/1.1 408 ");
	close(c);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    messages_pass_byte_for_byte_and_connections_are_kept,
	    pipelined_requests_go_one_by_one, a_request_may_come_byte_by_byte,
	    what_is_ambiguous_is_refused,
	    a_dead_upstream_gives_502_and_the_client_goes_on,
	    a_kept_connection_that_died_is_tried_again,
	    an_upgrade_is_a_tunnel_with_two_ends,
	    a_response_until_close_ends_with_the_connection,
	    an_early_answer_ends_the_upload, faults_see_the_exchange,
	    a_head_that_does_not_come_is_answered_in_time,
	};
	Suite *s = suite_create("http1_session");
	TCase *c = tcase_create("http1_session");
	SRunner *r;

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	tcase_add_checked_fixture(c, NULL, teardown);
	tcase_set_timeout(c, 60);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return EXIT_SUCCESS;
}
