/* SPDX-License-Identifier: Apache-2.0 */
/* A server of one canned reply for each connection, on a thread of its own. */
#ifndef TESTS_CLIENT_HTTP_FAKE_H
#define TESTS_CLIENT_HTTP_FAKE_H

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct http_fake {
	const char *reply; /* as it goes over the wire; NULL: none at all */
	size_t piece;	   /* bytes a write; 0: all at once */
	bool hang;	   /* says nothing more, until the client goes */
	int fd;
	char url[128];
	char request[8192]; /* the last one */
	pthread_t thread;
};

/* Reads a head, and a body if it has one. */
static inline void
http_fake_read(struct http_fake *f, int fd)
{
	size_t len = 0, want = 0;
	const char *end;

	for (;;) {
		ssize_t n = recv(fd, f->request + len,
		    sizeof(f->request) - 1 - len, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		f->request[len] = '\0';
		end = strstr(f->request, "\r\n\r\n");
		if (end == NULL)
			continue;
		if (strstr(f->request, "Content-Length: ") != NULL)
			want = strtoul(strstr(f->request,
			    "Content-Length: ") + 16, NULL, 10);
		if (len >= (size_t)(end + 4 - f->request) + want)
			return;
	}
}

static inline void *
http_fake_serve(void *arg)
{
	struct http_fake *f = arg;
	char rest[256];
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		size_t len = f->reply != NULL ? strlen(f->reply) : 0;

		http_fake_read(f, fd);
		for (size_t at = 0; at < len;) {
			size_t piece = f->piece > 0 && f->piece < len - at
			    ? f->piece : len - at;

			if (send(fd, f->reply + at, piece, MSG_NOSIGNAL) < 0)
				break;
			at += piece;
			usleep(f->piece > 0 ? 200 : 0);
		}
		while (f->hang && recv(fd, rest, sizeof(rest), 0) > 0)
			;
		close(fd);
	}
	return NULL;
}

static inline void
http_fake_listen(struct http_fake *f, const struct sockaddr *at, socklen_t len)
{
	f->fd = socket(at->sa_family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(f->fd, at, len), 0);
	ck_assert_int_eq(listen(f->fd, 16), 0);
	ck_assert_int_eq(pthread_create(&f->thread, NULL, http_fake_serve, f),
	    0);
}

static inline void
http_fake_start(struct http_fake *f)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	http_fake_listen(f, (const void *)&at, sizeof(at));
	getsockname(f->fd, (void *)&at, &len);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u",
	    ntohs(at.sin_port));
}

static inline void
http_fake_stop(struct http_fake *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
}

#endif
