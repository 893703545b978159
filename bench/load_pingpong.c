/* SPDX-License-Identifier: Apache-2.0 */
/* Request and response on open connections, one outstanding on each: bytes
 * that come back (pingpong), or HTTP/1.1 kept alive (http). */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define EVENTS	   64
#define HEAD_BYTES 4096

const char load_http_request[] = "GET /bench HTTP/1.1\r\n"
				 "Host: bench.test\r\n"
				 "User-Agent: fwbench\r\n"
				 "Accept: */*\r\n\r\n";

struct exchange {
	int fd;
	size_t got;
	int64_t sent_ns;
	char *buf; /* owned */
};

struct exchanger {
	pthread_t thread;
	const struct load_options *options;
	const char *request; /* borrowed */
	size_t request_len, buf_bytes;
	/* True if the bytes so far are a whole response. */
	bool (*complete)(const struct exchanger *, const struct exchange *);
	struct exchange *conns; /* owned */
	size_t conns_count;
	int epfd;
	int64_t from_ns, until_ns;
	uint64_t errors;
	struct hist hist;
};

static bool
bytes_complete(const struct exchanger *x, const struct exchange *c)
{
	return c->got == x->request_len;
}

/* The value of Content-Length in a head, or -1. */
static long
content_length(const char *head, size_t len)
{
	static const char name[] = "content-length:";
	const char *end = head + len;

	while (head < end) {
		const char *line = memchr(head, '\n', (size_t)(end - head));

		if (line == NULL || end - line < (long)sizeof(name))
			break;
		head = line + 1;
		if (strncasecmp(head, name, sizeof(name) - 1) == 0)
			return strtol(head + sizeof(name) - 1, NULL, 10);
	}
	return -1;
}

static bool
http_complete(const struct exchanger *x, const struct exchange *c)
{
	const char *end = memmem(c->buf, c->got, "\r\n\r\n", 4);
	size_t head;
	long body;

	(void)x;
	if (end == NULL)
		return false;
	head = (size_t)(end - c->buf) + 4;
	body = content_length(c->buf, head);
	errno = 0;
	if (body < 0 || memcmp(c->buf, "HTTP/1.1 200", 12) != 0)
		load_die("http: not the response that was expected");
	return c->got >= head + (size_t)body;
}

static void
exchange_send(struct exchanger *x, struct exchange *c, int64_t now_ns)
{
	ssize_t n = send(c->fd, x->request, x->request_len, MSG_NOSIGNAL);

	c->got = 0;
	c->sent_ns = now_ns;
	if (n != (ssize_t)x->request_len)
		load_die("send");
}

static void
exchange_receive(struct exchanger *x, struct exchange *c)
{
	ssize_t n = recv(c->fd, c->buf + c->got, x->buf_bytes - c->got, 0);
	int64_t now;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		load_die("the connection ended early");
	c->got += (size_t)n;
	if (!x->complete(x, c))
		return;
	now = load_now_ns();
	if (c->sent_ns >= x->from_ns && now < x->until_ns)
		hist_add(&x->hist, now - c->sent_ns);
	exchange_send(x, c, now);
}

static void *
exchanger_loop(void *arg)
{
	struct exchanger *x = arg;
	struct epoll_event events[EVENTS];

	for (size_t i = 0; i < x->conns_count; i++)
		exchange_send(x, &x->conns[i], load_now_ns());
	while (load_now_ns() < x->until_ns) {
		int n = epoll_wait(x->epfd, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			exchange_receive(x, events[i].data.ptr);
	}
	return NULL;
}

static void
exchanger_open(struct exchanger *x, size_t conns)
{
	x->epfd = net_epoll();
	x->conns_count = conns;
	x->conns = xcalloc(conns, sizeof(*x->conns));
	for (size_t i = 0; i < conns; i++) {
		struct exchange *c = &x->conns[i];

		c->fd = net_connect(x->options->port);
		c->buf = xmalloc(x->buf_bytes);
		net_watch(x->epfd, c->fd, EPOLLIN, c);
	}
}

static void
exchanger_close(struct exchanger *x)
{
	for (size_t i = 0; i < x->conns_count; i++) {
		close(x->conns[i].fd);
		free(x->conns[i].buf);
	}
	free(x->conns);
	close(x->epfd);
}

/* Runs copies of `like` on as many threads as asked for, and prints. */
static void
exchangers_run(const struct load_options *o, const struct exchanger *like)
{
	size_t threads = (size_t)o->threads;
	struct exchanger *all = xcalloc(threads, sizeof(*all));
	struct hist *sum = xcalloc(1, sizeof(*sum));
	int64_t from;

	for (size_t i = 0; i < threads; i++) {
		all[i] = *like;
		exchanger_open(&all[i],
			       ((size_t)o->conns + threads - 1 - i) / threads);
	}
	from = load_now_ns() + o->warm_ms * 1000000;
	for (size_t i = 0; i < threads; i++) {
		all[i].from_ns = from;
		all[i].until_ns = from + o->seconds_ms * 1000000;
		if (pthread_create(&all[i].thread, NULL, exchanger_loop,
				   &all[i]) != 0)
			load_die("pthread_create");
	}
	for (size_t i = 0; i < threads; i++) {
		pthread_join(all[i].thread, NULL);
		hist_merge(sum, &all[i].hist);
		exchanger_close(&all[i]);
	}
	printf("{\"count\": %llu, \"rate\": %.1f, ",
	       (unsigned long long)sum->count,
	       (double)sum->count * 1e3 / (double)o->seconds_ms);
	hist_print(sum);
	printf("}\n");
	free(all);
	free(sum);
}

void
pingpong_run(const struct load_options *o)
{
	size_t size = o->size != 0 ? (size_t)o->size : 64;
	char *message = xcalloc(1, size);
	struct exchanger like = {.options = o,
				 .request = message,
				 .request_len = size,
				 .buf_bytes = size,
				 .complete = bytes_complete};

	errno = 0;
	if (size > LOAD_MAX_MESSAGE)
		load_die("pingpong: size is beyond 65536");
	memset(message, 'p', size);
	exchangers_run(o, &like);
	free(message);
}

void
http_run(const struct load_options *o)
{
	struct exchanger like = {.options = o,
				 .request = load_http_request,
				 .request_len = strlen(load_http_request),
				 .buf_bytes = HEAD_BYTES + LOAD_MAX_MESSAGE,
				 .complete = http_complete};

	exchangers_run(o, &like);
}
