/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy as the control thread sees it. */
#include "proxy/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/str.h"
#include "proxy/worker.h"
#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

static struct server *server;

static void
begin(const char *text)
{
	struct conf_model *m = model_of(text);
	struct error err = {0};

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	server = server_new(m, &err);
	ck_assert_msg(server != NULL, "%s", err.text);
	server_begin(server);
	conf_model_unref(m);
}

static bool
apply(const char *text, char *complaint, size_t size)
{
	struct conf_diag diag = {0};
	struct conf_model *m = model_of(text);
	bool ok = server_apply(server, m, &diag);

	if (complaint != NULL && diag.count > 0)
		snprintf(complaint, size, "%s", diag.messages[0].text);
	conf_diag_fini(&diag);
	conf_model_unref(m);
	return ok;
}

/* A listening socket of our own, and its port. */
static int
take_port(unsigned *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&in, &len);
	*port = ntohs(in.sin_port);
	return fd;
}

static const char one[] =
    "seed = 7; workers = 2; routes = (" MODEL_ROUTE("a", "") ");";

START_TEST(a_model_comes_into_force_and_another_after_it)
{
	begin(one);
	ck_assert_ptr_null(server_plan(server));
	ck_assert(apply(one, NULL, 0));
	ck_assert_uint_eq(server_seed(server), 7);
	ck_assert_uint_eq(server_workers(server), 2);
	ck_assert_uint_eq(server_plan(server)->generation, 1);
	ck_assert(apply("routes = (" MODEL_ROUTE("b", "") ");", NULL, 0));
	ck_assert_uint_eq(server_plan(server)->generation, 2);
	ck_assert_ptr_null(plan_route(server_plan(server), "a"));
	ck_assert_ptr_nonnull(plan_route(server_plan(server), "b"));
	ck_assert_uint_eq(server_sessions(server), 0);
	server_free(server);
}
END_TEST

START_TEST(nobody_is_served_before_it_begins)
{
	struct conf_model *m;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct error err = {0};
	unsigned port;
	char byte;
	int fd;

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	m = model_of(one);
	server = server_new(m, &err);
	conf_model_unref(m);
	ck_assert(apply(one, NULL, 0));
	/* What goes before it begins is closed, what stays is the same. */
	ck_assert(apply("routes = (" MODEL_ROUTE("b", "") ");", NULL, 0));
	ck_assert(apply("routes = (" MODEL_ROUTE("b", "") ", "
	    MODEL_ROUTE("c", "") ");", NULL, 0));
	ck_assert_int_eq(sscanf(server_listening(server,
				    plan_route(server_plan(server), "b")),
			     "127.0.0.1:%u", &port), 1);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
	server_begin(server);
	/* Nobody is behind that route. */
	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
	close(fd);
	server_free(server);
	/* One that never begins leaves nothing open. */
	m = model_of(one);
	server = server_new(m, &err);
	conf_model_unref(m);
	ck_assert(apply(one, NULL, 0));
	server_free(server);
}
END_TEST

static int looked;

static void
look(void *arg, const struct plan *before, const struct plan *after)
{
	(void)arg;
	looked++;
	ck_assert_uint_eq(before->routes_count, 1);
	ck_assert_uint_eq(after->routes_count, 2);
}

START_TEST(a_taken_port_is_said_and_nothing_has_changed)
{
	struct str text = {0};
	struct conf_diag diag = {0};
	struct conf_model *m;
	char why[256] = "";
	unsigned port;
	int fd = take_port(&port);

	begin(one);
	ck_assert(apply(one, NULL, 0));
	str_printf(&text,
	    "routes = (" MODEL_ROUTE("a", "") ", { name = \"t\"; "
	    "listen = \"127.0.0.1:%u\"; upstream = \"127.0.0.1:9\"; });",
	    port);
	ck_assert(!apply(text.text, why, sizeof(why)));
	ck_assert_msg(strstr(why, "Address already in use") != NULL, "%s",
	    why);
	ck_assert_uint_eq(server_plan(server)->generation, 1);
	/* Trying says the same, and looks once it could be. */
	m = model_of(text.text);
	ck_assert(!server_try(server, m, look, NULL, &diag));
	ck_assert_int_eq(looked, 0);
	close(fd);
	conf_diag_fini(&diag);
	ck_assert(server_try(server, m, look, NULL, &diag));
	ck_assert_int_eq(looked, 1);
	ck_assert_uint_eq(server_plan(server)->generation, 1);
	conf_model_unref(m);
	str_fini(&text);
	server_free(server);
}
END_TEST

static void
count(struct worker *w, void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1 << (8 * w->index));
}

START_TEST(every_worker_is_asked_once)
{
	atomic_int asked = 0;

	begin("workers = 3;");
	server_ask(server, count, &asked);
	ck_assert_int_eq(asked, 0x010101);
	server_free(server);
}
END_TEST

START_TEST(time_is_looked_at_when_it_changes_something)
{
	int64_t now_us, next_us;

	begin(one);
	ck_assert(apply("routes = (" MODEL_ROUTE("a",
			    "{ type = \"noop\"; for = \"60s\"; }") ");",
	    NULL, 0));
	now_us = clock_now(&clock_real);
	next_us = server_tick(server, now_us);
	ck_assert_int_gt(next_us, now_us + 50 * 1000000);
	ck_assert_int_le(next_us, now_us + 60 * 1000000);
	ck_assert_int_eq(server_tick(server, now_us + 61 * 1000000),
	    DEADLINE_NEVER);
	server_free(server);
}
END_TEST

START_TEST(a_drained_server_has_neither_faults_nor_listeners)
{
	struct str text = {0};
	struct server *drained;
	unsigned port;
	int fd = take_port(&port);

	close(fd);
	begin(one);
	str_printf(&text, "routes = ({ name = \"t\"; listen = "
		"\"127.0.0.1:%u\"; upstream = \"127.0.0.1:9\"; "
		"faults = ({ type = \"noop\"; }); });", port);
	ck_assert(apply(text.text, NULL, 0));
	ck_assert_uint_eq(plan_route(server_plan(server), "t")->faults_count,
	    1);
	server_drain(server);
	ck_assert_uint_eq(plan_route(server_plan(server), "t")->faults_count,
	    0);
	/* Its port is free again. */
	drained = server;
	begin(one);
	ck_assert(apply(text.text, NULL, 0));
	server_free(server);
	server_free(drained);
	str_fini(&text);
}
END_TEST

START_TEST(a_worker_that_did_not_turn_for_long_is_noticed)
{
	int64_t now_us = clock_now(&clock_real);

	begin("workers = 2;");
	ck_assert(server_turns(server, now_us));
	ck_assert(server_turns(server, now_us + 20 * 1000000LL));
	ck_assert(!server_turns(server, now_us + 60 * 1000000LL));
	server_free(server);
}
END_TEST

START_TEST(lateness_of_all_workers_adds_up)
{
	struct histogram_sum sum = {0};
	uint64_t count = 0;

	begin("workers = 2;");
	/* Each tidies up every 2 s. */
	for (int i = 0; i < 400 && count < 2; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		sum = (struct histogram_sum){0};
		server_lag(server, &sum);
		count = histogram_count(&sum);
	}
	ck_assert_uint_ge(count, 2);
	server_free(server);
}
END_TEST

int
main(void)
{
	return check_run("server",
	    (const TTest *const[]){
		a_model_comes_into_force_and_another_after_it,
		nobody_is_served_before_it_begins,
		a_taken_port_is_said_and_nothing_has_changed,
		every_worker_is_asked_once,
		time_is_looked_at_when_it_changes_something,
		a_drained_server_has_neither_faults_nor_listeners,
		a_worker_that_did_not_turn_for_long_is_noticed,
		lateness_of_all_workers_adds_up, NULL});
}
