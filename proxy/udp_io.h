/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches: what a socket has is read with one call, and what is
 * to go the same way leaves with one. A worker has one batch to read into; what
 * is in it is dealt with within one callback. */
#ifndef PROXY_UDP_IO_H
#define PROXY_UDP_IO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

#define UDP_BATCH	 16
#define UDP_DATAGRAM_MAX (64 * 1024) /* no datagram is larger */

/* An IPv4 or IPv6 socket address, no larger than needed. */
union udp_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Who sent a datagram, and to which of our addresses (family AF_UNSPEC where
 * the socket has just one). */
struct udp_path {
	union udp_address client, local;
};

/* A received datagram; borrowed from the batch. */
struct udp_datagram {
	const unsigned char *data;
	size_t len;
	bool cut;	    /* it was larger: the rest is gone */
	int64_t arrived_us; /* monotonic */
	struct udp_path path;
};

struct udp_batch;

/* Returns owned. */
struct udp_batch *udp_batch_new(void);
/* NULL is accepted. */
void udp_batch_free(struct udp_batch *b);
/* Reads up to UDP_BATCH datagrams; returns how many, 0 if there are none, or
 * a negative errno (that of an ICMP message on a connected socket). *lost is
 * set to the number of datagrams that the kernel says this socket has lost so
 * far, if it says so. */
int udp_batch_receive(struct udp_batch *b, int fd, int64_t now_us,
		      uint32_t *lost);
/* The nth of those received. */
void udp_batch_get(const struct udp_batch *b, unsigned nth,
		   struct udp_datagram *to);

/* Datagrams on their way out of one socket. */
struct udp_sending {
	int fd;
	const struct udp_path *path; /* NULL: the socket is connected */
	unsigned count;
	struct iovec data[UDP_BATCH]; /* borrowed until sent */
};

/* Sends them all; bit n of the result says that the kernel took the nth. An
 * ICMP error that waited on the socket goes to *error (else 0). */
uint32_t udp_send(const struct udp_sending *out, int *error);
/* Asks the kernel for what a listening socket needs: the address that each
 * datagram was sent to (`any`: the socket is bound to all of them), room for
 * bursts, and word of what it loses. */
void udp_tune_listener(int fd, int family, bool any);
/* Room for bursts on a socket towards an upstream. */
void udp_tune_upstream(int fd);
/* The kernel stamps what arrives from now on. */
void udp_tune_stamps(int fd);

#endif
