/* SPDX-License-Identifier: Apache-2.0 */
/* The whole proxy, seen from the control thread.
 *
 *   server_apply:  open what is new ─► plan to workers ─► all acknowledged
 *                  ─► plan and listeners to the acceptor ─► old plan dropped
 *   server_begin:  until then listeners are open, and nobody accepts
 *
 * Workers know a route before its listener accepts, and a listener closes
 * before its route is forgotten, so no connection meets a half-made plan. */
#include "proxy/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/intern.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/acceptor.h"
#include "proxy/bound.h"
#include "proxy/cpus.h"
#include "proxy/hosts.h"
#include "proxy/listener.h"
#include "proxy/plan_clock.h"
#include "proxy/plan_diff.h"
#include "proxy/resolve.h"
#include "proxy/tell_change.h"
#include "proxy/tls_context.h"
#include "proxy/protocol.h"
#include "proxy/worker.h"

/* A worker whose loop did not turn for so long is stuck. */
#define TURN_MAX_US (30 * 1000000LL)
/* How long a change may wait for names of services that are new. */
#define PATIENCE_US 50000

/* Somebody is told, somebody waits. */
struct acks {
	pthread_mutex_t lock;
	pthread_cond_t all;
	size_t missing;
};

struct server {
	struct event_buffer *events; /* of the control thread; or NULL */
	struct sink *sink;	     /* borrowed; NULL: nobody listens */
	struct resolver *resolver;
	struct hosts *hosts; /* NULL once it drains */
	struct worker **workers;
	size_t workers_count;
	struct acceptor *acceptor;
	struct plan *plan; /* counted; NULL before the first apply */
	struct plan_clock *clock; /* of that plan */
	int64_t due_us;		  /* when one of its faults is to change */
	struct acks acks;
	struct bound bound; /* where that plan listens */
	bool begun;	    /* taking clients */
	uint64_t seed;
	size_t ports; /* datagram sockets handed out so far */
	struct worker_shared shared;
};

/* --- acknowledgements --- */

static void
on_ack(void *arg)
{
	struct acks *acks = arg;

	pthread_mutex_lock(&acks->lock);
	if (--acks->missing == 0)
		pthread_cond_signal(&acks->all);
	pthread_mutex_unlock(&acks->lock);
}

static void
await_acks(struct acks *acks)
{
	pthread_mutex_lock(&acks->lock);
	while (acks->missing > 0)
		pthread_cond_wait(&acks->all, &acks->lock);
	pthread_mutex_unlock(&acks->lock);
}

/* --- life --- */

static uint64_t
draw_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)clock_wall_us();
	/* Easy to type again. */
	return seed % 1000000000;
}

struct server *
server_new(const struct conf_model *model, struct error *err)
{
	struct server *s = xcalloc(1, sizeof(*s));

	pthread_mutex_init(&s->acks.lock, NULL);
	pthread_cond_init(&s->acks.all, NULL);
	s->seed = model->has_seed ? model->seed : draw_seed();
	s->resolver = resolver_new(NULL);
	s->hosts = hosts_new(s->resolver, &clock_real, err);
	if (s->hosts == NULL)
		goto failed;
	s->workers_count = model->workers > 0 ? (size_t)model->workers
					      : cpus_available();
	s->workers = xcalloc(s->workers_count, sizeof(struct worker *));
	for (size_t i = 0; i < s->workers_count; i++) {
		s->workers[i] = worker_new((unsigned)i, s->seed, &all_protocols,
		    s->resolver, err);
		if (s->workers[i] == NULL)
			goto failed;
		s->workers[i]->shared = &s->shared;
	}
	s->acceptor = acceptor_new(s->workers, s->workers_count, err);
	if (s->acceptor == NULL)
		goto failed;
	for (size_t i = 0; i < s->workers_count; i++)
		worker_start(s->workers[i]);
	acceptor_start(s->acceptor);
	return s;
failed:
	server_free(s);
	return NULL;
}

static void
stop_workers(struct server *s)
{
	for (size_t i = 0; i < s->workers_count; i++) {
		if (s->workers[i] != NULL && s->workers[i]->started)
			worker_post_stop(s->workers[i]);
	}
	for (size_t i = 0; i < s->workers_count; i++) {
		if (s->workers[i] != NULL)
			worker_join(s->workers[i]);
	}
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	if (s->workers_count > 1) {
		/* Its own thread first: it posts to the workers. */
		acceptor_free(s->acceptor);
		s->acceptor = NULL;
	}
	stop_workers(s);
	acceptor_free(s->acceptor);
	for (size_t i = 0; i < s->workers_count; i++)
		worker_free(s->workers[i]);
	free(s->workers);
	plan_clock_free(s->clock);
	plan_unref(s->plan);
	hosts_free(s->hosts);
	resolver_free(s->resolver);
	event_buffer_free(s->events);
	bound_fini(&s->bound);
	pthread_mutex_destroy(&s->acks.lock);
	pthread_cond_destroy(&s->acks.all);
	free(s);
}

/* --- applying a model --- */

static bool
open_new(const struct plan *before, const struct plan *plan,
    struct opened_listener *opened, size_t *count, struct conf_diag *diag)
{
	struct error err;
	bool ok = true;

	for (size_t i = 0; i < plan->listeners_count; i++) {
		const struct plan_listener *l = &plan->listeners[i];

		if (before != NULL && plan_listener(before, l->id) != NULL)
			continue;
		if (listener_open_planned(l, &opened[*count], &err)) {
			(*count)++;
			continue;
		}
		conf_conflict(diag, &l->routes[0]->conf->where, "%s",
		    err.text);
		ok = false;
	}
	return ok;
}

static void
log_listeners(const struct plan *plan, const struct opened_listener *opened,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_listener *l =
		    plan_listener(plan, opened[i].id);

		for (size_t k = 0; k < l->routes_count; k++) {
			const struct conf_route *r = l->routes[k]->conf;

			log_line(LOG_INFO, "listening", "listening",
			    LOG_STR("route", r->name),
			    LOG_STR("listen", opened[i].address),
			    LOG_STR("upstream", r->upstream.text), LOG_END);
		}
	}
}

/* Datagram sockets go to the workers in turn, before the plan that puts them
 * to work. */
static void
deal_ports(struct server *s, const struct opened_listener *opened,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (opened[i].is_datagram)
			worker_post_port(s->workers[s->ports++ %
			    s->workers_count], &opened[i]);
	}
}

/* Tells everybody and waits; nobody of them waits for a peer. */
static void
put_in_force(struct server *s, struct plan *plan,
    const struct opened_listener *opened, size_t count)
{
	deal_ports(s, opened, count);
	s->acks.missing = s->workers_count;
	for (size_t i = 0; i < s->workers_count; i++)
		worker_post_plan(s->workers[i], plan, on_ack, &s->acks);
	await_acks(&s->acks);
	s->acks.missing = 1;
	acceptor_post_plan(s->acceptor, plan, opened, count, on_ack, &s->acks);
	await_acks(&s->acks);
}

static void
set_plan(struct server *s, struct plan *plan)
{
	plan_clock_free(s->clock);
	s->clock = plan_clock_new(plan, clock_now(&clock_real));
	plan_unref(s->plan);
	s->plan = plan;
	s->due_us = DEADLINE_NEVER;
}

bool
server_apply(struct server *s, struct conf_model *model,
    struct conf_diag *diag)
{
	struct telling telling = {.events = s->events};
	struct opened_listener *opened;
	struct plan *plan;
	size_t count = 0;

	if (s->hosts != NULL)
		hosts_add(s->hosts, model, PATIENCE_US);
	plan = plan_new(model, s->plan, s->hosts, s->seed,
	    clock_now(&clock_real));
	opened = xcalloc(plan->listeners_count, sizeof(*opened));
	if (!tls_contexts_load(plan, s->plan, diag) ||
	    !open_new(s->plan, plan, opened, &count, diag)) {
		for (size_t i = 0; i < count; i++)
			listener_discard(&opened[i]);
		free(opened);
		plan_unref(plan);
		return false;
	}
	/* What a fault does at once must not seem to come before it. */
	telling.from_us = clock_now(&clock_real);
	bound_update(&s->bound, plan, opened, count);
	if (!s->begun)
		bound_hold(&s->bound, plan, opened, count);
	put_in_force(s, plan, opened, s->begun ? count : 0);
	telling.to_us = clock_now(&clock_real);
	plan_diff(s->plan, plan, tell_change, &telling);
	if (s->events != NULL)
		event_buffer_flush(s->events);
	log_listeners(plan, opened, count);
	free(opened);
	set_plan(s, plan);
	if (s->hosts != NULL)
		hosts_keep(s->hosts, model);
	return true;
}

void
server_begin(struct server *s)
{
	s->begun = true;
	if (s->bound.held_count > 0)
		put_in_force(
		    s, s->plan, s->bound.held, s->bound.held_count);
	s->bound.held_count = 0;
}

bool
server_try(struct server *s, struct conf_model *model,
    void (*look)(void *, const struct plan *, const struct plan *), void *arg,
    struct conf_diag *diag)
{
	struct plan *plan = plan_new(model, s->plan, s->hosts, s->seed,
	    clock_now(&clock_real));
	struct opened_listener *opened =
	    xcalloc(plan->listeners_count, sizeof(*opened));
	size_t count = 0;
	bool ok = tls_contexts_load(plan, s->plan, diag) &&
	    open_new(s->plan, plan, opened, &count, diag);

	for (size_t i = 0; i < count; i++)
		listener_discard(&opened[i]);
	free(opened);
	if (ok)
		look(arg, s->plan, plan);
	plan_unref(plan);
	return ok;
}

/* The same model, now that services are at other addresses. */
static void
follow_services(struct server *s)
{
	struct conf_model *model = conf_model_ref(s->plan->model);
	struct conf_diag diag = {0};

	if (!server_apply(s, model, &diag))
		log_line(LOG_ERROR, "service_not_followed",
		    "partitions do not know where services moved",
		    LOG_STR("error", diag.messages[0].text), LOG_END);
	conf_diag_fini(&diag);
	conf_model_unref(model);
}

int64_t
server_tick(struct server *s, int64_t now_us)
{
	int64_t names_us = DEADLINE_NEVER, next_us;

	if (s->hosts != NULL && hosts_look(s->hosts, now_us, &names_us))
		follow_services(s);
	/* Workers looked at the same clocks, perhaps before us. */
	next_us = plan_clock_look(s->clock, now_us, tell_change,
	    &(struct telling){s->events, MIN(s->due_us, now_us), now_us});
	if (s->events != NULL)
		event_buffer_flush(s->events);
	s->due_us = next_us;
	return MIN(next_us, names_us);
}

const struct plan *
server_plan(const struct server *s)
{
	return s->plan;
}

const char *
server_listening(const struct server *s, const struct armed_route *route)
{
	return bound_address(&s->bound, route->listen);
}

uint64_t
server_seed(const struct server *s)
{
	return s->seed;
}

size_t
server_workers(const struct server *s)
{
	return s->workers_count;
}

void
server_ask(struct server *s, void (*ask)(struct worker *, void *), void *arg)
{
	s->acks.missing = s->workers_count;
	for (size_t i = 0; i < s->workers_count; i++)
		worker_post_call(s->workers[i], ask, arg, on_ack, &s->acks);
	await_acks(&s->acks);
}

static void
ask_listen(struct worker *w, void *arg)
{
	worker_listen(w, ((struct server *)arg)->sink);
}

void
server_listen(struct server *s, struct sink *sink)
{
	event_buffer_free(s->events);
	s->events = sink != NULL ? event_buffer_new(sink) : NULL;
	s->sink = sink;
	server_ask(s, ask_listen, s);
}

static void
ask_close(struct worker *w, void *arg)
{
	worker_close_sessions(w, *(const char *const *)arg);
}

void
server_close_sessions(struct server *s, const char *route)
{
	const char *name = intern(route);

	server_ask(s, ask_close, &name);
}

void
server_drain(struct server *s)
{
	hosts_free(s->hosts);
	s->hosts = NULL;
	if (s->plan != NULL) {
		struct plan *clear = plan_clear(s->plan);
		int64_t now_us;

		put_in_force(s, clear, NULL, 0);
		now_us = clock_now(&clock_real);
		plan_diff(s->plan, clear, tell_change,
		    &(struct telling){s->events, now_us, now_us});
		if (s->events != NULL)
			event_buffer_flush(s->events);
		set_plan(s, clear);
	}
	s->acks.missing = 1;
	acceptor_post_close(s->acceptor, on_ack, &s->acks);
	await_acks(&s->acks);
	bound_fini(&s->bound);
	for (size_t i = 0; i < s->workers_count; i++)
		worker_post_drain(s->workers[i]);
}

bool
server_partition_up(const struct server *s, size_t n)
{
	return plan_clock_partition_up(s->clock, n);
}

void
server_lag(const struct server *s, struct histogram_sum *to)
{
	for (size_t i = 0; i < s->workers_count; i++)
		histogram_read(&s->workers[i]->lag, to);
}

bool
server_turns(const struct server *s, int64_t now_us)
{
	for (size_t i = 0; i < s->workers_count; i++) {
		if (now_us - atomic_load_explicit(&s->workers[i]->turned_us,
				 memory_order_relaxed) > TURN_MAX_US)
			return false;
	}
	return true;
}

size_t
server_sessions(const struct server *s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->workers_count; i++)
		sum += atomic_load_explicit(&s->workers[i]->sessions_count,
		    memory_order_relaxed);
	return sum;
}
