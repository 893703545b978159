/* SPDX-License-Identifier: Apache-2.0 */
/* What delay was really added. Client and server are one thread that spins
 * over both ends, so nobody has to be woken and one clock stamps everything:
 *
 *   late, base and busy clients ──► proxy ──► this same thread echoes
 *
 * "late" connections take the delayed route and "base" ones the undelayed
 * one, at the same pace and time; "busy" ones saturate the proxy. A sample
 * during which this thread lost the CPU at a decisive moment is counted as
 * unsure and left out: it would measure us. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

/* A pass stays short, or the thread would be late for what it must stamp: so
 * many events of a set, and so many sends of a kind. */
#define PASS_STEPS  2
#define BUSY_BYTES  64
#define SAMPLES_MAX 200000
#define STALL_NS    (50 * NS_PER_US)

struct message {
	int64_t sent_ns;     /* by the client */
	int64_t answered_ns; /* by the server, before any lateness of ours */
	uint64_t unsure;     /* the server lost the CPU before it answered */
};

struct probe;
struct group;

struct peer {
	void (*on_event)(struct probe *, struct peer *);
	struct group *group; /* a client's; NULL on the server's side */
	int fd;
	bool waiting;	/* client: for its answer */
	bool unsure;	/* client: this thread lost the CPU while sending */
	bool is_late;	/* server: answers late */
	int64_t due_ns; /* of the next request, or of the late answer */
	struct message message;
};

struct group {
	const char *name;
	struct peer *peers; /* owned */
	size_t count, waiting;
	int64_t gap_ns;
	bool together;
	/* Owned, SAMPLES_MAX each: whole round trips, and the way back. */
	int64_t *trips, *ways;
	size_t samples_count, unsure;
};

struct probe {
	const struct load_options *options;
	int epfd, busy_epfd;
	struct group late, base;
	struct peer listeners[3];
	struct peer **held; /* owned; the server's late sides */
	size_t held_count;
	int64_t pass_ns, gap_ns; /* begin of this pass, and since the last */
	int64_t from_ns, until_ns;
	uint64_t random, busy_count;
};

/* Whether what is handled now, at now_ns, may have waited for this thread. */
static bool
probe_unsure(const struct probe *p, int64_t now_ns)
{
	return p->gap_ns > STALL_NS || now_ns - p->pass_ns > STALL_NS;
}

static uint64_t
probe_random(struct probe *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

static struct peer *
peer_new(int fd, void (*on_event)(struct probe *, struct peer *))
{
	struct peer *peer = xcalloc(1, sizeof(*peer));

	peer->fd = fd;
	peer->on_event = on_event;
	return peer;
}

/* False: nothing was there. A message is never split: it is far smaller than
 * a segment. */
static bool
message_read(struct peer *peer)
{
	ssize_t n = recv(peer->fd, &peer->message, sizeof(peer->message), 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n != (ssize_t)sizeof(peer->message))
		load_die("probe: a connection ended or split a message");
	return true;
}

static void
message_write(struct peer *peer)
{
	if (send(peer->fd, &peer->message, sizeof(peer->message),
		 MSG_NOSIGNAL) != (ssize_t)sizeof(peer->message))
		load_die("send");
}

static void
on_server(struct probe *p, struct peer *peer)
{
	int64_t now;

	if (!message_read(peer))
		return;
	now = load_now_ns();
	peer->message.unsure |= probe_unsure(p, now);
	peer->message.answered_ns = now;
	if (peer->is_late)
		peer->due_ns = now + p->options->late_us * NS_PER_US;
	else
		message_write(peer);
}

static void
on_busy_server(struct probe *p, struct peer *peer)
{
	char buf[BUSY_BYTES];
	ssize_t n = recv(peer->fd, buf, sizeof(buf), 0);

	(void)p;
	if (n > 0 && send(peer->fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
		load_die("send");
}

static void
on_busy_client(struct probe *p, struct peer *peer)
{
	char buf[BUSY_BYTES];
	ssize_t n = recv(peer->fd, buf, sizeof(buf), 0);

	if (n <= 0)
		return;
	p->busy_count += p->pass_ns >= p->from_ns;
	if (send(peer->fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
		load_die("send");
}

/* When the peer, or with `together` the whole group, sends again. */
static void
group_pace(struct probe *p, struct group *g, struct peer *peer, int64_t now_ns)
{
	int64_t gap =
	    g->gap_ns / 2 + (int64_t)(probe_random(p) % (uint64_t)g->gap_ns);

	if (!g->together) {
		peer->due_ns = now_ns + gap;
		return;
	}
	for (size_t i = 0; g->waiting == 0 && i < g->count; i++)
		g->peers[i].due_ns = now_ns + gap;
}

static void
group_sample(struct group *g, const struct message *m, int64_t now_ns,
	     bool unsure)
{
	if (unsure || m->unsure) {
		g->unsure++;
	} else if (g->samples_count < SAMPLES_MAX) {
		g->trips[g->samples_count] = now_ns - m->sent_ns;
		g->ways[g->samples_count++] = now_ns - m->answered_ns;
	}
}

static void
on_client(struct probe *p, struct peer *peer)
{
	struct group *g = peer->group;
	int64_t now;

	if (!message_read(peer))
		return;
	now = load_now_ns();
	peer->waiting = false;
	g->waiting--;
	if (peer->message.sent_ns >= p->from_ns)
		group_sample(g, &peer->message, now,
			     peer->unsure || probe_unsure(p, now));
	group_pace(p, g, peer, now);
}

static void
on_listener(struct probe *p, struct peer *listener)
{
	bool is_busy = listener == &p->listeners[2];
	int fd;

	while ((fd = net_accept(listener->fd)) >= 0) {
		struct peer *peer =
		    peer_new(fd, is_busy ? on_busy_server : on_server);

		peer->is_late = listener == &p->listeners[1];
		if (peer->is_late && p->held_count < LOAD_MAX_CONNS)
			p->held[p->held_count++] = peer;
		net_watch(is_busy ? p->busy_epfd : p->epfd, fd, EPOLLIN, peer);
	}
}

static void
poll_events(struct probe *p, int epfd)
{
	struct epoll_event events[PASS_STEPS];
	int n = epoll_wait(epfd, events, PASS_STEPS, 0);

	for (int i = 0; i < n; i++) {
		struct peer *peer = events[i].data.ptr;

		peer->on_event(p, peer);
	}
}

static void
group_send(struct group *g, int64_t now_ns)
{
	int steps = 0;

	for (size_t i = 0; i < g->count && steps < PASS_STEPS; i++) {
		struct peer *peer = &g->peers[i];
		int64_t now_sent;

		if (peer->waiting || peer->due_ns > now_ns)
			continue;
		steps++;
		peer->waiting = true;
		peer->due_ns = INT64_MAX;
		g->waiting++;
		now_sent = load_now_ns();
		peer->message = (struct message){.sent_ns = now_sent};
		message_write(peer);
		peer->unsure = load_now_ns() - now_sent > STALL_NS;
	}
}

static void
held_send(struct probe *p, int64_t now_ns)
{
	int steps = 0;

	for (size_t i = 0; i < p->held_count && steps < PASS_STEPS; i++) {
		struct peer *peer = p->held[i];

		if (peer->due_ns == 0 || peer->due_ns > now_ns)
			continue;
		steps++;
		peer->due_ns = 0;
		message_write(peer);
	}
}

static void
probe_pass(struct probe *p)
{
	int64_t now = load_now_ns();

	p->gap_ns = now - p->pass_ns;
	p->pass_ns = now;
	poll_events(p, p->epfd);
	now = load_now_ns();
	held_send(p, now);
	group_send(&p->late, now);
	group_send(&p->base, now);
	if (p->busy_epfd >= 0)
		poll_events(p, p->busy_epfd);
}

static void
group_open(struct probe *p, struct group *g, int64_t port, int64_t gap_us)
{
	if (port == 0)
		return;
	g->count = (size_t)p->options->conns;
	g->gap_ns = gap_us * NS_PER_US;
	g->peers = xcalloc(g->count, sizeof(*g->peers));
	g->trips = xcalloc(SAMPLES_MAX, sizeof(*g->trips));
	g->ways = xcalloc(SAMPLES_MAX, sizeof(*g->ways));
	for (size_t i = 0; i < g->count; i++) {
		struct peer *peer = &g->peers[i];

		peer->fd = net_connect(port);
		peer->on_event = on_client;
		peer->group = g;
		group_pace(p, g, peer, load_now_ns());
		net_watch(p->epfd, peer->fd, EPOLLIN, peer);
	}
}

static void
busy_open(struct probe *p, int64_t port, int64_t count)
{
	static const char message[BUSY_BYTES];

	if (port == 0)
		return;
	p->busy_epfd = net_epoll();
	for (int64_t i = 0; i < count; i++) {
		int fd = net_connect(port);

		net_watch(p->busy_epfd, fd, EPOLLIN,
			  peer_new(fd, on_busy_client));
		if (send(fd, message, sizeof(message), MSG_NOSIGNAL) < 0)
			load_die("send");
	}
}

static void
listener_open(struct probe *p, size_t at, int64_t port)
{
	struct peer *listener = &p->listeners[at];

	if (port == 0)
		return;
	listener->fd = net_listen(port);
	listener->on_event = on_listener;
	net_watch(p->epfd, listener->fd, EPOLLIN, listener);
}

static int
samples_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
sample_at_us(const int64_t *samples, size_t count, double fraction)
{
	size_t at = (size_t)(fraction * (double)count);

	if (count == 0)
		return 0;
	return (double)samples[at < count ? at : count - 1] / 1e3;
}

/* Sorts the samples. */
static void
samples_print(const char *name, int64_t *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), samples_compare);
	printf("\"%s\": {\"min_us\": %.2f, \"p50_us\": %.2f, "
	       "\"p90_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f}, ",
	       name, sample_at_us(samples, count, 0),
	       sample_at_us(samples, count, 0.5),
	       sample_at_us(samples, count, 0.9),
	       sample_at_us(samples, count, 0.99),
	       sample_at_us(samples, count, 1));
}

static void
group_print(struct group *g)
{
	if (g->count == 0)
		return;
	printf("\"%s\": {", g->name);
	samples_print("trip", g->trips, g->samples_count);
	samples_print("way", g->ways, g->samples_count);
	printf("\"samples\": %zu, \"unsure\": %zu}, ", g->samples_count,
	       g->unsure);
}

void
probe_run(const struct load_options *o)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->options = o;
	p->epfd = net_epoll();
	p->busy_epfd = -1;
	p->random = 88172645463325252U;
	p->held = xcalloc(LOAD_MAX_CONNS, sizeof(struct peer *));
	p->late = (struct group){.name = "late", .together = o->together};
	p->base = (struct group){.name = "base"};
	listener_open(p, 0, o->serve);
	listener_open(p, 1, o->serve_late);
	listener_open(p, 2, o->serve_busy);
	busy_open(p, o->busy_port, o->busy);
	group_open(p, &p->late, o->port, o->gap_us);
	group_open(p, &p->base, o->base_port, o->base_gap_us);
	p->from_ns = load_now_ns() + o->warm_ms * 1000000;
	p->until_ns = p->from_ns + o->seconds_ms * 1000000;
	do {
		probe_pass(p);
	} while (p->pass_ns < p->until_ns);
	printf("{");
	group_print(&p->late);
	group_print(&p->base);
	printf("\"busy_rate\": %.1f}\n",
	       (double)p->busy_count * 1e3 / (double)o->seconds_ms);
}
