/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of listeners and upstreams, and ranges of clients'. */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

/* host:port, [v6]:port, :port, unix:/path */
struct conf_address {
	char *text; /* owned, as written */
	bool is_unix;
	bool is_destination; /* an upstream: wherever the client wants to go */
	char *host;    /* owned; NULL: every address (listen) */
	uint16_t port; /* 0: any free one (listen) */
	char *path;    /* owned; unix socket */
};

/* An address range. IPv4 is kept mapped (::ffff:a.b.c.d). */
struct conf_cidr {
	struct in6_addr net;
	unsigned bits; /* 0 … 128 */
};

/* Parses an address (see struct conf_address); `listen` allows an absent host
 * and port 0. Fills `*to`, which is overwritten, for conf_address_fini(); or
 * err, and then there is nothing to free. */
bool conf_address_parse(const char *text, bool listen,
    struct conf_address *to, struct error *err) WARN_UNUSED;
#define CONF_DESTINATION_WORD "destination"
/* Likewise for an upstream, which may be that word. */
bool conf_upstream_parse(const char *text, struct conf_address *to,
    struct error *err) WARN_UNUSED;
/* Copies it; *to is overwritten, for conf_address_fini(). */
void conf_address_copy(struct conf_address *to,
    const struct conf_address *from);
/* Frees what it owns; the memory is zeroed. Zeroed memory is accepted. */
void conf_address_fini(struct conf_address *a);
/* True if only this machine can reach it: loopback or a unix socket. */
bool conf_address_is_local(const struct conf_address *a) PURE;
/* True if "host", "[v6]" or either with ":port" behind it has the latter. */
bool conf_address_has_port(const char *text, size_t len) PURE;
/* True if the bytes may be a host name or an IPv4 address. */
bool conf_host_valid(const char *host, size_t len) PURE;

/* "10.1.0.0/16", "::1", "10.0.0.1": bits beyond the prefix must be 0. False:
 * err says what was expected, and *to says nothing. */
bool conf_cidr_parse(const char *text, struct conf_cidr *to,
    struct error *err) WARN_UNUSED;
/* True if the text looks like an address or a range rather than a name. */
bool conf_cidr_meant(const char *text) PURE;
/* True if the address lies in the range. IPv4 addresses come mapped. */
bool conf_cidr_contains(const struct conf_cidr *c, const struct in6_addr *a)
    PURE;

#endif
