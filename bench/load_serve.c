/* SPDX-License-Identifier: Apache-2.0 */
/* The servers behind the proxies, all in one process: each port has one way
 * to answer. The first thread accepts and deals connections out in turn. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define EVENTS	    64
#define ACCEPTS	    64
#define BULK_BYTES  (128 * 1024)
#define HTTP_BODY   1024
#define REPLY_BYTES 64

struct serve_thread {
	struct server *server;
	pthread_t thread;
	int epfd;
	char *buf; /* owned; BULK_BYTES */
};

struct conn {
	int fd;
	int matched; /* bytes seen of the end of an HTTP head */
	/* Answers one event; false: close. A listener has no on_event. */
	bool (*on_event)(struct serve_thread *, struct conn *);
	bool writes;  /* source: wait for room, not for bytes */
	bool is_slam; /* listener: close what was accepted */
	bool is_listener;
};

struct server {
	struct serve_thread threads[LOAD_MAX_THREADS];
	size_t threads_count, next;
	char http_reply[HTTP_BODY + 256];
	size_t http_reply_len;
};

static bool
on_echo(struct serve_thread *t, struct conn *c)
{
	ssize_t n = recv(c->fd, t->buf, LOAD_MAX_MESSAGE, 0);

	if (n < 0)
		return errno == EAGAIN;
	return n > 0 && send(c->fd, t->buf, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool
on_sink(struct serve_thread *t, struct conn *c)
{
	ssize_t n = recv(c->fd, t->buf, BULK_BYTES, 0);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool
on_source(struct serve_thread *t, struct conn *c)
{
	ssize_t n = send(c->fd, t->buf, BULK_BYTES, MSG_NOSIGNAL);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool
on_reply(struct serve_thread *t, struct conn *c)
{
	ssize_t n = recv(c->fd, t->buf, LOAD_MAX_MESSAGE, 0);

	if (n > 0)
		send(c->fd, t->buf, REPLY_BYTES, MSG_NOSIGNAL);
	return n < 0 && errno == EAGAIN;
}

/* How many request heads end in these bytes; requests have no body. */
static int
heads_count(struct conn *c, const char *p, size_t len)
{
	static const char end_of_head[] = "\r\n\r\n";
	const char *end = p + len;
	int found = 0;

	for (; p < end; p++) {
		if (c->matched == 0) {
			p = memchr(p, '\r', (size_t)(end - p));
			if (p == NULL)
				break;
		}
		if (*p != end_of_head[c->matched])
			c->matched = *p == '\r';
		else if (++c->matched == 4) {
			c->matched = 0;
			found++;
		}
	}
	return found;
}

static bool
on_web(struct serve_thread *t, struct conn *c)
{
	const struct server *s = t->server;
	ssize_t n = recv(c->fd, t->buf, LOAD_MAX_MESSAGE, 0);

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0)
		return false;
	for (int i = heads_count(c, t->buf, (size_t)n); i > 0; i--) {
		if (send(c->fd, s->http_reply, s->http_reply_len,
			 MSG_NOSIGNAL) != (ssize_t)s->http_reply_len)
			return false;
	}
	return true;
}

static void
serve_accept(struct server *s, const struct conn *listener)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = net_accept(listener->fd);
		struct conn *c;

		if (fd < 0)
			return;
		if (listener->is_slam) {
			close(fd);
			continue;
		}
		c = xcalloc(1, sizeof(*c));
		c->fd = fd;
		c->on_event = listener->on_event;
		net_watch(s->threads[s->next].epfd, fd,
			  listener->writes ? EPOLLOUT : EPOLLIN, c);
		s->next = (s->next + 1) % s->threads_count;
	}
}

static void *
serve_loop(void *arg)
{
	struct serve_thread *t = arg;
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(t->epfd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c->is_listener) {
				serve_accept(t->server, c);
			} else if (!c->on_event(t, c)) {
				close(c->fd);
				free(c);
			}
		}
	}
	return NULL;
}

static void
serve_listen(struct server *s, int64_t port, struct conn like)
{
	struct conn *c;

	if (port == 0)
		return;
	c = xcalloc(1, sizeof(*c));
	*c = like;
	c->fd = net_listen(port);
	c->is_listener = true;
	net_watch(s->threads[0].epfd, c->fd, EPOLLIN, c);
}

static void
http_reply_make(struct server *s)
{
	int head = snprintf(s->http_reply, sizeof(s->http_reply),
			    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			    "Content-Length: %d\r\n\r\n",
			    HTTP_BODY);

	memset(s->http_reply + head, 'x', HTTP_BODY);
	s->http_reply_len = (size_t)head + HTTP_BODY;
}

void
serve_run(const struct load_options *o)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->threads_count = (size_t)o->threads;
	http_reply_make(s);
	for (size_t i = 0; i < s->threads_count; i++) {
		s->threads[i].server = s;
		s->threads[i].epfd = net_epoll();
		s->threads[i].buf = xcalloc(1, BULK_BYTES);
	}
	serve_listen(s, o->echo, (struct conn){.on_event = on_echo});
	serve_listen(s, o->sink, (struct conn){.on_event = on_sink});
	serve_listen(s, o->source,
		     (struct conn){.on_event = on_source, .writes = true});
	serve_listen(s, o->web, (struct conn){.on_event = on_web});
	serve_listen(s, o->reply, (struct conn){.on_event = on_reply});
	serve_listen(s, o->slam, (struct conn){.is_slam = true});
	printf("{\"ready\": true}\n");
	fflush(stdout);
	for (size_t i = 1; i < s->threads_count; i++) {
		if (pthread_create(&s->threads[i].thread, NULL, serve_loop,
				   &s->threads[i]) != 0)
			load_die("pthread_create");
	}
	serve_loop(&s->threads[0]);
}
