/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a live record on a thread of its own, so that nobody waits for it:
 * a look at many calls takes parts of a second. The record goes to and fro:
 *
 *	looker_begin() ─► thread: reactions, verdicts ─► mail ─► done()
 *	  └─ the record is the thread's ─────────────────┘
 */
#ifndef CONTROL_LOOKER_H
#define CONTROL_LOOKER_H

#include <event2/event.h>

#include "base/error.h"
#include "experiment/live.h"

/* A reaction that was not told before. */
struct look_news {
	struct reaction reaction; /* its `route` is NULL */
	const char *route;	  /* interned */
};

struct look_route {
	const char *name; /* interned */
	size_t calls;	  /* that are kept */
	enum breaker_state breaker;
	char *verdicts; /* owned: a JSON array; NULL: they were not asked for */
};

/* What was found. */
struct look {
	struct look_news *news; /* owned; in order */
	size_t news_count;
	struct look_route *routes; /* owned */
	size_t routes_count;
	size_t calls; /* that are kept, of all routes together */
	int64_t noise_us, end_us; /* as the record has them */
	int64_t took_us;	  /* the look itself */
	uint64_t lost;		  /* events that never came */
};

struct looker;

/* Starts the thread. Takes `live`, also where it fails; borrows the base.
 * `done` is told of every look, from the base's loop; it may begin another.
 * Returns owned, or NULL and err. */
struct looker *looker_new(struct event_base *base, struct live *live,
    void (*done)(void *arg, const struct look *look), void *arg,
    struct error *err);
/* The record. Borrowed; NULL while it is looked at. */
struct live *looker_live(const struct looker *l);
/* Has it looked at, with these flows under way (taken), also for verdicts if
 * `judge`. Not while it is. */
void looker_begin(struct looker *l, struct event_record *open, size_t count,
    bool judge);
/* A look under way is not told any more. Waits for nobody. NULL is
 * accepted. */
void looker_free(struct looker *l);

#endif
