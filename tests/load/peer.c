/* SPDX-License-Identifier: Apache-2.0 */
/* Threads and sockets of the server for tests. */
#include "tests/load/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_MAX 512

struct peer_conn {
	struct peer *peer;
	pthread_t thread;
	int fd;
	unsigned nth;
};

struct peer_threads {
	pthread_t acceptor;
	int fd;
	pthread_mutex_t lock;
	struct peer_conn conns[PEER_MAX];
	unsigned count;
};

static void *
serve(void *arg)
{
	struct peer_conn *c = arg;
	struct peer_threads *t = c->peer->threads;

	c->peer->serve(c->peer, c->fd, c->nth);
	pthread_mutex_lock(&t->lock);
	close(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct peer *p = arg;
	struct peer_threads *t = p->threads;
	int fd, one = 1;

	while ((fd = accept(t->fd, NULL, NULL)) >= 0) {
		struct peer_conn *c = &t->conns[t->count];

		ck_assert_uint_lt(t->count, PEER_MAX);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		*c = (struct peer_conn){
		    .peer = p,
		    .fd = fd,
		    .nth = atomic_fetch_add(&p->connections, 1) + 1};
		pthread_create(&c->thread, NULL, serve, c);
		t->count++;
	}
	return NULL;
}

static int
listen_at(struct peer *p)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(in);
	int fd;

	if (p->path != NULL) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		strcpy(un.sun_path, p->path);
		ck_assert_int_eq(bind(fd, (void *)&un, sizeof(un)), 0);
	} else {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(bind(fd, (void *)&in, sizeof(in)), 0);
		getsockname(fd, (void *)&in, &len);
		p->port = ntohs(in.sin_port);
	}
	ck_assert_int_eq(listen(fd, 512), 0);
	return fd;
}

void
peer_start(struct peer *p, peer_serve_fn how)
{
	p->serve = how;
	p->threads = calloc(1, sizeof(*p->threads));
	pthread_mutex_init(&p->threads->lock, NULL);
	p->threads->fd = listen_at(p);
	pthread_create(&p->threads->acceptor, NULL, accept_all, p);
}

void
peer_stop(struct peer *p)
{
	struct peer_threads *t = p->threads;

	shutdown(t->fd, SHUT_RDWR);
	pthread_join(t->acceptor, NULL);
	pthread_mutex_lock(&t->lock);
	for (unsigned i = 0; i < t->count; i++) {
		if (t->conns[i].fd >= 0)
			shutdown(t->conns[i].fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&t->lock);
	for (unsigned i = 0; i < t->count; i++)
		pthread_join(t->conns[i].thread, NULL);
	close(t->fd);
	if (p->path != NULL)
		unlink(p->path);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

_Bool
peer_read_http(struct peer *p, int fd)
{
	char text[sizeof(p->last)];
	size_t len = 0, want = 0;

	for (;;) {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		const char *end;

		if (n <= 0)
			return 0;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (end == NULL)
			continue;
		if (strstr(text, "Content-Length: ") != NULL)
			want = strtoul(strstr(text, "Content-Length: ") + 16,
				       NULL, 10);
		if (len >= (size_t)(end + 4 - text) + want)
			break;
	}
	pthread_mutex_lock(&p->threads->lock);
	memcpy(p->last, text, len + 1);
	pthread_mutex_unlock(&p->threads->lock);
	atomic_fetch_add(&p->requests, 1);
	return 1;
}

_Bool
peer_send(int fd, const char *data, size_t len, size_t piece)
{
	for (size_t at = 0; at < len;) {
		size_t n = piece > 0 && piece < len - at ? piece : len - at;
		ssize_t sent = send(fd, data + at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return 0;
		at += (size_t)sent;
		if (piece > 0)
			usleep(300);
	}
	return 1;
}

void
peer_reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void
peer_wait(int fd)
{
	char rest[4096];

	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

void
peer_serve_empty(struct peer *p, int fd, unsigned nth)
{
	while (peer_read_http(p, fd) &&
	       peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0))
		;
}

void
peer_serve_never(struct peer *p, int fd, unsigned nth)
{
	peer_wait(fd);
}
