/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that live for one exchange: connect, 64 bytes there, 64 bytes
 * back, the server closes first (so that no local port stays behind in
 * TIME_WAIT on the client's side), and the next one begins. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define EVENTS	      64
#define REQUEST_BYTES 64
/* After these many failures in a row the peer is not there. */
#define FAILURES_MAX 1000

struct visit {
	int fd;
	bool sent;
	size_t got;
	int64_t began_ns;
};

struct churn {
	pthread_t thread;
	const struct load_options *options;
	struct visit *visits; /* owned */
	size_t visits_count;
	int epfd;
	unsigned failures; /* in a row */
	uint64_t failed;
	int64_t from_ns, until_ns;
	struct hist hist;
};

static const char request[REQUEST_BYTES];

static void
visit_begin(struct churn *ch, struct visit *v)
{
	*v = (struct visit){.fd = -1, .began_ns = load_now_ns()};
	do {
		v->fd = net_connect_begin(ch->options->port);
		if (v->fd < 0 && ++ch->failures > FAILURES_MAX)
			load_die("connect");
	} while (v->fd < 0);
	v->sent = ch->options->no_request != 0;
	if (!v->sent) {
		/* On the loopback the handshake is over by now. */
		v->sent = send(v->fd, request, sizeof(request), MSG_NOSIGNAL) ==
			  (ssize_t)sizeof(request);
	}
	net_watch(ch->epfd, v->fd, v->sent ? EPOLLIN : EPOLLOUT, v);
}

static void
visit_end(struct churn *ch, struct visit *v, bool good)
{
	int64_t now = load_now_ns();

	close(v->fd);
	if (!good) {
		ch->failed++;
		if (++ch->failures > FAILURES_MAX)
			load_die("connections fail");
	} else {
		ch->failures = 0;
		if (v->began_ns >= ch->from_ns && now < ch->until_ns)
			hist_add(&ch->hist, now - v->began_ns);
	}
	visit_begin(ch, v);
}

static void
on_visit(struct churn *ch, struct visit *v)
{
	char buf[256];
	ssize_t n;

	if (!v->sent) {
		v->sent = true;
		if (send(v->fd, request, sizeof(request), MSG_NOSIGNAL) < 0)
			visit_end(ch, v, false);
		else
			net_rewatch(ch->epfd, v->fd, EPOLLIN, v);
		return;
	}
	n = recv(v->fd, buf, sizeof(buf), 0);
	if (n > 0)
		v->got += (size_t)n;
	else if (n == 0)
		visit_end(ch, v,
			  ch->options->no_request || v->got == REQUEST_BYTES);
	else if (errno != EAGAIN)
		visit_end(ch, v, false);
}

static void *
churn_loop(void *arg)
{
	struct churn *ch = arg;
	struct epoll_event events[EVENTS];

	ch->epfd = net_epoll();
	for (size_t i = 0; i < ch->visits_count; i++)
		visit_begin(ch, &ch->visits[i]);
	while (load_now_ns() < ch->until_ns) {
		int n = epoll_wait(ch->epfd, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			on_visit(ch, events[i].data.ptr);
	}
	for (size_t i = 0; i < ch->visits_count; i++)
		close(ch->visits[i].fd);
	close(ch->epfd);
	return NULL;
}

void
churn_run(const struct load_options *o)
{
	size_t threads = (size_t)o->threads;
	struct churn *all = xcalloc(threads, sizeof(*all));
	struct hist *sum = xcalloc(1, sizeof(*sum));
	int64_t from = load_now_ns() + o->warm_ms * 1000000;
	uint64_t failed = 0;

	for (size_t i = 0; i < threads; i++) {
		struct churn *ch = &all[i];

		ch->options = o;
		ch->from_ns = from;
		ch->until_ns = from + o->seconds_ms * 1000000;
		ch->visits_count =
		    ((size_t)o->conns + threads - 1 - i) / threads;
		ch->visits = xcalloc(ch->visits_count, sizeof(*ch->visits));
		if (pthread_create(&ch->thread, NULL, churn_loop, ch) != 0)
			load_die("pthread_create");
	}
	for (size_t i = 0; i < threads; i++) {
		pthread_join(all[i].thread, NULL);
		hist_merge(sum, &all[i].hist);
		failed += all[i].failed;
		free(all[i].visits);
	}
	printf("{\"count\": %llu, \"failed\": %llu, \"rate\": %.1f, ",
	       (unsigned long long)sum->count, (unsigned long long)failed,
	       (double)sum->count * 1e3 / (double)o->seconds_ms);
	hist_print(sum);
	printf("}\n");
	free(sum);
	free(all);
}
