/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of addresses. */
#include "proxy/resolve_list.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

void
resolve_list_add(struct resolve_list *to, const struct sockaddr *addr,
    socklen_t len)
{
	if (to->count == RESOLVE_MAX || len > sizeof(to->at[0].addr))
		return;
	memcpy(&to->at[to->count].addr, addr, len);
	to->at[to->count++].len = len;
}

void
resolve_list_copy(struct resolve_list *to, const struct resolve_list *from,
    uint16_t port)
{
	to->count = from->count;
	memcpy(to->at, from->at, from->count * sizeof(from->at[0]));
	for (size_t i = 0; i < to->count; i++) {
		struct sockaddr_storage *addr = &to->at[i].addr;

		if (addr->ss_family == AF_INET)
			((struct sockaddr_in *)addr)->sin_port = htons(port);
		else if (addr->ss_family == AF_INET6)
			((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
	}
}

static int
lookup(const char *name, int flags, struct resolve_list *to)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_flags = flags,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error != 0)
		return error;
	for (struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
		resolve_list_add(to, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

bool
resolve_list_literal(struct resolve_list *to, const char *name, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	to->count = 0;
	v4.sin_port = v6.sin6_port = htons(port);
	if (inet_pton(AF_INET, name, &v4.sin_addr) == 1) {
		resolve_list_add(to, (struct sockaddr *)&v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, name, &v6.sin6_addr) == 1) {
		resolve_list_add(to, (struct sockaddr *)&v6, sizeof(v6));
	} else if (strchr(name, ':') != NULL && strchr(name, '%') != NULL &&
	    lookup(name, AI_NUMERICHOST, to) == 0 && to->count == 1) {
		((struct sockaddr_in6 *)&to->at[0].addr)->sin6_port =
		    htons(port);
	}
	return to->count > 0;
}

int
resolve_list_system(void *arg, const char *name, struct resolve_list *to)
{
	(void)arg;
	return lookup(name, 0, to);
}
