/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its response: the flow that faults decide about. Bytes of
 * either message enter a link here; what leaves LINK_DOWN goes to the client,
 * what leaves LINK_UP to the upstream (http1_upstream.c). */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/fault_header.h"
#include "proxy/http1.h"
#include "proxy/http1_match.h"
#include "proxy/http_tell.h"

/* Buffers of a spare exchange larger than this are given back. */
#define KEEP_BYTES 4096

/* --- life --- */

static void
buffer_reset(struct str *s)
{
	if (s->room > KEEP_BYTES)
		str_fini(s);
	else
		str_clear(s);
}

struct http1_exchange *
http1_exchange_new(struct http1 *s)
{
	struct worker *w = s->session.worker;
	struct http1_exchange *x = http1_pool_spare(w);
	const struct conf_route *route = s->listener->routes[0]->conf;

	if (x == NULL)
		x = xcalloc(1, sizeof(*x));
	x->s = s;
	http1_parser_request(http1_request(x),
	    (size_t)route->max_header_bytes);
	return x;
}

void
http1_exchange_release(struct http1_exchange *x)
{
	str_fini(&x->head);
	str_fini(&x->sent);
	str_fini(&x->in);
	str_fini(&x->edited[LINK_UP]);
	str_fini(&x->edited[LINK_DOWN]);
	free(x);
}

/* Ready for the next request: everything but the buffers is forgotten. The
 * parsers and the flow are set up before use. */
static void
wipe(struct http1_exchange *x)
{
	buffer_reset(&x->head);
	buffer_reset(&x->sent);
	buffer_reset(&x->in);
	buffer_reset(&x->edited[LINK_UP]);
	buffer_reset(&x->edited[LINK_DOWN]);
	x->edits[LINK_UP] = x->edits[LINK_DOWN] = NULL;
	memset(x->frames, 0, sizeof(x->frames));
	x->resend_at = 0;
	x->sent_us = 0;
	x->status = 0;
	memset(&x->end_how, 0,
	    sizeof(*x) - offsetof(struct http1_exchange, end_how));
}

void
http1_exchange_free(struct http1_exchange *x, const char *reason, bool reset)
{
	struct http1 *s = x->s;

	if (x->begun) {
		http_tell_response(&x->flow, x->answered, x->status);
		http1_count_exchange(x, reason);
		if (http1_link(x, LINK_UP)->deaf_holds > 0)
			end_set_deaf(&s->client, false);
		flow_fini(&x->flow, reason);
	}
	http1_upstream_drop(x, reset);
	http1_message_free(x->edits[LINK_UP]);
	http1_message_free(x->edits[LINK_DOWN]);
	s->x = NULL;
	wipe(x);
	if (!http1_pool_keep(s->session.worker, x))
		http1_exchange_release(x);
}

void
http1_exchange_begin(struct http1_exchange *x,
    const struct armed_route *route, const char *head)
{
	struct http1 *s = x->s;
	const struct http1_head *h = &http1_request(x)->head;
	struct view method = http1_span(head, h->method);

	flow_init(&x->flow, &http1_exchange_ops, &s->session.worker->engine,
	    route, FLOW_EXCHANGE,
	    atomic_fetch_add(&route->shared->next_flow, 1));
	session_own(&s->session, &x->flow);
	x->begun = true;
	x->replayable = http_is_idempotent(method);
	str_add_bytes(&x->head, head, h->len);
	http1_parser_response(http1_response(x), method, h->max);
	http1_link(x, LINK_UP)->head_len = h->len;
	http_tell_request(&x->flow, method);
	flow_open(&x->flow);
}

/* --- bytes into links --- */

static int64_t
arrival(const struct http1_exchange *x)
{
	return x->s->arrived_us != 0 ? x->s->arrived_us
				     : worker_now(x->s->session.worker);
}

/* Straight to the client, as far as it takes them. */
static size_t
pass_down(struct http1_exchange *x, const char *data, size_t len)
{
	struct http1 *s = x->s;
	ssize_t n;

	if (!link_is_fast(http1_link(x, LINK_DOWN)) || s->out.len > 0 ||
	    x->tells)
		return 0;
	n = end_write(&s->client, data, len);
	if (n == END_FAILED) {
		http1_close(s, CLOSE_CLIENT_RESET, true);
		return len;
	}
	return n > 0 ? (size_t)n : 0;
}

/* Where among the frames of a WebSocket the link is, for stages that come
 * later. */
static void
scan_frames(struct http1_exchange *x, enum link_dir dir, const char *data,
    size_t len)
{
	const struct link *l = http1_link(x, dir);
	size_t at = l->fed < l->head_len ? l->head_len - (size_t)l->fed : 0;

	while (at < len)
		at += ws_scan_frame(&x->frames[dir], data + at, len - at);
}

void
http1_exchange_forward(struct http1_exchange *x, enum link_dir dir,
    const char *data, size_t len)
{
	struct link *l = http1_link(x, dir);
	size_t went;

	if (len == 0 || l->eof_in || x->flow.ended ||
	    (dir == LINK_UP ? x->discard : x->bypass))
		return;
	if (x->websocket)
		scan_frames(x, dir, data, len);
	went = x->s->gathering	? 0
	    : dir == LINK_UP ? http1_send(x, data, len)
			     : pass_down(x, data, len);
	link_passed(l, went);
	if (went < len && x->s->state != HTTP1_CLOSED)
		link_feed_copy(l, data + went, len - went, arrival(x));
}

static void
on_body(void *message, const void *data, size_t len)
{
	http1_message_body(message, data, len);
}

/* The same as http1_exchange_feed() for a message that faults edited. */
static ssize_t
feed_edited(struct http1_exchange *x, enum link_dir dir, const char *data,
    size_t len, size_t head)
{
	struct http1_parser *p = &x->parsers[dir];
	struct link *l = http1_link(x, dir);
	struct http1_message *m = x->edits[dir];
	ssize_t n;

	if (head > 0) {
		l->head_len = l->fed + http1_message_begin(m);
		x->close |= m->until_close;
	}
	p->on_body = on_body;
	p->arg = m;
	n = http1_parser_body(p, data + head, len - head);
	p->on_body = NULL;
	if (n >= 0 && m->mode == HTTP1_AS_IS)
		str_add_bytes(m->out, data + head, (size_t)n);
	if (n >= 0 && p->done)
		http1_message_end(m);
	if (n >= 0)
		http1_exchange_forward(x, dir, m->out->text, m->out->len);
	buffer_reset(m->out);
	return n < 0 ? -1 : (ssize_t)head + n;
}

ssize_t
http1_exchange_feed(struct http1_exchange *x, enum link_dir dir,
    const char *data, size_t len, size_t head)
{
	ssize_t n;

	if (x->edits[dir] != NULL)
		return feed_edited(x, dir, data, len, head);
	n = http1_parser_body(&x->parsers[dir], data + head, len - head);
	if (n < 0)
		return -1;
	http1_exchange_forward(x, dir, data, head + (size_t)n);
	return (ssize_t)head + n;
}

void
http1_exchange_edit(struct http1_exchange *x, enum link_dir dir,
    const char *data)
{
	const struct http1_head *request = &http1_request(x)->head;
	const struct http1_parser *p = &x->parsers[dir];
	struct http1 *s = x->s;
	struct http1_message *m;
	bool say_close = dir == LINK_DOWN && s->leaving && !x->tunnel &&
	    p->head.minor > 0;
	bool trace = dir == LINK_UP && x->flow.trace != NULL;
	bool to_server = dir == LINK_UP && http1_asks_by_url(s);
	bool clean = dir == LINK_DOWN && x->tells;

	if (http1_link(x, dir)->first == NULL && !say_close && !trace &&
	    !to_server && !clean)
		return;
	m = http1_message_new(
	    &(struct http1_message_memory){&s->session.worker->edit_zone,
		&x->edited[dir]},
	    p, (struct view){data, p->head.len}, request->minor == 0);
	if (to_server)
		http1_message_to_server(m, http1_match_path(request, data),
		    http1_span(data, request->query));
	if (trace)
		flow_trace_edit(&x->flow, &m->message);
	if (clean)
		fault_header_clean(&m->message);
	flow_message(&x->flow, dir, &m->message);
	if (say_close)
		m->message.ops->set_header(&m->message, "Connection", "close");
	if (m->mode == HTTP1_RAW) {
		x->ends = true;
		x->end_how = m->raw_end;
		x->tells = false;
	}
	if (http1_message_edited(m))
		x->edits[dir] = m;
	else
		http1_message_free(m);
}

void
http1_exchange_eof(struct http1_exchange *x, enum link_dir dir)
{
	struct link *l = http1_link(x, dir);

	/* Without stages there is nobody to be told. */
	if (l->first != NULL || l->out.len > 0 || x->tunnel)
		link_feed_eof(l);
}

/* --- bytes out of links --- */

/* Writes the session's own bytes; false: not all of them went. */
static bool
write_out(struct http1 *s)
{
	ssize_t n;

	if (s->out.len == 0)
		return true;
	n = end_write(&s->client, s->out.text + s->out_at,
	    s->out.len - s->out_at);
	if (n == END_FAILED) {
		http1_close(s, CLOSE_CLIENT_RESET, true);
		return false;
	}
	if (n > 0)
		s->out_at += (size_t)n;
	if (s->out_at < s->out.len)
		return false;
	str_fini(&s->out);
	s->out_at = 0;
	return true;
}

/* The end of the head is about to leave: what acted so far is written in front
 * of it. What is there of the body goes along, lest it be a packet of its own.
 * False: not all of it went. */
static bool
tell_faults(struct http1_exchange *x)
{
	struct http1 *s = x->s;
	struct link *l = http1_link(x, LINK_DOWN);
	size_t end = l->head_len - 2 - (size_t)l->taken;

	if (l->out.len <= end)
		return true;
	x->tells = false;
	link_take_text(l, end, &s->out);
	fault_header_add(&x->flow, &s->out);
	link_take_text(l, MIN(l->out.len, HTTP1_FEW_BYTES), &s->out);
	return write_out(s);
}

void
http1_write_client(struct http1 *s)
{
	struct http1_exchange *x = s->x;
	struct link *l;
	ssize_t n;

	if (s->state == HTTP1_CLOSED || s->state == HTTP1_SILENT)
		return;
	if (!write_out(s) || x == NULL || !x->begun)
		return;
	if (x->tells && !tell_faults(x))
		return;
	l = http1_link(x, LINK_DOWN);
	while (l->out.len > 0 && s->state != HTTP1_CLOSED) {
		if (x->bypass) {
			link_taken(l, l->out.len);
			continue;
		}
		n = end_write_bytes(&s->client, &l->out, SIZE_MAX);
		if (n == END_AGAIN)
			return;
		if (n == END_FAILED) {
			http1_close(s, CLOSE_CLIENT_RESET, true);
			return;
		}
		link_taken(l, (size_t)n);
	}
	if (x->tunnel && link_at_eof(l) && !x->ends)
		end_shutdown(&s->client);
}

/* --- the end --- */

bool
http1_exchange_over(struct http1_exchange *x)
{
	struct http1 *s = x->s;
	struct link *up = http1_link(x, LINK_UP);
	struct link *down = http1_link(x, LINK_DOWN);

	if (!x->begun || s->out.len > 0)
		return false;
	if (!x->bypass &&
	    (down->eof_in ? !link_at_eof(down) : down->held > 0))
		return false;
	if (x->tunnel)
		return link_at_eof(down) && (x->ends || link_at_eof(up));
	return x->response_done && (x->request_done || x->close);
}
