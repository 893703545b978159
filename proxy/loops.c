/* SPDX-License-Identifier: Apache-2.0 */
/* A note is a mere hint: what the kernel says about the descriptor now is
 * compared, so that one that was closed or used again is never mistaken. */
#include "proxy/loops.h"

#include <string.h>

#include "proxy/destination.h"
#include "proxy/session.h"

void
loops_note(struct loops *l, int fd)
{
	struct sockaddr_storage local = {0};
	socklen_t len = sizeof(local);
	struct in6_addr ip;
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0 ||
	    local.ss_family == AF_UNIX)
		return;
	port = session_unpack(&local, &ip);
	atomic_store_explicit(&l->dialled[port], fd + 1,
	    memory_order_relaxed);
}

bool
loops_has(struct loops *l, const struct sockaddr_storage *peer,
    const struct destination *d)
{
	struct sockaddr_storage local = {0}, remote = {0};
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
	struct in6_addr peer_ip, ip;
	uint16_t port;
	int fd;

	if (!d->is_ip || peer->ss_family == AF_UNIX)
		return false;
	port = session_unpack(peer, &peer_ip);
	fd = atomic_load_explicit(&l->dialled[port], memory_order_relaxed) - 1;
	if (fd < 0 ||
	    getsockname(fd, (struct sockaddr *)&local, &local_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&remote, &remote_len) < 0)
		return false;
	return session_unpack(&local, &ip) == port &&
	    memcmp(&ip, &peer_ip, sizeof(ip)) == 0 &&
	    session_unpack(&remote, &ip) == d->at.port &&
	    memcmp(&ip, &d->ip, sizeof(ip)) == 0;
}
