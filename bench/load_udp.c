/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams: clients that keep some under way (udp), the server that sends
 * them back (udp_echo), and the least that a relay can be (udp_relay): one
 * loop, a socket a client, a table by the client's port, and no more. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define BATCH	     16
#define DATAGRAM_MAX (64 * 1024)
#define EVENTS	     64
#define BUFFER	     (4 << 20)
/* Nothing came for so long: what is missing was lost. */
#define LOST_NS (20 * 1000000LL)

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in from[BATCH];
	char data[BATCH][DATAGRAM_MAX];
};

static struct sockaddr_in
loopback(int64_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return to;
}

static int
open_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
	int size = BUFFER;

	if (fd < 0)
		load_die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

static int
open_bound(int64_t port, int flags)
{
	struct sockaddr_in at = loopback(port);
	int fd = open_socket(flags);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		load_die("bind");
	return fd;
}

static int
open_connected(int64_t port)
{
	struct sockaddr_in to = loopback(port);
	int fd = open_socket(SOCK_NONBLOCK);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		load_die("connect");
	return fd;
}

static struct batch *
batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	for (int i = 0; i < BATCH; i++) {
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
		b->iov[i].iov_base = b->data[i];
	}
	return b;
}

/* Reads what is there; `named`: and who sent it. */
static int
batch_receive(struct batch *b, int fd, bool named, int flags)
{
	int n;

	for (int i = 0; i < BATCH; i++) {
		b->iov[i].iov_len = DATAGRAM_MAX;
		b->msgs[i].msg_hdr.msg_name = named ? &b->from[i] : NULL;
		b->msgs[i].msg_hdr.msg_namelen = named ? sizeof(b->from[i]) : 0;
	}
	n = recvmmsg(fd, b->msgs, BATCH, flags, NULL);
	for (int i = 0; i < n; i++)
		b->iov[i].iov_len = b->msgs[i].msg_len;
	return n < 0 ? 0 : n;
}

/* Sends the first n to where their names say, or the socket is connected. */
static void
batch_send(struct batch *b, int fd, int n)
{
	for (int at = 0; at < n;) {
		int sent = sendmmsg(fd, b->msgs + at, (unsigned)(n - at), 0);

		at += sent > 0 ? sent : 1;
	}
}

/* --- server and relay --- */

void
udp_echo_run(const struct load_options *o)
{
	struct batch *b = batch_new();
	int fd = open_bound(o->port, 0);

	for (;;)
		batch_send(b, fd, batch_receive(b, fd, true, MSG_WAITFORONE));
}

struct relayed {
	int fd;
	struct sockaddr_in client;
};

static void
relay_up(struct batch *b, int epfd, int listener, struct relayed **table,
	 int64_t to)
{
	int n = batch_receive(b, listener, true, MSG_DONTWAIT);

	for (int i = 0; i < n; i++) {
		struct relayed **slot = &table[ntohs(b->from[i].sin_port)];

		if (*slot == NULL) {
			*slot = xcalloc(1, sizeof(**slot));
			(*slot)->fd = open_connected(to);
			(*slot)->client = b->from[i];
			net_watch(epfd, (*slot)->fd, EPOLLIN, *slot);
		}
		send((*slot)->fd, b->data[i], b->iov[i].iov_len, 0);
	}
}

static void
relay_down(struct batch *b, int listener, struct relayed *r)
{
	int n = batch_receive(b, r->fd, false, MSG_DONTWAIT);

	for (int i = 0; i < n; i++) {
		b->msgs[i].msg_hdr.msg_name = &r->client;
		b->msgs[i].msg_hdr.msg_namelen = sizeof(r->client);
	}
	batch_send(b, listener, n);
}

void
udp_relay_run(const struct load_options *o)
{
	struct relayed **table = xcalloc(65536, sizeof(*table));
	struct epoll_event events[EVENTS];
	struct batch *b = batch_new();
	int listener = open_bound(o->port, SOCK_NONBLOCK), epfd = net_epoll();

	net_watch(epfd, listener, EPOLLIN, NULL);
	for (;;) {
		int n = epoll_wait(epfd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr != NULL)
				relay_down(b, listener, events[i].data.ptr);
			else
				relay_up(b, epfd, listener, table,
					 o->base_port);
		}
	}
}

/* --- clients --- */

struct client {
	int fd;
	int64_t under_way;
	int64_t heard_ns;
};

struct clients {
	struct client *all; /* owned */
	size_t count;
	struct batch *batch;
	int epfd;
	size_t size;
	int64_t window, from_ns, until_ns;
	uint64_t came, lost;
};

static void
fill(struct clients *c, struct client *one)
{
	struct batch *b = c->batch;

	while (one->under_way < c->window) {
		int n = (int)(c->window - one->under_way);

		n = n > BATCH ? BATCH : n;
		for (int i = 0; i < n; i++) {
			b->iov[i].iov_len = c->size;
			b->msgs[i].msg_hdr.msg_namelen = 0;
			b->msgs[i].msg_hdr.msg_name = NULL;
		}
		batch_send(b, one->fd, n);
		one->under_way += n;
	}
}

static void
hear(struct clients *c, struct client *one, int64_t now_ns)
{
	int n = batch_receive(c->batch, one->fd, false, MSG_DONTWAIT);

	if (n == 0)
		return;
	one->heard_ns = now_ns;
	one->under_way -= n < one->under_way ? n : one->under_way;
	if (now_ns >= c->from_ns && now_ns < c->until_ns)
		c->came += (uint64_t)n;
	fill(c, one);
}

static void
give_up_lost(struct clients *c, int64_t now_ns)
{
	for (size_t i = 0; i < c->count; i++) {
		struct client *one = &c->all[i];

		if (now_ns - one->heard_ns < LOST_NS)
			continue;
		c->lost += (uint64_t)one->under_way;
		one->under_way = 0;
		one->heard_ns = now_ns;
		fill(c, one);
	}
}

void
udp_run(const struct load_options *o)
{
	struct epoll_event events[EVENTS];
	struct clients c = {.count = (size_t)o->conns,
			    .batch = batch_new(),
			    .epfd = net_epoll(),
			    .size = o->size != 0 ? (size_t)o->size : 200,
			    .window = o->window != 0 ? o->window : BATCH};
	int64_t now = load_now_ns(), looked = now;

	c.all = xcalloc(c.count, sizeof(*c.all));
	c.from_ns = now + o->warm_ms * 1000000;
	c.until_ns = c.from_ns + o->seconds_ms * 1000000;
	for (size_t i = 0; i < c.count; i++) {
		c.all[i].fd = open_connected(o->port);
		c.all[i].heard_ns = now;
		net_watch(c.epfd, c.all[i].fd, EPOLLIN, &c.all[i]);
		fill(&c, &c.all[i]);
	}
	while ((now = load_now_ns()) < c.until_ns) {
		int n = epoll_wait(c.epfd, events, EVENTS, 10);

		for (int i = 0; i < n; i++)
			hear(&c, events[i].data.ptr, now);
		if (now - looked >= LOST_NS) {
			give_up_lost(&c, now);
			looked = now;
		}
	}
	printf("{\"count\": %llu, \"rate\": %.1f, \"lost\": %llu}\n",
	       (unsigned long long)c.came,
	       (double)c.came * 1e3 / (double)o->seconds_ms,
	       (unsigned long long)c.lost);
	free(c.batch);
	free(c.all);
}
