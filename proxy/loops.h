/* SPDX-License-Identifier: Apache-2.0 */
/* Our own traffic, brought back to us by a firewall rule that does not leave
 * it out: a connection of which both ends are ours would dial itself for ever.
 * Shared by all workers, without locks: a note may be overwritten, then a turn
 * of the loop is missed, and the next one found. */
#ifndef PROXY_LOOPS_H
#define PROXY_LOOPS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

struct destination;

/* Zeroed memory knows nothing. */
struct loops {
	atomic_int dialled[65536]; /* by local port: a descriptor + 1 */
};

/* A socket that was just told to connect. */
void loops_note(struct loops *l, int fd);
/* True if the client at `peer`, which wants to go to d, is one of those that
 * were noted and are still connected. */
bool loops_has(struct loops *l, const struct sockaddr_storage *peer,
    const struct destination *d);

#endif
