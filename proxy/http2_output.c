/* SPDX-License-Identifier: Apache-2.0 */
/* From links into frames. A head that is complete in a link's output becomes
 * HEADERS; what follows it is asked for by nghttp2 as windows allow. */
#include <string.h>

#include "proxy/fault_header.h"
#include "proxy/http2_stream.h"
#include "proxy/http2_fields.h"

/* Everything that was to be sent in this direction is. */
static bool
at_end(struct http2_stream *st, enum link_dir dir)
{
	const struct link *l = http2_link(st, dir);

	if (dir == LINK_DOWN && st->bypass)
		return st->own_at == st->own.len;
	if (!st->begun)
		return st->ends;
	if (st->silent)
		return false;
	return st->cut ? l->out.len == 0 : link_at_eof(l);
}

static bool
has_bytes(struct http2_stream *st, enum link_dir dir)
{
	if (dir == LINK_DOWN && st->bypass)
		return st->own_at < st->own.len;
	return st->begun && http2_link(st, dir)->out.len > 0;
}

static bool
take_own_head(struct http2_stream *st, struct str *to)
{
	const char *at = st->own.text + st->own_at;
	const char *end = memmem(at, st->own.len - st->own_at, "\r\n\r\n", 4);
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - at) + 4;
	str_add_bytes(to, at, len);
	st->own_at += len;
	return true;
}

bool
http2_take_head(struct http2_stream *st, enum link_dir dir, struct str *to)
{
	struct link *l = http2_link(st, dir);
	size_t len;

	if (dir == LINK_DOWN && st->bypass)
		return take_own_head(st, to);
	len = st->begun ? bytes_find(&l->out, 0, "\r\n\r\n", 4) : SIZE_MAX;
	if (len == SIZE_MAX)
		return false;
	link_take_text(l, len + 4, to);
	return true;
}

/* The side that the link feeds is the source of the other. */
static struct http2_way *
sink_of(struct http2_stream *st, enum link_dir dir)
{
	return &st->ways[!dir];
}

/* --- bodies --- */

static size_t
take_bytes(struct http2_stream *st, enum link_dir dir, uint8_t *to, size_t len)
{
	struct link *l = http2_link(st, dir);
	size_t n;

	if (dir == LINK_DOWN && st->bypass) {
		n = MIN(len, st->own.len - st->own_at);
		memcpy(to, st->own.text + st->own_at, n);
		st->own_at += n;
		return n;
	}
	n = bytes_peek(&l->out, 0, to, len);
	link_taken(l, n);
	http2_stream_mark(st);
	return n;
}

/* What the client gets to know of the answer, for verdicts. */
static void
note_answer(struct http2_stream *st, const struct http2_fields *fields)
{
	if (!st->begun || !flow_is_told(&st->flow, EVENT_FLOW_CLOSE))
		return;
	for (size_t i = 0; i < fields->count; i++) {
		const nghttp2_nv *nv = &fields->nv[i];

		flow_note_field(&st->flow,
		    (struct view){(const char *)nv->name, nv->namelen},
		    (struct view){(const char *)nv->value, nv->valuelen});
	}
}

/* The trailers go behind the last byte. */
static void
send_trailers(struct http2_stream *st, enum link_dir dir, uint32_t *flags)
{
	struct http2_way *way = &st->ways[dir], *sink = sink_of(st, dir);
	struct http2_fields fields;

	if (way->trailers.len == 0 || (dir == LINK_DOWN && st->bypass) ||
	    !http2_fields_lines(&fields, &way->trailers) || fields.count == 0)
		return;
	if (dir == LINK_DOWN)
		note_answer(st, &fields);
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	nghttp2_submit_trailer(sink->peer->ng, sink->id, fields.nv,
	    fields.count);
}

/* Fills a DATA frame with what a link has. */
static ssize_t
fill_data(struct http2_stream *st, enum link_dir dir, uint8_t *to,
    size_t len, uint32_t *flags)
{
	struct http2_way *way = &st->ways[dir];
	bool resets = st->ends || (st->cut && dir == LINK_UP);
	ssize_t n = (ssize_t)take_bytes(st, dir, to, len);

	if (has_bytes(st, dir))
		return n;
	if (at_end(st, dir) && !resets) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		way->sent_all = true;
		send_trailers(st, dir, flags);
		return n;
	}
	/* Nothing is to be said for now; an end by RST_STREAM is no DATA. */
	if (n > 0)
		return n;
	way->waits = true;
	return NGHTTP2_ERR_DEFERRED;
}

static ssize_t
on_data_wanted(nghttp2_session *ng, int32_t id, uint8_t *to, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	const struct http2_peer *p = arg;
	struct http2_stream *st = nghttp2_session_get_stream_user_data(ng, id);

	(void)source;
	if (st == NULL)
		return NGHTTP2_ERR_DEFERRED;
	return fill_data(st, p->dir == LINK_UP ? LINK_DOWN : LINK_UP,
	    to, len, flags);
}

static const nghttp2_data_provider provider = {.read_callback = on_data_wanted};

/* Has nghttp2 ask again, if it gave up asking. */
static void
wake(struct http2_stream *st, enum link_dir dir)
{
	struct http2_way *way = &st->ways[dir], *sink = sink_of(st, dir);

	if (!way->waits || (!has_bytes(st, dir) && !at_end(st, dir)))
		return;
	way->waits = false;
	nghttp2_session_resume_data(sink->peer->ng, sink->id);
}

/* --- heads --- */

/* NULL if nothing follows the head. */
static const nghttp2_data_provider *
body_of(struct http2_stream *st, enum link_dir dir)
{
	struct http2_way *way = &st->ways[dir];

	if (!at_end(st, dir) || st->ends || st->cut ||
	    (way->trailers.len > 0 && !(dir == LINK_DOWN && st->bypass)))
		return &provider;
	way->sent_all = true;
	return NULL;
}

static void
send_request(struct http2_stream *st)
{
	struct http2_way *way = &st->ways[LINK_DOWN];
	struct http2_peer *p = &st->up->peer;
	struct view scheme = VIEW("http");
	struct str text = {0};
	struct http2_fields fields;

	if (!http2_take_head(st, LINK_UP, &text)) {
		if (at_end(st, LINK_UP))
			http2_stream_reset(st, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	if (st->scheme.len > 0)
		scheme = http1_span(st->pseudo.text, st->scheme);
	st->ways[LINK_UP].sent_head = true;
	if (!http2_fields_request(&fields, &text, scheme)) {
		/* A fault made it so. */
		http2_stream_reset(st, NGHTTP2_PROTOCOL_ERROR);
	} else {
		way->peer = p;
		way->id = nghttp2_submit_request(p->ng, NULL, fields.nv,
		    fields.count, body_of(st, LINK_UP), st);
		st->sent_us = worker_now(http2_worker(st->c));
		/* The connection has no numbers left. */
		if (way->id < 0) {
			way->id = 0;
			st->up->leaving = true;
			http2_stream_error(st,
			    &(struct http_error){502, "connection_terminated",
				"the upstream connection is used up"});
		}
	}
	str_fini(&text);
}

static void
output_up(struct http2_stream *st)
{
	struct link *l = http2_link(st, LINK_UP);

	if (st->discard) {
		if (l->out.len > 0)
			link_taken(l, l->out.len);
		return;
	}
	if (!st->flow.open)
		return;
	if (!st->ways[LINK_UP].sent_head && l->out.len > 0)
		http2_reach(st);
	if (st->over1 != NULL) {
		http2_over1_output(st);
		return;
	}
	if (st->up == NULL || !st->up->connected)
		return;
	if (!st->ways[LINK_UP].sent_head)
		send_request(st);
	wake(st, LINK_UP);
}

/* A final head says which faults acted so far, where that is wanted. */
static bool
read_response(struct http2_stream *st, struct str *text,
    struct http2_fields *to)
{
	if (!http2_fields_response(to, text))
		return false;
	if (to->status < 200 || !st->begun ||
	    !fault_header_is_wanted(&st->flow))
		return true;
	text->len -= 2;
	fault_header_add(&st->flow, text);
	str_add(text, "\r\n");
	return http2_fields_response(to, text);
}

/* The next head of the response. */
static void
send_response(struct http2_stream *st, struct str *text)
{
	struct http2_way *way = &st->ways[LINK_DOWN];
	nghttp2_session *ng = st->c->client.ng;
	int32_t id = st->ways[LINK_UP].id;
	struct http2_fields fields;

	if (!read_response(st, text, &fields)) {
		http2_stream_reset(st, NGHTTP2_PROTOCOL_ERROR);
		return;
	}
	if (fields.status < 200) {
		nghttp2_submit_headers(ng, NGHTTP2_FLAG_NONE, id, NULL,
		    fields.nv, fields.count, NULL);
		return;
	}
	note_answer(st, &fields);
	way->sent_head = true;
	nghttp2_submit_response(ng, id, fields.nv, fields.count,
	    body_of(st, LINK_DOWN));
}

static void
output_down(struct http2_stream *st)
{
	struct http2_way *way = &st->ways[LINK_DOWN];
	struct str text = {0};
	bool over;

	while (!way->sent_head && !st->is_reset &&
	    http2_take_head(st, LINK_DOWN, &text)) {
		send_response(st, &text);
		str_clear(&text);
	}
	str_fini(&text);
	if (st->is_reset)
		return;
	over = at_end(st, LINK_DOWN) || (st->cut && !way->sent_head);
	if (over && !way->sent_all && (st->ends || !way->sent_head))
		http2_stream_reset(st, st->end_code != 0
			? st->end_code
			: NGHTTP2_INTERNAL_ERROR);
	else if (way->sent_head)
		wake(st, LINK_DOWN);
}

void
http2_output(struct http2_stream *st, enum link_dir dir)
{
	if (dir == LINK_UP)
		output_up(st);
	else if (!st->closed && !st->is_reset)
		output_down(st);
}
