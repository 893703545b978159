/* SPDX-License-Identifier: Apache-2.0 */
/* What nghttp2 calls back, for clients and upstreams alike: a peer knows which
 * link its frames feed. Nothing is freed here. */
#include "base/xalloc.h"
#include "proxy/http2_stream.h"

static struct http2_stream *
stream_of(nghttp2_session *ng, int32_t id)
{
	return nghttp2_session_get_stream_user_data(ng, id);
}

static int
on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct http2_peer *p = arg;
	struct http2_stream *st;

	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	if (p->dir == LINK_UP && p->c->head_us == 0)
		p->c->head_us = worker_now(http2_worker(p->c));
	if (p->dir == LINK_UP &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		st = http2_stream_new(p->c, frame->hd.stream_id);
		nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id,
		    st);
	} else {
		st = stream_of(ng, frame->hd.stream_id);
	}
	if (st == NULL)
		return 0;
	str_clear(&st->ways[p->dir].lines);
	st->ways[p->dir].too_large = false;
	if (p->dir == LINK_DOWN)
		st->interim = 0;
	return 0;
}

static void
take_pseudo(struct http2_stream *st, struct view name, struct view value)
{
	const struct {
		const char *name;
		struct http1_span *span;
	} known[] = {
	    {":method", &st->method},
	    {":path", &st->path},
	    {":authority", &st->authority},
	    {":scheme", &st->scheme},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (!view_is(name, known[i].name))
			continue;
		known[i].span->at = (uint32_t)st->pseudo.len;
		known[i].span->len = (uint32_t)value.len;
		str_add_bytes(&st->pseudo, value.at, value.len);
	}
	if (view_is(name, ":status") && value.len == 3)
		st->interim = (value.at[0] - '0') * 100 +
		    (value.at[1] - '0') * 10 + (value.at[2] - '0');
}

static int
on_header_field(nghttp2_session *ng, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *arg)
{
	struct http2_peer *p = arg;
	struct http2_stream *st = stream_of(ng, frame->hd.stream_id);
	struct str *lines;
	size_t max;

	(void)flags;
	if (st == NULL || frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	lines = &st->ways[p->dir].lines;
	max = p->c->max_head;
	if (lines->len + st->pseudo.len + name_len + value_len + 4 > max)
		st->ways[p->dir].too_large = true;
	if (st->ways[p->dir].too_large)
		return 0;
	if (name[0] == ':') {
		take_pseudo(st, (struct view){(const char *)name, name_len},
		    (struct view){(const char *)value, value_len});
		return 0;
	}
	str_add_bytes(lines, name, name_len);
	str_add(lines, ": ");
	str_add_bytes(lines, value, value_len);
	str_add(lines, "\r\n");
	return 0;
}

static int
on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id,
    const uint8_t *data, size_t len, void *arg)
{
	struct http2_peer *p = arg;
	struct http2_stream *st = stream_of(ng, id);

	(void)flags;
	p->useless = 0;
	if (st == NULL) {
		nghttp2_session_consume_connection(ng, len);
		return 0;
	}
	st->ways[p->dir].owed += len;
	st->ways[p->dir].owed_all += len;
	http2_input_data(st, p->dir, data, len);
	return 0;
}

/* A client that says goodbye opens no more streams, and needs no answer. An
 * upstream takes no new ones; those above its last one it never saw are
 * closed by nghttp2, and their clients may try again. */
static void
on_goaway(struct http2_peer *p)
{
	if (p->dir == LINK_UP) {
		p->c->said_goodbye = true;
		return;
	}
	CONTAINER_OF(p, struct http2_up, peer)->leaving = true;
	http2_goodbye(p->c, NGHTTP2_NO_ERROR);
}

static int
on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct http2_peer *p = arg;
	bool ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	struct http2_stream *st;

	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		p->useless = 0;
		if (p->dir == LINK_UP)
			p->c->head_us = 0;
		st = stream_of(ng, frame->hd.stream_id);
		if (st != NULL)
			http2_input_head(st, p->dir, ended);
		break;
	case NGHTTP2_DATA:
		if (frame->hd.length == 0 && !ended)
			p->useless++;
		st = stream_of(ng, frame->hd.stream_id);
		if (st != NULL && ended)
			http2_input_end(st, p->dir);
		break;
	case NGHTTP2_GOAWAY:
		on_goaway(p);
		break;
	case NGHTTP2_PING:
	case NGHTTP2_SETTINGS:
	case NGHTTP2_PRIORITY:
		p->useless++;
		break;
	default:
		break;
	}
	return 0;
}

static int
on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *arg)
{
	struct http2_peer *p = arg;
	struct http2_stream *st = stream_of(ng, id);

	if (st == NULL)
		return 0;
	http2_give_up(st, p->dir);
	st->ways[p->dir].id = 0;
	if (p->dir == LINK_UP) {
		st->closed = true;
		if (code != NGHTTP2_NO_ERROR && st->end_code == 0)
			st->end_code = code;
	} else {
		http2_leave_up(st);
		if (!st->ways[LINK_DOWN].ended)
			http2_stream_break(st, code != NGHTTP2_NO_ERROR
				? code
				: NGHTTP2_INTERNAL_ERROR);
		else
			st->discard |= !st->ways[LINK_UP].sent_all;
	}
	http2_stream_mark(st);
	return 0;
}

/* An answer is out before the request came in full: the rest of it has no
 * use, and the client need not send it (RFC 9113, 8.1). */
static int
on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct http2_peer *p = arg;
	struct http2_stream *st;

	if (p->dir != LINK_UP ||
	    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
	    (frame->hd.type != NGHTTP2_HEADERS &&
		frame->hd.type != NGHTTP2_DATA))
		return 0;
	st = stream_of(ng, frame->hd.stream_id);
	if (st != NULL && !st->ways[LINK_UP].ended && st->discard)
		nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_NO_ERROR);
	return 0;
}

nghttp2_session_callbacks *
http2_callbacks_new(void)
{
	nghttp2_session_callbacks *c = NULL;

	if (nghttp2_session_callbacks_new(&c) != 0)
		xalloc_refused("nghttp2");
	nghttp2_session_callbacks_set_on_begin_headers_callback(c,
	    on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(c, on_header_field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c,
	    on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_sent);
	return c;
}
