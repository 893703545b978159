/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a session of a data protocol. */
#include "proxy/data.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/flow_log.h"
#include "proxy/protocol.h"

#define FLUSH_TIMEOUT_US (30 * 1000000LL)
#define RST_WAIT_US	 1000000
#define RST_POLL_US	 1000
#define SILENCE_MAX_US	 (3600 * 1000000LL)

/* By enum conf_protocol. */
static const struct data_ops *const walkers[PROTOCOL_COUNT] = {
    [PROTOCOL_REDIS] = &data_redis,
    [PROTOCOL_POSTGRES] = &data_postgres,
    [PROTOCOL_MYSQL] = &data_mysql,
};

/* --- ends ----------------------------------------------------------------- */

void
data_close(struct data *s, enum close_reason reason, bool reset)
{
	struct worker *w = s->session.worker;
	struct data_exchange *x;

	if (s->state == DATA_CLOSED)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = (uint8_t)reason;
	s->state = DATA_CLOSED;
	s->conn.ended = true;
	TAILQ_FOREACH (x, &s->queue, entry)
		x->flow.ended = true;
	dial_cancel(s->dial);
	s->dial = NULL;
	deadline_disarm(&w->engine.deadlines, &s->timer);
	deadline_disarm(&w->engine.deadlines, &s->later);
	for (int i = 0; i < 2; i++) {
		if (reset)
			end_reset(&s->ends[i]);
		else
			end_close(&s->ends[i]);
	}
	session_reap(&s->session);
}

void
data_flush(struct data *s, bool rst)
{
	struct data_exchange *x;

	if (s->state == DATA_CLOSED)
		return;
	data_pull(s, LINK_UP);
	data_pull(s, LINK_DOWN);
	s->rst_after = rst;
	s->state = DATA_FLUSH;
	s->conn.ended = true;
	TAILQ_FOREACH (x, &s->queue, entry)
		x->flow.ended = true;
	s->flush_us = worker_now(s->session.worker);
	/* Not from within somebody's callback. */
	worker_arm(s->session.worker, &s->timer, s->flush_us);
}

static void
go_silent(struct data *s)
{
	struct worker *w = s->session.worker;
	struct data_exchange *x;

	s->state = DATA_SILENT;
	s->conn.ended = true;
	TAILQ_FOREACH (x, &s->queue, entry)
		x->flow.ended = true;
	dial_cancel(s->dial);
	s->dial = NULL;
	end_silence(&s->ends[LINK_UP]);
	end_silence(&s->ends[LINK_DOWN]);
	worker_arm(w, &s->timer, worker_now(w) + SILENCE_MAX_US);
	data_poke(s);
}

void
data_end(struct data *s, enum flow_end how)
{
	if (s->state == DATA_CLOSED)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = CLOSE_FAULT;
	switch (how) {
	case END_RST:
		data_close(s, CLOSE_FAULT, true);
		break;
	case END_FIN:
	case END_RST_AFTER:
		data_flush(s, how == END_RST_AFTER);
		break;
	case END_SILENT:
		go_silent(s);
		break;
	}
}

void
data_deaf(struct data *s, enum link_dir dir, bool on)
{
	s->deaf[dir] = (uint16_t)(s->deaf[dir] + (on ? 1 : -1));
	if (s->deaf[dir] == (on ? 1 : 0) && s->state != DATA_CLOSED)
		end_set_deaf(&s->ends[dir], on);
}

/* --- what follows from what happened -------------------------------------- */

/* Commands that are through. */
static void
reap(struct data *s)
{
	struct data_exchange *x;

	while ((x = TAILQ_FIRST(&s->queue)) != NULL && x->begun &&
	    x != s->tunnel && x != s->ending && !x->flow.ended) {
		for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
			if (s->next[dir] == x || !x->done[dir] ||
			    s->sent[dir] < x->to[dir])
				return;
		}
		data_exchange_free(x, "done");
	}
}

static void
settle(struct data *s)
{
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++)
		data_write(s, (enum link_dir)dir);
	if (s->ending != NULL && s->state == DATA_RELAY &&
	    (s->next[LINK_DOWN] == s->ending ||
		data_exchange_left(s->ending, LINK_DOWN)))
		data_end(s, (enum flow_end)s->ending->how);
	if (s->state == DATA_RELAY)
		reap(s);
}

void
data_enter(struct data *s)
{
	s->depth++;
}

void
data_leave(struct data *s)
{
	if (s->depth == 1 && s->state != DATA_CLOSED)
		settle(s);
	s->depth--;
	if (s->depth == 0)
		data_update(s);
}

static void
on_later(struct deadline *d, int64_t now_us)
{
	struct data *s = CONTAINER_OF(d, struct data, later);

	(void)now_us;
	data_enter(s);
	data_leave(s);
}

void
data_poke(struct data *s)
{
	struct worker *w = s->session.worker;

	if (s->depth == 0 && s->state != DATA_CLOSED &&
	    !deadline_armed(&s->later))
		worker_arm(w, &s->later, worker_now(w));
}

/* --- time ----------------------------------------------------------------- */

/* True if all is delivered (and, where an RST is to follow, acknowledged). */
static bool
delivered(struct data *s, enum link_dir dir)
{
	struct end *sink = &s->ends[!dir];

	if (sink->fd < 0 || s->dead[!dir])
		return true;
	return s->out[dir].len == 0 &&
	    (!s->rst_after || end_unacked(sink) == 0);
}

static void
flush_step(struct data *s, int64_t now_us)
{
	int64_t limit = s->rst_after ? RST_WAIT_US : FLUSH_TIMEOUT_US;

	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++)
		data_write(s, (enum link_dir)dir);
	if (s->state != DATA_FLUSH)
		return;
	if ((delivered(s, LINK_UP) && delivered(s, LINK_DOWN)) ||
	    now_us - s->flush_us >= limit)
		data_close(s, CLOSE_FAULT, s->rst_after);
	else
		worker_arm(s->session.worker, &s->timer,
		    s->rst_after ? now_us + RST_POLL_US : s->flush_us + limit);
}

static void
idle_step(struct data *s, int64_t now_us)
{
	int64_t limit = s->conn.route != NULL
	    ? s->conn.route->conf->idle_timeout_us
	    : 0;

	if (limit <= 0)
		return;
	if (now_us - s->active_us >= limit)
		data_close(s, CLOSE_IDLE, false);
	else
		worker_arm(s->session.worker, &s->timer, s->active_us + limit);
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct data *s = CONTAINER_OF(d, struct data, timer);

	data_enter(s);
	switch ((enum data_state)s->state) {
	case DATA_FLUSH:
		flush_step(s, now_us);
		break;
	case DATA_SILENT:
		data_close(s, CLOSE_FAULT, true);
		break;
	case DATA_OPENING:
	case DATA_DIALING:
	case DATA_RELAY:
		idle_step(s, now_us);
		break;
	case DATA_CLOSED:
		break;
	}
	data_leave(s);
}

/* --- events of the sockets ------------------------------------------------ */

/* Something happened at the source of `dir`, which is the sink of the other
 * direction. */
static void
on_event(struct data *s, enum link_dir dir, unsigned what)
{
	if (s->state == DATA_CLOSED)
		return;
	data_enter(s);
	if (s->active_us != 0)
		s->active_us = worker_now(s->session.worker);
	if (what & END_CUT)
		data_end(s, tls_cut_how(s->ends[dir].tls));
	if (what & END_GONE) {
		if (s->state == DATA_RELAY)
			data_end_failed(s, dir);
		else
			data_close(s, CLOSE_CLIENT_RESET, false);
	}
	if (what & END_READABLE && s->state == DATA_RELAY)
		data_read(s, dir);
	if (s->state == DATA_FLUSH)
		flush_step(s, worker_now(s->session.worker));
	data_leave(s);
}

static void
on_client(struct end *e, unsigned what)
{
	on_event(CONTAINER_OF(e, struct data, ends[LINK_UP]), LINK_UP, what);
}

static void
on_upstream(struct end *e, unsigned what)
{
	on_event(CONTAINER_OF(e, struct data, ends[LINK_DOWN]), LINK_DOWN,
	    what);
}

/* --- what the worker asks for --------------------------------------------- */

/* The plan that has the route; a session outlives its route. */
static void
hold_plan(struct data *s)
{
	struct plan *now = s->session.worker->plan, *old = s->plan;

	s->plan = plan_ref(now);
	plan_unref(old);
}

static void
reconcile(struct session *session)
{
	struct data *s = CONTAINER_OF(session, struct data, session);
	const struct armed_route *r =
	    plan_route(session->worker->plan, s->conn.route_name);
	struct data_exchange *x;

	data_enter(s);
	flow_reconcile(&s->conn, r);
	TAILQ_FOREACH (x, &s->queue, entry) {
		if (x->begun)
			flow_reconcile(&x->flow, r);
	}
	/* The dial borrows from the plan that it began with. */
	if (r != NULL && s->dial == NULL)
		hold_plan(s);
	data_leave(s);
}

static void
drain(struct session *s)
{
	/* Its peers say when they are through with it. */
	(void)s;
}

static void
close_now(struct session *s, enum close_reason reason)
{
	data_close(CONTAINER_OF(s, struct data, session), reason, false);
}

static void
free_session(struct session *session)
{
	struct data *s = CONTAINER_OF(session, struct data, session);
	enum close_reason reason = (enum close_reason)s->reason;
	struct data_exchange *x;

	counter_add(&s->conn.counts->closed[close_reason_by(reason)], 1);
	if (reason == CLOSE_UPSTREAM_RESET)
		flow_log_upstream(&s->conn, "connection_terminated");
	if (flow_log_access(session->worker))
		flow_log_session(session, &s->conn, reason);
	while ((x = TAILQ_FIRST(&s->queue)) != NULL)
		data_exchange_free(x, close_reason_name(reason));
	flow_fini(&s->conn, close_reason_name(reason));
	bytes_fini(&s->out[LINK_UP]);
	bytes_fini(&s->out[LINK_DOWN]);
	s->ops->free(s->walk);
	if (s->shared != NULL)
		route_shared_leave(s->shared);
	plan_unref(s->plan);
	client_facts_free(s->facts);
	str_fini(&s->early);
	zone_give(&session->worker->data_zone, s);
}

static size_t
flows(const struct session *session, const struct flow **to)
{
	const struct data *s = (const struct data *)session;
	const struct data_exchange *x;
	size_t n = 0;

	to[n++] = &s->conn;
	TAILQ_FOREACH (x, &s->queue, entry) {
		if (x->begun && n < SESSION_FLOWS)
			to[n++] = &x->flow;
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

static struct data *
session_new(struct worker *w, const struct armed_route *r,
    const struct accepted *from)
{
	struct data *s = zone_take(&w->data_zone, sizeof(*s));

	session_init(&s->session, &session_ops, w, from);
	s->session.route = r->name;
	s->ops = walkers[r->conf->protocol];
	s->walk = s->ops->new();
	s->timer.on_due = on_timer;
	s->later.on_due = on_later;
	TAILQ_INIT(&s->queue);
	bytes_init(&s->out[LINK_UP], &w->engine.pool);
	bytes_init(&s->out[LINK_DOWN], &w->engine.pool);
	end_init(&s->ends[LINK_UP], w, on_client);
	end_init(&s->ends[LINK_DOWN], w, on_upstream);
	end_attach(&s->ends[LINK_UP], from->fd,
	    from->peer.ss_family == AF_UNIX);
	tls_attach(from->tls, &s->ends[LINK_UP]);
	s->facts = from->facts;
	if (from->early_len > 0)
		str_add_bytes(&s->early, from->early, from->early_len);
	hold_plan(s);
	return s;
}

static void
accept_session(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	const struct armed_route *r =
	    from->route != NULL ? from->route : listener->routes[0];
	struct data *s = session_new(w, r, from);

	data_enter(s);
	flow_init(&s->conn, &data_connection_ops, &w->engine, r,
	    FLOW_CONNECTION, from->flow != UINT64_MAX
		? from->flow
		: atomic_fetch_add(&r->shared->next_connection, 1));
	session_own(&s->session, &s->conn);
	counter_add(&s->conn.counts->accepted, 1);
	if (!route_shared_enter(r)) {
		data_close(s, CLOSE_LIMIT, true);
	} else {
		s->shared = r->shared;
		if (r->conf->idle_timeout_us > 0) {
			s->active_us = worker_now(w);
			worker_arm(w, &s->timer,
			    s->active_us + r->conf->idle_timeout_us);
		}
		flow_open(&s->conn);
	}
	data_leave(s);
}

static size_t
offer(const struct plan_listener *listener, const char *data, size_t len,
    char *answer)
{
	const struct data_ops *ops = walkers[listener->protocol];

	return ops->offer != NULL ? ops->offer(data, len, answer) : 0;
}

static size_t
asks(int protocol, const char **question)
{
	*question = walkers[protocol]->question;
	return walkers[protocol]->question_len;
}

const struct protocol_ops data_protocol = {
    .accept = accept_session,
    .offer = offer,
    .asks = asks,
};
