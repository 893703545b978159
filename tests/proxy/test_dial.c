/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching an upstream: at once, late, never, or somewhere else. */
#include "proxy/dial.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "proxy/resolve.h"
#include "proxy/protocol.h"
#include "proxy/worker.h"
#include "tests/harness/check_run.h"

#define SECOND 1000000

static struct resolver *resolver;
static struct worker *worker;
static enum dial_result result;
static int got_fd, times;

static void
on_done(void *arg, enum dial_result r, int fd, struct tls *tls)
{
	ck_assert_ptr_eq(arg, &result);
	ck_assert_ptr_null(tls);
	result = r;
	got_fd = fd;
	times++;
}

/* Looks names up without asking anybody. */
static int
look_up(void *arg, const char *name, struct resolve_list *to)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	(void)arg;
	if (strcmp(name, "missing.test") == 0)
		return EAI_NONAME;
	/* The first answers nobody's call, the second is us. */
	if (strcmp(name, "two.test") == 0) {
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
		resolve_list_add(to, (struct sockaddr *)&in, sizeof(in));
	}
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	resolve_list_add(to, (struct sockaddr *)&in, sizeof(in));
	return 0;
}

static int
listen_on_loopback(unsigned *port, int backlog)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	getsockname(fd, (struct sockaddr *)&in, &len);
	*port = ntohs(in.sin_port);
	return fd;
}

static void
begin(void)
{
	static const struct resolver_options options = {.lookup = look_up};
	struct error err = {0};

	resolver = resolver_new(&options);
	worker = worker_new(0, 1, &all_protocols, resolver, &err);
	ck_assert_msg(worker != NULL, "%s", err.text);
	times = 0;
	got_fd = -1;
}

static void
finish(void)
{
	if (got_fd >= 0)
		close(got_fd);
	worker_free(worker);
	resolver_free(resolver);
}

/* A route that leads there. */
static struct conf_route conf;
static struct armed_route route = {.conf = &conf, .name = "r"};
static struct flow flow = {.route_name = "r"};

static struct dial *
start(const char *text, int64_t timeout_us)
{
	const struct dial_request request = {
	    .route = &route,
	    .flow = &flow,
	    .client_fd = -1,
	    .done = on_done,
	    .arg = &result,
	};
	struct error err;

	conf.connect_timeout_us = timeout_us;
	ck_assert(conf_address_parse(text, false, &conf.upstream, &err));
	return dial_start(worker, &request);
}

/* Dials, and runs the worker until that ended. */
static enum dial_result
dial(const char *host, unsigned port, int64_t timeout_us)
{
	char text[64];
	struct dial *d;

	snprintf(text, sizeof(text), "%s:%u", host, port);
	d = start(text, timeout_us);
	ck_assert((d == NULL) == (times == 1));
	for (int i = 0; times == 0 && i < 20000; i++) {
		event_base_loop(worker->base, EVLOOP_NONBLOCK);
		deadline_run(&worker->engine.deadlines, worker_now(worker));
		usleep(500);
	}
	ck_assert_int_eq(times, 1);
	ck_assert((got_fd >= 0) == (result == DIAL_OK));
	conf_address_fini(&conf.upstream);
	return result;
}

START_TEST(an_address_is_reached_and_the_socket_ready)
{
	unsigned port;
	int fd = listen_on_loopback(&port, 5);

	begin();
	ck_assert_int_eq(dial("127.0.0.1", port, SECOND), DIAL_OK);
	ck_assert(fcntl(got_fd, F_GETFL) & O_NONBLOCK);
	ck_assert_int_eq(send(got_fd, "x", 1, 0), 1);
	finish();
	close(fd);
}
END_TEST

START_TEST(nobody_listening_is_refused)
{
	unsigned port;

	close(listen_on_loopback(&port, 5));
	begin();
	ck_assert_int_eq(dial("127.0.0.1", port, SECOND), DIAL_REFUSED);
	finish();
}
END_TEST

START_TEST(a_name_is_looked_up_and_its_addresses_tried_in_turn)
{
	unsigned port;
	int fd = listen_on_loopback(&port, 5);

	begin();
	ck_assert_int_eq(dial("two.test", port, 5 * SECOND), DIAL_OK);
	finish();
	close(fd);
}
END_TEST

START_TEST(a_name_that_nobody_has_is_dns)
{
	begin();
	ck_assert_int_eq(dial("missing.test", 1, SECOND), DIAL_DNS);
	ck_assert_str_eq(dial_result_error(result), "dns_error");
	finish();
}
END_TEST

/* Its queue is full, so that no SYN is answered. */
static void
fill(unsigned port, int *fds, size_t count)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (size_t i = 0; i < count; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&in, sizeof(in));
	}
	usleep(20000);
}

START_TEST(no_answer_is_a_time_out_in_time_or_cancelled)
{
	struct dial *d;
	unsigned port;
	int fd = listen_on_loopback(&port, 0), fds[3];
	char text[32];

	fill(port, fds, COUNT_OF(fds));
	begin();
	ck_assert_int_eq(dial("127.0.0.1", port, SECOND / 10), DIAL_TIMEOUT);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	d = start(text, SECOND / 100);
	ck_assert_ptr_nonnull(d);
	dial_cancel(d);
	dial_cancel(NULL);
	usleep(20000);
	event_base_loop(worker->base, EVLOOP_NONBLOCK);
	deadline_run(&worker->engine.deadlines, worker_now(worker));
	ck_assert_int_eq(times, 1);
	conf_address_fini(&conf.upstream);
	finish();
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	close(fd);
}
END_TEST

int
main(void)
{
	return check_run("dial",
	    (const TTest *const[]){an_address_is_reached_and_the_socket_ready,
		nobody_listening_is_refused,
		a_name_is_looked_up_and_its_addresses_tried_in_turn,
		a_name_that_nobody_has_is_dns,
		no_answer_is_a_time_out_in_time_or_cancelled, NULL});
}
