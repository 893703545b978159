/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client wanted to go, however that was learnt: what the kernel knows
 * of a connection that its firewall brought here, or what the client asked
 * for (proxy/asking.h). It belongs to the facts about the client
 * (proxy/client_facts.h), chooses among routes, and may be the upstream
 * itself. */
#ifndef PROXY_DESTINATION_H
#define PROXY_DESTINATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "config/model.h"

struct client_facts;

struct destination {
	struct conf_address at; /* owned: host and port, never a Unix socket */
	struct in6_addr ip;	/* mapped IPv4; if it is an address */
	bool is_ip;
	uint16_t listener_port; /* that the client connected to */
	bool per_request; /* every request names its own, by a whole URL */
};

/* What a client asked for; a host that is an address gets its usual spelling.
 * Returns owned. */
struct destination *destination_new(const char *host, uint16_t port,
    uint16_t listener_port);
/* What the kernel knows of an accepted socket, for ACCEPT_REDIRECT or
 * ACCEPT_TPROXY. One that came without a rule has the listener itself as its
 * destination. Returns owned; NULL and err: nothing is known. */
struct destination *destination_of_socket(int fd, int accept,
    uint16_t listener_port, struct error *err);
/* NULL is accepted. */
void destination_free(struct destination *d);

/* True if the route takes it (NULL: no destination is known). */
bool destination_fits(const struct conf_route *route,
    const struct destination *d);
/* Where a route leads for a client (facts may be NULL): its upstream, or the
 * destination. NULL: that is not known. Borrows. */
const struct conf_address *destination_upstream(const struct conf_route *route,
    const struct client_facts *facts);
/* True if dialling that address arrives at the listener that the client came
 * by: a loop. */
bool destination_is_own(const struct destination *d,
    const struct sockaddr_storage *addr);

#endif
