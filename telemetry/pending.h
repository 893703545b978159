/* SPDX-License-Identifier: Apache-2.0 */
/* What events said about flows that have not ended yet, as far as spans will
 * say it: effects of faults. Flows that nothing happens to are not here. */
#ifndef TELEMETRY_PENDING_H
#define TELEMETRY_PENDING_H

#include "observe/event.h"

#define PENDING_EFFECTS 8
#define PENDING_MAX	8192 /* flows; beyond it, nothing is kept of new ones */

struct pending_effect {
	int64_t time_us; /* monotonic */
	const char *fault, *kind, *what, *unit; /* interned or constant */
	double amount;
};

struct pending {
	struct pending *next;
	const char *route; /* interned */
	uint64_t session, flow;
	bool is_connection;
	struct pending_effect effects[PENDING_EFFECTS];
	size_t count;	  /* of effects */
	unsigned dropped; /* effects for which there was no room */
};

struct pendings;

/* Returns owned. */
struct pendings *pendings_new(void);
/* NULL is accepted. */
void pendings_free(struct pendings *all);
/* Keeps what the event says of its flow, if it is an effect or a measure. */
void pendings_note(struct pendings *all, const struct event_record *event);
/* Takes what is known of the flow that an event is about out. Returns owned
 * (free), or NULL. */
struct pending *pendings_take(struct pendings *all,
    const struct event_record *event);

#endif
