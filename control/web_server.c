/* SPDX-License-Identifier: Apache-2.0 */
/* The control server's listener, and who may stay when places or descriptors
 * run out: the control plane is to answer when everything else is at its
 * limit. */
#include "control/web_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "control/web_conn.h"

#define SOCKET_MODE 0660
/* How long accepting rests when descriptors have run out. */
#define STARVED_MS 100

/* --- room --- */

/* How dear a connection is; among equals the longest without a request goes
 * first. */
static int
worth(const struct web_conn *c)
{
	if (c->streaming)
		return 2;
	return c->phase != WEB_FRESH && c->phase != WEB_IDLE;
}

static void
evict(struct web_server *s)
{
	struct web_conn *c, *least = NULL;

	TAILQ_FOREACH (c, &s->conns, entry) {
		if (least == NULL || worth(c) < worth(least))
			least = c;
	}
	if (least != NULL)
		web_conn_free(least);
}

static void
fill_spare(struct web_server *s)
{
	for (size_t i = 0; i < COUNT_OF(s->spare_fds); i++) {
		if (s->spare_fds[i] < 0)
			s->spare_fds[i] =
			    open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

/* True if a descriptor became free. */
static bool
spend_spare(struct web_server *s)
{
	for (size_t i = 0; i < COUNT_OF(s->spare_fds); i++) {
		if (s->spare_fds[i] < 0)
			continue;
		close(s->spare_fds[i]);
		s->spare_fds[i] = -1;
		return true;
	}
	return false;
}

/* --- accepting --- */

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct web_server *s = arg;
	struct timeval rest = {.tv_usec = STARVED_MS * 1000};

	(void)fd;
	(void)what;
	fill_spare(s);
	if (event_add(&s->accept, NULL) < 0)
		event_add(&s->rest, &rest);
}

/* Out of descriptors: the spare ones first, then the least of our own; with
 * neither, clients wait in the queue. */
static int
accept_starved(struct web_server *s)
{
	struct timeval rest = {.tv_usec = STARVED_MS * 1000};
	int fd;

	if (!spend_spare(s))
		evict(s);
	fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 && listener_is_starved(errno)) {
		event_del(&s->accept);
		event_add(&s->rest, &rest);
	}
	return fd;
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct web_server *s = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd < 0 && listener_is_starved(errno))
		fd = accept_starved(s);
	if (fd < 0)
		return;
	if (s->count >= WEB_CONNS_MAX)
		evict(s);
	web_conn_new(s, fd);
	fill_spare(s);
}

/* --- the server --- */

struct web_server *
web_server_new(struct event_base *base, const struct conf_address *address,
	       const struct web_ops *ops, void *arg, struct error *err)
{
	struct web_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->ops = ops;
	s->arg = arg;
	TAILQ_INIT(&s->conns);
	if (!listener_open("control", address, SOCKET_MODE, &s->listener,
			   err)) {
		free(s);
		return NULL;
	}
	memset(s->spare_fds, -1, sizeof(s->spare_fds));
	fill_spare(s);
	event_assign(&s->accept, base, s->listener.fd, EV_READ | EV_PERSIST,
		     on_accept, s);
	event_assign(&s->rest, base, -1, 0, on_rested, s);
	event_add(&s->accept, NULL);
	return s;
}

const char *
web_server_address(const struct web_server *s)
{
	return s->listener.address;
}

void
web_server_free(struct web_server *s)
{
	struct web_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		web_conn_free(c);
	while (spend_spare(s))
		;
	event_del(&s->accept);
	event_del(&s->rest);
	listener_discard(&s->listener);
	free(s);
}

bool
web_header(const struct web_request *request, const char *name,
	   struct view *value)
{
	for (size_t i = 0; i < request->headers_count; i++) {
		if (view_is_nocase(request->headers[i].name, name)) {
			*value = request->headers[i].value;
			return true;
		}
	}
	return false;
}
