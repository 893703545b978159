/* SPDX-License-Identifier: Apache-2.0 */
/* Watches how clients react to faults while the proxy runs, where the
 * configuration asks for it (`observe`): the same functions that judge a
 * journal look at a record that grows.
 *
 *	feed ─► live record ─► reactions ─► counts, log lines	once a second
 *				└───────► verdicts		when asked
 *
 * Control thread only. */
#ifndef CONTROL_OBSERVER_H
#define CONTROL_OBSERVER_H

#include <event2/event.h>

#include "base/json.h"
#include "control/feed.h"
#include "experiment/reactions.h"
#include "observe/counters.h"
#include "observe/sample.h"

struct observer;

/* What was counted of one route since it is watched. */
struct observed {
	const char *route;	/* interned */
	const char *client;	/* service that calls it, interned; NULL */
	struct counter retries[RETRY_CAUSE_COUNT];
	struct counter saved, stopped;
	struct histogram pauses, waits; /* before retries; until they left */
	struct histogram attempts;	/* retries of a request, at its end */
	struct counter transitions[BREAKER_STATE_COUNT][BREAKER_STATE_COUNT];
	enum breaker_state breaker;
	double recovery_s; /* the latest; < 0: none yet */
	struct log_sample retry_lines, left_lines;
};

/* Bounds of `attempts`: whole numbers. */
extern const struct histogram_scale histogram_attempts;

/* Watches nothing yet. Borrows all. */
struct observer *observer_new(struct event_base *base, struct server *server,
    struct feed *feed);
/* The model in force may be another. */
void observer_update(struct observer *o, const struct conf_model *model);
bool observer_is_on(const struct observer *o);
/* What was counted of the route; NULL: it is not watched. */
const struct observed *observer_find(const struct observer *o,
    const char *route);
/* Puts the members of GET /v1/reactions into the object that is open in w, of
 * that route (NULL: of all). */
void observer_put(struct observer *o, struct jsonw *w, const char *route);
/* NULL is accepted. */
void observer_free(struct observer *o);

#endif
