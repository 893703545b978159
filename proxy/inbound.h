/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel does with the segments that come in for a TCP socket before
 * TCP sees them. */
#ifndef PROXY_INBOUND_H
#define PROXY_INBOUND_H

#include <stdbool.h>

/* Every segment is discarded from now on, or none any more: by a minimum TTL
 * that no peer has. It needs no privilege. Sockets that a listening one
 * accepts take over what it does when their handshake ends. False where the
 * socket cannot (Unix sockets). */
bool inbound_discard(int fd, bool on);

#endif
