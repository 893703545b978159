/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine and its faults ask of a stream. */
#include "proxy/http1_match.h"
#include "proxy/http1_reply.h"
#include "proxy/http2_stream.h"
#include "proxy/http_tell.h"

static struct http2_stream *
of(const struct flow *f)
{
	return CONTAINER_OF((struct flow *)f, struct http2_stream, flow);
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	const struct http2_stream *st = of(f);

	return http1_match_fact(&st->request, st->head.text,
	    st->c->s->facts, fact, to);
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
op_trace(const struct flow *f, struct trace_context *to)
{
	const struct http2_stream *st = of(f);
	const struct http1_span span = st->request.traceparent;

	return span.len > 0 && trace_parse(http1_span(st->head.text, span), to);
}

static void
op_opened(struct flow *f)
{
	http2_stream_mark(of(f));
}

static void
op_link(struct flow *f, struct link *l)
{
	(void)l;
	http2_stream_mark(of(f));
}

/* A stream can only be held: its sender gets no window. */
static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	(void)l;
	(void)on;
	http2_stream_mark(of(f));
}

static void
op_end(struct flow *f, enum flow_end how)
{
	struct http2_stream *st = of(f);
	uint32_t code = f->end_code != 0 ? f->end_code
					 : NGHTTP2_INTERNAL_ERROR;

	switch (how) {
	case END_RST:
		http2_stream_reset(st, code);
		return;
	case END_RST_AFTER:
		st->ends = true;
		/* fall through */
	case END_FIN:
		st->end_code = code;
		st->cut = true;
		/* The server's belong behind its whole body. */
		if (!st->ways[LINK_DOWN].own_trailers)
			str_clear(&st->ways[LINK_DOWN].trailers);
		break;
	case END_SILENT:
		st->silent = true;
		break;
	}
	http2_stream_mark(st);
}

static bool
op_answer(struct flow *f, const struct stage_reply *reply)
{
	struct http2_stream *st = of(f);
	struct stage_reply own = *reply;
	struct str text = {0};

	if (st->answered || st->closed || st->ways[LINK_DOWN].sent_head)
		return false;
	if (!http_announces(f->route, true))
		own.by = NULL;
	http1_reply_build(&text, &own,
	    http1_span(st->head.text, st->request.method), false);
	http2_stream_reply(st, &text, reply->status);
	str_fini(&text);
	if (reply->close)
		http2_goodbye(st->c, NGHTTP2_NO_ERROR);
	return true;
}

static bool
op_goaway(struct flow *f, const struct stage_goaway *goaway)
{
	struct http2_stream *st = of(f);
	int32_t id = st->ways[LINK_UP].id;
	const int32_t last[] = {
	    [STAGE_LAST_THIS] = id,
	    [STAGE_LAST_BEFORE] = id > 2 ? id - 2 : 0,
	    [STAGE_LAST_NONE] = 0,
	};

	if (!goaway->abrupt) {
		http2_goodbye(st->c, goaway->code);
		return true;
	}
	http2_terminate(st->c, last[goaway->last], goaway->code, CLOSE_FAULT);
	return true;
}

/* The trailers that way's end of stream will carry. */
static bool
op_trailers(struct flow *f, struct link *l, const char *lines)
{
	struct http2_stream *st = of(f);
	struct http2_way *way = &st->ways[l->dir ? LINK_DOWN : LINK_UP];
	bool any = way->trailers.len > 0;

	if (way->sent_all)
		return false;
	way->own_trailers = true;
	str_clear(&way->trailers);
	if (lines != NULL)
		str_add(&way->trailers, lines);
	return any || lines != NULL;
}

/* How much of that direction's message went out. */
static enum event_part
went(const struct http2_stream *st, enum link_dir dir)
{
	const struct http2_way *way = &st->ways[dir];

	if (!way->sent_head)
		return PART_NONE;
	return way->ended && way->sent_all && st->flow.links[dir].held == 0
	    ? PART_WHOLE
	    : PART_SOME;
}

/* Of an answer in the place of the server's nothing is the server's. */
static void
op_progress(const struct flow *f, struct event_exchange *to)
{
	const struct http2_stream *st = of((struct flow *)(uintptr_t)f);

	to->known = true;
	to->stores = http_stores(http1_span(st->head.text,
	    st->request.method));
	to->forwarded = (uint8_t)went(st, LINK_UP);
	if (st->responded)
		to->answered = st->ways[LINK_DOWN].ended && !st->answered
		    ? PART_WHOLE
		    : PART_SOME;
	if (to->answered != PART_NONE && !st->answered)
		to->delivered = (uint8_t)MIN((int)went(st, LINK_DOWN),
		    (int)to->answered);
}

const struct flow_ops http2_stream_ops = {
    .opened = op_opened,
    .output = op_link,
    .resume = op_link,
    .end = op_end,
    .deaf = op_deaf,
    .answer = op_answer,
    .goaway = op_goaway,
    .trailers = op_trailers,
    .fact = op_fact,
    .header = op_header,
    .next_header = op_next_header,
    .status = op_status,
    .progress = op_progress,
    .trace = op_trace,
    .is_http2 = true,
};
