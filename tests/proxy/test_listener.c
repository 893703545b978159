/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: opening, and what faults make of a port. */
#include "proxy/listener.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "tests/harness/check_run.h"

static struct event_base *base;
static int accepted;
static int min_ttl; /* of the socket accepted last */

static struct conf_address
address_of(const char *text)
{
	struct conf_address a = {0};
	struct error err;

	ck_assert(conf_address_parse(text, true, &a, &err));
	return a;
}

static bool
open_at(const char *text, struct opened_listener *to, struct error *err)
{
	struct conf_address a = address_of(text);
	bool ok = listener_open("id", &a, 0, to, err);

	conf_address_fini(&a);
	return ok;
}

static void
on_accept(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(min_ttl);

	(void)l;
	ck_assert_uint_ne(peer->ss_family, 0);
	min_ttl = 0;
	getsockopt(fd, IPPROTO_IP, IP_MINTTL, &min_ttl, &len);
	close(fd);
	accepted++;
}

static void
on_starved(struct listener *l)
{
	(void)l;
	ck_abort_msg("out of descriptors");
}

static void
begin(struct listener *l, const char *text)
{
	struct error err = {0};

	base = event_base_new();
	*l = (struct listener){.base = base, .effect = LISTENER_OPEN,
	    .on_accept = on_accept, .on_starved = on_starved};
	ck_assert_msg(open_at(text, &l->opened, &err), "%s", err.text);
	listener_update(l, LISTENER_OPEN, false);
}

static void
finish(struct listener *l)
{
	listener_close(l);
	event_base_free(base);
}

/* Connects without waiting; the errno of it, EINPROGRESS: no answer yet. */
static int
knock(const struct listener *l)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);
	int fd, error = 0;

	if (l->opened.is_unix) {
		struct sockaddr_un *un = (void *)&at;

		un->sun_family = AF_UNIX;
		strcpy(un->sun_path, l->opened.address + strlen("unix:"));
		len = sizeof(*un);
	} else {
		getsockname(l->opened.fd, (struct sockaddr *)&at, &len);
	}
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&at, len) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		socklen_t size = sizeof(error);

		usleep(20000);
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error == 0 &&
		    getpeername(fd, (struct sockaddr *)&at, &len) < 0)
			error = EINPROGRESS;
	}
	accepted = 0;
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	close(fd);
	return error;
}

START_TEST(addresses_are_shown_as_bound)
{
	static const struct {
		const char *text, *begins;
	} cases[] = {{"127.0.0.1:0", "127.0.0.1:"}, {"[::1]:0", "[::1]:"},
	    {"localhost:0", "127.0.0.1:"}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct opened_listener l;
		struct error err = {0};

		ck_assert_msg(open_at(cases[i].text, &l, &err), "%s",
		    err.text);
		ck_assert_msg(strncmp(l.address, cases[i].begins,
				  strlen(cases[i].begins)) == 0,
		    "%s", l.address);
		ck_assert(strcmp(l.address + strlen(cases[i].begins), "0") !=
		    0);
		listener_discard(&l);
	}
}
END_TEST

START_TEST(what_cannot_be_listened_on_is_said_with_its_address)
{
	static const char *const cases[][2] = {
	    {"192.0.2.1:1", "cannot listen on 192.0.2.1:1: "},
	    {"some.name:1", "needs an address of this host, not a name"},
	    {"unix:/nonexistent/x", "No such file or directory"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct opened_listener l;
		struct error err = {0};

		ck_assert(!open_at(cases[i][0], &l, &err));
		ck_assert_msg(strstr(err.text, cases[i][1]) != NULL, "%s",
		    err.text);
	}
}
END_TEST

START_TEST(a_port_refuses_and_comes_back_on_the_same_number)
{
	struct listener l;
	char before[128];

	begin(&l, "127.0.0.1:0");
	strcpy(before, l.opened.address);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	listener_update(&l, LISTENER_REFUSE, false);
	ck_assert_int_eq(knock(&l), ECONNREFUSED);
	listener_update(&l, LISTENER_OPEN, false);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	ck_assert_str_eq(l.opened.address, before);
	finish(&l);
}
END_TEST

/* Meanwhile others may listen there. */
START_TEST(a_port_that_was_taken_goes_on_refusing_and_comes_back)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	struct listener l;
	int one = 1, other = socket(AF_INET, SOCK_STREAM, 0);

	begin(&l, "127.0.0.1:0");
	getsockname(l.opened.fd, (struct sockaddr *)&in, &len);
	listener_update(&l, LISTENER_REFUSE, false);
	setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(other, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(listen(other, 1), 0);
	listener_update(&l, LISTENER_OPEN, false);
	ck_assert(!l.accepting);
	close(other);
	listener_update(&l, LISTENER_OPEN, false);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	finish(&l);
}
END_TEST

START_TEST(a_port_that_ignores_answers_nobody)
{
	struct listener l;

	begin(&l, "127.0.0.1:0");
	listener_update(&l, LISTENER_IGNORE, false);
	ck_assert_int_eq(knock(&l), EINPROGRESS);
	ck_assert_int_eq(accepted, 0);
	listener_update(&l, LISTENER_OPEN, false);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	finish(&l);
}
END_TEST

/* Whose segments have the highest TTL gets through, as one does whose
 * handshake was under way. The socket takes the port's minimum TTL over. */
START_TEST(who_is_accepted_by_a_port_that_ignores_is_heard)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	struct listener l;
	int ttl = 255, fd;

	begin(&l, "127.0.0.1:0");
	listener_update(&l, LISTENER_IGNORE, false);
	getsockname(l.opened.fd, (struct sockaddr *)&in, &len);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&in, len), 0);
	accepted = 0;
	/* It may be accepted as late as after the fault. */
	listener_update(&l, LISTENER_OPEN, false);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(accepted, 1);
	ck_assert_int_eq(min_ttl, 0);
	close(fd);
	finish(&l);
}
END_TEST

START_TEST(a_paused_port_lets_clients_wait_in_its_queue)
{
	struct listener l;

	begin(&l, "127.0.0.1:0");
	listener_update(&l, LISTENER_OPEN, true);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 0);
	listener_update(&l, LISTENER_OPEN, false);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(accepted, 1);
	finish(&l);
}
END_TEST

START_TEST(a_unix_socket_refuses_too_and_leaves_no_file)
{
	struct listener l;
	char text[64], *path = text + strlen("unix:");

	snprintf(text, sizeof(text), "unix:/tmp/faultwire-l-%d", getpid());
	begin(&l, text);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	listener_update(&l, LISTENER_REFUSE, false);
	ck_assert_int_eq(knock(&l), ECONNREFUSED);
	listener_update(&l, LISTENER_OPEN, false);
	ck_assert_int_eq(knock(&l), 0);
	ck_assert_int_eq(accepted, 1);
	finish(&l);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(somebodys_file_is_not_taken_for_a_stale_socket)
{
	struct opened_listener l;
	struct error err = {0};
	char text[64], *path = text + strlen("unix:");

	snprintf(text, sizeof(text), "unix:/tmp/faultwire-f-%d", getpid());
	close(open(path, O_WRONLY | O_CREAT, 0600));
	ck_assert(!open_at(text, &l, &err));
	ck_assert_msg(strstr(err.text, "Address already in use") != NULL,
	    "%s", err.text);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int
main(void)
{
	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	return check_run("listener",
	    (const TTest *const[]){addresses_are_shown_as_bound,
		what_cannot_be_listened_on_is_said_with_its_address,
		a_port_refuses_and_comes_back_on_the_same_number,
		a_port_that_was_taken_goes_on_refusing_and_comes_back,
		a_port_that_ignores_answers_nobody,
		who_is_accepted_by_a_port_that_ignores_is_heard,
		a_paused_port_lets_clients_wait_in_its_queue,
		a_unix_socket_refuses_too_and_leaves_no_file,
		somebodys_file_is_not_taken_for_a_stale_socket, NULL});
}
