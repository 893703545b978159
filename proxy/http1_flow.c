/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine and its faults ask of an exchange: facts about the request,
 * a say in where bytes go, and replies that no server sent. */
#include <string.h>

#include "proxy/fault_header.h"
#include "proxy/flow_log.h"
#include "proxy/http1.h"
#include "proxy/http1_match.h"
#include "proxy/http1_reply.h"
#include "proxy/http_tell.h"

/* A request's body up to this is read to its end behind an answer of our own,
 * so that the connection lives on. */
#define SWALLOW_MAX (256 * 1024)

/* --- facts --- */

static struct http1_exchange *
of(const struct flow *f)
{
	return CONTAINER_OF((struct flow *)f, struct http1_exchange, flow);
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	struct http1_exchange *x = of(f);

	return http1_match_fact(&http1_request(x)->head, x->head.text,
	    x->s->facts, fact, to);
}

static bool
op_header(const struct flow *f, const char *name, size_t n, struct view *to)
{
	const struct str *head = &of(f)->head;

	return http1_head_find((struct view){head->text, head->len}, name, n,
	    to);
}

static bool
op_next_header(const struct flow *f, size_t *at, struct view *name,
    struct view *value)
{
	const struct str *head = &of(f)->head;

	return http1_head_next((struct view){head->text, head->len}, at, name,
	    value);
}

static int
op_status(const struct flow *f)
{
	return of(f)->status;
}

static bool
op_websocket(const struct flow *f, const struct link *l, struct ws_scan *scan)
{
	const struct http1_exchange *x = of(f);

	if (x->websocket && scan != NULL)
		*scan = x->frames[l->dir];
	return x->websocket;
}

static bool
op_trace(const struct flow *f, struct trace_context *to)
{
	const struct http1_exchange *x = of(f);
	const struct http1_span span =
	    x->parsers[LINK_UP].head.traceparent;

	return span.len > 0 && trace_parse(http1_span(x->head.text, span), to);
}

/* --- replies of our own --- */

/* True if the connection can go on behind a reply given now. */
static bool
can_go_on(struct http1_exchange *x)
{
	const struct http1_parser *p = http1_request(x);

	/* Clients of HTTP/1.0 would want that confirmed. */
	if (!http1_head_keeps_alive(&p->head) || p->head.minor == 0 ||
	    x->s->leaving || x->s->client_fin)
		return false;
	return p->done || (p->framing == HTTP1_LENGTH && !p->head.expects &&
	    p->head.length <= SWALLOW_MAX);
}

/* The reply is on its way: the upstream's part is over. */
static void
answered(struct http1_exchange *x, int status, bool close)
{
	x->status = status;
	x->answered = true;
	x->discard = true;
	x->close |= close;
	x->response_done = true;
	http1_poke(x->s);
}

void
http1_note_response(struct http1_exchange *x, struct view head)
{
	struct view name, value;
	size_t at = 0;

	if (!flow_is_told(&x->flow, EVENT_FLOW_CLOSE))
		return;
	while (http1_head_next(head, &at, &name, &value))
		flow_note_field(&x->flow, name, value);
}

/* Sends a reply as if it came from the upstream: through LINK_DOWN if nothing
 * of a response entered there, else past it. */
static void
send_reply(struct http1_exchange *x, const struct str *reply)
{
	struct link *l = http1_link(x, LINK_DOWN);
	size_t head = (size_t)((char *)memmem(reply->text, reply->len,
				   "\r\n\r\n", 4) + 4 - reply->text);

	http1_note_response(x, (struct view){reply->text, reply->len});
	if (x->responded || l->fed > 0) {
		x->bypass = true;
		x->tells = false;
		str_add_bytes(&x->s->out, reply->text, head - 2);
		fault_header_add(&x->flow, &x->s->out);
		str_add_bytes(&x->s->out, reply->text + head - 2,
		    reply->len - head + 2);
		http1_write_client(x->s);
		return;
	}
	l->head_len = head;
	x->tells = fault_header_is_wanted(&x->flow);
	http1_exchange_forward(x, LINK_DOWN, reply->text, reply->len);
	http1_exchange_eof(x, LINK_DOWN);
}

static bool
op_answer(struct flow *f, const struct stage_reply *reply)
{
	struct http1_exchange *x = of(f);
	const struct http1_head *h = &http1_request(x)->head;
	bool close = reply->close || !can_go_on(x);
	struct stage_reply own = *reply;
	struct str text = {0};

	if (x->answered || x->tunnel || x->s->state != HTTP1_EXCHANGE ||
	    http1_link(x, LINK_DOWN)->taken > 0)
		return false;
	if (!http_announces(f->route, true))
		own.by = NULL;
	http1_reply_build(&text, &own, http1_span(x->head.text, h->method),
	    close);
	answered(x, reply->status, close);
	send_reply(x, &text);
	str_fini(&text);
	return true;
}

void
http1_exchange_error(struct http1_exchange *x, const struct http_error *error)
{
	const struct http1_head *h = &http1_request(x)->head;
	bool close = !can_go_on(x);
	struct str reply = {0};

	if (x->answered || x->s->state != HTTP1_EXCHANGE)
		return;
	/* 503: the route is gone; below: the client's mistake. */
	if (error->status == 502 || error->status == 504)
		flow_log_upstream(&x->flow, error->error);
	http1_reply_error(&reply, error, http1_span(x->head.text, h->method),
	    http_announces(x->flow.route, false), close);
	answered(x, error->status, close);
	x->responded = false;
	send_reply(x, &reply);
	str_fini(&reply);
}

/* --- what faults and the engine ask for --- */

static void
op_opened(struct flow *f)
{
	http1_write_upstream(of(f));
}

static void
op_output(struct flow *f, struct link *l)
{
	http1_output(of(f), l->dir ? LINK_DOWN : LINK_UP);
	http1_poke(of(f)->s);
}

static void
op_resume(struct flow *f, struct link *l)
{
	(void)l;
	http1_poke(of(f)->s);
}

static void
op_end(struct flow *f, enum flow_end how)
{
	http1_end(of(f)->s, how);
}

static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	struct http1_exchange *x = of(f);

	if (l->dir == LINK_UP)
		end_set_deaf(&x->s->client, on);
	else if (x->upstream != NULL)
		end_set_deaf(&x->upstream->end, on);
}

/* How much of what entered the link left it. */
static enum event_part
left(struct http1_exchange *x, enum link_dir dir, bool whole)
{
	const struct link *l = http1_link(x, dir);

	if (l->taken == 0)
		return PART_NONE;
	return whole && l->taken >= l->fed && l->held == 0 ? PART_WHOLE
							    : PART_SOME;
}

/* Of an answer in the place of the server's nothing is the server's. */
static void
op_progress(const struct flow *f, struct event_exchange *to)
{
	struct http1_exchange *x = of(f);

	to->known = true;
	to->stores = http_stores(http1_span(x->head.text,
	    http1_request(x)->head.method));
	to->forwarded = (uint8_t)left(x, LINK_UP, x->request_done);
	if (x->responded)
		to->answered = x->response_done && !x->answered ? PART_WHOLE
								: PART_SOME;
	if (to->answered != PART_NONE && !x->answered)
		to->delivered = (uint8_t)left(x, LINK_DOWN,
		    to->answered == PART_WHOLE);
}

const struct flow_ops http1_exchange_ops = {
    .opened = op_opened,
    .output = op_output,
    .resume = op_resume,
    .end = op_end,
    .deaf = op_deaf,
    .answer = op_answer,
    .websocket = op_websocket,
    .fact = op_fact,
    .header = op_header,
    .next_header = op_next_header,
    .status = op_status,
    .progress = op_progress,
    .trace = op_trace,
};
