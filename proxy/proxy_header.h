/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt):
 * who the client really is, said by the hop in front of us, and by us to the
 * hop behind. */
#ifndef PROXY_PROXY_HEADER_H
#define PROXY_PROXY_HEADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest header that is accepted (v2 with TLVs), and that is built. */
#define PROXY_HEADER_READ_MAX 4096
#define PROXY_HEADER_MAX      128

enum proxy_header_result {
	PROXY_HEADER_MORE, /* a good beginning: read on */
	PROXY_HEADER_BAD,
	PROXY_HEADER_DONE,
};

struct proxy_header {
	size_t consumed;    /* bytes of the header */
	bool has_addresses; /* false: UNKNOWN, LOCAL, or not TCP over IP */
	struct in6_addr source, destination; /* IPv4 mapped */
	uint16_t source_port, destination_port;
	const char *error; /* PROXY_HEADER_BAD: constant text */
};

/* Looks at the first len bytes of a connection. */
enum proxy_header_result proxy_header_parse(const void *data, size_t len,
    struct proxy_header *to);
/* Builds a header (version 2 if v2, else 1) for a client at source:port whose
 * connection to us is client_fd (its local address becomes the destination;
 * no IP there gives UNKNOWN or LOCAL). Returns its length. */
size_t proxy_header_build(bool v2, int client_fd,
    const struct in6_addr *source, uint16_t source_port,
    unsigned char to[PROXY_HEADER_MAX]);

#endif
