/* SPDX-License-Identifier: Apache-2.0 */
/* A model made ready to run. What did not change keeps its shared numbers, so
 * that a reload neither restarts a fault's clock nor redraws its dice. */
#include "proxy/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/intern.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "config/envoy.h"
#include "faults/envoy.h"
#include "proxy/partition.h"
#include "proxy/tls_context.h"

bool
route_shared_enter(const struct armed_route *route)
{
	int64_t max = route->conf->max_connections;

	if (atomic_fetch_add(&route->shared->connections, 1) >= max &&
	    max > 0) {
		atomic_fetch_sub(&route->shared->connections, 1);
		return false;
	}
	route_shared_ref(route->shared);
	return true;
}

void
route_shared_leave(struct route_shared *shared)
{
	atomic_fetch_sub(&shared->connections, 1);
	route_shared_unref(shared);
}

/* May the new fault go on where the old one was? Then its stages are kept
 * and merely get the new parameters. One that is enabled now begins anew. */
static bool
continues(const struct conf_fault *old, const struct conf_fault *now)
{
	struct conf_fault probe = *old;

	if (old->kind != now->kind || old->arming != now->arming ||
	    (now->enabled && !old->enabled))
		return false;
	probe.params = now->params;
	return conf_fault_equal(&probe, now);
}

static struct fault_shared *
shared_for(const struct armed_route *before, const struct route_shared *route,
    const struct conf_fault *conf, int64_t now_us)
{
	struct fault_shared *shared;

	for (size_t i = 0; before != NULL && i < before->faults_count; i++) {
		const struct armed_fault *old = &before->faults[i];

		if (strcmp(old->conf->name, conf->name) == 0 &&
		    continues(old->conf, conf)) {
			atomic_fetch_add(&old->shared->refs, 1);
			return old->shared;
		}
	}
	shared = xcalloc(1, sizeof(*shared));
	shared->refs = 1;
	shared->armed_us = now_us;
	shared->base_flow = atomic_load(&route->next_flow);
	shared->base_connection = atomic_load(&route->next_connection);
	return shared;
}

static struct armed_fault *
arm(struct armed_route *r, const struct armed_route *before,
    const struct conf_fault *conf, int64_t now_us)
{
	struct armed_fault *f = &r->faults[r->faults_count++];

	*f = (struct armed_fault){
	    .conf = conf,
	    .ops = fault_ops_of(conf->kind),
	    .shared = shared_for(before, r->shared, conf, now_us),
	    .name = intern(conf->name),
	    .hash = rng_hash(conf->name),
	    .layer = (uint8_t)conf_fault_layer(conf, r->conf),
	    .counted_as = conf->kind->name,
	};
	return f;
}

/* What requests may ask for on this route. */
static void
arm_asked(struct armed_route *r, const struct armed_route *before,
    int64_t now_us)
{
	for (int i = 0; i < ENVOY_COUNT; i++) {
		struct armed_fault *f;

		if (r->conf->envoy[i].denominator == 0)
			continue;
		f = arm(r, before, envoy_fault_new(r->conf, i), now_us);
		f->ask = envoy_ask;
		f->counted_as = conf_envoy_name(i);
	}
}

/* What identifies the route's listener: a port of UDP is another than that of
 * TCP, and who takes any free port has one of its own. */
static const char *
listen_id(const struct conf_route *r)
{
	bool is_datagram = conf_protocol_is_datagram(r->protocol);
	bool is_any = !r->listen.is_unix && r->listen.port == 0;
	const char *id;
	char *text;

	if (!is_datagram && !is_any)
		return intern(r->listen.text);
	text = xasprintf("%s%s%s%s%s", is_datagram ? "udp:" : "",
	    r->listen.text, is_any ? " (" : "", is_any ? r->name : "",
	    is_any ? ")" : "");
	id = intern(text);
	free(text);
	return id;
}

static void
init_route(struct plan *plan, size_t index, const struct plan *before)
{
	const struct conf_route *conf = &plan->model->routes[index];
	struct armed_route *r = &plan->routes[index], *old = NULL;

	*r = (struct armed_route){
	    .conf = conf,
	    .name = intern(conf->name),
	    .listen = listen_id(conf),
	    .hash = rng_hash(conf->name),
	};
	if (before != NULL)
		old = plan_route(before, r->name);
	if (old != NULL) {
		r->shared = route_shared_ref(old->shared);
	} else {
		r->shared = xcalloc(1, sizeof(*r->shared));
		r->shared->refs = 1;
	}
}

/* Puts the faults of partitions into plan->made, those of a route together
 * and in their order. Returns where each route's begin (owned), with one entry
 * more for the end. */
static size_t *
gather_made(struct plan *plan, const struct hosts *hosts, uint64_t seed)
{
	struct partition_fault *made = partition_faults(plan->model, hosts,
	    seed, &plan->made_count);
	size_t *begin = xcalloc(plan->routes_count + 2, sizeof(*begin));

	plan->made = xcalloc(plan->made_count, sizeof(*plan->made));
	/* Counted two places on, so that placing them shifts by one. */
	for (size_t i = 0; i < plan->made_count; i++)
		begin[made[i].route + 2]++;
	for (size_t i = 2; i < plan->routes_count + 2; i++)
		begin[i] += begin[i - 1];
	for (size_t i = 0; i < plan->made_count; i++)
		plan->made[begin[made[i].route + 1]++] = made[i].fault;
	free(made);
	return begin;
}

/* begin[0] and begin[1] bound the route's part of plan->made. */
static void
arm_route(struct plan *plan, size_t index, const size_t *begin,
    const struct armed_route *old, int64_t now_us)
{
	struct armed_route *r = &plan->routes[index];

	r->faults = xcalloc(begin[1] - begin[0] + ENVOY_COUNT +
		r->conf->faults_count, sizeof(*r->faults));
	for (size_t i = begin[0]; i < begin[1]; i++)
		arm(r, old, &plan->made[i], now_us);
	arm_asked(r, old, now_us);
	for (size_t i = 0; i < r->conf->faults_count; i++)
		arm(r, old, &r->conf->faults[i], now_us);
}

/* Which faults act on the port: those that may, on a route that has its
 * listener to itself. A port where clients ask for destinations is none of a
 * server's: they hear of it by the answer to what they ask for. */
static void
mark_listeners(struct plan *plan)
{
	for (size_t i = 0; i < plan->listeners_count; i++) {
		struct plan_listener *l = &plan->listeners[i];

		if (l->routes_count > 1 || conf_accept_is_asked(l->accept))
			continue;
		for (size_t k = 0; k < l->routes[0]->faults_count; k++) {
			struct armed_fault *f = &l->routes[0]->faults[k];

			f->at_listener = f->ops->listener != NULL &&
			    !conf_conditions_per_flow(&f->conf->conditions) &&
			    f->ops->listener(f->conf->params,
				f->conf->stream) != LISTENER_OPEN;
		}
	}
}

/* Listeners are gathered from the enabled routes sorted by the address they
 * listen on, so that 10,000 routes cost no more than sorting them. */
static int
by_listen(const void *a, const void *b)
{
	const struct armed_route *x = *(struct armed_route *const *)a;
	const struct armed_route *y = *(struct armed_route *const *)b;

	if (x->listen != y->listen)
		return (uintptr_t)x->listen < (uintptr_t)y->listen ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Does a condition of the route need the client's hello? */
static bool
looks_at_hello(const struct conf_route *r)
{
	if (r->tls.enabled || r->match_sni.text != NULL)
		return true;
	for (size_t i = 0; i < r->faults_count; i++) {
		const struct conf_when *w = &r->faults[i].conditions.when;

		if (w->sni.text != NULL || w->alpn.text != NULL)
			return true;
	}
	return false;
}

static void
mark_front(struct plan_listener *l)
{
	for (size_t i = 0; i < l->routes_count; i++) {
		l->hello |= looks_at_hello(l->routes[i]->conf);
		l->preface |= l->routes[i]->conf->accept_proxy;
	}
}

static void
gather_listeners(struct plan *plan)
{
	size_t n = 0;

	plan->listeners = xcalloc(plan->routes_count, sizeof(*plan->listeners));
	plan->by_listen =
	    xcalloc(plan->routes_count, sizeof(struct armed_route *));
	for (size_t i = 0; i < plan->routes_count; i++) {
		if (plan->routes[i].conf->enabled)
			plan->by_listen[n++] = &plan->routes[i];
	}
	qsort(plan->by_listen, n, sizeof(struct armed_route *), by_listen);
	for (size_t i = 0; i < n; i++) {
		struct armed_route *r = plan->by_listen[i];
		struct plan_listener *l;

		if (i > 0 && plan->by_listen[i - 1]->listen == r->listen) {
			plan->listeners[plan->listeners_count - 1]
			    .routes_count++;
			continue;
		}
		l = &plan->listeners[plan->listeners_count++];
		*l = (struct plan_listener){
		    .id = r->listen,
		    .address = &r->conf->listen,
		    .routes = &plan->by_listen[i],
		    .routes_count = 1,
		    .protocol = r->conf->protocol,
		    .accept = r->conf->accept,
		};
	}
	for (size_t i = 0; i < plan->listeners_count; i++) {
		mark_front(&plan->listeners[i]);
		plan->transparent |= conf_accept_is_transparent(
		    plan->listeners[i].accept);
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct armed_route *const *)a)->name,
	    (*(struct armed_route *const *)b)->name);
}

static void
index_routes(struct plan *plan)
{
	size_t n = plan->routes_count;

	plan->by_name = xcalloc(n, sizeof(struct armed_route *));
	for (size_t i = 0; i < n; i++)
		plan->by_name[i] = &plan->routes[i];
	qsort(plan->by_name, n, sizeof(struct armed_route *), by_name);
	gather_listeners(plan);
}

static struct plan *
make(struct conf_model *model, const struct plan *before)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));

	plan->refs = 1;
	plan->generation = before != NULL ? before->generation + 1 : 1;
	plan->model = conf_model_ref(model);
	plan->routes_count = model->routes_count;
	plan->routes = xcalloc(plan->routes_count, sizeof(*plan->routes));
	return plan;
}

struct plan *
plan_new(struct conf_model *model, const struct plan *before,
    const struct hosts *hosts, uint64_t seed, int64_t now_us)
{
	struct plan *plan = make(model, before);
	size_t *begin = gather_made(plan, hosts, seed);

	for (size_t i = 0; i < plan->routes_count; i++) {
		struct armed_route *r = &plan->routes[i];

		init_route(plan, i, before);
		arm_route(plan, i, &begin[i],
		    before != NULL ? plan_route(before, r->name) : NULL,
		    now_us);
	}
	free(begin);
	index_routes(plan);
	mark_listeners(plan);
	return plan;
}

struct plan *
plan_clear(const struct plan *before)
{
	struct plan *plan = make(before->model, before);

	for (size_t i = 0; i < plan->routes_count; i++) {
		struct armed_route *r = &plan->routes[i];

		init_route(plan, i, before);
		if (before->routes[i].tls != NULL)
			r->tls = tls_server_ref(before->routes[i].tls);
		if (before->routes[i].upstream_tls != NULL)
			r->upstream_tls =
			    tls_client_ref(before->routes[i].upstream_tls);
	}
	index_routes(plan);
	return plan;
}

struct plan *
plan_ref(struct plan *plan)
{
	atomic_fetch_add(&plan->refs, 1);
	return plan;
}

static void
route_fini(struct armed_route *r)
{
	for (size_t i = 0; i < r->faults_count; i++) {
		if (atomic_fetch_sub(&r->faults[i].shared->refs, 1) == 1)
			free(r->faults[i].shared);
		if (r->faults[i].ask != NULL)
			envoy_fault_free(r->faults[i].conf);
	}
	free(r->faults);
	tls_server_unref(r->tls);
	tls_client_unref(r->upstream_tls);
	route_shared_unref(r->shared);
}

void
plan_unref(struct plan *plan)
{
	if (plan == NULL || atomic_fetch_sub(&plan->refs, 1) > 1)
		return;
	for (size_t i = 0; i < plan->routes_count; i++)
		route_fini(&plan->routes[i]);
	for (size_t i = 0; i < plan->made_count; i++)
		partition_fault_fini(&plan->made[i]);
	free(plan->made);
	free(plan->routes);
	free(plan->by_name);
	free(plan->by_listen);
	free(plan->listeners);
	conf_model_unref(plan->model);
	free(plan);
}

struct armed_route *
plan_route(const struct plan *plan, const char *name)
{
	size_t low = 0, high = plan->routes_count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(name, plan->by_name[mid]->name);

		if (order == 0)
			return plan->by_name[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct plan_listener *
plan_listener(const struct plan *plan, const char *id)
{
	size_t low = 0, high = plan->listeners_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (plan->listeners[mid].id == id)
			return &plan->listeners[mid];
		if ((uintptr_t)id < (uintptr_t)plan->listeners[mid].id)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

int64_t
plan_next_change(const struct plan *plan, int64_t now_us)
{
	int64_t next = DEADLINE_NEVER;

	for (size_t i = 0; i < plan->routes_count; i++) {
		const struct armed_route *r = &plan->routes[i];

		for (size_t k = 0; k < r->faults_count; k++)
			condition_in_force(&r->faults[k], now_us, &next);
	}
	return next;
}
