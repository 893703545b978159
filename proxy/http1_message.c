/* SPDX-License-Identifier: Apache-2.0 */
/* Editing a message: the head as text, the body by mode. */
#include "proxy/http1_message.h"

#include <stdio.h>

#include "base/attr.h"
#include "proxy/http1_edit.h"

#define EDIT_ROOM 256 /* that few edits of a head go beyond */

static struct http1_message *
of(struct message *m)
{
	return CONTAINER_OF(m, struct http1_message, message);
}

/* The head's text, ready to be edited. */
static struct str *
text_of(struct http1_message *m)
{
	if (m->out->len > 0)
		return m->out;
	str_reserve(m->out, m->message.head.len + EDIT_ROOM);
	str_add_bytes(m->out, m->message.head.at, m->message.head.len);
	return m->out;
}

static bool
op_header(const struct message *message, const char *name, size_t n,
    struct view *value)
{
	const struct http1_message *m = of((struct message *)message);
	struct view head = message->head;

	if (m->out->len > 0)
		head = (struct view){m->out->text, m->out->len};
	return http1_head_find(head, name, n, value);
}

static void
op_set_header(struct message *m, const char *name, const char *value)
{
	http1_edit_set(text_of(of(m)), name, value);
}

static void
op_add_header(struct message *m, const char *name, const char *value)
{
	http1_edit_add(text_of(of(m)), name, value);
}

static void
op_remove_header(struct message *m, const char *name)
{
	http1_edit_remove(text_of(of(m)), name);
}

void
http1_message_to_server(struct http1_message *m, struct view path,
    struct view query)
{
	struct str *head = text_of(m);
	struct str target = {0};

	str_add_bytes(&target, path.at, path.len);
	if (path.len == 0)
		str_add(&target, "/");
	if (query.len > 0) {
		str_add(&target, "?");
		str_add_bytes(&target, query.at, query.len);
	}
	http1_edit_target(head, target.text);
	http1_edit_remove(head, "Proxy-Connection");
	http1_edit_remove(head, "Proxy-Authorization");
	str_fini(&target);
}

static void
op_set_status(struct message *m, int status)
{
	if (m->is_request)
		return;
	m->status = status;
	http1_edit_status(text_of(of(m)), status);
}

static void
drop_filter(const struct message_filter *filter)
{
	if (filter->drop != NULL)
		filter->drop(filter->arg);
}

static void
drop_filters(struct http1_message *m)
{
	while (m->filters_count > 0)
		drop_filter(&m->filters[--m->filters_count]);
}

static void
op_set_body(struct message *message, const void *data, size_t len)
{
	struct http1_message *m = of(message);

	if (m->mode == HTTP1_RAW || m->framing == HTTP1_TUNNEL)
		return;
	m->mode = HTTP1_REPLACED;
	drop_filters(m);
	str_clear(&m->body);
	str_add_bytes(&m->body, data, len);
	message->body_len = (int64_t)len;
}

static void
op_filter_body(struct message *message, struct message_filter filter)
{
	struct http1_message *m = of(message);
	struct str out = {0};

	if (m->mode == HTTP1_REPLACED) {
		filter.run(filter.arg, &out, m->body.text, m->body.len, true);
		op_set_body(message, out.text != NULL ? out.text : "",
		    out.len);
		str_fini(&out);
		drop_filter(&filter);
		return;
	}
	/* A request of HTTP/1.0 cannot tell where a new body would end. */
	if (m->mode == HTTP1_RAW || message->body_len == 0 ||
	    m->filters_count == HTTP1_FILTERS_MAX ||
	    (message->is_request && m->old_peer)) {
		drop_filter(&filter);
		return;
	}
	m->mode = HTTP1_FILTERED;
	m->filters[m->filters_count++] = filter;
	message->body_len = -1;
}

static void
op_set_raw(struct message *message, const void *data, size_t len,
    enum flow_end how)
{
	struct http1_message *m = of(message);

	if (m->mode == HTTP1_RAW)
		return;
	m->mode = HTTP1_RAW;
	drop_filters(m);
	m->raw_end = (uint8_t)how;
	str_clear(&m->body);
	str_add_bytes(&m->body, data, len);
}

static const struct message_ops message_ops = {
    .header = op_header,
    .set_header = op_set_header,
    .add_header = op_add_header,
    .remove_header = op_remove_header,
    .set_status = op_set_status,
    .set_body = op_set_body,
    .filter_body = op_filter_body,
    .set_raw = op_set_raw,
};

static struct http1_message *
take(const struct http1_message_memory *memory)
{
	struct http1_message *m = zone_take(memory->zone, sizeof(*m));

	m->zone = memory->zone;
	m->out = memory->out;
	str_clear(m->out);
	return m;
}

struct http1_message *
http1_message_new(const struct http1_message_memory *memory,
    const struct http1_parser *parser, struct view head, bool old_peer)
{
	struct http1_message *m = take(memory);

	m->source_status = parser->head.status;
	m->framing = parser->framing;
	m->to_head = parser->to_head;
	m->old_source = parser->head.minor == 0;
	m->old_peer = old_peer;
	m->message = (struct message){
	    .ops = &message_ops,
	    .is_request = parser->head.is_request,
	    .is_traced = parser->head.has_traceparent ||
		parser->head.has_tracestate,
	    .status = parser->head.status,
	    .body_len = http1_parser_body_length(parser),
	    .head = head,
	    .on_wire = true,
	};
	return m;
}

struct http1_message *
http1_message_new_bare(const struct http1_message_memory *memory,
    const struct message *about, bool to_head)
{
	struct http1_message *m = take(memory);

	m->source_status = about->status;
	m->framing = about->body_len == 0 ? HTTP1_NONE
	    : about->body_len > 0	  ? HTTP1_LENGTH
					  : HTTP1_CHUNKED;
	m->to_head = to_head;
	m->bare = true;
	m->message = *about;
	m->message.ops = &message_ops;
	return m;
}

void
http1_message_free(struct http1_message *m)
{
	if (m == NULL)
		return;
	drop_filters(m);
	str_fini(&m->body);
	zone_give(m->zone, m);
}

bool
http1_message_edited(const struct http1_message *m)
{
	return m->out->len > 0 || m->mode != HTTP1_AS_IS;
}

/* True if a message with this status carries no body whatever it says. */
static bool
is_bodyless(const struct http1_message *m, int status)
{
	return !m->message.is_request &&
	    (m->to_head || status / 100 == 1 || status == 204 ||
		status == 304);
}

/* Another status may forbid a body, or call for one. */
static void
follow_status(struct http1_message *m)
{
	bool before = is_bodyless(m, m->source_status);
	bool after = is_bodyless(m, m->message.status);

	if (m->mode == HTTP1_RAW || m->to_head || before == after)
		return;
	if (after || m->mode != HTTP1_REPLACED)
		op_set_body(&m->message, "", 0);
}

static void
frame_replaced(struct http1_message *m)
{
	struct str *head = text_of(m);
	char length[32];

	http1_edit_remove(head, "Transfer-Encoding");
	if (is_bodyless(m, m->message.status) && !m->to_head) {
		http1_edit_remove(head, "Content-Length");
		return;
	}
	/* A request that had no body and gets none needs no length. */
	if (m->message.is_request && m->body.len == 0 &&
	    m->framing == HTTP1_NONE)
		return;
	snprintf(length, sizeof(length), "%zu", m->body.len);
	http1_edit_set(head, "Content-Length", length);
}

static void
frame_filtered(struct http1_message *m)
{
	struct str *head = text_of(m);

	http1_edit_remove(head, "Content-Length");
	http1_edit_remove(head, "Transfer-Encoding");
	if (m->bare)
		return;
	http1_edit_remove(head, "Trailer");
	if (m->old_peer || m->framing == HTTP1_UNTIL_CLOSE) {
		m->until_close = true;
		http1_edit_set(head, "Connection", "close");
		return;
	}
	m->chunks = true;
	/* A server that speaks 1.0 does not announce chunks, but we do. */
	if (m->old_source)
		head->text[7] = '1';
	http1_edit_add(head, "Transfer-Encoding", "chunked");
}

size_t
http1_message_begin(struct http1_message *m)
{
	size_t len;

	follow_status(m);
	switch ((enum http1_body)m->mode) {
	case HTTP1_AS_IS:
		break;
	case HTTP1_REPLACED:
		frame_replaced(m);
		break;
	case HTTP1_FILTERED:
		frame_filtered(m);
		break;
	case HTTP1_RAW:
		str_clear(m->out);
		str_add_bytes(m->out, m->body.text, m->body.len);
		return 0;
	}
	len = text_of(m)->len;
	if (m->mode == HTTP1_REPLACED && !is_bodyless(m, m->message.status))
		str_add_bytes(m->out, m->body.text, m->body.len);
	return len;
}

/* Runs a piece through all filters, as it is to be sent. */
static void
filter(struct http1_message *m, const void *data, size_t len, bool end)
{
	struct str from = {0}, to = {0};

	str_add_bytes(&from, data, len);
	for (unsigned i = 0; i < m->filters_count; i++) {
		struct str swap;

		m->filters[i].run(m->filters[i].arg, &to, from.text, from.len,
		    end);
		swap = from;
		from = to;
		to = swap;
		str_clear(&to);
	}
	if (m->chunks && from.len > 0)
		str_printf(m->out, "%zx\r\n", from.len);
	str_add_bytes(m->out, from.text, from.len);
	if (m->chunks && from.len > 0)
		str_add(m->out, "\r\n");
	str_fini(&from);
	str_fini(&to);
}

void
http1_message_body(struct http1_message *m, const void *data, size_t len)
{
	if (m->mode == HTTP1_FILTERED)
		filter(m, data, len, false);
}

void
http1_message_end(struct http1_message *m)
{
	if (m->mode != HTTP1_FILTERED)
		return;
	filter(m, "", 0, true);
	if (m->chunks)
		str_add(m->out, "0\r\n\r\n");
}
