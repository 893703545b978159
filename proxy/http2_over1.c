/* SPDX-License-Identifier: Apache-2.0 */
/* A stream whose upstream speaks HTTP/1: the request is written in that
 * syntax, on a connection from the pool, and the answer read from it.
 *
 * A body of unknown length goes in chunks, trailers behind the last one.
 *
 * A kept connection may die just as it is used again. What it was sent is kept
 * until the answer begins, and goes out once more on a fresh one if the method
 * allows that. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/http1_edit.h"
#include "proxy/http2_stream.h"
#include "proxy/http_tell.h"

/* Bytes of a request that wait to be written, or that are remembered in case
 * they have to be sent once more. */
#define AHEAD_MAX (64 * 1024)

/* --- life --- */

void
http2_over1_release(struct http2_over1 *o, bool keep, bool reset)
{
	struct http1_upstream *u = o->upstream;

	o->upstream = NULL;
	if (u == NULL)
		return;
	if (keep)
		http1_pool_put(u);
	else
		http1_upstream_close(u, reset);
}

void
http2_over1_free(struct http2_stream *st, bool reset)
{
	struct http2_over1 *o = st->over1;

	if (o == NULL)
		return;
	st->over1 = NULL;
	dial_cancel(o->dial);
	o->dial = NULL;
	plan_unref(o->plan);
	http2_over1_release(o, false, reset);
	str_fini(&o->in);
	str_fini(&o->out);
	o->dead = true;
	if (!o->busy)
		free(o);
}

void
http2_over1_silence(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;

	if (o == NULL)
		return;
	dial_cancel(o->dial);
	o->dial = NULL;
	if (o->upstream != NULL)
		end_silence(&o->upstream->end);
}

static void
attach(struct http2_stream *st, struct http1_upstream *u)
{
	u->owner = st;
	u->on_event = http2_over1_on_event;
	st->over1->upstream = u;
	flow_trace_call(&st->flow, u->end.fd, 11);
	http2_stream_mark(st);
}

static void
on_dialled(void *arg, enum dial_result result, int fd, struct tls *tls)
{
	struct http2_stream *st = arg;
	struct http2_over1 *o = st->over1;
	const struct conf_route *conf = st->flow.route != NULL
	    ? st->flow.route->conf
	    : NULL;
	bool keep = conf != NULL && conf_route_shares_upstreams(conf);
	struct plan *plan = o->plan;
	const struct http_error *e = http_dial_error(result);

	o->dial = NULL;
	o->plan = NULL;
	dial_tell(&st->flow, result, o->dialed_us);
	dial_count(st->flow.counts, result,
	    worker_now(http2_worker(st->c)) - o->dialed_us);
	if (result == DIAL_OK)
		attach(st, http1_upstream_new(http2_worker(st->c),
			       &(struct http1_upstream_from){
				   .fd = fd,
				   .tls = tls,
				   .route = keep ? st->flow.route : NULL,
				   .facts = st->c->s->facts,
				   .is_unix = conf != NULL &&
				       conf->upstream.is_unix}));
	else
		http2_stream_error(st, e);
	plan_unref(plan);
	http2_stream_mark(st);
}

static bool
take_idle(struct http2_stream *st)
{
	struct http1_upstream *u;

	if (!conf_route_shares_upstreams(st->flow.route->conf))
		return false;
	while ((u = http1_pool_take(http2_worker(st->c), st->flow.route,
		    st->c->s->facts)) != NULL) {
		if (!http1_upstream_stale(u)) {
			attach(st, u);
			return true;
		}
		u->owner = st;
		http1_upstream_close(u, false);
	}
	return false;
}

static void
dial(struct http2_stream *st)
{
	struct worker *w = http2_worker(st->c);
	struct http2_over1 *o = st->over1;
	struct dial_request request = {
	    .route = st->flow.route,
	    .flow = &st->flow,
	    .client_fd = st->c->s->client.fd,
	    .client_port = st->c->s->session.client_port,
	    .facts = st->c->s->facts,
	    .speaks = TLS_HTTP1,
	    .done = on_dialled,
	    .arg = st,
	};
	struct dial *d;

	o->dialed_us = worker_now(w);
	/* The address must live as long as the dial does. */
	o->plan = plan_ref(w->plan);
	d = dial_start(w, &request);
	/* It may have failed, and been taken apart, at once. */
	if (d != NULL)
		o->dial = d;
}

void
http2_over1_start(struct http2_stream *st, struct http1_upstream *made)
{
	struct view method = http1_span(st->head.text, st->request.method);

	st->over1 = xcalloc(1, sizeof(*st->over1));
	http1_parser_response(&st->over1->parser, method, st->c->max_head);
	st->over1->replayable = http_is_idempotent(method);
	if (made != NULL)
		attach(st, made);
	else if (!take_idle(st))
		dial(st);
}

/* --- the request --- */

/* One header instead of many: HTTP/1 knows no other way (RFC 9113, 8.2.3). */
static void
join_cookies(struct str *head)
{
	struct view value, text = {head->text, head->len};
	struct str all = {0};

	if (!http1_head_find(text, "cookie", 1, &value))
		return;
	for (size_t n = 0; http1_head_find(text, "cookie", n, &value); n++) {
		if (n > 0)
			str_add(&all, "; ");
		str_add_bytes(&all, value.at, value.len);
	}
	http1_edit_set(head, "cookie", all.text);
	str_fini(&all);
}

static bool
has_body_by_nature(const struct http2_stream *st)
{
	struct view method = http1_span(st->head.text, st->request.method);

	return view_is(method, "POST") || view_is(method, "PUT") ||
	    view_is(method, "PATCH");
}

/* The head, framed as HTTP/1 wants it. False: it is not there yet. */
static bool
convert_head(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;
	const struct link *l = http2_link(st, LINK_UP);
	struct str head = {0};
	struct view value;
	bool sized;

	if (!http2_take_head(st, LINK_UP, &head))
		return false;
	st->ways[LINK_UP].sent_head = true;
	http1_edit_remove(&head, "te");
	join_cookies(&head);
	sized = http1_head_find((struct view){head.text, head.len},
	    "content-length", 0, &value);
	if (!sized && !(link_at_eof(l) &&
			  st->ways[LINK_UP].trailers.len == 0)) {
		http1_edit_add(&head, "transfer-encoding", "chunked");
		o->chunked = true;
	} else if (!sized && has_body_by_nature(st)) {
		http1_edit_add(&head, "content-length", "0");
	}
	str_add_bytes(&o->out, head.text, head.len);
	str_fini(&head);
	st->sent_us = worker_now(http2_worker(st->c));
	return true;
}

static void
convert_body(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;
	struct link *l = http2_link(st, LINK_UP);
	struct iovec iov;

	while (l->out.len > 0 && http2_over1_waiting(o) < AHEAD_MAX) {
		bytes_iov(&l->out, &iov, 1, AHEAD_MAX);
		if (o->chunked)
			str_printf(&o->out, "%zx\r\n", iov.iov_len);
		str_add_bytes(&o->out, iov.iov_base, iov.iov_len);
		if (o->chunked)
			str_add(&o->out, "\r\n");
		link_taken(l, iov.iov_len);
	}
	if (o->sent || !link_at_eof(l))
		return;
	o->sent = st->ways[LINK_UP].sent_all = true;
	if (!o->chunked)
		return;
	str_add(&o->out, "0\r\n");
	str_add_bytes(&o->out, st->ways[LINK_UP].trailers.text,
	    st->ways[LINK_UP].trailers.len);
	str_add(&o->out, "\r\n");
}

/* Forgets what was written, unless it may be of use again. */
static void
forget(struct http2_over1 *o)
{
	if (o->out_at < o->out.len ||
	    (o->replayable && o->out.len <= AHEAD_MAX))
		return;
	o->replayable = false;
	str_clear(&o->out);
	o->out_at = 0;
}

/* Writes; false: the connection takes no more. */
static bool
write_out(struct http2_over1 *o)
{
	ssize_t n;

	if (http2_over1_waiting(o) == 0)
		return true;
	n = end_write(&o->upstream->end, o->out.text + o->out_at,
	    o->out.len - o->out_at);
	if (n > 0)
		o->out_at += (size_t)n;
	forget(o);
	return n != END_FAILED;
}

bool
http2_over1_again(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;

	if (!o->replayable || st->responded || o->upstream == NULL ||
	    o->upstream->served == 0 || st->flow.route == NULL)
		return false;
	http2_over1_release(o, false, false);
	o->replayable = false;
	o->out_at = 0;
	str_clear(&o->in);
	dial(st);
	return true;
}

void
http2_over1_output(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;

	if (!st->ways[LINK_UP].sent_head && !convert_head(st))
		return;
	do {
		convert_body(st);
		if (o->upstream == NULL)
			return;
		/* What it answered before it closed is still read. */
		if (!write_out(o))
			st->discard = true;
	} while (!st->discard && http2_over1_waiting(o) == 0 &&
	    http2_link(st, LINK_UP)->out.len > 0);
}
