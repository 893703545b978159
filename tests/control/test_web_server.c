/* SPDX-License-Identifier: Apache-2.0 */
/* The control server over real sockets: replies, order, who makes room. */
#include "control/web_server.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "control/web_conn.h"
#include "tests/harness/check_run.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct event_base *base;
static struct web_server *server;
static char path[64];
static int handled, closed;
static struct web_conn *stream;
static bool admits;
static size_t reply_size;

static bool
on_admit(void *arg, const struct web_request *request, struct web_reply *reply)
{
	(void)arg;
	ck_assert_uint_eq(request->body.len, 0);
	if (admits)
		return true;
	reply->status = 401;
	return false;
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed++;
}

/* Says the path and the body's length. */
static void
on_request(void *arg, const struct web_request *request,
	   struct web_reply *reply)
{
	(void)arg;
	handled++;
	reply->status = 200;
	if (view_is(request->path, "/stream")) {
		reply->stream = true;
		stream = request->conn;
		web_stream(stream, on_closed, NULL);
		return;
	}
	str_printf(&reply->body, "%.*s %zu.", (int)request->path.len,
		   request->path.at, request->body.len);
	while (reply->body.len < reply_size)
		str_add_char(&reply->body, 'x');
}

static const struct web_ops ops = {.admit = on_admit, .handle = on_request};

static void
serve_at(const char *where)
{
	struct conf_address address = {
	    .is_unix = true, .text = (char *)where, .path = (char *)where};
	struct error err = {0};

	base = event_base_new();
	admits = true;
	handled = closed = 0;
	reply_size = 0;
	server = web_server_new(base, &address, &ops, NULL, &err);
	ck_assert_msg(server != NULL, "%s", err.text);
}

static void
serve(void)
{
	snprintf(path, sizeof(path), "/tmp/faultwire-web-%d.sock", getpid());
	serve_at(path);
}

static void
finish(void)
{
	web_server_free(server);
	event_base_free(base);
	ck_assert_int_lt(access(path, F_OK), 0);
}

static int
dial(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void
tell(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* Lets the server do all that it can do now. */
static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Everything that came so far. */
static struct str
hear(int fd)
{
	struct str got = {0};
	char buf[65536];
	ssize_t n;

	turn();
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		str_add_bytes(&got, buf, (size_t)n);
		turn();
	}
	str_add(&got, n == 0 ? "<end>" : "");
	return got;
}

static void
expect(int fd, const char *text)
{
	struct str got = hear(fd);

	ck_assert_str_eq(got.text != NULL ? got.text : "", text);
	str_fini(&got);
}

static void
expect_part(int fd, const char *text)
{
	struct str got = hear(fd);

	ck_assert_msg(got.text != NULL && strstr(got.text, text) != NULL, "%s",
		      got.text);
	str_fini(&got);
}

static bool
is_open(int fd)
{
	char c;

	turn();
	return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) != 0;
}

START_TEST(pipelined_requests_are_answered_in_order)
{
	int fd;

	serve();
	fd = dial();
	tell(fd, GET("/a") "POST /b HTTP/1.1\r\nHost: x\r\n"
			   "Content-Length: 2\r\n\r\nhi" GET("/c"));
	expect(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/a 0."
		   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/b 2."
		   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/c 0.");
	close(fd);
	finish();
}
END_TEST

START_TEST(the_socket_file_is_for_owner_and_group)
{
	mode_t before = umask(0);
	struct stat st;

	serve();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	finish();
	umask(077);
	serve();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	finish();
	umask(before);
}
END_TEST

START_TEST(a_stale_socket_is_replaced_a_live_one_and_a_file_are_not)
{
	struct conf_address address = {
	    .is_unix = true, .text = path, .path = path};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct error err = {0};
	int fd;

	serve();
	ck_assert_ptr_null(web_server_new(base, &address, &ops, NULL, &err));
	ck_assert_msg(strstr(err.text, "in use") != NULL, "%s", err.text);
	finish();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(un.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	serve();
	finish();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	base = event_base_new();
	ck_assert_ptr_null(web_server_new(base, &address, &ops, NULL, &err));
	ck_assert_int_eq(access(path, F_OK), 0);
	event_base_free(base);
	unlink(path);
}
END_TEST

START_TEST(who_is_not_admitted_is_told_before_its_body_came)
{
	int fd;

	serve();
	admits = false;
	fd = dial();
	tell(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
	expect(fd, "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n"
		   "Content-Length: 0\r\n\r\n<end>");
	close(fd);
	/* Without a body the connection lives on. */
	fd = dial();
	tell(fd, GET("/a") GET("/b"));
	expect(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	admits = true;
	tell(fd, GET("/c"));
	expect_part(fd, "/c 0.");
	ck_assert_int_eq(handled, 1);
	close(fd);
	finish();
}
END_TEST

START_TEST(continue_is_sent_to_who_waits_for_it)
{
	int fd;

	serve();
	fd = dial();
	tell(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
		 "Expect: 100-continue\r\n\r\n");
	expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	tell(fd, "hi");
	expect_part(fd, "/a 2.");
	close(fd);
	finish();
}
END_TEST

START_TEST(the_longest_idle_makes_room_for_the_next)
{
	int fds[WEB_CONNS_MAX + 2];

	serve();
	for (int i = 0; i < WEB_CONNS_MAX; i++) {
		fds[i] = dial();
		turn();
	}
	/* The first two are busy since: one was served, one is at it. */
	tell(fds[0], GET("/0"));
	expect_part(fds[0], "/0 0.");
	tell(fds[1], "GET /1");
	turn();
	for (int i = 0; i < 2; i++) {
		fds[WEB_CONNS_MAX + i] = dial();
		tell(fds[WEB_CONNS_MAX + i], GET("/more"));
		expect_part(fds[WEB_CONNS_MAX + i], "/more 0.");
	}
	for (int i = 0; i < WEB_CONNS_MAX; i++) {
		ck_assert_msg(is_open(fds[i]) == (i != 2 && i != 3), "%d", i);
		close(fds[i]);
	}
	close(fds[WEB_CONNS_MAX]);
	close(fds[WEB_CONNS_MAX + 1]);
	finish();
}
END_TEST

START_TEST(streams_go_last_and_their_owner_is_told)
{
	int fds[WEB_CONNS_MAX + 1];

	serve();
	fds[0] = dial();
	tell(fds[0], GET("/stream"));
	expect_part(fds[0], "Connection: close\r\n\r\n");
	ck_assert(web_stream_write(stream, "event", 5));
	expect(fds[0], "event");
	for (int i = 1; i <= WEB_CONNS_MAX; i++) {
		fds[i] = dial();
		turn();
	}
	ck_assert(is_open(fds[0]));
	ck_assert(!is_open(fds[1]));
	ck_assert_int_eq(closed, 0);
	finish();
	ck_assert_int_eq(closed, 1);
	for (int i = 0; i <= WEB_CONNS_MAX; i++)
		close(fds[i]);
}
END_TEST

/* urllib and others say on every request that it is their last. */
START_TEST(a_stream_goes_on_though_the_client_said_close)
{
	int fd;

	serve();
	fd = dial();
	tell(fd, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		 "\r\n");
	expect_part(fd, "Connection: close\r\n\r\n");
	turn();
	ck_assert(is_open(fd));
	ck_assert(web_stream_write(stream, "event", 5));
	expect(fd, "event");
	finish();
	close(fd);
}
END_TEST

START_TEST(a_client_that_does_not_read_is_not_read_either)
{
	int fd;

	serve();
	reply_size = 1 << 20;
	fd = dial();
	for (int i = 0; i < 100; i++)
		tell(fd, GET("/large"));
	turn();
	ck_assert_int_lt(handled, 10);
	/* All come in the end. */
	for (int i = 0; i < 500 && handled < 100; i++) {
		struct str got = hear(fd);

		str_fini(&got);
	}
	ck_assert_int_eq(handled, 100);
	close(fd);
	finish();
}
END_TEST

/* Valgrind has limits of its own in place of the kernel's. */
static bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

START_TEST(it_answers_though_no_descriptors_are_left)
{
	struct rlimit limit, small;
	int fds[64], count = 0, fd;

	if (under_valgrind())
		return;
	serve();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	small = limit;
	small.rlim_cur = (rlim_t)fd + 20;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
	close(fd);
	fd = dial();
	while (count < 64 && (fds[count] = dup(0)) >= 0)
		count++;
	ck_assert_int_lt(count, 64);
	for (int i = 0; i < 10; i++) {
		tell(fd, GET("/a"));
		expect_part(fd, "/a 0.");
		close(fd);
		turn();
		fd = dial();
	}
	close(fd);
	while (count > 0)
		close(fds[--count]);
	finish();
	setrlimit(RLIMIT_NOFILE, &limit);
}
END_TEST

int
main(void)
{
	return check_run(
	    "web_server",
	    (const TTest *const[]){
		pipelined_requests_are_answered_in_order,
		the_socket_file_is_for_owner_and_group,
		a_stale_socket_is_replaced_a_live_one_and_a_file_are_not,
		who_is_not_admitted_is_told_before_its_body_came,
		continue_is_sent_to_who_waits_for_it,
		the_longest_idle_makes_room_for_the_next,
		streams_go_last_and_their_owner_is_told,
		a_stream_goes_on_though_the_client_said_close,
		a_client_that_does_not_read_is_not_read_either,
		it_answers_though_no_descriptors_are_left, NULL});
}
