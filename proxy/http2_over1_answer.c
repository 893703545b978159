/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of an upstream that speaks HTTP/1, on its way into a stream's
 * LINK_DOWN: heads, the body without its framing, trailers. */
#include <stdlib.h>
#include <string.h>

#include "proxy/http1_edit.h"
#include "proxy/http2_stream.h"

/* Bytes that nobody took yet, before the upstream has to wait. */
#define AHEAD_MAX (64 * 1024)

static bool
reads(struct http2_stream *st)
{
	const struct http2_over1 *o = st->over1;
	const struct link *l = http2_link(st, LINK_DOWN);
	const struct http1 *s = st->c->s;

	return o != NULL && o->upstream != NULL &&
	    !o->upstream->end.fin_seen && s->state == HTTP1_STREAMS &&
	    !st->silent && link_wants(l) && l->deaf_holds == 0 &&
	    s->conn.links[LINK_DOWN].stage_holds == 0 &&
	    (l->first != NULL || l->out.len < AHEAD_MAX);
}

void
http2_over1_update(struct http2_stream *st)
{
	const struct http2_over1 *o = st->over1;

	if (o->upstream != NULL)
		end_want(&o->upstream->end, reads(st),
		    !st->discard && http2_over1_waiting(o) > 0 &&
			st->c->s->state == HTTP1_STREAMS);
}

static void
on_body(void *arg, const void *data, size_t len)
{
	http2_input_data(arg, LINK_DOWN, data, len);
}

/* Connection may name headers that are of one hop as well. */
static void
take_lines(struct http2_stream *st, const char *data, size_t len)
{
	struct str *lines = &st->ways[LINK_DOWN].lines;
	const char *first = memchr(data, '\n', len);
	struct str head = {0};
	struct view value;

	str_add_bytes(&head, data, len);
	while (http1_head_find((struct view){head.text, head.len},
	    "connection", 0, &value)) {
		struct str named = {0};
		char *at, *token;

		str_add_bytes(&named, value.at, value.len);
		str_add_char(&named, ',');
		http1_edit_remove(&head, "connection");
		for (token = strtok_r(named.text, ", \t", &at); token != NULL;
		     token = strtok_r(NULL, ", \t", &at))
			http1_edit_remove(&head, token);
		str_fini(&named);
	}
	str_clear(lines);
	len = head.len - (size_t)(first + 1 - data) - 2;
	str_add_bytes(lines, head.text + (first + 1 - data), len);
	str_fini(&head);
}

static void
fail(struct http2_stream *st, const char *error, const char *text)
{
	if (st->responded)
		http2_stream_break(st, NGHTTP2_INTERNAL_ERROR);
	else
		http2_stream_error(st,
		    &(struct http_error){502, error, text});
}

/* The connection is gone before the response was complete. */
static void
lost(struct http2_stream *st)
{
	if (st->over1->in.len > 0 || !http2_over1_again(st))
		fail(st, "connection_terminated",
		    "the upstream closed the connection before it answered");
}

/* A complete head. */
static void
on_head(struct http2_stream *st, const char *data)
{
	struct http1_parser *p = &st->over1->parser;
	struct view method = http1_span(st->head.text, st->request.method);

	take_lines(st, data, p->head.len);
	st->interim = p->head.status;
	http2_input_response(st, p->done);
	if (st->over1 == NULL)
		return;
	if (p->head.status / 100 == 1)
		http1_parser_response(p, method, p->head.max);
}

/* One head, or some of the body; 0: more is needed. */
static size_t
step(struct http2_stream *st, const char *data, size_t len)
{
	struct http1_parser *p = &st->over1->parser;
	size_t used;
	ssize_t n;

	if (!st->responded) {
		switch (http1_parser_head(p, data, len)) {
		case HTTP1_MORE:
			return 0;
		case HTTP1_BAD:
			fail(st, "http_protocol_error", p->head.why);
			return len;
		case HTTP1_DONE:
			break;
		}
		used = p->head.len;
		on_head(st, data);
		return used;
	}
	p->on_body = on_body;
	p->arg = st;
	if (!st->ways[LINK_DOWN].own_trailers)
		p->trailer_lines = &st->ways[LINK_DOWN].trailers;
	n = http1_parser_body(p, data, len);
	if (n < 0)
		fail(st, "http_protocol_error", p->head.why);
	return n < 0 ? len : (size_t)n;
}

/* The response is complete. */
static void
complete(struct http2_stream *st, bool extra)
{
	struct http2_over1 *o = st->over1;
	bool keep = !extra && o->sent && http2_over1_waiting(o) == 0 &&
	    o->parser.framing != HTTP1_UNTIL_CLOSE &&
	    http1_head_keeps_alive(&o->parser.head);

	http2_over1_release(o, keep, false);
	http2_over1_free(st, false);
	st->discard |= !st->ways[LINK_UP].sent_all;
	http2_input_end(st, LINK_DOWN);
}

static void
take(struct http2_stream *st, const char *data, size_t len)
{
	size_t at = 0, used;

	while (at < len && st->over1 != NULL &&
	    !(st->responded && st->over1->parser.done)) {
		used = step(st, data + at, len - at);
		if (used == 0)
			break;
		at += used;
	}
	if (st->over1 == NULL)
		return;
	if (st->responded && st->over1->parser.done)
		complete(st, at < len);
	else if (at < len)
		str_add_bytes(&st->over1->in, data + at, len - at);
}

static void
ended(struct http2_stream *st, bool reset)
{
	struct http2_over1 *o = st->over1;

	/* Cut short by TLS' measure is cut short for the client, too. */
	if (!reset && st->responded && !o->upstream->end.truncated &&
	    o->parser.framing == HTTP1_UNTIL_CLOSE)
		complete(st, true);
	else
		lost(st);
}

static void
read_upstream(struct http2_stream *st)
{
	struct http2_over1 *o = st->over1;
	struct http1 *s = st->c->s;
	const char *data = (const char *)s->session.worker->scratch;
	ssize_t n = http1_read(s, &o->upstream->end,
	    http2_link(st, LINK_DOWN)->first != NULL);
	struct str in = o->in;

	if (n == END_AGAIN)
		return;
	if (n <= 0) {
		ended(st, n == END_FAILED);
		return;
	}
	o->busy = true;
	o->in = (struct str){0};
	if (in.len > 0) {
		str_add_bytes(&in, data, (size_t)n);
		take(st, in.text, in.len);
	} else {
		take(st, data, (size_t)n);
	}
	str_fini(&in);
	o->busy = false;
	if (o->dead)
		free(o);
}

/* A fault on the wire ends the connection, and the stream with it. */
static void
cut(struct http2_stream *st, enum flow_end how)
{
	st->flow.ended = true;
	st->flow.ops->end(&st->flow, how);
}

void
http2_over1_on_event(void *owner, unsigned what)
{
	struct http2_stream *st = owner;
	struct http1 *s = st->c->s;

	http1_enter(s);
	if (what & END_CUT)
		cut(st, tls_cut_how(st->over1->upstream->end.tls));
	else if (what & END_GONE)
		lost(st);
	else if (what & END_READABLE && reads(st))
		read_upstream(st);
	http2_stream_mark(st);
	http1_leave_late(s);
}
