/* SPDX-License-Identifier: Apache-2.0 */
/* A record that grows with events as they happen, and forgets: the latest
 * calls of all routes are kept, up to a number, and the last ones before the
 * first fault, which all others are compared with.
 *
 *	events ─► live_take ─┐
 *	flows under way ─────┴► live_begin ─► record: reactions, verdicts
 *					   live_end */
#ifndef EXPERIMENT_LIVE_H
#define EXPERIMENT_LIVE_H

#include "experiment/reactions.h"
#include "observe/event.h"

struct live;

/* Keeps about `calls` at most, of which a quarter may be from before the
 * first fault; times of its record count from start_us. Returns owned. */
struct live *live_new(size_t calls, int64_t start_us);
/* NULL is accepted. */
void live_free(struct live *l);
/* Takes an event of RECORD_EVENTS, whose text is interned or constant; others
 * are passed over. */
void live_take(struct live *l, const struct event_record *e);
/* Calls of `route` come from that service and go to that one (interned; NULL:
 * unknown), as the configuration now says. */
void live_relate(struct live *l, const char *route, const char *from,
    const char *to);
/* Forgets every route that is no more. */
void live_forget(struct live *l, bool (*is_gone)(void *arg, const char *name),
    void *arg);

/* Flows under way may still fail, or be what a call led to: an event in `open`
 * (sorted here) whose flow's end was taken since the last look is left out.
 * Until live_end() the finished record, up to now_us (monotonic), may be looked
 * at; borrowed. */
const struct record *live_begin(struct live *l, struct event_record *open,
    size_t count, int64_t now_us);
void live_end(struct live *l);
/* What live_news() tells: reactions in order, then the state of every route's
 * breaker. Everything is borrowed for the call. */
struct live_teller {
	void (*reaction)(void *arg, const struct reaction *r);
	void (*breaker)(void *arg, const struct route *route,
	    enum breaker_state state);
	void *arg;
};
/* Between live_begin() and live_end(): tells every reaction that was not told
 * before. */
void live_news(struct live *l, const struct live_teller *to);
/* A fault that was armed before anybody listened, at now_us; text as above. */
void live_arm(struct live *l, const char *route, const char *fault,
    const char *kind, int64_t now_us);
/* False if there is nothing to be seen, since no fault was armed and none of
 * the latest calls failed, nor much to be forgotten. */
bool live_wants_look(const struct live *l, int64_t now_us);
/* Calls and connections that are kept. */
size_t live_count(const struct live *l);

#endif
