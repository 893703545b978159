/* SPDX-License-Identifier: Apache-2.0 */
/* Our own control API, /v1: docs/api.md. One table of endpoints (v1_table.c)
 * finds the handler, answers for methods and parameters, and is the API's
 * description.
 *
 *   request ─► endpoint ─┬─ read: shows what is
 *                        ├─ change: a draft ─► commit ─► shows what became
 *                        └─ action: acts by itself (sessions, leases, reload)
 */
#ifndef CONTROL_V1_H
#define CONTROL_V1_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/clock.h"
#include "control/feed.h"
#include "control/reload.h"
#include "control/state.h"
#include "control/web_server.h"

struct leases;
struct observer;

/* What the API is about; everything is borrowed. Tests of changes alone have no
 * feed, observer and reload. */
struct v1_parts {
	struct event_base *base;
	struct state *state;
	const struct clock *clock;
	struct feed *feed;
	struct observer *observer;
	struct reload *reload;
};

struct v1;

/* Returns owned. */
struct v1 *v1_new(const struct v1_parts *parts);
/* From now on the status says that sessions are drained. */
void v1_drain(struct v1 *v1);
/* Answers a call below /v1. False: it is none, the reply is untouched. */
bool v1_handle(struct v1 *v1, const struct web_request *request,
	       struct web_reply *reply);
/* The leases that are held now. Borrowed. */
const struct leases *v1_leases(const struct v1 *v1);
/* Frees it with its leases; what they made stays. Its streams must have ended
 * (web_server_free()). NULL is accepted. */
void v1_free(struct v1 *v1);

#endif
