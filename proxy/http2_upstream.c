/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream connections of HTTP/2. Each serves one client connection: what
 * happens to it is nobody else's, and a replay meets the same. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
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
	free(up->address);
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
	if (what & END_GONE)
		up->peer.gone = true;
	if (what & END_READABLE && !up->peer.gone)
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
connected(struct http2_up *up, const struct conf_route *conf, int fd)
{
	struct http2 *c = up->peer.c;
	unsigned char header[PROXY_HEADER_MAX];
	struct http2_stream *st;

	end_init(&up->end, http2_worker(c), on_event);
	end_attach(&up->end, fd, conf->upstream.is_unix);
	http2_peer_init(&up->peer, c, &up->end, LINK_DOWN, conf);
	str_add_bytes(&up->peer.out, header,
	    http1_say_client(c->s, conf, header));
	up->connected = true;
	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->up == up)
			http2_stream_mark(st);
	}
}

static const struct conf_route *
route_to(const struct http2_up *up)
{
	for (size_t i = 0; i < up->plan->routes_count; i++) {
		const struct conf_route *conf = up->plan->routes[i].conf;

		if (strcmp(conf->upstream.text, up->address) == 0)
			return conf;
	}
	return NULL;
}

static void
on_dialled(void *arg, enum dial_result result, int fd)
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
	if (result == DIAL_OK) {
		connected(up, route_to(up), fd);
	} else {
		up->error = http_dial_error(result);
		up->peer.gone = true;
	}
	http1_poke(s);
}

static void
make(struct http2_stream *st, const struct conf_route *conf)
{
	struct http2 *c = st->c;
	struct worker *w = http2_worker(c);
	struct http2_up *up = xcalloc(1, sizeof(*up));

	up->peer.c = c;
	up->peer.end = &up->end;
	end_init(&up->end, w, on_event);
	up->address = xstrdup(conf->upstream.text);
	/* The address must live as long as the dial does. */
	up->plan = plan_ref(w->plan);
	up->dialed_us = worker_now(w);
	TAILQ_INSERT_TAIL(&c->ups, up, entry);
	st->up = up;
	up->users++;
	up->dial = dial_start(w, &conf->upstream, conf->connect_timeout_us,
	    on_dialled, up);
}

static struct http2_up *
find(struct http2 *c, const struct conf_route *conf)
{
	struct http2_up *up;

	TAILQ_FOREACH(up, &c->ups, entry) {
		if (!up->leaving && !up->peer.gone && !up->peer.over &&
		    strcmp(up->address, conf->upstream.text) == 0)
			return up;
	}
	return NULL;
}

void
http2_reach(struct http2_stream *st)
{
	const struct conf_route *conf;
	struct http2_up *up;

	if (st->up != NULL || st->over1 != NULL || st->answered)
		return;
	if (st->flow.route == NULL) {
		http2_stream_error(st,
		    &(struct http_error){503, "destination_not_found",
			"the route was removed"});
		return;
	}
	conf = st->flow.route->conf;
	if (conf->upstream_protocol == UPSTREAM_HTTP1) {
		http2_over1_start(st);
		return;
	}
	up = find(st->c, conf);
	if (up == NULL) {
		make(st, conf);
		return;
	}
	st->up = up;
	up->users++;
}
