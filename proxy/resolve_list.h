/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of one name, and the two ways to get them at once: from text
 * that is an address, and from the system's resolver, which blocks. */
#ifndef PROXY_RESOLVE_LIST_H
#define PROXY_RESOLVE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define RESOLVE_MAX 16 /* addresses kept of one name */

struct resolve_address {
	struct sockaddr_storage addr; /* with the port */
	socklen_t len;
};

/* In the order the system prefers. Zeroed memory is an empty list. */
struct resolve_list {
	size_t count;
	struct resolve_address at[RESOLVE_MAX];
};

/* Appends an address; what is beyond RESOLVE_MAX is left out. */
void resolve_list_add(struct resolve_list *to, const struct sockaddr *addr,
    socklen_t len);
/* Makes `to` hold the addresses of `from` with that port. */
void resolve_list_copy(struct resolve_list *to,
    const struct resolve_list *from, uint16_t port);
/* Fills `to` if `name` is an IPv4 or IPv6 address, perhaps with a %scope. */
bool resolve_list_literal(struct resolve_list *to, const char *name,
    uint16_t port);
/* Appends what getaddrinfo(3) says, port 0; blocks. 0 or an EAI_* code. A
 * resolve_lookup_fn: `arg` is ignored. */
int resolve_list_system(void *arg, const char *name, struct resolve_list *to);

#endif
