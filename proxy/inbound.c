/* SPDX-License-Identifier: Apache-2.0 */
/* Discarding what comes in. The option of IPv4 acts on IPv6 sockets too, for
 * clients whose addresses are mapped; that of IPv6 does on those alone. */
#include "proxy/inbound.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

bool
inbound_discard(int fd, bool on)
{
	int ttl = on ? 255 : 0;
	int v4 = setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof(ttl));
	int v6 =
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl, sizeof(ttl));

	return v4 == 0 || v6 == 0;
}
