/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel does for faults with one TCP socket: discard what comes in,
 * lose some of it, forget a connection. What needs CAP_NET_ADMIN is tried, and
 * fails without it. */
#ifndef PROXY_KERNEL_H
#define PROXY_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Every segment that comes in is discarded from now on, or none any more,
 * before TCP sees it: by a minimum TTL that no peer has. It needs no
 * privilege. Sockets that a listening one accepts take over what it does when
 * their handshake ends. False where the socket cannot (Unix sockets). */
bool kernel_discard(int fd, bool on);

/* Segments that come in with payload are lost from now on, each with that
 * probability (0: none any more), before TCP sees them: the peer's kernel
 * sends them again. Which ones, the kernel draws. False: it may not. */
bool kernel_lose(int fd, double probability);
/* True if that is possible on TCP sockets of this process. Some system calls:
 * for who has no socket yet. */
bool kernel_can_lose(void);
/* Segments that came in for the socket and were dropped, for whatever reason,
 * by kernel_discard() too. */
uint32_t kernel_dropped(int fd);

/* While on, closing the socket forgets its connection: nothing is sent, and
 * the peer's next segment is answered by RST, as by a host that was started
 * anew. Turn it on only to close, or to turn it off at once. False: it may
 * not. */
bool kernel_forget(int fd, bool on);

#endif
