/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client wanted to go. */
#include "proxy/destination.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "config/destination.h"
#include "proxy/client_facts.h"
#include "proxy/session.h"

/* linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h: one number. */
#ifndef SO_ORIGINAL_DST
#define SO_ORIGINAL_DST 80
#endif
#define IP6T_SO_ORIGINAL_DST 80

/* Is it an address? Then `text` gets its usual spelling. */
static bool
parse_ip(const char *host, struct in6_addr *ip, char text[INET6_ADDRSTRLEN])
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		session_map_ipv4(ip, &v4);
	else if (inet_pton(AF_INET6, host, ip) != 1)
		return false;
	else if (IN6_IS_ADDR_V4MAPPED(ip))
		memcpy(&v4, &ip->s6_addr[12], sizeof(v4));
	else
		return inet_ntop(AF_INET6, ip, text, INET6_ADDRSTRLEN) != NULL;
	return inet_ntop(AF_INET, &v4, text, INET6_ADDRSTRLEN) != NULL;
}

struct destination *
destination_new(const char *host, uint16_t port, uint16_t listener_port)
{
	struct destination *d = xcalloc(1, sizeof(*d));
	char text[INET6_ADDRSTRLEN];

	/* A zone ("fe80::1%eth0") is for connecting, not for matching. */
	d->is_ip = parse_ip(host, &d->ip, text);
	d->at.host = xstrdup(d->is_ip ? text : host);
	d->at.port = port;
	d->at.text = xasprintf(strchr(d->at.host, ':') != NULL ? "[%s]:%u"
							       : "%s:%u",
	    d->at.host, port);
	d->listener_port = listener_port;
	return d;
}

/* What NAT turned into us. IPv4 on a socket of both families is IPv4. */
static bool
original(int fd, const struct sockaddr_storage *local,
    struct sockaddr_storage *to)
{
	struct in6_addr ip;
	socklen_t len = sizeof(*to);

	session_unpack(local, &ip);
	return IN6_IS_ADDR_V4MAPPED(&ip)
	    ? getsockopt(fd, IPPROTO_IP, SO_ORIGINAL_DST, to, &len) == 0
	    : getsockopt(fd, IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, to, &len) ==
		0;
}

struct destination *
destination_of_socket(int fd, int accept, uint16_t listener_port,
    struct error *err)
{
	struct sockaddr_storage addr = {0}, local = {0};
	socklen_t len = sizeof(local);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr ip;
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0 ||
	    (local.ss_family != AF_INET && local.ss_family != AF_INET6)) {
		error_set(err, errno, "the connection has no address");
		return NULL;
	}
	/* ENOENT: nothing was redirected; ENOPROTOOPT: the kernel has no
	 * connection tracking. */
	if (accept != ACCEPT_REDIRECT || !original(fd, &local, &addr))
		addr = local;
	port = session_unpack(&addr, &ip);
	inet_ntop(AF_INET6, &ip, text, sizeof(text));
	return destination_new(text, port, listener_port);
}

void
destination_free(struct destination *d)
{
	if (d == NULL)
		return;
	conf_address_fini(&d->at);
	free(d);
}

bool
destination_fits(const struct conf_route *route, const struct destination *d)
{
	struct conf_wanted wanted;

	if (route->destinations_count == 0)
		return true;
	if (d == NULL)
		return false;
	wanted = (struct conf_wanted){d->at.host, d->is_ip ? &d->ip : NULL,
	    d->at.port};
	return conf_route_wants(route, &wanted);
}

const struct conf_address *
destination_upstream(const struct conf_route *route,
    const struct client_facts *facts)
{
	if (!route->upstream.is_destination)
		return &route->upstream;
	if (facts == NULL || facts->destination == NULL)
		return NULL;
	return &facts->destination->at;
}

/* Binding tells what no table of ours could: is it an address of this host? */
static bool
is_local(const struct sockaddr_storage *addr)
{
	struct sockaddr_storage copy = *addr;
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool local;

	if (fd < 0)
		return false;
	if (addr->ss_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)&copy)->sin6_port = 0;
	else
		((struct sockaddr_in *)(void *)&copy)->sin_port = 0;
	local = bind(fd, (struct sockaddr *)&copy,
		    addr->ss_family == AF_INET6
			? sizeof(struct sockaddr_in6)
			: sizeof(struct sockaddr_in)) == 0;
	close(fd);
	return local;
}

bool
destination_is_own(const struct destination *d,
    const struct sockaddr_storage *addr)
{
	struct in6_addr ip;

	return d->listener_port != 0 &&
	    session_unpack(addr, &ip) == d->listener_port && is_local(addr);
}
