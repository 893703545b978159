/* SPDX-License-Identifier: Apache-2.0 */
/* Watches how clients react to faults while the proxy runs, where the
 * configuration asks for it (`observe`): the same functions that judge a
 * journal look at a record that grows.
 *
 *	feed ─► live record ─► looker ─► reactions ─► counts, log lines
 *				    └──► verdicts	when asked
 *
 * Looking is done on a thread of its own (looker.h); all else on the control
 * thread. */
#ifndef CONTROL_OBSERVER_H
#define CONTROL_OBSERVER_H

#include <event2/event.h>

#include "config/model.h"
#include "control/feed.h"
#include "control/observed.h"
#include "control/web_server.h"

struct observer;

/* Watches nothing yet. Borrows all. */
struct observer *observer_new(struct event_base *base, struct server *server,
    struct feed *feed);
/* The model in force may be another: begins, goes on or ends watching as it
 * says. While it watches, the model is kept (counted). */
void observer_update(struct observer *o, const struct conf_model *model);
bool observer_is_on(const struct observer *o);
/* What was counted of the route; NULL: it is not watched. */
const struct observed *observer_find(const struct observer *o,
    const char *route);
/* While it watches (observer_is_on()): has the answer to GET /v1/reactions,
 * of that route (NULL: of all), sent as a stream to that client, once the
 * record was looked at. */
void observer_answer(struct observer *o, struct web_conn *conn,
    const char *route);
/* NULL is accepted. */
void observer_free(struct observer *o);

#endif
