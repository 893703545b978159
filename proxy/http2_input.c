/* SPDX-License-Identifier: Apache-2.0 */
/* From frames into links: heads become text, which faults may see and edit,
 * bodies are just bytes. And back: windows are given what has left. */
#include <string.h>

#include "faults/flow_trace.h"
#include "proxy/fault_header.h"
#include "proxy/http1_edit.h"
#include "proxy/http2_stream.h"
#include "proxy/http_tell.h"

static void
feed(struct http2_stream *st, enum link_dir dir, const void *data, size_t len)
{
	struct link *l = http2_link(st, dir);
	int64_t at_us = st->c->s->arrived_us;

	if (len == 0 || !st->begun || l->eof_in || st->flow.ended ||
	    (dir == LINK_UP ? st->discard : st->bypass))
		return;
	if (at_us == 0)
		at_us = worker_now(http2_worker(st->c));
	link_feed_copy(l, data, len, at_us);
}

/* What faults made of it so far. */
static void
feed_edited(struct http2_stream *st, enum link_dir dir,
    const struct http1_message *m)
{
	feed(st, dir, m->out->text, m->out->len);
	str_fini(m->out);
}

/* --- heads --- */

size_t
http2_head_len(const struct str *message)
{
	const char *end = message->len > 0
	    ? memmem(message->text, message->len, "\r\n\r\n", 4)
	    : NULL;

	return end != NULL ? (size_t)(end - message->text) + 4 : 0;
}

/* Lets faults see and edit; NULL: nobody did. */
static struct http1_message *
edit(struct http2_stream *st, enum link_dir dir, const struct str *head,
    int64_t body_len)
{
	const struct http1_head *request = &st->request;
	struct view method = http1_span(st->head.text, request->method);
	struct message about = {
	    .is_request = dir == LINK_UP,
	    .is_traced = request->has_traceparent || request->has_tracestate,
	    .status = dir == LINK_UP ? 0 : st->status,
	    .body_len = body_len,
	    .head = {head->text, head->len},
	};
	bool trace = dir == LINK_UP && st->flow.trace != NULL;
	bool clean = dir == LINK_DOWN && fault_header_is_wanted(&st->flow);
	struct http1_message *m;

	if (http2_link(st, dir)->first == NULL && !trace && !clean)
		return NULL;
	m = http1_message_new_bare(
	    &(struct http1_message_memory){&http2_worker(st->c)->edit_zone,
		&st->ways[dir].edited},
	    &about, dir == LINK_DOWN && view_is(method, "HEAD"));
	if (trace)
		flow_trace_edit(&st->flow, &m->message);
	if (clean)
		fault_header_clean(&m->message);
	flow_message(&st->flow, dir, &m->message);
	if (http1_message_edited(m))
		return m;
	http1_message_free(m);
	return NULL;
}

/* What faults made of it is the whole message. */
static void
raw(struct http2_stream *st, const struct http1_message *m)
{
	st->ends = m->raw_end != END_FIN;
	st->end_code = NGHTTP2_INTERNAL_ERROR;
	st->discard = true;
	http2_stream_drop_upstream(st, NGHTTP2_CANCEL);
	link_feed_eof(http2_link(st, LINK_DOWN));
}

/* Sends a head on its way, edited where faults wished so. */
static void
send_head(struct http2_stream *st, enum link_dir dir, const struct str *head,
    int64_t body_len)
{
	struct link *l = http2_link(st, dir);
	struct http1_message *m = edit(st, dir, head, body_len);

	st->ways[dir].edit = m;
	if (m == NULL) {
		l->head_len = l->fed + head->len;
		feed(st, dir, head->text, head->len);
		return;
	}
	http1_message_begin(m);
	l->head_len = l->fed + http2_head_len(m->out);
	feed_edited(st, dir, m);
	if (m->mode == HTTP1_RAW && dir == LINK_DOWN)
		raw(st, m);
}

static int64_t
length_of(const struct str *head, bool ended)
{
	struct view value;
	int64_t len = 0;

	if (ended)
		return 0;
	if (!http1_head_find((struct view){head->text, head->len},
		"content-length", 0, &value))
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9' || i > 17)
			return -1;
		len = len * 10 + (value.at[i] - '0');
	}
	return len;
}

void
http2_input_request(struct http2_stream *st)
{
	bool ended = st->ways[LINK_UP].ended;

	send_head(st, LINK_UP, &st->head, length_of(&st->head, ended));
	if (ended)
		http2_input_end(st, LINK_UP);
}

static void
final(struct http2_stream *st, const struct str *head, bool ended)
{
	struct link *l = http2_link(st, LINK_DOWN);
	int64_t since_us = st->sent_us != 0 ? st->sent_us : st->flow.start_us;

	http_count_upstream(&st->flow, since_us);
	st->ways[LINK_DOWN].headed = st->responded = true;
	st->status = st->interim;
	l->head_len = l->fed + head->len;
	flow_respond(&st->flow);
	if (!st->flow.ended && !st->answered)
		send_head(st, LINK_DOWN, head,
		    length_of(head, ended));
}

void
http2_input_response(struct http2_stream *st, bool ended)
{
	struct http2_way *way = &st->ways[LINK_DOWN];
	struct link *l = http2_link(st, LINK_DOWN);
	struct str head = {0};

	if (way->too_large || st->interim < 100 || st->interim == 101) {
		http2_stream_error(st,
		    &(struct http_error){502, "http_protocol_error",
			way->too_large ? HTTP1_HEAD_TOO_LARGE
				       : "malformed head"});
		return;
	}
	str_printf(&head, "HTTP/1.1 %03d %s\r\n", st->interim,
	    http1_reason(st->interim));
	str_add_bytes(&head, way->lines.text, way->lines.len);
	str_add(&head, "\r\n");
	if (st->interim / 100 == 1) {
		l->head_len = l->fed + head.len;
		feed(st, LINK_DOWN, head.text, head.len);
	} else {
		final(st, &head, ended);
	}
	str_fini(&head);
}

static void
take_trailers(struct http2_way *way)
{
	struct str swap = way->trailers;

	if (way->too_large || way->own_trailers)
		return;
	way->trailers = way->lines;
	way->lines = swap;
	str_clear(&way->lines);
}

void
http2_input_head(struct http2_stream *st, enum link_dir dir, bool ended)
{
	struct http2_way *way = &st->ways[dir];

	if (way->headed) {
		if (!st->cut)
			take_trailers(way);
	} else if (dir == LINK_UP) {
		way->headed = true;
		way->ended = ended;
		http2_stream_begin(st);
		return;
	} else if (!st->answered && !st->flow.ended) {
		http2_input_response(st, ended);
	}
	if (ended)
		http2_input_end(st, dir);
	http2_stream_mark(st);
}

/* --- bodies --- */

void
http2_input_data(struct http2_stream *st, enum link_dir dir, const void *data,
    size_t len)
{
	struct http1_message *m = st->ways[dir].edit;

	if (m == NULL || m->mode == HTTP1_AS_IS) {
		feed(st, dir, data, len);
	} else {
		if (st->begun && !st->flow.ended)
			http1_message_body(m, data, len);
		feed_edited(st, dir, m);
	}
	http2_stream_mark(st);
}

void
http2_input_end(struct http2_stream *st, enum link_dir dir)
{
	struct http2_way *way = &st->ways[dir];

	way->ended = true;
	http2_stream_mark(st);
	if (dir == LINK_DOWN && st->begun)
		flow_trace_done(&st->flow);
	if (!st->begun || st->flow.ended)
		return;
	if (way->edit != NULL && !http2_link(st, dir)->eof_in) {
		http1_message_end(way->edit);
		feed_edited(st, dir, way->edit);
	}
	if (!st->flow.ended && !(dir == LINK_DOWN && st->bypass))
		link_feed_eof(http2_link(st, dir));
}

/* --- windows --- */

static void
consume(struct http2_way *way, size_t stream, size_t all)
{
	nghttp2_session *ng = way->peer->ng;

	if (stream > 0)
		nghttp2_session_consume_stream(ng, way->id, stream);
	if (all > 0)
		nghttp2_session_consume_connection(ng, all);
	way->owed -= stream;
	way->owed_all -= all;
}

void
http2_give_back(struct http2_stream *st, enum link_dir dir)
{
	struct http2_way *way = &st->ways[dir];
	const struct link *l = http2_link(st, dir);
	size_t keep = 0, keep_all = 0;

	if (way->peer == NULL || way->id == 0 ||
	    (way->owed == 0 && way->owed_all == 0))
		return;
	if (st->begun && !(dir == LINK_UP && st->discard)) {
		if (l->first == NULL)
			keep = keep_all = l->held;
		if (l->stage_holds > 0 || l->deaf_holds > 0 || l->full ||
		    st->silent)
			keep = way->owed;
	}
	consume(way, way->owed - MIN(way->owed, keep),
	    way->owed_all - MIN(way->owed_all, keep_all));
}

void
http2_give_up(struct http2_stream *st, enum link_dir dir)
{
	struct http2_way *way = &st->ways[dir];

	if (way->peer == NULL || way->peer->ng == NULL)
		return;
	way->owed = 0;
	consume(way, 0, way->owed_all);
}
