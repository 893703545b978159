/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a stream: one request and its response. */
#include "proxy/http2_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/flow_log.h"
#include "proxy/http1_edit.h"
#include "proxy/http1_match.h"
#include "proxy/http1_reply.h"
#include "proxy/http_tell.h"

/* --- life --- */

struct http2_stream *
http2_stream_new(struct http2 *c, int32_t id)
{
	struct http2_stream *st = xcalloc(1, sizeof(*st));

	st->c = c;
	st->ways[LINK_UP].peer = &c->client;
	st->ways[LINK_UP].id = id;
	TAILQ_INSERT_TAIL(&c->streams, st, entry);
	c->streams_count++;
	return st;
}

static void
way_fini(struct http2_way *way)
{
	str_fini(&way->lines);
	str_fini(&way->trailers);
	http1_message_free(way->edit);
	str_fini(&way->edited);
}

void
http2_stream_free(struct http2_stream *st, const char *reason)
{
	struct http2 *c = st->c;
	struct http2_way *up = &st->ways[LINK_UP];

	if (st->begun) {
		bool replied = st->ways[LINK_DOWN].sent_head;

		http_tell_response(&st->flow, st->answered, st->status);
		http_count_exchange(&(struct http_end){
		    .session = &c->s->session,
		    .flow = &st->flow,
		    .request = &st->request,
		    .head = st->head.text,
		    .code = replied ? st->status : 0,
		    .faulted = st->flow.faulted ||
			(c->s->conn.faulted && c->s->reason == CLOSE_FAULT),
		    .reason = reason,
		});
		flow_fini(&st->flow, reason);
	}
	http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	http2_give_up(st, LINK_UP);
	if (up->id != 0)
		nghttp2_session_set_stream_user_data(c->client.ng, up->id,
		    NULL);
	way_fini(&st->ways[LINK_UP]);
	way_fini(&st->ways[LINK_DOWN]);
	if (st->dirty)
		TAILQ_REMOVE(&c->dirty, st, dirty_entry);
	TAILQ_REMOVE(&c->streams, st, entry);
	c->streams_count--;
	str_fini(&st->pseudo);
	str_fini(&st->head);
	str_fini(&st->own);
	free(st);
}

void
http2_stream_mark(struct http2_stream *st)
{
	if (!st->dirty)
		TAILQ_INSERT_TAIL(&st->c->dirty, st, dirty_entry);
	st->dirty = true;
	http1_poke(st->c->s);
}

/* --- replies of our own --- */

/* The upstream's part is over, whatever it still says. */
static void
answered(struct http2_stream *st, int status)
{
	st->answered = true;
	st->status = status;
	st->discard = true;
	http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	http2_stream_mark(st);
}

void
http2_stream_reply(struct http2_stream *st, const struct str *reply,
    int status)
{
	struct link *l = http2_link(st, LINK_DOWN);

	answered(st, status);
	if (!st->begun || l->fed > 0) {
		st->bypass = true;
		str_add_bytes(&st->own, reply->text, reply->len);
		return;
	}
	l->head_len = http2_head_len(reply);
	link_feed_copy(l, reply->text, reply->len,
	    worker_now(http2_worker(st->c)));
	link_feed_eof(l);
}

void
http2_stream_error(struct http2_stream *st, const struct http_error *error)
{
	const struct plan_listener *l = st->c->s->listener;
	const struct armed_route *route = st->begun ? st->flow.route
	    : l != NULL				    ? l->routes[0]
						    : NULL;
	struct str reply = {0};

	if (st->answered || st->closed || st->cut)
		return;
	if (st->ways[LINK_DOWN].sent_head) {
		http2_stream_break(st, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	/* 503: the route is gone; below: the client's mistake. */
	if (st->begun && (error->status == 502 || error->status == 504))
		flow_log_upstream(&st->flow, error->error);
	http1_reply_error(&reply, error,
	    st->head.len > 0 ? http1_span(st->head.text, st->request.method)
			     : VIEW("GET"),
	    http_announces(route, false), false);
	http2_stream_reply(st, &reply, error->status);
	str_fini(&reply);
}

/* --- ends --- */

void
http2_stream_drop_upstream(struct http2_stream *st, uint32_t code)
{
	struct http2_way *way = &st->ways[LINK_DOWN];

	if (way->id != 0) {
		nghttp2_session *ng = way->peer->ng;

		http2_give_up(st, LINK_DOWN);
		nghttp2_session_set_stream_user_data(ng, way->id, NULL);
		nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, way->id,
		    code);
		way->id = 0;
	}
	http2_leave_up(st);
	http2_over1_free(st, code != NGHTTP2_NO_ERROR);
}

void
http2_stream_reset(struct http2_stream *st, uint32_t code)
{
	if (st->closed || st->is_reset)
		return;
	st->is_reset = true;
	st->end_code = code;
	st->discard = true;
	if (st->begun)
		st->flow.ended = true;
	http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	nghttp2_submit_rst_stream(st->c->client.ng, NGHTTP2_FLAG_NONE,
	    st->ways[LINK_UP].id, code);
	http2_stream_mark(st);
}

void
http2_stream_break(struct http2_stream *st, uint32_t code)
{
	if (st->answered || st->cut || st->closed)
		return;
	st->ends = true;
	st->end_code = code;
	st->discard = true;
	http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	if (st->begun)
		link_feed_eof(http2_link(st, LINK_DOWN));
	http2_stream_mark(st);
}

/* --- the beginning --- */

static struct view
pseudo(const struct http2_stream *st, struct http1_span span)
{
	return span.len > 0 ? http1_span(st->pseudo.text, span) : VIEW("");
}

/* The head in the syntax of HTTP/1. */
static void
compose(struct http2_stream *st)
{
	struct view method = pseudo(st, st->method);
	struct view path = pseudo(st, st->path);
	struct view authority = pseudo(st, st->authority);
	const struct str *lines = &st->ways[LINK_UP].lines;
	struct str *head = &st->head;

	str_add_bytes(head, method.at, method.len);
	str_add_char(head, ' ');
	str_add_bytes(head, path.at, path.len);
	str_add(head, " HTTP/1.1\r\n");
	str_add_bytes(head, lines->text, lines->len);
	/* `host` beside :authority says nothing new, or lies. */
	if (authority.len > 0) {
		char *text = xmemdup0(authority.at, authority.len);

		str_add(head, "\r\n");
		http1_edit_remove(head, "host");
		head->len -= 2;
		str_printf(head, "host: %s\r\n", text);
		free(text);
	}
	str_add(head, "\r\n");
}

/* Which route takes the request; NULL: it was refused. */
static const struct armed_route *
route_of(struct http2_stream *st)
{
	struct http1_head *h = &st->request;
	struct http2 *c = st->c;
	const struct armed_route *route;

	if (st->ways[LINK_UP].too_large) {
		http2_stream_error(st,
		    &(struct http_error){431, "http_request_error",
			HTTP1_HEAD_TOO_LARGE});
		return NULL;
	}
	if (view_is(pseudo(st, st->method), "CONNECT")) {
		http2_stream_error(st,
		    &(struct http_error){501, "http_request_error",
			"CONNECT is not served over HTTP/2"});
		return NULL;
	}
	if (st->head.len == 0)
		compose(st);
	http1_head_init(h, true, 2 * c->max_head + 4096);
	if (http1_head_scan(h, st->head.text, st->head.len) != HTTP1_DONE) {
		const char *why = h->why != NULL ? h->why : "malformed";
		int status = h->error != 0 ? h->error : 400;

		st->head.len = 0;
		http2_stream_error(st,
		    &(struct http_error){status, "http_request_error", why});
		return NULL;
	}
	route = c->s->listener != NULL
	    ? http1_match_route(c->s->listener, h, st->head.text,
		  c->s->facts)
	    : NULL;
	if (route == NULL)
		http2_stream_error(st,
		    &(struct http_error){404, "destination_not_found",
			"no route for this host and path"});
	return route;
}

/* The flow of the connection may hold it, or end it. */
static bool
connection_open(struct http2_stream *st, const struct armed_route *route)
{
	struct http1 *s = st->c->s;

	if (s->has_conn && s->state == HTTP1_STREAMS)
		return true;
	if (!s->has_conn &&
	    http1_open_connection(s, route,
		atomic_fetch_add(&route->shared->next_connection, 1))) {
		s->state = HTTP1_STREAMS;
		return true;
	}
	st->waiting = true;
	return false;
}

void
http2_stream_begin(struct http2_stream *st)
{
	struct http1 *s = st->c->s;
	const struct armed_route *route = route_of(st);

	if (route == NULL || !connection_open(st, route))
		return;
	st->waiting = false;
	flow_init(&st->flow, &http2_stream_ops, &s->session.worker->engine,
	    route, FLOW_EXCHANGE,
	    atomic_fetch_add(&route->shared->next_flow, 1));
	session_own(&s->session, &st->flow);
	st->begun = true;
	http2_link(st, LINK_UP)->head_len = st->head.len;
	http_tell_request(&st->flow,
	    http1_span(st->head.text, st->request.method));
	flow_open(&st->flow);
	if (!st->flow.ended)
		http2_input_request(st);
	http2_stream_mark(st);
}

/* --- what is to be done --- */

bool
http2_stream_run(struct http2_stream *st)
{
	if (st->closed)
		return true;
	if (st->waiting)
		return false;
	if (st->begun)
		http2_output(st, LINK_UP);
	/* Where a fault cut, the server gets what was passed to it first. */
	if (st->cut && (st->discard || !st->ways[LINK_UP].sent_head ||
			   http2_link(st, LINK_UP)->out.len == 0)) {
		st->discard = true;
		http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	}
	if (!st->cut || st->discard)
		http2_output(st, LINK_DOWN);
	http2_give_back(st, LINK_UP);
	http2_give_back(st, LINK_DOWN);
	if (st->over1 != NULL)
		http2_over1_update(st);
	return false;
}
