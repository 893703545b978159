/* SPDX-License-Identifier: Apache-2.0 */
/* A server for tests: accepts on a thread, and gives every connection one of
 * its own that does what the test says. */
#ifndef TESTS_LOAD_PEER_H
#define TESTS_LOAD_PEER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
/* Runs on a thread; nth is the connection's number, from 1. fd is closed
 * after it returns. */
typedef void (*peer_serve_fn)(struct peer *p, int fd, unsigned nth);

struct peer {
	peer_serve_fn serve;
	void *arg;
	const char *path; /* of a unix socket; NULL: 127.0.0.1 */
	uint16_t port;
	atomic_uint connections, requests;
	char last[65536]; /* the last request, by peer_read_http() */
	struct peer_threads *threads;
};

void peer_start(struct peer *p, peer_serve_fn serve);
/* Ends all connections and joins all threads. */
void peer_stop(struct peer *p);

/* Answers every request of HTTP with 200 and no body; or none at all. */
void peer_serve_empty(struct peer *p, int fd, unsigned nth);
void peer_serve_never(struct peer *p, int fd, unsigned nth);

#define PEER_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* Reads one request with its body; counts it. False: the client left. */
_Bool peer_read_http(struct peer *p, int fd);
/* Sends all of it, in pieces of that size (0: at once). False: it cannot. */
_Bool peer_send(int fd, const char *data, size_t len, size_t piece);
/* The next close() resets. */
void peer_reset(int fd);
/* Waits until the client leaves. */
void peer_wait(int fd);

#endif
