/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 by nghttp2: with prior knowledge, or by TLS where the server agrees
 * on it. A stream that the server says it never took up (REFUSED_STREAM, or
 * beyond what a GOAWAY counts) is sent once more on another connection. */
#include <ctype.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/xalloc.h"
#include "load/protocol.h"
#include "load/request.h"

#define STREAMS	    100
#define WINDOW	    (1024 * 1024) /* of a stream */
#define CONN_WINDOW (16 * 1024 * 1024)

struct h2_stream {
	LIST_ENTRY(h2_stream) entry;
	struct load_exchange *exchange; /* NULL: it was given up */
	int32_t id;
	int status;	 /* the final one; 0: none yet */
	struct str body; /* of the request */
	size_t sent;
};

struct http2 {
	nghttp2_session *session; /* owned */
	LIST_HEAD(, h2_stream) streams;
};

/* Appends what nghttp2 has to say. */
static void
pump(struct load_conn *c, struct http2 *s)
{
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(s->session, &data)) > 0)
		str_add_bytes(load_conn_out(c), data, (size_t)n);
}

static void
stream_free(struct h2_stream *st)
{
	LIST_REMOVE(st, entry);
	str_fini(&st->body);
	free(st);
}

/* --- what nghttp2 tells --- */

static int
on_status(struct h2_stream *st, struct view value)
{
	int status = value.len == 3
			 ? (value.at[0] - '0') * 100 +
			       (value.at[1] - '0') * 10 + value.at[2] - '0'
			 : 0;

	if (status < 200)
		return 0;
	st->status = status;
	load_exchange_heard(st->exchange);
	load_exchange_status(st->exchange, status);
	return 0;
}

static int
on_header_field(nghttp2_session *session, const nghttp2_frame *frame,
		const uint8_t *name, size_t name_len, const uint8_t *value,
		size_t value_len, uint8_t flags, void *arg)
{
	struct h2_stream *st =
	    nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	struct view key = {(const char *)name, name_len};
	struct view text = {(const char *)value, value_len};

	if (st == NULL || st->exchange == NULL)
		return 0;
	if (view_is(key, ":status"))
		return on_status(st, text);
	/* Those before the answer are none of it. */
	if (st->status != 0)
		load_exchange_header(st->exchange, key, text);
	return 0;
}

static int
on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id,
	      const uint8_t *data, size_t len, void *arg)
{
	struct h2_stream *st =
	    nghttp2_session_get_stream_user_data(session, id);

	if (st != NULL && st->exchange != NULL)
		load_exchange_body(st->exchange,
				   (struct view){(const char *)data, len});
	return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_stream *st =
	    nghttp2_session_get_stream_user_data(session, id);
	struct load_exchange *x = st != NULL ? st->exchange : NULL;
	int status = st != NULL ? st->status : 0;

	if (st != NULL)
		stream_free(st);
	if (x == NULL)
		return 0;
	if (code == NGHTTP2_REFUSED_STREAM)
		load_exchange_again(x);
	else if (code != NGHTTP2_NO_ERROR || status == 0)
		load_exchange_end(x, SAMPLE_BROKEN);
	else
		load_exchange_end(x, status < 400 ? SAMPLE_OK : SAMPLE_FAILED);
	return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct load_conn *c = arg;
	uint32_t limit;

	if (frame->hd.type == NGHTTP2_GOAWAY)
		load_conn_retire(c);
	if (frame->hd.type != NGHTTP2_SETTINGS)
		return 0;
	limit = nghttp2_session_get_remote_settings(
	    session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	load_conn_limit(c, MAX(MIN(limit, STREAMS), 1));
	return 0;
}

static ssize_t
on_data_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
	       uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *st = source->ptr;
	size_t n = MIN(room, st->body.len - st->sent);

	memcpy(to, st->body.text + st->sent, n);
	st->sent += n;
	if (st->sent == st->body.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

/* --- requests --- */

/* The fields of a request on their way to nghttp2, which copies them. */
struct fields {
	nghttp2_nv *items; /* owned */
	size_t count;
	struct str text; /* owned: names and values, one behind the other */
};

/* The text may move until all are added: offsets stand for pointers. */
static void
add_field(struct fields *f, const char *name, size_t value_at)
{
	nghttp2_nv *nv;
	size_t name_at = f->text.len;

	for (const char *at = name; *at != '\0'; at++)
		str_add_char(&f->text, (char)tolower((unsigned char)*at));
	f->items = xrealloc(f->items, (f->count + 1) * sizeof(*f->items));
	nv = &f->items[f->count++];
	*nv = (nghttp2_nv){.name = (uint8_t *)name_at,
			   .value = (uint8_t *)value_at,
			   .namelen = f->text.len - name_at,
			   .valuelen = name_at - value_at};
}

static void
add_text(struct fields *f, const char *name, const char *value)
{
	size_t at = f->text.len;

	str_add(&f->text, value);
	add_field(f, name, at);
}

static void
add_template(struct fields *f, const char *name, const struct template *t,
	     struct load_vars *vars)
{
	size_t at = f->text.len;

	template_render(t, vars, &f->text);
	add_field(f, name, at);
}

static void
settle_fields(struct fields *f)
{
	for (size_t i = 0; i < f->count; i++) {
		nghttp2_nv *nv = &f->items[i];

		nv->name = (uint8_t *)f->text.text + (uintptr_t)nv->name;
		nv->value = (uint8_t *)f->text.text + (uintptr_t)nv->value;
	}
}

/* Of HTTP/1 only. */
static bool
is_of_connection(const char *name)
{
	static const char *const names[] = {
	    "connection",	 "host",   "keep-alive", "proxy-connection",
	    "transfer-encoding", "upgrade"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void
make_fields(struct load_conn *c, struct load_exchange *x, struct fields *f,
	    struct str *body)
{
	const struct load_request *r = load_exchange_asked(x);
	const struct load_header *host = load_request_header(r, "Host");
	struct load_vars *vars = load_exchange_vars(x);
	char length[24];

	add_text(f, ":method", r->method);
	add_text(f, ":scheme", load_conn_is_secured(c) ? "https" : "http");
	if (host != NULL)
		add_template(f, ":authority", &host->value, vars);
	else
		add_text(f, ":authority", load_conn_authority(c));
	add_template(f, ":path", &r->target, vars);
	for (size_t i = 0; i < r->headers_count; i++) {
		if (!is_of_connection(r->headers[i].name))
			add_template(f, r->headers[i].name,
				     &r->headers[i].value, vars);
	}
	template_render(&r->body, vars, body);
	if (r->has_body && load_request_header(r, "Content-Length") == NULL) {
		snprintf(length, sizeof(length), "%zu", body->len);
		add_text(f, "content-length", length);
	}
	settle_fields(f);
}

static void
http2_send(struct load_conn *c, struct load_exchange *x)
{
	struct http2 *s = load_conn_state(c);
	struct h2_stream *st = xcalloc(1, sizeof(*st));
	nghttp2_data_provider body = {.source.ptr = st,
				      .read_callback = on_data_wanted};
	struct fields f = {0};

	st->exchange = x;
	LIST_INSERT_HEAD(&s->streams, st, entry);
	make_fields(c, x, &f, &st->body);
	st->id = nghttp2_submit_request(s->session, NULL, f.items, f.count,
					st->body.len > 0 ? &body : NULL, st);
	free(f.items);
	str_fini(&f.text);
	if (st->id < 0) {
		/* No numbers are left: another connection has some. */
		stream_free(st);
		load_conn_retire(c);
		load_exchange_again(x);
		return;
	}
	*load_exchange_tag(x) = st->id;
	pump(c, s);
}

/* --- the connection --- */

static const nghttp2_settings_entry settings[] = {
    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
};

static void
http2_open(struct load_conn *c)
{
	struct http2 *s = load_conn_state(c);
	nghttp2_session_callbacks *callbacks;

	LIST_INIT(&s->streams);
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		xalloc_refused("nghttp2");
	nghttp2_session_callbacks_set_on_header_callback(callbacks,
							 on_header_field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
							       on_stream_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
							     on_frame);
	if (nghttp2_session_client_new(&s->session, callbacks, c) != 0)
		xalloc_refused("nghttp2");
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(s->session, NGHTTP2_FLAG_NONE, settings,
				COUNT_OF(settings));
	nghttp2_session_set_local_window_size(s->session, NGHTTP2_FLAG_NONE, 0,
					      CONN_WINDOW);
	pump(c, s);
	load_conn_ready(c);
}

static bool
http2_data(struct load_conn *c, struct view data)
{
	struct http2 *s = load_conn_state(c);

	if (nghttp2_session_mem_recv(s->session, (const uint8_t *)data.at,
				     data.len) < 0)
		return false;
	pump(c, s);
	return nghttp2_session_want_read(s->session) != 0 ||
	       nghttp2_session_want_write(s->session) != 0;
}

static bool
http2_cancel(struct load_conn *c, struct load_exchange *x)
{
	struct http2 *s = load_conn_state(c);
	int32_t id = (int32_t)*load_exchange_tag(x);
	struct h2_stream *st =
	    nghttp2_session_get_stream_user_data(s->session, id);

	if (st != NULL)
		st->exchange = NULL;
	nghttp2_submit_rst_stream(s->session, NGHTTP2_FLAG_NONE, id,
				  NGHTTP2_CANCEL);
	pump(c, s);
	return true;
}

static void
http2_close(struct load_conn *c)
{
	struct http2 *s = load_conn_state(c);
	struct h2_stream *st;

	if (s->session == NULL)
		return;
	nghttp2_session_del(s->session);
	while ((st = LIST_FIRST(&s->streams)) != NULL)
		stream_free(st);
}

const struct load_protocol load_http2 = {
    .alpn = "h2",
    .conn_size = sizeof(struct http2),
    .streams = STREAMS,
    .check = load_request_check_target,
    .open = http2_open,
    .send = http2_send,
    .data = http2_data,
    .cancel = http2_cancel,
    .close = http2_close,
};
