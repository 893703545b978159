/* SPDX-License-Identifier: Apache-2.0 */
/* Streams at full speed, down (a source sends) or up (a sink reads). The
 * client counts, and for a limited route also by window of time. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define EVENTS	   64
#define CALL_BYTES (128 * 1024)

struct stream {
	int fd;
};

struct bulk {
	pthread_t thread;
	const struct load_options *options;
	struct stream *streams; /* owned */
	size_t streams_count, call_bytes;
	int epfd;
	char *buf; /* owned */
	int64_t from_ns, until_ns;
	uint64_t bytes;
	uint64_t *windows; /* borrowed; NULL: not asked for */
	size_t windows_count;
};

static void
bulk_count(struct bulk *b, size_t n)
{
	int64_t now = load_now_ns();
	size_t at;

	if (now < b->from_ns || now >= b->until_ns)
		return;
	b->bytes += n;
	if (b->windows == NULL)
		return;
	at = (size_t)((now - b->from_ns) / (b->options->window_ms * 1000000));
	if (at < b->windows_count)
		b->windows[at] += n;
}

static void
bulk_move(struct bulk *b, const struct stream *s)
{
	ssize_t n;

	if (b->options->up)
		n = send(s->fd, b->buf, b->call_bytes, MSG_NOSIGNAL);
	else
		n = recv(s->fd, b->buf, b->call_bytes, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		load_die("the stream ended early");
	bulk_count(b, (size_t)n);
}

static void *
bulk_loop(void *arg)
{
	struct bulk *b = arg;
	struct epoll_event events[EVENTS];

	while (load_now_ns() < b->until_ns) {
		int n = epoll_wait(b->epfd, events, EVENTS, 10);

		for (int i = 0; i < n; i++)
			bulk_move(b, events[i].data.ptr);
	}
	return NULL;
}

static void
bulk_open(struct bulk *b, size_t streams)
{
	b->epfd = net_epoll();
	b->call_bytes =
	    b->options->size ? (size_t)b->options->size : CALL_BYTES;
	b->buf = xcalloc(1, b->call_bytes);
	b->streams_count = streams;
	b->streams = xcalloc(streams, sizeof(*b->streams));
	for (size_t i = 0; i < streams; i++) {
		struct stream *s = &b->streams[i];

		s->fd = net_connect(b->options->port);
		net_watch(b->epfd, s->fd, b->options->up ? EPOLLOUT : EPOLLIN,
			  s);
	}
}

static void
bulk_close(struct bulk *b)
{
	for (size_t i = 0; i < b->streams_count; i++)
		close(b->streams[i].fd);
	free(b->streams);
	free(b->buf);
	close(b->epfd);
}

static void
bulk_print(const struct load_options *o, uint64_t bytes,
	   const uint64_t *windows, size_t windows_count)
{
	printf("{\"bytes\": %llu, \"rate\": %.1f", (unsigned long long)bytes,
	       (double)bytes * 1e3 / (double)o->seconds_ms);
	if (windows_count != 0)
		printf(", \"windows\": [");
	for (size_t i = 0; i < windows_count; i++)
		printf("%s%llu", i == 0 ? "" : ", ",
		       (unsigned long long)windows[i]);
	printf("%s}\n", windows_count != 0 ? "]" : "");
}

void
bulk_run(const struct load_options *o)
{
	/* Windows are counted without a lock, so by one thread. */
	size_t threads = o->window_ms != 0 ? 1 : (size_t)o->threads;
	size_t windows_count =
	    o->window_ms != 0 ? (size_t)(o->seconds_ms / o->window_ms) : 0;
	struct bulk *all = xcalloc(threads, sizeof(*all));
	uint64_t *windows = xcalloc(windows_count + 1, sizeof(*windows));
	uint64_t bytes = 0;
	int64_t from;

	for (size_t i = 0; i < threads; i++) {
		all[i].options = o;
		all[i].windows = windows_count != 0 ? windows : NULL;
		all[i].windows_count = windows_count;
		bulk_open(&all[i],
			  ((size_t)o->conns + threads - 1 - i) / threads);
	}
	from = load_now_ns() + o->warm_ms * 1000000;
	for (size_t i = 0; i < threads; i++) {
		all[i].from_ns = from;
		all[i].until_ns = from + o->seconds_ms * 1000000;
		if (pthread_create(&all[i].thread, NULL, bulk_loop, &all[i]))
			load_die("pthread_create");
	}
	for (size_t i = 0; i < threads; i++) {
		pthread_join(all[i].thread, NULL);
		bytes += all[i].bytes;
		bulk_close(&all[i]);
	}
	bulk_print(o, bytes, windows, windows_count);
	free(windows);
	free(all);
}
