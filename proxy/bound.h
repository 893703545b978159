/* SPDX-License-Identifier: Apache-2.0 */
/* Which listener got which address: who asked for any free port wants to know
 * it. And what is open but not handed to the acceptor yet. */
#ifndef PROXY_BOUND_H
#define PROXY_BOUND_H

#include "proxy/listener.h"

/* Zeroed memory is an empty list. */
struct bound {
	struct bound_listener *items; /* owned */
	size_t count;
	struct opened_listener *held; /* owned, with the sockets */
	size_t held_count;	      /* 0: they were handed over */
};

/* Adds what was opened for the plan and forgets what it lacks. */
void bound_update(struct bound *b, const struct plan *plan,
		  const struct opened_listener *opened, size_t count);
/* "127.0.0.1:40123", by interned id; NULL: there is no such listener.
 * Borrowed until the next update. */
const char *bound_address(const struct bound *b, const char *id);
/* Keeps the sockets that were opened for the plan, beside those kept before;
 * closes what it lacks. */
void bound_hold(struct bound *b, const struct plan *plan,
		const struct opened_listener *opened, size_t count);
/* Forgets all, closes what is held. */
void bound_fini(struct bound *b);

#endif
