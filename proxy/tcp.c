/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a TCP session: accepted, opened, dialled, relayed, ended. Its
 * one flow is the whole connection. */
#include "proxy/tcp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/asking.h"
#include "proxy/flow_log.h"
#include "proxy/protocol.h"
#include "proxy/splice.h"

#define SILENCE_MAX_US	  (3600 * 1000000LL)

static struct tcp *
tcp_of(struct flow *f)
{
	return CONTAINER_OF(f, struct tcp, flow);
}

static void
set_state(struct tcp *t, enum tcp_state state)
{
	if (t->state != TCP_CLOSED)
		t->state = (uint8_t)state;
}

void
tcp_close(struct tcp *t, enum close_reason reason, bool reset)
{
	struct worker *w = t->session.worker;

	tcp_write_late(t);
	if (t->state == TCP_CLOSED)
		return;
	if (t->reason == CLOSE_NONE)
		t->reason = (uint8_t)reason;
	set_state(t, TCP_CLOSED);
	turn_end_cancel(&t->turn_end);
	turn_end_cancel(&t->update);
	t->flow.ended = true;
	dial_cancel(t->dial);
	t->dial = NULL;
	deadline_disarm(&w->engine.deadlines, &t->timer);
	for (int i = 0; i < 2; i++) {
		if (reset)
			end_reset(&t->ends[i]);
		else
			end_close(&t->ends[i]);
	}
	session_reap(&t->session);
}

/* --- opening and dialling --- */

static void
drop_plan(struct tcp *t)
{
	plan_unref(t->plan);
	t->plan = NULL;
}

/* Tells a client that asked for its destination what became of the dial;
 * false: it does not listen. */
static bool
answer(struct tcp *t, enum dial_result result)
{
	struct str text = {0};
	bool said;

	if (t->owes == ACCEPT_PLAIN)
		return true;
	asking_answer(t->owes, result, &text);
	t->owes = ACCEPT_PLAIN;
	said = end_write(&t->ends[LINK_UP], text.text, text.len) ==
	    (ssize_t)text.len;
	str_fini(&text);
	return said;
}

static void
on_dialled(void *arg, enum dial_result result, int fd, struct tls *tls)
{
	struct tcp *t = arg;

	t->dial = NULL;
	drop_plan(t);
	dial_tell(&t->flow, result, t->dialed_us);
	dial_count(t->flow.counts, result,
	    worker_now(t->session.worker) - t->dialed_us);
	if (result != DIAL_OK) {
		bool reset = result == DIAL_RESET && t->owes == ACCEPT_PLAIN;

		answer(t, result);
		/* A session that ends by it tells of a reset itself. */
		if (!reset)
			flow_log_upstream(&t->flow,
			    dial_result_error(result));
		tcp_close(t, reset ? CLOSE_UPSTREAM_RESET : CLOSE_DIAL_FAILED,
		    reset);
		return;
	}
	end_attach(&t->ends[LINK_DOWN], fd,
	    t->flow.route != NULL && t->flow.route->conf->upstream.is_unix);
	tls_attach(tls, &t->ends[LINK_DOWN]);
	if (!answer(t, result)) {
		tcp_close(t, CLOSE_CLIENT_RESET, true);
		return;
	}
	flow_trace_call(&t->flow, fd, 0);
	set_state(t, TCP_RELAY);
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		if (t->flow.links[dir].deaf_holds > 0)
			end_set_deaf(&t->ends[dir], true);
	}
	if (t->flow.links[LINK_DOWN].lose > 0)
		end_lose(&t->ends[LINK_DOWN], t->flow.links[LINK_DOWN].lose);
	/* What the client sent early (behind a PROXY header) is waiting. */
	tcp_write(t, LINK_UP);
	if (t->state == TCP_RELAY)
		tcp_read(t, LINK_UP);
	tcp_update(t);
}

static void
on_opened(struct flow *f)
{
	struct tcp *t = tcp_of(f);
	struct dial_request request = {
	    .route = f->route,
	    .flow = f,
	    .client_fd = t->ends[LINK_UP].fd,
	    .client_port = t->session.client_port,
	    .facts = t->facts,
	    .done = on_dialled,
	    .arg = t,
	};

	set_state(t, TCP_DIALING);
	if (f->route == NULL) {
		tcp_close(t, CLOSE_NO_ROUTE, false);
		return;
	}
	t->dialed_us = worker_now(t->session.worker);
	t->plan = plan_ref(t->session.worker->plan);
	t->dial = dial_start(t->session.worker, &request);
}

/* --- what faults and the engine ask for --- */

static void
on_output(struct flow *f, struct link *l)
{
	struct tcp *t = tcp_of(f);

	tcp_output(t, l->dir ? LINK_DOWN : LINK_UP);
	tcp_update(t);
}

static void
on_resume(struct flow *f, struct link *l)
{
	(void)l;
	tcp_update(tcp_of(f));
}

static void
blame_fault(struct tcp *t)
{
	if (t->reason == CLOSE_NONE)
		t->reason = CLOSE_FAULT;
	if (t->state == TCP_OPENING || t->state == TCP_DIALING)
		counter_add(&t->flow.counts->connects[CONNECT_INJECTED], 1);
}

static void
on_end(struct flow *f, enum flow_end how)
{
	struct tcp *t = tcp_of(f);
	struct worker *w = t->session.worker;

	tcp_write_late(t);
	if (t->state == TCP_CLOSED)
		return;
	blame_fault(t);
	/* As if the server had done it to us. */
	if (t->owes != ACCEPT_PLAIN && how != END_SILENT) {
		answer(t, DIAL_REFUSED);
		tcp_close(t, CLOSE_FAULT, false);
		return;
	}
	switch (how) {
	case END_RST:
		tcp_close(t, CLOSE_FAULT, true);
		return;
	case END_FIN:
	case END_RST_AFTER:
		tcp_flush(t, how == END_RST_AFTER);
		break;
	case END_SILENT:
		set_state(t, TCP_SILENT);
		dial_cancel(t->dial);
		t->dial = NULL;
		end_silence(&t->ends[LINK_UP]);
		end_silence(&t->ends[LINK_DOWN]);
		worker_arm(w, &t->timer, worker_now(w) + SILENCE_MAX_US);
		break;
	}
	tcp_update(t);
}

static void
on_deaf(struct flow *f, struct link *l, bool on)
{
	struct tcp *t = tcp_of(f);

	end_set_deaf(&t->ends[l->dir], on);
}

static bool
on_lose(struct flow *f, struct link *l, double probability)
{
	return end_lose(&tcp_of(f)->ends[l->dir], probability);
}

static uint32_t
on_lost(const struct flow *f, const struct link *l)
{
	return end_dropped(&CONTAINER_OF(f, const struct tcp,
	    flow)->ends[l->dir]);
}

static bool
on_vanish(struct flow *f)
{
	struct tcp *t = tcp_of(f);

	tcp_write_late(t);
	if (t->state == TCP_CLOSED ||
	    !end_vanish(&t->ends[LINK_UP], &t->ends[LINK_DOWN]))
		return false;
	blame_fault(t);
	tcp_close(t, CLOSE_FAULT, true);
	return true;
}

static bool
on_fact(const struct flow *f, enum fact fact, struct view *to)
{
	return client_facts_answer(tcp_of((struct flow *)(uintptr_t)f)->facts,
	    fact, to);
}

static const struct flow_ops flow_ops = {
    .opened = on_opened,
    .output = on_output,
    .resume = on_resume,
    .end = on_end,
    .deaf = on_deaf,
    .lose = on_lose,
    .lost = on_lost,
    .vanish = on_vanish,
    .fact = on_fact,
};

/* --- time --- */

static void
idle_step(struct tcp *t, int64_t now_us)
{
	int64_t limit = t->flow.route != NULL
	    ? t->flow.route->conf->idle_timeout_us
	    : 0;

	if (limit <= 0)
		return;
	if (now_us - t->active_us >= limit)
		tcp_close(t, CLOSE_IDLE, false);
	else
		worker_arm(t->session.worker, &t->timer, t->active_us + limit);
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct tcp *t = CONTAINER_OF(d, struct tcp, timer);

	switch ((enum tcp_state)t->state) {
	case TCP_FLUSH:
		tcp_flush_step(t, now_us);
		break;
	case TCP_SILENT:
		tcp_close(t, CLOSE_FAULT, true);
		break;
	case TCP_OPENING:
	case TCP_DIALING:
	case TCP_RELAY:
		idle_step(t, now_us);
		break;
	case TCP_CLOSED:
		break;
	}
}

/* --- the beginning --- */

static void
begin(struct tcp *t, const void *early, size_t len)
{
	const struct armed_route *r = t->flow.route;

	if (r != NULL && r->conf->idle_timeout_us > 0) {
		t->active_us = worker_now(t->session.worker);
		worker_arm(t->session.worker, &t->timer,
		    t->active_us + r->conf->idle_timeout_us);
	}
	flow_open_early(&t->flow, early, len);
	tcp_update(t);
}

/* --- events of the sockets --- */

/* Something happened at the source of `dir`, which is the sink of the other
 * link. */
static void
on_event(struct tcp *t, enum link_dir dir, unsigned what)
{
	enum link_dir other = dir == LINK_UP ? LINK_DOWN : LINK_UP;

	if (t->state == TCP_CLOSED)
		return;
	if (t->active_us != 0)
		t->active_us = worker_now(t->session.worker);
	if (what & END_CUT) {
		flow_end_now(&t->flow, tls_cut_how(t->ends[dir].tls));
		return;
	}
	if (what & END_GONE) {
		if (t->state == TCP_RELAY)
			tcp_end_failed(t, dir);
		else
			tcp_close(t, CLOSE_CLIENT_RESET, false);
	}
	if (what & END_WRITABLE)
		tcp_write(t, other);
	if (what & END_READABLE && t->state == TCP_RELAY)
		tcp_read(t, dir);
	if (t->state == TCP_FLUSH)
		tcp_flush_step(t, worker_now(t->session.worker));
	tcp_update(t);
}

static void
on_client(struct end *e, unsigned what)
{
	on_event(CONTAINER_OF(e, struct tcp, ends[LINK_UP]), LINK_UP, what);
}

static void
on_upstream(struct end *e, unsigned what)
{
	on_event(CONTAINER_OF(e, struct tcp, ends[LINK_DOWN]), LINK_DOWN,
	    what);
}

static void
on_update(struct turn_end *e)
{
	tcp_update(CONTAINER_OF(e, struct tcp, update));
}

/* --- what the worker asks for --- */

static void
reconcile(struct session *s)
{
	struct tcp *t = CONTAINER_OF(s, struct tcp, session);

	flow_reconcile(&t->flow,
	    plan_route(s->worker->plan, t->flow.route_name));
	tcp_update_later(t);
}

static void
drain(struct session *s)
{
	/* A byte stream is finished when its peers say so. */
	(void)s;
}

static void
close_now(struct session *s, enum close_reason reason)
{
	tcp_close(CONTAINER_OF(s, struct tcp, session), reason, false);
}

static void
free_session(struct session *s)
{
	struct tcp *t = CONTAINER_OF(s, struct tcp, session);

	counter_add(&t->flow.counts->closed[close_reason_by(t->reason)], 1);
	if (t->reason == CLOSE_UPSTREAM_RESET)
		flow_log_upstream(&t->flow, "connection_terminated");
	if (flow_log_access(s->worker))
		flow_log_session(s, &t->flow, (enum close_reason)t->reason);
	flow_fini(&t->flow, close_reason_name(t->reason));
	splice_drop(t, LINK_UP);
	splice_drop(t, LINK_DOWN);
	if (t->shared != NULL)
		route_shared_leave(t->shared);
	drop_plan(t);
	client_facts_free(t->facts);
	zone_give(&s->worker->tcp_zone, t);
}

static size_t
flows(const struct session *s, const struct flow **to)
{
	to[0] = &CONTAINER_OF(s, const struct tcp, session)->flow;
	return 1;
}

static const struct session_ops session_ops = {
    .reconcile = reconcile,
    .drain = drain,
    .close = close_now,
    .free = free_session,
    .flows = flows,
};

static void
accept_session(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	const struct armed_route *r =
	    from->route != NULL ? from->route : listener->routes[0];
	struct tcp *t = zone_take(&w->tcp_zone, sizeof(*t));

	session_init(&t->session, &session_ops, w, from);
	t->session.route = r->name;
	t->timer.on_due = on_timer;
	t->turn_end.run = tcp_on_turn_end;
	t->turn_end.post = tcp_post;
	t->update.run = on_update;
	end_init(&t->ends[LINK_UP], w, on_client);
	end_init(&t->ends[LINK_DOWN], w, on_upstream);
	/* Faults may ask what its kernel can do before it is dialled. */
	t->ends[LINK_DOWN].is_unix = r->conf->upstream.is_unix;
	end_attach(&t->ends[LINK_UP], from->fd,
	    from->peer.ss_family == AF_UNIX);
	tls_attach(from->tls, &t->ends[LINK_UP]);
	t->facts = from->facts;
	t->owes = (uint8_t)from->owes;
	flow_init(&t->flow, &flow_ops, &w->engine, r, FLOW_STREAM,
	    from->flow != UINT64_MAX
		? from->flow
		: atomic_fetch_add(&r->shared->next_flow, 1));
	session_own(&t->session, &t->flow);
	counter_add(&t->flow.counts->accepted, 1);
	if (!route_shared_enter(r)) {
		tcp_close(t, CLOSE_LIMIT, true);
		return;
	}
	t->shared = r->shared;
	t->state = TCP_OPENING;
	begin(t, from->early, from->early_len);
}

const struct protocol_ops tcp_protocol = {
    .accept = accept_session,
    .fini = splice_fini,
};
