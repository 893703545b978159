/* SPDX-License-Identifier: Apache-2.0 */
/* What a socket towards an upstream is told before it connects: to send at
 * once, to be recognised by firewall rules, to be the client's. */
#ifndef PROXY_DIAL_SOCKET_H
#define PROXY_DIAL_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/error.h"
#include "faults/engine.h"

/* The firewall mark of our own connections ("FW"), so that rules can leave
 * them out, and of packets that TPROXY rules send to us. */
#define DIAL_MARK   0x4657u
#define DIAL_DIVERT 0x4658u

/* Prepares a socket of that family for the route, on behalf of that client;
 * `marked`: with DIAL_MARK, if we may. 0, or an errno. */
int dial_socket_prepare(int fd, int family, const struct armed_route *route,
    const struct in6_addr *client, bool marked);
/* May this process mark sockets? It takes CAP_NET_ADMIN or CAP_NET_RAW. */
bool dial_socket_may_mark(void);

#endif
