/* SPDX-License-Identifier: Apache-2.0 */
/* Routes that share a listener, by the host they match, so that thousands of
 * hosts cost a request no more than one. It only leaves out routes that cannot
 * match; who asks compares the patterns. */
#ifndef PROXY_PLAN_HOSTS_H
#define PROXY_PLAN_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct armed_route;
struct plan_listener;

/* A route of a listener: at what place, and the hash of its host; 0: it may
 * match any. */
struct host_entry {
	uint32_t hash;
	uint32_t at;
};

/* The routes that may match a host, in order of the file. */
struct host_walk {
	const struct plan_listener *listener;
	const struct host_entry *own, *own_end; /* written out */
	const struct host_entry *any, *any_end; /* patterns, or no condition */
};

/* Fills to[0 … l->routes_count - 1] and makes it the listener's; borrowed. */
void plan_hosts_index(struct plan_listener *l, struct host_entry *to);
/* Begins a walk over the routes that may match `host`, in any case of letters
 * (empty: none was named). Borrows the listener, not the host. */
void plan_hosts_begin(struct host_walk *walk, const struct plan_listener *l,
    struct view host);
/* The next one, or NULL. Borrowed from the plan. */
const struct armed_route *plan_hosts_next(struct host_walk *walk);

#endif
