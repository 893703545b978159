/* SPDX-License-Identifier: Apache-2.0 */
/* The life of what one client exchanges with the server: begun by its first
 * datagram, ended by silence. */
#include "proxy/udp.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* A session of a proxy that drains has been quiet for so long when it ends. */
#define DRAIN_QUIET_US 1000000

static struct udp_flow *
udp_flow_of(struct flow *f)
{
	return CONTAINER_OF(f, struct udp_flow, flow);
}

void
udp_session_close(struct udp_session *s, enum close_reason reason)
{
	struct engine *engine = &s->session.worker->engine;
	struct udp_flow *f;

	if (s->state == UDP_CLOSED)
		return;
	s->state = UDP_CLOSED;
	s->reason = (uint8_t)reason;
	TAILQ_FOREACH (f, &s->flows, entry) {
		f->flow.ended = true;
		deadline_disarm(&engine->deadlines, &f->timer);
	}
	udp_upstream_close(s);
	deadline_disarm(&engine->deadlines, &s->timer);
	udp_table_remove(&s->port->sessions, s);
	s->port = NULL;
	session_reap(&s->session);
}

/* --- flows --- */

/* `reason` is constant text. */
static void
free_flow(struct udp_flow *f, const char *reason)
{
	struct engine *engine = f->flow.engine;

	TAILQ_REMOVE(&f->session->flows, f, entry);
	deadline_disarm(&engine->deadlines, &f->timer);
	flow_fini(&f->flow, reason);
	free((char *)(uintptr_t)f->question.name);
	free(f);
}

/* Nothing more happens to the flow: it is freed on a fresh turn. */
static void
flow_over(struct udp_flow *f, enum close_reason reason)
{
	struct worker *w = f->session->session.worker;

	if (f->over)
		return;
	f->over = true;
	f->reason = (uint8_t)reason;
	f->flow.ended = true;
	worker_arm(w, &f->timer, worker_now(w));
}

static bool
holds_something(const struct udp_flow *f)
{
	return f->flow.links[LINK_UP].held > 0 ||
	       f->flow.links[LINK_DOWN].held > 0;
}

void
udp_flow_settle(struct udp_flow *f)
{
	if (f->answered && f->session->dns && !holds_something(f))
		flow_over(f, CLOSE_DONE);
}

/* A query's flow: it is over, or nobody answers. */
static void
on_flow_timer(struct deadline *d, int64_t now_us)
{
	struct udp_flow *f = CONTAINER_OF(d, struct udp_flow, timer);
	struct udp_session *s = f->session;

	if (f->over)
		free_flow(f, close_reason_name(f->reason));
	else if (holds_something(f))
		worker_arm(s->session.worker, d,
			   now_us + s->route->conf->idle_timeout_us);
	else
		free_flow(f, close_reason_name(CLOSE_IDLE));
}

static void
on_opened(struct flow *flow)
{
	struct udp_session *s = udp_flow_of(flow)->session;

	/* The route may be gone, and the session with it. */
	if (s->route == NULL)
		return;
	if (s->state == UDP_RELAY)
		udp_relay_output(flow, &flow->links[LINK_UP]);
	else
		udp_upstream_ensure(s);
}

static void
on_resume(struct flow *flow, struct link *l)
{
	/* Datagrams are always read: those that find no room are lost. */
	(void)flow;
	(void)l;
}

static void
on_deaf(struct flow *flow, struct link *l, bool on)
{
	/* Nobody expects datagrams to be acknowledged. */
	(void)flow;
	(void)l;
	(void)on;
}

static void
on_end(struct flow *flow, enum flow_end how)
{
	struct udp_flow *f = udp_flow_of(flow);
	struct udp_session *s = f->session;

	if (s->state == UDP_OPENING || s->state == UDP_DIALING)
		counter_add(&flow->counts->connects[CONNECT_INJECTED], 1);
	if (how == END_FIN || how == END_RST_AFTER) {
		udp_relay_output(flow, &flow->links[LINK_UP]);
		udp_relay_output(flow, &flow->links[LINK_DOWN]);
	}
	if (s->dns) {
		flow_over(f, CLOSE_FAULT);
	} else if (how == END_SILENT) {
		s->state = UDP_SILENT;
		udp_upstream_silence(s);
	} else {
		udp_session_close(s, CLOSE_FAULT);
	}
}

static const struct flow_ops flow_ops = {
    .opened = on_opened,
    .output = udp_relay_output,
    .resume = on_resume,
    .end = on_end,
    .deaf = on_deaf,
    .fact = udp_query_fact,
};

struct udp_flow *
udp_flow_new(struct udp_session *s)
{
	struct worker *w = s->session.worker;
	struct udp_flow *f = xcalloc(1, sizeof(*f));

	f->session = s;
	f->timer.on_due = on_flow_timer;
	flow_init(&f->flow, &flow_ops, &w->engine, s->route, FLOW_DATAGRAM,
		  atomic_fetch_add(&s->route->shared->next_flow, 1));
	session_own(&s->session, &f->flow);
	TAILQ_INSERT_TAIL(&s->flows, f, entry);
	if (s->dns)
		worker_arm(w, &f->timer,
			   worker_now(w) + s->route->conf->idle_timeout_us);
	return f;
}

/* --- time --- */

static bool
is_busy(const struct udp_session *s)
{
	const struct udp_flow *f;

	TAILQ_FOREACH (f, &s->flows, entry) {
		if (holds_something(f))
			return true;
	}
	return false;
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct udp_session *s = CONTAINER_OF(d, struct udp_session, timer);
	int64_t limit = s->route->conf->idle_timeout_us;

	if (s->session.worker->draining)
		limit = MIN(limit, DRAIN_QUIET_US);
	if (is_busy(s))
		s->active_us = now_us;
	if (now_us - s->active_us >= limit)
		udp_session_close(s, s->state == UDP_SILENT ? CLOSE_FAULT
							    : CLOSE_IDLE);
	else
		worker_arm(s->session.worker, d, s->active_us + limit);
}

/* --- what the worker asks for --- */

static struct udp_session *
session_of(const struct session *s)
{
	return CONTAINER_OF(s, struct udp_session, session);
}

/* A session ends with its route: what faults held goes on before. */
static void
reconcile(struct session *session)
{
	struct udp_session *s = session_of(session);
	struct udp_flow *f;

	s->route = plan_route(session->worker->plan, session->route);
	TAILQ_FOREACH (f, &s->flows, entry) {
		/* Those that are over as well: they are freed later. */
		flow_reconcile(&f->flow, s->route);
		if (s->state == UDP_CLOSED)
			return;
	}
	if (s->route == NULL ||
	    s->dns != (s->route->conf->protocol == PROTOCOL_DNS)) {
		udp_session_close(s, CLOSE_ROUTE);
		return;
	}
	/* Perhaps it leads elsewhere now. */
	s->look_us = 0;
}

static void
drain(struct session *session)
{
	struct udp_session *s = session_of(session);

	worker_arm(session->worker, &s->timer, worker_now(session->worker));
}

static void
close_now(struct session *session, enum close_reason reason)
{
	udp_session_close(session_of(session), reason);
}

static void
free_session(struct session *session)
{
	struct udp_session *s = session_of(session);
	struct udp_flow *f;

	while ((f = TAILQ_FIRST(&s->flows)) != NULL)
		free_flow(f, close_reason_name(s->reason));
	counter_add(&s->counts->closed[close_reason_by(s->reason)], 1);
	route_shared_leave(s->shared);
	free(s);
}

static size_t
flows(const struct session *session, const struct flow **to)
{
	const struct udp_flow *f;
	size_t n = 0;

	TAILQ_FOREACH (f, &session_of(session)->flows, entry) {
		if (n == SESSION_FLOWS)
			break;
		to[n++] = &f->flow;
	}
	return n;
}

static const struct session_ops session_ops = {
    .reconcile = reconcile,
    .drain = drain,
    .close = close_now,
    .free = free_session,
    .flows = flows,
};

struct udp_session *
udp_session_new(struct udp_port *port, const struct udp_path *path)
{
	const struct armed_route *r = port->plan->routes[0];
	struct worker *w = port->worker;
	struct accepted from = {.fd = -1, .listener = port->opened.id};
	struct udp_session *s;

	if (!route_shared_enter(r))
		return NULL;
	s = xcalloc(1, sizeof(*s));
	memcpy(&from.peer, &path->client, sizeof(path->client));
	from.session = atomic_fetch_add(&w->shared->session_numbers, 1) + 1;
	session_init(&s->session, &session_ops, w, &from);
	s->session.route = r->name;
	s->route = r;
	s->shared = r->shared;
	s->counts = counters_of(&r->shared->counters, w->index);
	s->port = port;
	s->path = *path;
	s->dns = r->conf->protocol == PROTOCOL_DNS;
	s->fd = -1;
	TAILQ_INIT(&s->flows);
	udp_table_add(&port->sessions, s);
	counter_add(&s->counts->accepted, 1);
	s->timer.on_due = on_timer;
	s->active_us = worker_now(w);
	worker_arm(w, &s->timer, s->active_us + r->conf->idle_timeout_us);
	if (!s->dns)
		flow_open(&udp_flow_new(s)->flow);
	return s;
}
