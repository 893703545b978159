/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: what a client does under one ends when the client no longer says
 * that it is there. This file keeps the time; what an end means is told to
 * whoever asked. Control thread only. */
#ifndef CONTROL_LEASE_H
#define CONTROL_LEASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "config/fault.h"

#define LEASES_MAX	 1000
#define LEASE_TTL_MIN_US INT64_C(100000)      /* 100 ms */
#define LEASE_TTL_MAX_US INT64_C(86400000000) /* 1 day */

struct lease {
	struct deadline deadline;
	struct leases *leases;
	uint64_t number; /* from 1, never used again */
	char id[24];	 /* what clients call it; not to be guessed */
	char *name;	 /* owned; NULL: none was given */
	int64_t ttl_us;
};

struct leases {
	const struct clock *clock; /* borrowed */
	struct deadline_heap heap;
	struct lease **items; /* owned; in order of granting */
	size_t count;
	uint64_t granted;
	/* The lease ended by time; it is no longer among the items, and freed
	 * when this returns. */
	void (*expired)(void *arg, const struct lease *lease);
	void *arg;
};

/* Prepares an empty set. Borrows clock and arg. */
void leases_init(struct leases *set, const struct clock *clock,
		 void (*expired)(void *arg, const struct lease *lease),
		 void *arg);
/* Frees them all; nobody is told. */
void leases_fini(struct leases *set);
/* A new lease from now on (name: copied, or NULL). Borrowed until it ends.
 * NULL: there are LEASES_MAX. */
struct lease *lease_grant(struct leases *set, int64_t ttl_us, const char *name);
/* The lease of that id; NULL: it ended or never was. */
struct lease *lease_find(const struct leases *set, const char *id);
/* The experiment that did this: the name of the lease that it depends on.
 * NULL: there is none, or no set. Borrowed until the lease ends. */
const char *leases_experiment(const struct leases *set,
			      const struct conf_leased *leased);
/* Its time begins anew. */
void lease_renew(struct lease *l, int64_t ttl_us);
/* Ends it by will; `expired` is not told. */
void lease_end(struct lease *l);
/* How long it has left, µs; at least 0. */
int64_t lease_left(const struct lease *l);
/* Ends those whose time is over; returns when to call again (DEADLINE_NEVER:
 * not at all). */
int64_t leases_run(struct leases *set);

#endif
