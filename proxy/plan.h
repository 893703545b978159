/* SPDX-License-Identifier: Apache-2.0 */
/* A model made ready to run: faults armed, partitions turned into faults,
 * routes gathered by listener. Immutable and counted; workers hold one. */
#ifndef PROXY_PLAN_H
#define PROXY_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model.h"
#include "faults/engine.h"
#include "proxy/hosts.h"

/* One address to listen on and the routes behind it, in order of the file. */
struct plan_listener {
	const char *id; /* interned: the address as written, and what tells it
			   from others that are written so */
	const struct conf_address *address;
	struct armed_route **routes; /* borrowed, within plan->by_listen */
	const struct host_entry *hosts; /* their index, within plan->hosts */
	size_t routes_count;
	int protocol; /* enum conf_protocol */
	bool preface; /* connections begin with a PROXY header */
	bool hello;   /* a ClientHello is looked for (proxy/front.h) */
	int accept;   /* enum conf_accept: how destinations are learnt */
};

struct plan {
	atomic_uint refs;
	uint64_t generation;
	struct conf_model *model;   /* counted */
	struct armed_route *routes; /* owned; in order of the file */
	size_t routes_count;
	struct armed_route **by_name;	/* owned; sorted */
	struct armed_route **by_listen; /* owned; the enabled, by listener */
	struct host_entry *hosts;	/* owned; beside by_listen */
	struct plan_listener *listeners; /* owned; sorted by id's address */
	size_t listeners_count;
	bool transparent; /* firewall rules bring connections here */
	struct conf_fault *made; /* owned: the faults of partitions */
	size_t made_count;
};

/* Arms `model` (a reference is taken). What `before` (NULL: nothing) had
 * armed under the same names and unchanged keeps its shared numbers; the rest
 * is armed at now_us. `hosts` (NULL: nothing) knows the addresses of services
 * that are names, `seed` draws what partitions leave open. Returns owned. */
struct plan *plan_new(struct conf_model *model, const struct plan *before,
    const struct hosts *hosts, uint64_t seed, int64_t now_us);
/* The same routes without any fault. Returns owned. */
struct plan *plan_clear(const struct plan *plan);
/* One more reference, of what it is given. Thread-safe. */
struct plan *plan_ref(struct plan *plan);
/* Drops one reference; NULL is accepted. Thread-safe. */
void plan_unref(struct plan *plan);
/* The route of that name, or NULL. */
struct armed_route *plan_route(const struct plan *plan, const char *name);
/* The listener with that interned id, or NULL. */
struct plan_listener *plan_listener(const struct plan *plan, const char *id);
/* When the next fault comes into or goes out of force, or DEADLINE_NEVER. */
int64_t plan_next_change(const struct plan *plan, int64_t now_us);

/* Counts a connection on its route, if max_connections has room for it; false:
 * it has not. The route's shared numbers stay until route_shared_leave(), which
 * ends that. Thread-safe. */
bool route_shared_enter(const struct armed_route *route);
void route_shared_leave(struct route_shared *shared);

#endif
