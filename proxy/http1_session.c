/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a client's connection. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/http2.h"
#include "proxy/protocol.h"

#define IDLE_DEFAULT_US	 60000000
#define LINGER_US	 2000000
#define FLUSH_TIMEOUT_US 30000000
#define RST_WAIT_US	 1000000
#define RST_POLL_US	 1000
#define SILENCE_MAX_US	 3600000000

static void
set_state(struct http1 *s, enum http1_state state)
{
	if (s->state != HTTP1_CLOSED)
		s->state = (uint8_t)state;
}

static const struct conf_route *
conf_of(const struct http1 *s)
{
	return s->has_conn && s->conn.route != NULL ? s->conn.route->conf
						    : NULL;
}

/* --- ends --- */

void
http1_close(struct http1 *s, enum close_reason reason, bool reset)
{
	struct deadline_heap *heap = &s->session.worker->engine.deadlines;

	http1_write_late(s);
	if (s->state == HTTP1_CLOSED)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = (uint8_t)reason;
	set_state(s, HTTP1_CLOSED);
	s->conn.ended = true;
	deadline_disarm(heap, &s->timer);
	deadline_disarm(heap, &s->later);
	turn_end_cancel(&s->turn_end);
	if (s->x != NULL) {
		s->x->flow.ended = true;
		http1_upstream_drop(s->x, reset);
	}
	if (s->h2 != NULL)
		http2_shut(s->h2, reset);
	if (reset)
		end_reset(&s->client);
	else
		end_close(&s->client);
	session_reap(&s->session);
}

static void
flush(struct http1 *s, bool rst)
{
	s->rst_after = rst;
	s->conn.ended = true;
	if (s->x != NULL)
		s->x->flow.ended = true;
	set_state(s, HTTP1_FLUSH);
	s->flush_us = worker_now(s->session.worker);
	/* Not from within somebody's callback. */
	http1_due(s, s->flush_us);
}

void
http1_end(struct http1 *s, enum flow_end how)
{
	http1_write_late(s);
	if (s->state == HTTP1_CLOSED)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = CLOSE_FAULT;
	switch (how) {
	case END_RST:
		http1_close(s, CLOSE_FAULT, true);
		break;
	case END_FIN:
	case END_RST_AFTER:
		flush(s, how == END_RST_AFTER);
		break;
	case END_SILENT:
		/* What was passed before arrives. */
		http1_write_client(s);
		if (s->state == HTTP1_CLOSED)
			break;
		set_state(s, HTTP1_SILENT);
		s->conn.ended = true;
		end_silence(&s->client);
		if (s->x != NULL && s->x->begun) {
			s->x->flow.ended = true;
			dial_cancel(s->x->dial);
			s->x->dial = NULL;
			if (s->x->upstream != NULL)
				end_silence(&s->x->upstream->end);
		}
		if (s->h2 != NULL)
			http2_silence(s->h2);
		http1_due(s, worker_now(s->session.worker) + SILENCE_MAX_US);
		http1_poke(s);
		break;
	}
}

void
http1_linger(struct http1 *s, enum close_reason reason)
{
	if (s->state == HTTP1_CLOSED)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = (uint8_t)reason;
	set_state(s, HTTP1_LINGER);
	http1_due(s, worker_now(s->session.worker) + LINGER_US);
	http1_write_client(s);
	http1_poke(s);
}

/* --- time --- */

void
http1_due(struct http1 *s, int64_t at_us)
{
	/* A timer that is early costs less than moving it every time. */
	s->due_us = at_us;
	if (at_us == DEADLINE_NEVER)
		return;
	if (!deadline_armed(&s->timer) || s->timer.at_us > at_us)
		worker_arm(s->session.worker, &s->timer, at_us);
}

void
http1_rest(struct http1 *s)
{
	const struct conf_route *conf = conf_of(s);
	int64_t idle_us = IDLE_DEFAULT_US;

	if (conf != NULL && conf->idle_timeout_us > 0)
		idle_us = conf->idle_timeout_us;
	set_state(s, HTTP1_IDLE);
	http1_due(s, worker_now(s->session.worker) + idle_us);
}

/* True if all is delivered (and, where an RST is to follow, acknowledged). */
static bool
delivered(struct http1 *s)
{
	struct http1_exchange *x = s->x;

	if (s->out.len > 0 || (s->rst_after && end_unacked(&s->client) > 0))
		return false;
	if (s->h2 != NULL)
		return http2_delivered(s->h2);
	if (x == NULL || !x->begun)
		return true;
	if (http1_link(x, LINK_DOWN)->out.len > 0)
		return false;
	if (x->mute || x->discard)
		return true;
	return http1_link(x, LINK_UP)->out.len == 0 && !x->resend;
}

void
http1_flush(struct http1 *s, int64_t now_us)
{
	int64_t limit_us = s->rst_after ? RST_WAIT_US : FLUSH_TIMEOUT_US;

	if (s->x != NULL && s->x->begun)
		http1_write_upstream(s->x);
	if (s->h2 != NULL)
		http2_settle(s->h2);
	http1_write_client(s);
	if (s->state != HTTP1_FLUSH)
		return;
	if (delivered(s) || now_us - s->flush_us >= limit_us)
		http1_close(s, CLOSE_FAULT, s->rst_after);
	else
		http1_due(s, s->rst_after ? now_us + RST_POLL_US
					  : s->flush_us + limit_us);
}

/* An exchange without traffic, or whose client ended its stream. Who was sent
 * something since and did not reset is still there. */
static void
exchange_late(struct http1 *s)
{
	if (!s->client_fin)
		http1_close(s, CLOSE_IDLE, false);
	else if (http1_link(s->x, LINK_DOWN)->taken == 0)
		http1_close(s, CLOSE_CLIENT_FIN, false);
}

static void
time_over(struct http1 *s, int64_t now_us)
{
	switch ((enum http1_state)s->state) {
	case HTTP1_HEAD:
		http1_request_late(s);
		break;
	case HTTP1_FLUSH:
		http1_flush(s, now_us);
		break;
	case HTTP1_EXCHANGE:
		exchange_late(s);
		break;
	case HTTP1_IDLE:
		http1_close(s, CLOSE_IDLE, false);
		break;
	case HTTP1_SILENT:
		http1_close(s, CLOSE_FAULT, true);
		break;
	case HTTP1_LINGER:
		http1_close(s, CLOSE_DONE, false);
		break;
	case HTTP1_STREAMS:
		http2_late(s->h2);
		break;
	case HTTP1_OPENING:
	case HTTP1_CLOSED:
		break;
	}
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct http1 *s = CONTAINER_OF(d, struct http1, timer);

	if (s->due_us > now_us) {
		http1_due(s, s->due_us);
		return;
	}
	http1_enter(s);
	time_over(s, now_us);
	http1_leave(s);
}

/* --- what the worker asks for --- */

static const struct armed_route *
route_now(const struct http1 *s, const char *name)
{
	const struct armed_route *r = plan_route(s->session.worker->plan, name);

	return r != NULL && r->conf->enabled &&
		r->listen == s->session.listener
	    ? r
	    : NULL;
}

static void
reconcile(struct session *session)
{
	struct http1 *s = CONTAINER_OF(session, struct http1, session);

	s->listener = plan_listener(session->worker->plan, session->listener);
	if (s->listener != NULL && s->listener->protocol != PROTOCOL_HTTP)
		s->listener = NULL;
	if (s->has_conn)
		flow_reconcile(&s->conn, route_now(s, s->conn.route_name));
	if (s->x != NULL && s->x->begun)
		flow_reconcile(&s->x->flow,
		    route_now(s, s->x->flow.route_name));
	s->leaving |= s->listener == NULL ||
	    (s->has_conn && s->conn.route == NULL);
	if (s->h2 != NULL)
		http2_reconcile(s->h2, route_now);
	else if (s->leaving && s->state < HTTP1_EXCHANGE)
		http1_close(s, CLOSE_NO_ROUTE, false);
	http1_poke(s);
}

static void
drain(struct session *session)
{
	struct http1 *s = CONTAINER_OF(session, struct http1, session);

	s->leaving = true;
	if (s->h2 != NULL)
		http2_goodbye(s->h2, NGHTTP2_NO_ERROR);
	if (s->state == HTTP1_IDLE && http1_waiting(s) == 0)
		http1_close(s, CLOSE_SHUTDOWN, false);
}

static void
close_now(struct session *s, enum close_reason reason)
{
	http1_close(CONTAINER_OF(s, struct http1, session), reason, false);
}

static void
free_session(struct session *session)
{
	struct http1 *s = CONTAINER_OF(session, struct http1, session);
	enum close_reason reason = (enum close_reason)s->reason;

	if (s->x != NULL)
		http1_exchange_free(s->x, close_reason_name(reason), false);
	http2_free(s->h2, close_reason_name(reason));
	if (s->has_conn) {
		counter_add(&s->conn.counts->closed[close_reason_by(reason)],
		    1);
		flow_fini(&s->conn, close_reason_name(reason));
	}
	if (s->shared != NULL)
		route_shared_leave(s->shared);
	client_facts_free(s->facts);
	str_fini(&s->in);
	str_fini(&s->out);
	zone_give(&session->worker->http1_zone, s);
}

static size_t
flows(const struct session *session, const struct flow **to)
{
	const struct http1 *s = (const struct http1 *)session;
	size_t n = 0;

	if (s->has_conn)
		to[n++] = &s->conn;
	if (s->x != NULL && s->x->begun)
		to[n++] = &s->x->flow;
	if (s->h2 != NULL)
		n += http2_flows(s->h2, to + n, SESSION_FLOWS - n);
	return n;
}

static const struct session_ops session_ops = {
    .reconcile = reconcile,
    .drain = drain,
    .close = close_now,
    .free = free_session,
    .flows = flows,
};

static struct http1 *
session_new(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	struct http1 *s = zone_take(&w->http1_zone, sizeof(*s));

	session_init(&s->session, &session_ops, w, from);
	s->listener = listener;
	s->timer.on_due = on_timer;
	s->later.on_due = http1_on_later;
	s->turn_end.run = http1_on_turn_end;
	s->turn_end.post = http1_post;
	s->leaving = w->draining;
	end_init(&s->client, w, http1_on_client);
	end_attach(&s->client, from->fd, from->peer.ss_family == AF_UNIX);
	tls_attach(from->tls, &s->client);
	s->facts = from->facts;
	if (from->early_len > 0)
		str_add_bytes(&s->in, from->early, from->early_len);
	/* What was agreed on by TLS is what is spoken. */
	s->spoke = from->tls != NULL && tls_alpn(from->tls)[0] != '\0';
	return s;
}

static void
open_session(struct http1 *s, const struct accepted *from)
{
	const struct plan_listener *listener = s->listener;
	const struct armed_route *r = from->route;

	http1_enter(s);
	/* By TLS the connection has a route before its first request does. */
	if (r == NULL && listener->routes_count == 1)
		r = listener->routes[0];
	if (r == NULL) {
		http1_rest(s);
	} else {
		http1_open_connection(s, r,
		    from->flow != UINT64_MAX
			? from->flow
			: atomic_fetch_add(&r->shared->next_connection, 1));
	}
	http1_leave(s);
}

static void
accept_http1(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	open_session(session_new(w, listener, from), from);
}

/* By ALPN: the front has chosen the route. */
static void
accept_http2(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	struct http1 *s = session_new(w, listener, from);

	http2_start(s, from->route->conf);
	open_session(s, from);
}

const struct protocol_ops http2_protocol = {
    .accept = accept_http2,
};

const struct protocol_ops http1_protocol = {
    .accept = accept_http1,
    .reconcile = http1_pool_reconcile,
    .trim = http1_pool_trim,
    .fini = http1_pool_fini,
};
