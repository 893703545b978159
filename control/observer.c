/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the live record once a second, less often if a look takes long; in
 * between it only takes events. Flows under way are asked of the workers
 * right before a look. */
#include "control/observer.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "control/observer_ask.h"
#include "control/observer_put.h"
#include "experiment/live.h"
#include "experiment/record_event.h"

#define LOOK_US	   1000000
#define LOOK_SHARE 50 /* a look may take one part of so many of the time */

struct observer {
	struct server *server; /* borrowed */
	struct feed *feed;     /* borrowed */
	struct event *look;
	struct live *live; /* NULL: nothing is watched */
	size_t calls;	   /* that it keeps */
	int64_t start_us;
	struct observed **routes; /* owned, each */
	size_t routes_count;
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
	for (size_t i = 0; i < o->routes_count; i++) {
		if (o->routes[i]->route == route ||
		    strcmp(o->routes[i]->route, route) == 0)
			return o->routes[i];
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
	return o->live != NULL;
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

static void
on_reaction(void *arg, const struct reaction *r)
{
	struct observed *to = find(arg, r->route->name);

	if (to != NULL)
		tellers[r->type](to, r, clock_now(&clock_real));
}

static void
on_breaker_state(void *arg, const struct route *route,
    enum breaker_state state)
{
	struct observed *to = find(arg, route->name);

	if (to != NULL)
		to->breaker = state;
}

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

/* --- looking -------------------------------------------------------------- */

/* Has the record finished, with what is under way. */
static const struct record *
begin(struct observer *o)
{
	struct observer_flows open = {0};
	const struct record *record;

	/* What ends between the question and its answer is told twice, and
	 * left out once. */
	feed_run(o->feed);
	live_mark(o->live);
	observer_ask(o->server, &open);
	feed_run(o->feed);
	record = live_begin(o->live, open.events, open.count,
	    clock_now(&clock_real));
	free(open.events);
	return record;
}

static void
look(struct observer *o)
{
	begin(o);
	live_news(o->live, &(struct live_teller){
	    on_reaction, on_breaker_state, o});
	live_end(o->live);
	for (size_t i = 0; i < o->routes_count; i++)
		tell_rest(o->routes[i]);
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
	int64_t start_us = clock_now(&clock_real);

	(void)fd;
	(void)what;
	if (!live_is_quiet(o->live, start_us))
		look(o);
	look_after(o, MAX(LOOK_US,
	    LOOK_SHARE * (clock_now(&clock_real) - start_us)));
}

/* --- on and off ----------------------------------------------------------- */

static void
on_event(void *arg, const struct event_record *e)
{
	live_take(arg, e);
}

static void
on_armed(void *arg, const char *route, const char *fault, const char *kind)
{
	live_arm(arg, route, fault, kind, clock_now(&clock_real));
}

static void
start(struct observer *o, size_t calls)
{
	o->start_us = clock_now(&clock_real);
	o->calls = calls;
	o->live = live_new(calls, o->start_us);
	feed_join(o->feed, (struct event_wish){.all = RECORD_EVENTS}, on_event,
	    o->live);
	/* Nobody heard of the arming of those that are in force. */
	observer_ask_armed(o->server, on_armed, o->live);
	look_after(o, LOOK_US);
}

static void
forget_routes(struct observer *o)
{
	for (size_t i = 0; i < o->routes_count; i++)
		free(o->routes[i]);
	free(o->routes);
	o->routes = NULL;
	o->routes_count = 0;
}

static void
stop(struct observer *o)
{
	if (o->live == NULL)
		return;
	feed_leave(o->feed, o->live);
	event_del(o->look);
	live_free(o->live);
	o->live = NULL;
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

	live_forget(o->live, is_gone, (void *)model);
	for (size_t i = 0; i < o->routes_count; i++) {
		if (is_gone((void *)model, o->routes[i]->route))
			free(o->routes[i]);
		else
			o->routes[kept++] = o->routes[i];
	}
	o->routes_count = kept;
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
	o->routes = xrealloc(o->routes,
	    (o->routes_count + 1) * sizeof(struct observed *));
	o->routes[o->routes_count++] = to;
	return to;
}

void
observer_update(struct observer *o, const struct conf_model *model)
{
	size_t calls = (size_t)model->observe.calls;

	if (!model->observe.reactions || (o->live != NULL && o->calls != calls))
		stop(o);
	if (!model->observe.reactions)
		return;
	if (o->live == NULL)
		start(o, calls);
	drop_gone(o, model);
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];
		struct observed *to = find(o, r->name);

		if (to == NULL)
			to = add_route(o, r->name);
		to->client = interned(r->from);
		live_relate(o->live, to->route, to->client, interned(r->to));
	}
}

struct observer *
observer_new(struct event_base *base, struct server *server,
    struct feed *feed)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->server = server;
	o->feed = feed;
	o->look = event_new(base, -1, 0, on_look, o);
	return o;
}

void
observer_free(struct observer *o)
{
	if (o == NULL)
		return;
	stop(o);
	event_free(o->look);
	free(o);
}

/* --- GET /v1/reactions ---------------------------------------------------- */

static void
put_counts(struct jsonw *w, const struct observed *o)
{
	struct histogram_sum waits = {0};
	uint64_t all = 0;

	jsonw_key(w, "retries");
	jsonw_object(w);
	for (int i = 0; i < RETRY_CAUSE_COUNT; i++) {
		uint64_t n = counter_get(&o->retries[i]);

		all += n;
		if (n > 0)
			jsonw_put_uint(w, retry_cause_name(i), n);
	}
	jsonw_put_uint(w, "total", all);
	jsonw_object_end(w);
	jsonw_put_uint(w, "recovered", counter_get(&o->saved));
	jsonw_put_uint(w, "given_up", counter_get(&o->stopped));
	histogram_read(&o->waits, &waits);
	jsonw_put_uint(w, "left", histogram_count(&waits));
	jsonw_put_string(w, "breaker", breaker_state_name(o->breaker));
	if (o->recovery_s >= 0)
		jsonw_put_double(w, "recovery_s", o->recovery_s);
}

static void
put_routes(struct observer *o, struct jsonw *w, const struct record *record,
    const char *only)
{
	jsonw_key(w, "routes");
	jsonw_array(w);
	for (size_t i = 0; i < o->routes_count; i++) {
		const struct observed *seen = o->routes[i];
		size_t at = record_find(record, seen->route);

		if (only != NULL && strcmp(only, seen->route) != 0)
			continue;
		jsonw_object(w);
		jsonw_put_string(w, "route", seen->route);
		jsonw_put_uint(w, "calls", record->routes[at].calls.count);
		put_counts(w, seen);
		observer_put_verdicts(w, record, at);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void
observer_put(struct observer *o, struct jsonw *w, const char *route)
{
	const struct record *record;

	jsonw_put_bool(w, "observing", o->live != NULL);
	if (o->live == NULL) {
		jsonw_key(w, "routes");
		jsonw_array(w);
		jsonw_array_end(w);
		return;
	}
	record = begin(o);
	jsonw_key(w, "measurement");
	jsonw_object(w);
	jsonw_put_int(w, "noise_us", record->noise_us);
	jsonw_put_uint(w, "lost", record->lost);
	jsonw_put_double(w, "seconds", (double)record->end_us / 1e6);
	jsonw_put_uint(w, "calls", live_count(o->live));
	jsonw_object_end(w);
	put_routes(o, w, record, route);
	live_end(o->live);
}
