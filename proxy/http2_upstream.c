/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream connections of HTTP/2. Each serves one client connection: what
 * happens to it is nobody else's, and a replay meets the same. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/http2_stream.h"
#include "proxy/http_tell.h"

/* --- its end --- */

void
http2_leave_up(struct http2_stream *st)
{
	if (st->up != NULL)
		st->up->users--;
	st->up = NULL;
}

void
http2_up_shut(struct http2_up *up, bool reset)
{
	dial_cancel(up->dial);
	up->dial = NULL;
	up->peer.gone = true;
	if (reset)
		end_reset(&up->end);
	else
		end_drop(&up->end);
}

void
http2_up_close(struct http2_up *up, bool reset)
{
	http2_up_shut(up, reset);
	TAILQ_REMOVE(&up->peer.c->ups, up, entry);
	http2_peer_fini(&up->peer);
	plan_unref(up->plan);
	free(up);
}

/* What is under way on it will not be finished. */
static void
lose_streams(struct http2_up *up)
{
	static const struct http_error lost = {502, "connection_terminated",
	    "the upstream closed the connection before it answered"};
	const struct http_error *e = up->error != NULL ? up->error : &lost;
	struct http2_stream *st;

	TAILQ_FOREACH(st, &up->peer.c->streams, entry) {
		if (st->up != up)
			continue;
		http2_give_up(st, LINK_DOWN);
		st->ways[LINK_DOWN].id = 0;
		http2_leave_up(st);
		if (st->cut)
			st->discard = true;
		else if (st->responded && !st->ways[LINK_DOWN].ended)
			http2_stream_break(st, NGHTTP2_INTERNAL_ERROR);
		else if (!st->responded)
			http2_stream_error(st, e);
		http2_stream_mark(st);
	}
}

void
http2_ups_settle(struct http2 *c)
{
	struct http2_up *up, *next;

	for (up = TAILQ_FIRST(&c->ups); up != NULL; up = next) {
		bool said = !http2_peer_wants_write(&up->peer);

		next = TAILQ_NEXT(up, entry);
		if (!up->peer.gone && !(up->peer.over && said) &&
		    !((up->leaving || !up->connected) && up->users == 0 &&
			said))
			continue;
		lose_streams(up);
		http2_up_close(up, false);
	}
}

/* --- its bytes --- */

static void
read_up(struct http2_up *up)
{
	struct http1 *s = up->peer.c->s;
	const char *data = (const char *)s->session.worker->scratch;
	ssize_t n = http1_read(s, &up->end, s->conn.route != NULL &&
		s->conn.route->faults_count > 0);

	if (n == END_AGAIN)
		return;
	if (n <= 0)
		up->peer.gone = true;
	else
		http2_peer_input(&up->peer, data, (size_t)n);
}

static void
on_event(struct end *e, unsigned what)
{
	struct http2_up *up = CONTAINER_OF(e, struct http2_up, end);
	struct http1 *s = up->peer.c->s;

	if (s->state == HTTP1_CLOSED)
		return;
	http1_enter(s);
	if (what & END_CUT)
		http1_end(s, tls_cut_how(e->tls));
	if (what & END_GONE)
		up->peer.gone = true;
	if (what & END_READABLE && !up->peer.gone && e->fd >= 0)
		read_up(up);
	http1_leave(s);
}

void
http2_up_update(struct http2_up *up)
{
	const struct http1 *s = up->peer.c->s;
	bool silent = s->state == HTTP1_SILENT;

	if (!up->connected || up->end.fd < 0)
		return;
	end_want(&up->end,
	    !silent && http2_peer_wants_read(&up->peer) &&
		s->conn.links[LINK_DOWN].stage_holds == 0,
	    !silent && http2_peer_wants_write(&up->peer));
}

/* --- its beginning --- */

static void
connected(struct http2_up *up, int fd, struct tls *tls)
{
	struct http2 *c = up->peer.c;
	const struct conf_route *conf = up->route->conf;
	struct http2_stream *st;

	end_attach(&up->end, fd, conf->upstream.is_unix);
	tls_attach(tls, &up->end);
	http2_peer_init(&up->peer, c, &up->end, LINK_DOWN, conf);
	up->connected = true;
	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->up != up)
			continue;
		flow_trace_call(&st->flow, fd, 20);
		http2_stream_mark(st);
	}
}

/* By ALPN it chose HTTP/1: the connection serves who waited first. */
static void
translate(struct http2_up *up, int fd, struct tls *tls)
{
	struct http2 *c = up->peer.c;
	const struct conf_route *conf = up->route->conf;
	struct http1_upstream *made = http1_upstream_new(http2_worker(c),
	    &(struct http1_upstream_from){
		.fd = fd,
		.tls = tls,
		.route = conf_route_shares_upstreams(conf) ? up->route : NULL,
		.facts = c->s->facts,
		.is_unix = conf->upstream.is_unix});
	struct http2_stream *st;

	made->owner = up;
	up->connected = up->translates = true;
	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->up != up)
			continue;
		http2_leave_up(st);
		if (made != NULL)
			http2_over1_start(st, made);
		made = NULL;
		http2_stream_mark(st);
	}
	if (made != NULL)
		http1_upstream_close(made, false);
}

static void
on_dialled(void *arg, enum dial_result result, int fd, struct tls *tls)
{
	struct http2_up *up = arg;
	struct http1 *s = up->peer.c->s;
	struct http2_stream *st;

	up->dial = NULL;
	TAILQ_FOREACH(st, &up->peer.c->streams, entry) {
		if (st->up == up)
			break;
	}
	if (st != NULL) {
		dial_tell(&st->flow, result, up->dialed_us);
		dial_count(st->flow.counts, result,
		    worker_now(s->session.worker) - up->dialed_us);
	}
	if (result == DIAL_OK && tls != NULL && tls_http(tls) == TLS_HTTP1) {
		translate(up, fd, tls);
	} else if (result == DIAL_OK) {
		connected(up, fd, tls);
	} else {
		up->error = http_dial_error(result);
		up->peer.gone = true;
	}
	http1_poke(s);
}

static void
make(struct http2_stream *st)
{
	struct http2 *c = st->c;
	struct worker *w = http2_worker(c);
	struct http2_up *up = xcalloc(1, sizeof(*up));
	struct dial_request request = {
	    .route = st->flow.route,
	    .flow = &st->flow,
	    .client_fd = c->s->client.fd,
	    .client_port = c->s->session.client_port,
	    .facts = c->s->facts,
	    .speaks = TLS_HTTP2,
	    .done = on_dialled,
	    .arg = up,
	};

	up->peer.c = c;
	up->peer.end = &up->end;
	end_init(&up->end, w, on_event);
	if (st->flow.route->conf->upstream_protocol == UPSTREAM_AUTO)
		request.speaks |= TLS_HTTP1;
	up->plan = plan_ref(w->plan);
	up->route = st->flow.route;
	up->dialed_us = worker_now(w);
	TAILQ_INSERT_TAIL(&c->ups, up, entry);
	st->up = up;
	up->users++;
	flow_trace_call(&st->flow, -1, 0);
	up->dial = dial_start(w, &request);
}

bool
http2_up_serves(const struct http2_up *up, const struct armed_route *route)
{
	if (strcmp(up->route->conf->upstream.text,
		route->conf->upstream.text) != 0 ||
	    up->route->upstream_tls != route->upstream_tls)
		return false;
	return route->upstream_tls == NULL ||
	    (strcmp(up->route->name, route->name) == 0 &&
		up->route->conf->upstream_protocol ==
		    route->conf->upstream_protocol);
}

static struct http2_up *
find(struct http2 *c, const struct armed_route *route)
{
	struct http2_up *up;

	TAILQ_FOREACH(up, &c->ups, entry) {
		if (!up->leaving && !up->peer.gone && !up->peer.over &&
		    http2_up_serves(up, route))
			return up;
	}
	return NULL;
}

void
http2_reach(struct http2_stream *st)
{
	struct http2_up *up;

	if (st->up != NULL || st->over1 != NULL || st->answered)
		return;
	if (st->flow.route == NULL) {
		http2_stream_error(st,
		    &(struct http_error){503, "destination_not_found",
			"the route was removed"});
		return;
	}
	up = find(st->c, st->flow.route);
	if (st->flow.route->conf->upstream_protocol == UPSTREAM_HTTP1 ||
	    (up != NULL && up->translates)) {
		http2_over1_start(st, NULL);
		return;
	}
	if (up == NULL) {
		make(st);
		return;
	}
	st->up = up;
	up->users++;
	flow_trace_call(&st->flow, up->end.fd, 20);
}
