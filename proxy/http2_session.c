/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection of HTTP/2, from its preface to its goodbye. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/http2_stream.h"

/* --- life --- */

void
http2_start(struct http1 *s, const struct conf_route *conf)
{
	struct http2 *c = xcalloc(1, sizeof(*c));

	c->s = s;
	c->max_head = (size_t)conf->max_header_bytes;
	c->max_streams = (uint32_t)conf->max_concurrent_streams;
	c->idle_us = conf->idle_timeout_us;
	c->header_us = conf->header_timeout_us;
	TAILQ_INIT(&c->streams);
	TAILQ_INIT(&c->dirty);
	TAILQ_INIT(&c->ups);
	s->h2 = c;
	http2_peer_init(&c->client, c, &s->client, LINK_UP, conf);
	if (s->leaving)
		http2_goodbye(c, NGHTTP2_NO_ERROR);
}

void
http2_free(struct http2 *c, const char *reason)
{
	if (c == NULL)
		return;
	while (!TAILQ_EMPTY(&c->streams))
		http2_stream_free(TAILQ_FIRST(&c->streams), reason);
	while (!TAILQ_EMPTY(&c->ups))
		http2_up_close(TAILQ_FIRST(&c->ups), false);
	http2_peer_fini(&c->client);
	free(c);
}

void
http2_shut(struct http2 *c, bool reset)
{
	struct http2_stream *st;
	struct http2_up *up;

	TAILQ_FOREACH(st, &c->streams, entry) {
		st->discard = true;
		if (st->begun)
			st->flow.ended = true;
		http2_over1_free(st, reset);
	}
	TAILQ_FOREACH(up, &c->ups, entry)
		http2_up_shut(up, reset);
	c->client.gone = true;
}

void
http2_silence(struct http2 *c)
{
	struct http2_stream *st;
	struct http2_up *up;

	TAILQ_FOREACH(st, &c->streams, entry)
		http2_over1_silence(st);
	TAILQ_FOREACH(up, &c->ups, entry) {
		dial_cancel(up->dial);
		up->dial = NULL;
		end_silence(&up->end);
	}
}

void
http2_goodbye(struct http2 *c, uint32_t code)
{
	nghttp2_session *ng = c->client.ng;

	if (c->said_goodbye || c->client.over)
		return;
	c->said_goodbye = true;
	nghttp2_submit_goaway(ng, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(ng), code, NULL, 0);
	http1_poke(c->s);
}

void
http2_terminate(struct http2 *c, int32_t last, uint32_t code,
    enum close_reason reason)
{
	struct http1 *s = c->s;

	if (c->client.over)
		return;
	if (s->reason == CLOSE_NONE)
		s->reason = (uint8_t)reason;
	nghttp2_session_terminate_session2(c->client.ng, last, code);
	c->client.over = true;
	http1_poke(s);
}

/* --- bytes and time --- */

void
http2_input(struct http2 *c, const char *data, size_t len)
{
	http2_peer_input(&c->client, data, len);
}

void
http2_late(struct http2 *c)
{
	int64_t now_us = worker_now(http2_worker(c));

	if (c->head_us != 0 && now_us - c->head_us >= c->header_us)
		http2_terminate(c,
		    nghttp2_session_get_last_proc_stream_id(c->client.ng),
		    NGHTTP2_ENHANCE_YOUR_CALM, CLOSE_HEADER_TIMEOUT);
	else
		http2_terminate(c,
		    nghttp2_session_get_last_proc_stream_id(c->client.ng),
		    NGHTTP2_NO_ERROR, CLOSE_IDLE);
}

static void
set_time(struct http2 *c)
{
	int64_t now_us = worker_now(http2_worker(c));
	int64_t due_us = DEADLINE_NEVER;

	if (c->idle_us > 0)
		due_us = now_us + c->idle_us;
	if (c->head_us != 0)
		due_us = MIN(due_us, c->head_us + c->header_us);
	http1_due(c->s, due_us);
}

/* --- what is left to be done --- */

static void
run_streams(struct http2 *c)
{
	struct http2_stream *st;

	while ((st = TAILQ_FIRST(&c->dirty)) != NULL) {
		TAILQ_REMOVE(&c->dirty, st, dirty_entry);
		st->dirty = false;
		if (http2_stream_run(st))
			http2_stream_free(st, st->end_code != 0 ? "reset"
								: "done");
	}
}

static void
end_if_over(struct http2 *c)
{
	struct http1 *s = c->s;
	bool written = !http2_peer_wants_write(&c->client);

	if (c->client.gone) {
		http1_close(s, c->client.over ? CLOSE_BAD_INPUT
					      : CLOSE_CLIENT_RESET, true);
	} else if (written && (c->client.over ||
				  (c->said_goodbye && c->streams_count == 0))) {
		http2_shut(c, false);
		http1_linger(s, !c->said_goodbye ? CLOSE_BAD_INPUT
			: s->session.worker->draining ? CLOSE_SHUTDOWN
						      : CLOSE_DONE);
	} else if (s->client_fin) {
		http1_close(s, CLOSE_CLIENT_FIN, false);
	}
}

void
http2_settle(struct http2 *c)
{
	struct http2_up *up;

	do {
		run_streams(c);
		TAILQ_FOREACH(up, &c->ups, entry)
			http2_peer_flush(&up->peer);
		http2_ups_settle(c);
		http2_peer_flush(&c->client);
	} while (!TAILQ_EMPTY(&c->dirty));
	if (c->s->state != HTTP1_STREAMS)
		return;
	set_time(c);
	end_if_over(c);
}

void
http2_update(struct http2 *c)
{
	struct http1 *s = c->s;
	struct http2_stream *st;
	struct http2_up *up;
	bool silent = s->state == HTTP1_SILENT;

	end_want(&s->client,
	    !silent && http2_peer_wants_read(&c->client) &&
		s->conn.links[LINK_UP].stage_holds == 0,
	    !silent && http2_peer_wants_write(&c->client));
	TAILQ_FOREACH(up, &c->ups, entry)
		http2_up_update(up);
	if (s->state == HTTP1_STREAMS)
		return;
	/* Streams are not run any more: their connections rest. */
	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->over1 != NULL)
			http2_over1_update(st);
	}
}

void
http2_resume(struct http2 *c)
{
	struct http2_stream *st;

	TAILQ_FOREACH(st, &c->streams, entry)
		http2_stream_mark(st);
}

bool
http2_delivered(const struct http2 *c)
{
	const struct http2_up *up;

	TAILQ_FOREACH(up, &c->ups, entry) {
		if (http2_peer_wants_write(&up->peer))
			return false;
	}
	return !http2_peer_wants_write(&c->client);
}

size_t
http2_flows(const struct http2 *c, const struct flow **to, size_t max)
{
	const struct http2_stream *st;
	size_t n = 0;

	TAILQ_FOREACH(st, &c->streams, entry) {
		if (n == max)
			break;
		if (st->begun)
			to[n++] = &st->flow;
	}
	return n;
}

/* --- changes --- */

/* Open connections are told how many streams they may have from now on. */
static void
announce(struct http2 *c)
{
	const struct plan_listener *l = c->s->listener;
	nghttp2_settings_entry entry = {
	    NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0};

	if (l == NULL)
		return;
	entry.value = (uint32_t)l->routes[0]->conf->max_concurrent_streams;
	if (entry.value == c->max_streams)
		return;
	c->max_streams = entry.value;
	nghttp2_submit_settings(c->client.ng, NGHTTP2_FLAG_NONE, &entry, 1);
}

/* True if a route of the listener still leads there. */
static bool
is_needed(const struct http2 *c, const struct http2_up *up)
{
	const struct plan_listener *l = c->s->listener;

	for (size_t i = 0; l != NULL && i < l->routes_count; i++) {
		if (http2_up_serves(up, l->routes[i]))
			return true;
	}
	return false;
}

void
http2_reconcile(struct http2 *c,
    const struct armed_route *(*route_now)(const struct http1 *, const char *))
{
	struct http2_stream *st;
	struct http2_up *up;

	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->begun)
			flow_reconcile(&st->flow,
			    route_now(c->s, st->flow.route_name));
	}
	TAILQ_FOREACH(up, &c->ups, entry)
		up->leaving |= !is_needed(c, up);
	announce(c);
	if (c->s->leaving)
		http2_goodbye(c, NGHTTP2_NO_ERROR);
}

void
http2_opened(struct http2 *c)
{
	struct http2_stream *st;

	c->s->state = HTTP1_STREAMS;
	TAILQ_FOREACH(st, &c->streams, entry) {
		if (st->waiting)
			http2_stream_begin(st);
	}
}
