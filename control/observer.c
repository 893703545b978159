/* SPDX-License-Identifier: Apache-2.0 */
/* Has the live record looked at once a second, less often if a look takes
 * long, and whenever somebody asks; in between it only takes events. Flows
 * under way are asked of the workers right before a look. What comes while the
 * record is lent waits for it. */
#include "control/observer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "control/looker.h"
#include "control/observer_ask.h"
#include "control/observer_put.h"
#include "control/state.h"
#include "experiment/record_event.h"

#define LOOK_US	   1000000
#define LOOK_SHARE 50 /* a look may take one part of so many of the time */
#define HELD_MAX   16384 /* events while the record is lent */

/* A client of GET /v1/reactions that waits. */
struct question {
	TAILQ_ENTRY(question) entry;
	struct observer *observer;
	struct web_conn *conn;
	const char *route; /* interned; NULL: all */
	bool under_way;	   /* the look that answers it has begun */
};

TAILQ_HEAD(questions, question);

struct observer {
	struct event_base *base; /* borrowed, as those below */
	struct server *server;
	struct feed *feed;
	struct event *look;
	struct looker *looker; /* has the record; NULL: nothing is watched */
	size_t calls;	       /* that it keeps */
	struct event_record *held; /* owned; HELD_MAX, for when it is back */
	size_t held_count;
	uint64_t held_lost;
	struct conf_model *model; /* counted; what the record is to know */
	bool related;		  /* it does */
	struct observed_routes routes;
	struct questions questions;
};

/* By its interned name. */
static struct observed *
find(const struct observer *o, const char *route)
{
	for (size_t i = 0; i < o->routes.count; i++) {
		if (o->routes.items[i]->route == route)
			return o->routes.items[i];
	}
	return NULL;
}

const struct observed *
observer_find(const struct observer *o, const char *route)
{
	return find(o, intern(route));
}

bool
observer_is_on(const struct observer *o)
{
	return o->looker != NULL;
}

/* --- the record ----------------------------------------------------------- */

static void
on_event(void *arg, const struct event_record *e)
{
	struct observer *o = arg;
	struct live *live = looker_live(o->looker);

	if (live != NULL) {
		live_take(live, e);
	} else if (o->held_count == HELD_MAX) {
		o->held_lost++;
	} else {
		o->held[o->held_count] = *e;
		o->held[o->held_count++].trace = NULL; /* borrowed */
	}
}

/* What came while the record was away. */
static void
take_held(struct observer *o, struct live *live)
{
	for (size_t i = 0; i < o->held_count; i++)
		live_take(live, &o->held[i]);
	if (o->held_lost > 0)
		live_take(live, &(struct event_record){.type = EVENT_GAP,
		    .time_us = clock_now(&clock_real),
		    .count = o->held_lost});
	o->held_count = 0;
	o->held_lost = 0;
}

static bool
is_gone(void *arg, const char *name)
{
	return state_route_index(arg, name) == SIZE_MAX;
}

/* The record learns which routes there are, if it is there. */
static void
relate(struct observer *o)
{
	struct live *live = looker_live(o->looker);

	if (o->related || live == NULL)
		return;
	live_forget(live, is_gone, o->model);
	for (size_t i = 0; i < o->model->routes_count; i++) {
		const struct conf_route *r = &o->model->routes[i];

		live_relate(live, intern(r->name), intern(r->from),
		    intern(r->to));
	}
	o->related = true;
}

/* --- looking -------------------------------------------------------------- */

/* Lends the record, with what is under way. */
static void
begin(struct observer *o)
{
	struct observer_flows open = {0};
	struct question *q;
	bool judge = false;

	TAILQ_FOREACH(q, &o->questions, entry)
		judge = q->under_way = true;
	event_del(o->look);
	/* What ends between the question and its answer is told twice, and
	 * left out once. */
	feed_run(o->feed);
	observer_ask(o->server, &open);
	feed_run(o->feed);
	looker_begin(o->looker, open.events, open.count, judge);
}

static void
look_after(struct observer *o, int64_t us)
{
	struct timeval wait = {us / 1000000, us % 1000000};

	event_add(o->look, &wait);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct observer *o = arg;

	(void)fd;
	(void)what;
	if (live_wants_look(looker_live(o->looker), clock_now(&clock_real)))
		begin(o);
	else
		look_after(o, LOOK_US);
}

static void
tell(struct observer *o, const struct look *look)
{
	int64_t now_us = clock_now(&clock_real);

	for (size_t i = 0; i < look->news_count; i++) {
		const struct reaction *r = &look->news[i].reaction;
		struct observed *to = find(o, look->news[i].route);

		if (to != NULL)
			observed_tell(to, r, now_us);
	}
	for (size_t i = 0; i < look->routes_count; i++) {
		struct observed *to = find(o, look->routes[i].name);

		if (to != NULL)
			to->breaker = look->routes[i].breaker;
	}
	for (size_t i = 0; i < o->routes.count; i++)
		observed_tell_rest(o->routes.items[i]);
}

static void
answer(struct question *q, const struct look *look)
{
	struct observer *o = q->observer;
	struct str text = {0};

	observer_put(&text, look, &o->routes, q->route);
	str_add_char(&text, '\n');
	web_stream_write(q->conn, text.text, text.len);
	web_stream_end(q->conn);
	str_fini(&text);
	TAILQ_REMOVE(&o->questions, q, entry);
	free(q);
}

/* The record is back. */
static void
on_looked(void *arg, const struct look *look)
{
	struct observer *o = arg;
	struct question *q, *next;

	take_held(o, looker_live(o->looker));
	relate(o);
	tell(o, look);
	for (q = TAILQ_FIRST(&o->questions); q != NULL; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (q->under_way)
			answer(q, look);
	}
	if (TAILQ_EMPTY(&o->questions))
		look_after(o, MAX(LOOK_US, LOOK_SHARE * look->took_us));
	else
		begin(o);
}

/* --- on and off ----------------------------------------------------------- */

static void
on_armed(void *arg, const char *route, const char *fault, const char *kind)
{
	live_arm(arg, route, fault, kind, clock_now(&clock_real));
}

static void
start(struct observer *o, size_t calls)
{
	struct live *live = live_new(calls, clock_now(&clock_real));
	struct error err;

	o->looker = looker_new(o->base, live, on_looked, o, &err);
	if (o->looker == NULL) {
		log_line(LOG_ERROR, "reactions_failed",
		    "reactions are not watched", LOG_STR("error", err.text),
		    LOG_END);
		return;
	}
	o->calls = calls;
	o->held = xmalloc(HELD_MAX * sizeof(*o->held));
	feed_join(o->feed, (struct event_wish){.all = RECORD_EVENTS}, on_event,
	    o);
	/* Nobody heard of the arming of those that are in force. */
	observer_ask_armed(o->server, on_armed, live);
	look_after(o, LOOK_US);
}

static void
forget_routes(struct observer *o)
{
	for (size_t i = 0; i < o->routes.count; i++)
		free(o->routes.items[i]);
	free(o->routes.items);
	o->routes = (struct observed_routes){0};
}

static void
stop(struct observer *o)
{
	if (o->looker == NULL)
		return;
	feed_leave(o->feed, o);
	event_del(o->look);
	looker_free(o->looker);
	o->looker = NULL;
	free(o->held);
	o->held = NULL;
	o->held_count = 0;
	o->held_lost = 0;
	while (!TAILQ_EMPTY(&o->questions))
		answer(TAILQ_FIRST(&o->questions), NULL);
	forget_routes(o);
}

/* --- routes --------------------------------------------------------------- */

static void
drop_gone(struct observer *o, const struct conf_model *model)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->routes.count; i++) {
		if (is_gone((void *)model, o->routes.items[i]->route))
			free(o->routes.items[i]);
		else
			o->routes.items[kept++] = o->routes.items[i];
	}
	o->routes.count = kept;
}

static struct observed *
add_route(struct observer *o, const char *name)
{
	struct observed *to = xcalloc(1, sizeof(*to));

	to->route = intern(name);
	to->recovery_s = -1;
	o->routes.items = xrealloc(o->routes.items,
	    (o->routes.count + 1) * sizeof(struct observed *));
	o->routes.items[o->routes.count++] = to;
	return to;
}

void
observer_update(struct observer *o, const struct conf_model *model)
{
	size_t calls = (size_t)model->observe.calls;

	if (!model->observe.reactions ||
	    (o->looker != NULL && o->calls != calls))
		stop(o);
	if (model->observe.reactions && o->looker == NULL)
		start(o, calls);
	if (o->looker == NULL)
		return;
	drop_gone(o, model);
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];
		struct observed *to = find(o, intern(r->name));

		if (to == NULL)
			to = add_route(o, r->name);
		to->client = intern(r->from);
	}
	conf_model_unref(o->model);
	o->model = conf_model_ref((struct conf_model *)model);
	o->related = false;
	relate(o);
}

struct observer *
observer_new(struct event_base *base, struct server *server,
    struct feed *feed)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->base = base;
	o->server = server;
	o->feed = feed;
	o->look = event_new(base, -1, 0, on_look, o);
	TAILQ_INIT(&o->questions);
	return o;
}

void
observer_free(struct observer *o)
{
	if (o == NULL)
		return;
	stop(o);
	event_free(o->look);
	conf_model_unref(o->model);
	free(o);
}

/* --- GET /v1/reactions ---------------------------------------------------- */

static void
on_closed(void *arg)
{
	struct question *q = arg;

	TAILQ_REMOVE(&q->observer->questions, q, entry);
	free(q);
}

void
observer_answer(struct observer *o, struct web_conn *conn, const char *route)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->observer = o;
	q->conn = conn;
	q->route = intern(route);
	TAILQ_INSERT_TAIL(&o->questions, q, entry);
	web_stream(conn, on_closed, q);
	if (looker_live(o->looker) != NULL)
		begin(o);
}
