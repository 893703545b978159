/* SPDX-License-Identifier: Apache-2.0 */
/* Which service a route leads to, and which client addresses are whose. */
#include "proxy/partition_match.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/session.h"

static bool
parse_ip(const char *text, struct in6_addr *to)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, to) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	session_map_ipv4(to, &v4);
	return true;
}

static bool
leads_to(const struct conf_service *service, const char *host)
{
	struct in6_addr address;

	for (size_t i = 0; i < service->hosts_count; i++) {
		if (strcasecmp(service->hosts[i], host) == 0)
			return true;
	}
	if (!parse_ip(host, &address))
		return false;
	for (size_t i = 0; i < service->cidrs_count; i++) {
		if (conf_cidr_contains(&service->cidrs[i], &address))
			return true;
	}
	return false;
}

size_t
partition_route_to(const struct conf_model *model,
    const struct conf_address *upstream)
{
	for (size_t i = 0; i < model->services_count; i++) {
		if (upstream->host != NULL &&
		    leads_to(&model->services[i], upstream->host))
			return i;
	}
	return SIZE_MAX;
}

static void
add_cidr(struct conf_when *when, const struct conf_cidr *cidr)
{
	when->clients = xrealloc(when->clients,
	    (when->clients_count + 1) * sizeof(*when->clients));
	when->clients[when->clients_count++] = *cidr;
}

void
partition_when_add(struct conf_when *when, const struct conf_service *service,
    const struct hosts *hosts)
{
	const struct in6_addr *at;
	size_t n;

	for (size_t i = 0; i < service->cidrs_count; i++)
		add_cidr(when, &service->cidrs[i]);
	for (size_t i = 0; i < service->hosts_count; i++) {
		at = hosts_addresses(hosts, service->hosts[i], &n);
		for (size_t k = 0; k < n; k++)
			add_cidr(when, &(struct conf_cidr){at[k], 128});
	}
}

void
partition_when_copy(struct conf_when *to, const struct conf_when *from)
{
	size_t bytes = from->clients_count * sizeof(*from->clients);

	*to = (struct conf_when){
	    .has_clients = from->has_clients,
	    .clients_count = from->clients_count,
	    .clients = xmalloc(bytes),
	};
	if (bytes > 0)
		memcpy(to->clients, from->clients, bytes);
}
