/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a load, and who gets which. Knows no protocol, and
 * nothing of when requests are due. */
#ifndef LOAD_POOL_H
#define LOAD_POOL_H

#include "load/conn.h"
#include "load/endpoint.h"
#include "load/tally.h"
#include "load/timer.h"

#define LOAD_READ_SIZE (64 * 1024)

TAILQ_HEAD(load_conns, load_conn);

struct load_pool {
	/* Set by the owner; all borrowed. */
	struct load_timer *timer;
	const struct load_protocol *protocol;
	struct load_endpoint *endpoint;
	const struct load_marks *marks;
	struct tally *tally;
	void *shared; /* of the protocol */
	bool fresh;   /* a connection serves once */
	/* The exchange is over, its sample filled in; the callee owns it. */
	void (*on_end)(struct load_pool *, struct load_exchange *);

	struct load_conns roomy; /* last used first */
	struct load_conns full;	 /* and those that are leaving */
	struct load_conns closed;
	struct load_exchanges again; /* to be sent on another connection */
	char *buffer;		     /* owned; what sockets are read into */
};

/* Empty; what the owner sets is set. */
void load_pool_init(struct load_pool *p);
/* Closes everything; exchanges that are left are given to `drop`, once each.
 * One that was not initialised is accepted. */
void load_pool_fini(struct load_pool *p,
		    void (*drop)(struct load_pool *, struct load_exchange *));
/* Sends it on a connection that is idle, has room, or is made. It belongs to
 * the pool until on_end(), which may run before this returns. */
void load_pool_submit(struct load_pool *p, struct load_exchange *x);
/* To be called at the end of every turn of the loop: sends again, frees, arms
 * the timer. */
void load_pool_settle(struct load_pool *p);

#endif
