/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of events for those who listen: the journal, clients of
 * /v1/events. While nobody does, the workers make no events at all.
 *
 *	workers ─► sink ─► feed (control thread) ─► listeners
 */
#ifndef CONTROL_FEED_H
#define CONTROL_FEED_H

#include <event2/event.h>

#include "base/error.h"
#include "observe/event.h"
#include "proxy/server.h"

struct feed;

/* Borrows the base. Returns owned, or NULL and err. */
struct feed *feed_new(struct event_base *base, struct error *err);
/* Events come from this server (borrowed); NULL: it is about to end. Without
 * a feed nothing happens. */
void feed_attach(struct feed *f, struct server *server);
/* From now on `consume` gets, from the loop, every event that it wishes, and
 * perhaps others, that somebody else wants; borrows `arg` until feed_leave().
 * The workers make the events that anybody wants, and no others; done when
 * these return. */
void feed_join(struct feed *f, struct event_wish wish, event_sink_fn consume,
    void *arg);
/* Whoever joined with that `arg` hears of nothing more. */
void feed_leave(struct feed *f, const void *arg);
/* An event of the control thread, copied, and handed out by the loop; nothing
 * if nobody wants it. */
void feed_emit(struct feed *f, const struct event_record *event);
/* Hands out what still waits. NULL is accepted. */
void feed_run(struct feed *f);
/* How many have joined. */
size_t feed_listeners(const struct feed *f);
/* Events lost on their way because too many waited. */
uint64_t feed_dropped(const struct feed *f);
/* NULL is accepted. */
void feed_free(struct feed *f);

#endif
