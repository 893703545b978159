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
	struct event_base *base; /* borrowed */
	struct server *server; /* borrowed */
	struct feed *feed;     /* borrowed */
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

#define ONE 1000000 /* sums are told in millionths */

const struct histogram_scale histogram_attempts = {
    {0, 1 * ONE, 2 * ONE, 3 * ONE, 4 * ONE, 5 * ONE, 6 * ONE, 7 * ONE,
	8 * ONE, 10 * ONE, 15 * ONE, 20 * ONE, 50 * ONE, 100 * ONE,
	1000 * ONE},
    {"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0", "10.0",
	"15.0", "20.0", "50.0", "100.0", "1000.0", "+Inf"},
};

static struct observed *
find(const struct observer *o, const char *route)
{
	for (size_t i = 0; i < o->routes.count; i++) {
		if (o->routes.items[i]->route == route ||
		    strcmp(o->routes.items[i]->route, route) == 0)
			return o->routes.items[i];
	}
	return NULL;
}

const struct observed *
observer_find(const struct observer *o, const char *route)
{
	return find(o, route);
}

bool
observer_is_on(const struct observer *o)
{
	return o->looker != NULL;
}

/* --- what is told --------------------------------------------------------- */

static void
on_retry(struct observed *to, const struct reaction *r, int64_t now_us)
{
	counter_add(&to->retries[r->after], 1);
	histogram_add(&to->pauses, &histogram_durations,
	    (int64_t)(r->seconds * 1e6));
	if (!log_enabled(LOG_INFO) ||
	    !log_sample_take(&to->retry_lines, now_us))
		return;
	log_line(LOG_INFO, "retry_observed", "a request was sent again",
	    LOG_STR("route", to->route), LOG_STR("client", to->client),
	    LOG_STR("after", retry_cause_name(r->after)),
	    LOG_UINT("attempt", r->attempts),
	    LOG_DOUBLE("interval_s", r->seconds), LOG_END);
}

static void
on_saved(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	counter_add(&to->saved, 1);
	histogram_add(&to->attempts, &histogram_attempts,
	    (int64_t)r->attempts * ONE);
}

static void
on_stopped(struct observed *to, const struct reaction *r, int64_t now_us)
{
	counter_add(&to->stopped, 1);
	histogram_add(&to->attempts, &histogram_attempts,
	    (int64_t)r->attempts * ONE);
	/* One that was never tried again is no news of its own. */
	if (r->attempts == 0 || !log_enabled(LOG_INFO) ||
	    !log_sample_take(&to->left_lines, now_us))
		return;
	log_line(LOG_INFO, "client_gave_up",
	    "a request is not sent again", LOG_STR("route", to->route),
	    LOG_STR("client", to->client), LOG_STR("how", "stopped"),
	    LOG_UINT("retries", r->attempts), LOG_END);
}

static void
on_left(struct observed *to, const struct reaction *r, int64_t now_us)
{
	histogram_add(&to->waits, &histogram_durations,
	    (int64_t)(r->seconds * 1e6));
	if (!log_enabled(LOG_INFO) || !log_sample_take(&to->left_lines, now_us))
		return;
	log_line(LOG_INFO, "client_gave_up",
	    "a client hung up while it waited", LOG_STR("route", to->route),
	    LOG_STR("client", to->client), LOG_STR("how", "left"),
	    LOG_DOUBLE("duration_s", r->seconds), LOG_END);
}

static void
on_breaker(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	counter_add(&to->transitions[r->from][r->to], 1);
	log_line(LOG_INFO, "breaker_transition",
	    "a circuit breaker changed its state",
	    LOG_STR("route", to->route), LOG_STR("client", to->client),
	    LOG_STR("from", breaker_state_name(r->from)),
	    LOG_STR("to", breaker_state_name(r->to)), LOG_END);
}

static void
on_steady(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	to->recovery_s = r->seconds;
	log_line(LOG_INFO, "recovered", "calls are as before the fault",
	    LOG_STR("route", to->route), LOG_DOUBLE("duration_s", r->seconds),
	    LOG_END);
}

static void (*const tellers[])(struct observed *to, const struct reaction *r,
    int64_t now_us) = {
    [REACTION_RETRY] = on_retry,
    [REACTION_SAVED] = on_saved,
    [REACTION_STOPPED] = on_stopped,
    [REACTION_LEFT] = on_left,
    [REACTION_BREAKER] = on_breaker,
    [REACTION_STEADY] = on_steady,
};

/* Those that had no line. */
static void
tell_rest(struct observed *to)
{
	uint64_t retries = log_sample_rest(&to->retry_lines);
	uint64_t left = log_sample_rest(&to->left_lines);

	if (retries > 0)
		log_line(LOG_INFO, "retry_observed",
		    "requests were sent again, more often than there are "
		    "lines", LOG_STR("route", to->route),
		    LOG_UINT("count", retries), LOG_END);
	if (left > 0)
		log_line(LOG_INFO, "client_gave_up",
		    "clients gave up, more often than there are lines",
		    LOG_STR("route", to->route), LOG_UINT("count", left),
		    LOG_END);
}

/* --- events --------------------------------------------------------------- */

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
			tellers[r->type](to, r, now_us);
	}
	for (size_t i = 0; i < look->routes_count; i++) {
		struct observed *to = find(o, look->routes[i].name);

		if (to != NULL)
			to->breaker = look->routes[i].breaker;
	}
	for (size_t i = 0; i < o->routes.count; i++)
		tell_rest(o->routes.items[i]);
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

static void relate(struct observer *o);

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

static bool
is_gone(void *arg, const char *name)
{
	const struct conf_model *model = arg;

	for (size_t i = 0; i < model->routes_count; i++) {
		if (strcmp(model->routes[i].name, name) == 0)
			return false;
	}
	return true;
}

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

static const char *
interned(const char *name)
{
	return name != NULL ? intern(name) : NULL;
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

		live_relate(live, intern(r->name), interned(r->from),
		    interned(r->to));
	}
	o->related = true;
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
		struct observed *to = find(o, r->name);

		if (to == NULL)
			to = add_route(o, r->name);
		to->client = interned(r->from);
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
	q->route = interned(route);
	TAILQ_INSERT_TAIL(&o->questions, q, entry);
	web_stream(conn, on_closed, q);
	if (looker_live(o->looker) != NULL)
		begin(o);
}
