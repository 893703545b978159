/* SPDX-License-Identifier: Apache-2.0 */
/* Options of sockets towards upstreams. */
#include "proxy/dial_socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static bool
mark(int fd)
{
	unsigned mark = DIAL_MARK;

	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0;
}

bool
dial_socket_may_mark(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool may = fd >= 0 && mark(fd);

	if (fd >= 0)
		close(fd);
	return may;
}

static int
bind_v4(int fd, const struct in6_addr *client)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int one = 1;

	if (!IN6_IS_ADDR_V4MAPPED(client))
		return EAFNOSUPPORT;
	memcpy(&addr.sin_addr, &client->s6_addr[12], 4);
	if (setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno;
	return 0;
}

static int
bind_v6(int fd, const struct in6_addr *client)
{
	struct sockaddr_in6 addr = {
	    .sin6_family = AF_INET6, .sin6_addr = *client};
	int one = 1;

	if (IN6_IS_ADDR_V4MAPPED(client))
		return EAFNOSUPPORT;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &one,
		sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno;
	return 0;
}

/* Bound to the client's address; the port is chosen with the peer. */
static int
bind_client(int fd, int family, const struct in6_addr *client)
{
	int one = 1;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	return family == AF_INET ? bind_v4(fd, client) : bind_v6(fd, client);
}

int
dial_socket_prepare(int fd, int family, const struct armed_route *route,
    const struct in6_addr *client, bool marked)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (marked)
		mark(fd);
	return route->conf->keep_source ? bind_client(fd, family, client) : 0;
}
