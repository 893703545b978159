/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches, with the address that each was sent to and the time
 * at which it arrived. */
#include "proxy/udp_io.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/end.h"

/* Room for bursts; the kernel may grant less. */
#define SOCKET_BUFFER (4 << 20)
#define CONTROL_SIZE  160

struct control {
	alignas(struct cmsghdr) char bytes[CONTROL_SIZE];
};

struct udp_batch {
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	union udp_address from[UDP_BATCH];
	struct control control[UDP_BATCH];
	int64_t now_us; /* when they were read */
	unsigned char data[UDP_BATCH][UDP_DATAGRAM_MAX];
};

/* The length that the kernel wants with it. */
static socklen_t
address_len(const union udp_address *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in);
}

/* --- receiving --- */

struct udp_batch *
udp_batch_new(void)
{
	struct udp_batch *b = xmalloc(sizeof(*b));

	memset(b->msgs, 0, sizeof(b->msgs));
	for (int i = 0; i < UDP_BATCH; i++) {
		struct msghdr *msg = &b->msgs[i].msg_hdr;

		b->iov[i] = (struct iovec){b->data[i], UDP_DATAGRAM_MAX};
		msg->msg_iov = &b->iov[i];
		msg->msg_iovlen = 1;
		msg->msg_name = &b->from[i];
		msg->msg_control = b->control[i].bytes;
	}
	return b;
}

void
udp_batch_free(struct udp_batch *b)
{
	free(b);
}

/* The kernel's count of what the socket lost stands with the latest. */
static void
read_lost(const struct msghdr *msg, uint32_t *lost)
{
	struct msghdr *m = (struct msghdr *)(uintptr_t)msg;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(lost, CMSG_DATA(c), sizeof(*lost));
	}
}

int
udp_batch_receive(struct udp_batch *b, int fd, int64_t now_us, uint32_t *lost)
{
	int n;

	for (int i = 0; i < UDP_BATCH; i++) {
		b->msgs[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
		b->msgs[i].msg_hdr.msg_controllen = CONTROL_SIZE;
	}
	n = recvmmsg(fd, b->msgs, UDP_BATCH, MSG_DONTWAIT, NULL);
	b->now_us = now_us;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n > 0)
		read_lost(&b->msgs[n - 1].msg_hdr, lost);
	return n;
}

/* The address of ours that the datagram was sent to, as a source for answers:
 * what was sent to a broadcast address is answered from the interface's. */
static void
read_local(struct msghdr *msg, union udp_address *to)
{
	struct cmsghdr *c;

	to->sa.sa_family = AF_UNSPEC;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			to->in =
			    (struct sockaddr_in){.sin_family = AF_INET,
						 .sin_addr = info.ipi_spec_dst};
		}
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			to->in6 =
			    (struct sockaddr_in6){.sin6_family = AF_INET6,
						  .sin6_addr = info.ipi6_addr};
		}
	}
}

void
udp_batch_get(const struct udp_batch *b, unsigned nth, struct udp_datagram *to)
{
	struct msghdr *msg = (struct msghdr *)(uintptr_t)&b->msgs[nth].msg_hdr;

	to->data = b->data[nth];
	to->len = b->msgs[nth].msg_len;
	to->cut = (msg->msg_flags & MSG_TRUNC) != 0;
	to->arrived_us = end_arrival(msg, b->now_us);
	to->path.client = b->from[nth];
	read_local(msg, &to->path.local);
}

/* --- sending --- */

/* Says which of our addresses the datagram leaves from. */
static void
write_local(struct msghdr *msg, const union udp_address *local,
	    struct control *control)
{
	struct cmsghdr *c;

	if (local->sa.sa_family == AF_UNSPEC)
		return;
	memset(control, 0, sizeof(*control));
	msg->msg_control = control->bytes;
	msg->msg_controllen = sizeof(control->bytes);
	c = CMSG_FIRSTHDR(msg);
	if (local->sa.sa_family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = local->in.sin_addr};

		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = {.ipi6_addr = local->in6.sin6_addr};

		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

/* An answer to an earlier datagram, which this call merely delivered. */
static bool
is_icmp(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH ||
	       error == ENETUNREACH || error == EHOSTDOWN || error == EPROTO ||
	       error == ENOPROTOOPT || error == EACCES;
}

static uint32_t
send_all(int fd, struct mmsghdr *msgs, unsigned count, int *error)
{
	uint32_t taken = 0;
	unsigned at = 0;
	bool again = false;

	while (at < count) {
		int n = sendmmsg(fd, msgs + at, count - at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			taken |= ((1u << n) - 1) << at;
			at += (unsigned)n;
			again = false;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			/* As at a router whose queue is full: lost. */
			break;
		} else if (is_icmp(errno) && !again) {
			*error = errno;
			again = true;
		} else if (errno != EINTR) {
			/* This one cannot be sent: too large, say. */
			at++;
			again = false;
		}
	}
	return taken;
}

uint32_t
udp_send(const struct udp_sending *out, int *error)
{
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec data[UDP_BATCH];
	struct control control;
	struct msghdr first = {.msg_iovlen = 1};

	*error = 0;
	if (out->path != NULL) {
		first.msg_name = (void *)(uintptr_t)&out->path->client;
		first.msg_namelen = address_len(&out->path->client);
		write_local(&first, &out->path->local, &control);
	}
	for (unsigned i = 0; i < out->count; i++) {
		data[i] = out->data[i];
		first.msg_iov = &data[i];
		msgs[i] = (struct mmsghdr){.msg_hdr = first};
	}
	return send_all(out->fd, msgs, out->count, error);
}

/* --- sockets --- */

static void
enable(int fd, int level, int option)
{
	int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

void
udp_tune_upstream(int fd)
{
	int size = SOCKET_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void
udp_tune_listener(int fd, int family, bool any)
{
	int size = SOCKET_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	udp_tune_upstream(fd);
	enable(fd, SOL_SOCKET, SO_RXQ_OVFL);
	if (any && family == AF_INET6)
		enable(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	else if (any)
		enable(fd, IPPROTO_IP, IP_PKTINFO);
}

void
udp_tune_stamps(int fd)
{
	enable(fd, SOL_SOCKET, SO_TIMESTAMPNS);
}
