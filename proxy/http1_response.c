/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream's bytes: interim heads, the head, the body, and what its end
 * means at each point. */
#include <string.h>

#include "proxy/fault_header.h"
#include "proxy/http1.h"

/* One exchange may read this much before others get their turn. */
#define READ_BUDGET (1024 * 1024)

/* --- heads --- */

/* 1xx: passes as it is, and another head follows. */
static void
interim(struct http1_exchange *x, const char *data)
{
	const struct http1_head *request = &http1_request(x)->head;
	struct http1_parser *p = http1_response(x);
	struct link *l = http1_link(x, LINK_DOWN);
	struct view method = http1_span(x->head.text, request->method);

	/* Clients of HTTP/1.0 do not know them. */
	if (request->minor > 0) {
		l->head_len = l->fed + p->head.len;
		http1_exchange_forward(x, LINK_DOWN, data, p->head.len);
	}
	http1_parser_response(p, method, p->head.max);
}

static void
bad_response(struct http1_exchange *x, const char *why)
{
	http1_upstream_drop(x, true);
	http1_exchange_error(x,
	    &(struct http_error){502, "http_protocol_error", why});
}

/* True if both connections may serve another request behind this response,
 * as far as both heads and the framing say. To a request of HTTP/1.0 the
 * response must say so in words. */
static bool
keeps_alive(struct http1_exchange *x)
{
	const struct http1_parser *p = http1_response(x);
	const struct http1_head *request = &http1_request(x)->head;

	return p->framing != HTTP1_UNTIL_CLOSE &&
	    http1_head_keeps_alive(&p->head) &&
	    http1_head_keeps_alive(request) &&
	    (request->minor > 0 || p->head.keep_alive);
}

static bool
is_websocket(const char *data, const struct http1_parser *p)
{
	struct view value;

	return p->head.status == 101 &&
	    http1_head_find((struct view){data, p->head.len}, "upgrade", 0,
		&value) &&
	    view_is_nocase(value, "websocket");
}

/* The final response's head: status known, faults decided, edits made. False:
 * it was not to be. */
static bool
begin(struct http1_exchange *x, const char *data)
{
	struct http1_parser *p = http1_response(x);
	struct link *l = http1_link(x, LINK_DOWN);

	if (p->head.status == 101 && !http1_request(x)->head.upgrade) {
		bad_response(x, "the upstream switched protocols unasked");
		return false;
	}
	http1_count_upstream(x);
	x->responded = true;
	x->status = p->head.status;
	x->tunnel = p->framing == HTTP1_TUNNEL;
	x->websocket = x->tunnel && is_websocket(data, p);
	x->close |= !x->tunnel && !keeps_alive(x);
	l->head_len = l->fed + p->head.len;
	x->tells = fault_header_is_wanted(&x->flow);
	http1_note_response(x, (struct view){data, p->head.len});
	flow_respond(&x->flow);
	if (!x->flow.ended)
		http1_exchange_edit(x, LINK_DOWN, data);
	return !x->flow.ended;
}

/* --- the end of a response --- */

/* Nothing more comes in: what follows it through the link is its end. */
static void
complete(struct http1_exchange *x)
{
	if (x->response_done)
		return;
	x->response_done = true;
	if (!x->request_done) {
		/* An early answer: the rest of the request has no use. */
		x->discard = true;
		x->close = true;
	} else if (http1_request(x)->head.upgrade ||
	    http1_response(x)->to_connect) {
		http1_exchange_eof(x, LINK_UP);
	}
	http1_exchange_eof(x, LINK_DOWN);
}

/* The connection broke off amid a response: so does the client's, in the same
 * way, behind the bytes that came before. */
static void
broken(struct http1_exchange *x, bool reset)
{
	struct http1 *s = x->s;

	if (s->reason == CLOSE_NONE)
		s->reason = reset ? CLOSE_UPSTREAM_RESET : CLOSE_UPSTREAM_FIN;
	if (!x->ends) {
		x->ends = true;
		x->end_how = reset ? END_RST_AFTER : END_FIN;
	}
	x->response_done = true;
	x->close = true;
	x->discard = true;
	http1_upstream_drop(x, reset);
	link_feed_eof(http1_link(x, LINK_DOWN));
}

static void
tunnel_ended(struct http1_exchange *x, bool reset)
{
	if (reset) {
		broken(x, true);
		return;
	}
	http1_exchange_eof(x, LINK_DOWN);
}

/* Reading brought no bytes: FIN, or an error. */
static void
ended(struct http1_exchange *x, bool reset)
{
	struct http1_parser *p = http1_response(x);

	/* Cut short is cut short for the client, too. */
	if (x->tunnel || p->framing == HTTP1_UNTIL_CLOSE)
		x->s->client.abrupt = x->upstream->end.truncated;
	if (x->tunnel) {
		tunnel_ended(x, reset);
		return;
	}
	if (!x->responded) {
		http1_upstream_lost(x);
		return;
	}
	if (reset || p->framing != HTTP1_UNTIL_CLOSE) {
		broken(x, reset);
		return;
	}
	p->done = true;
	if (x->edits[LINK_DOWN] != NULL)
		http1_exchange_feed(x, LINK_DOWN, "", 0, 0);
	complete(x);
	http1_upstream_release(x, false, false);
}

/* --- bytes --- */

/* The message became something else: its body is not waited for. */
static bool
is_raw(const struct http1_exchange *x)
{
	return x->edits[LINK_DOWN] != NULL &&
	    x->edits[LINK_DOWN]->mode == HTTP1_RAW;
}

/* One head, or what there is of the body; returns how many bytes are used
 * up, 0: more are needed. */
static size_t
step(struct http1_exchange *x, const char *data, size_t len)
{
	struct http1_parser *p = http1_response(x);
	size_t head = 0;
	ssize_t n;

	if (!x->responded) {
		switch (http1_parser_head(p, data, len)) {
		case HTTP1_MORE:
			return 0;
		case HTTP1_BAD:
			bad_response(x, p->head.why);
			return len;
		case HTTP1_DONE:
			break;
		}
		head = p->head.len;
		if (p->head.status / 100 == 1 && p->head.status != 101) {
			interim(x, data);
			return head;
		}
		if (!begin(x, data))
			return len;
	}
	n = http1_exchange_feed(x, LINK_DOWN, data, len, head);
	if (n < 0) {
		broken(x, true);
		return len;
	}
	if (p->done || is_raw(x))
		complete(x);
	return (size_t)n;
}

static size_t
take(struct http1_exchange *x, const char *data, size_t len)
{
	size_t at = 0, used;

	while (at < len && !x->response_done && !x->flow.ended) {
		used = step(x, data + at, len - at);
		if (used == 0)
			break;
		at += used;
	}
	return at;
}

/* The connection may serve others: the response ended where the bytes did,
 * nobody said close, and it got the whole request. */
static bool
may_keep(struct http1_exchange *x)
{
	struct http1_parser *p = http1_response(x);

	return x->request_done && p->done && !x->mute && !x->tunnel &&
	    (!x->discard || x->bypass) &&
	    http1_link(x, LINK_UP)->held == 0 && keeps_alive(x);
}

static void
input(struct http1_exchange *x, const char *data, size_t len)
{
	bool extra;
	size_t used;

	if (x->in.len > 0) {
		str_add_bytes(&x->in, data, len);
		used = take(x, x->in.text, x->in.len);
		extra = used < x->in.len;
		memmove(x->in.text, x->in.text + used, x->in.len - used);
		x->in.len -= used;
	} else {
		used = take(x, data, len);
		extra = used < len;
		if (extra && !x->response_done)
			str_add_bytes(&x->in, data + used, len - used);
	}
	/* An answer in its place makes the server's own superfluous. */
	if (x->response_done)
		http1_upstream_release(x, !extra && may_keep(x), false);
}

bool
http1_reads_upstream(struct http1_exchange *x)
{
	const struct link *l = http1_link(x, LINK_DOWN);
	const struct http1 *s = x->s;

	return s->state == HTTP1_EXCHANGE && x->upstream != NULL &&
	    !x->upstream->end.fin_seen && link_wants(l) &&
	    s->conn.links[LINK_DOWN].stage_holds == 0 &&
	    (l->first != NULL || (l->out.len == 0 && s->out.len == 0));
}

static void
read_upstream(struct http1_exchange *x)
{
	struct http1 *s = x->s;
	struct worker *w = s->session.worker;
	size_t budget = READ_BUDGET;
	ssize_t n;

	while (budget > 0 && http1_reads_upstream(x)) {
		n = http1_read(s, &x->upstream->end,
		    http1_link(x, LINK_DOWN)->first != NULL ||
			x->flow.route == NULL ||
			x->flow.route->faults_count > 0);
		if (n == END_AGAIN)
			return;
		if (n <= 0) {
			ended(x, n == END_FAILED);
			return;
		}
		s->gathering = n <= HTTP1_FEW_BYTES;
		input(x, (const char *)w->scratch, (size_t)n);
		s->gathering = false;
		if (n < SLAB_SIZE)
			return;
		budget -= MIN(budget, (size_t)n);
	}
}

void
http1_on_upstream(void *exchange, unsigned what)
{
	struct http1_exchange *x = exchange;
	struct http1 *s = x->s;

	http1_enter(s);
	if (what & END_CUT)
		http1_end(s, tls_cut_how(x->upstream->end.tls));
	if (what & END_GONE && s->state == HTTP1_EXCHANGE &&
	    x->upstream != NULL) {
		if (x->responded)
			broken(x, true);
		else
			http1_upstream_lost(x);
	}
	if (what & END_WRITABLE && x->upstream != NULL)
		http1_write_upstream(x);
	if (what & END_READABLE && x->upstream != NULL)
		read_upstream(x);
	http1_active(s);
	http1_leave(s);
}
