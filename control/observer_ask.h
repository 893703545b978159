/* SPDX-License-Identifier: Apache-2.0 */
/* The flows that are under way on all workers, as events of their ends would
 * tell of them. */
#ifndef CONTROL_OBSERVER_ASK_H
#define CONTROL_OBSERVER_ASK_H

#include "observe/event.h"
#include "proxy/server.h"

struct observer_flows {
	struct event_record *events; /* owned */
	size_t count;
};

/* Asks the workers, and waits for no peer. The events are the caller's
 * (free). */
void observer_ask(struct server *server, struct observer_flows *to);

/* Tells of every fault that is in force now; all text is interned. */
void observer_ask_armed(const struct server *server,
    void (*tell)(void *arg, const char *route, const char *fault,
	const char *kind),
    void *arg);

#endif
