/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1: one exchange at a time on a connection that is kept if both sides
 * allow it. Answers are read by llhttp; bodies are looked at and dropped. */
#include <llhttp.h>
#include <string.h>

#include "base/attr.h"
#include "load/protocol.h"
#include "load/request.h"

#define HEAD_MAX (1024 * 1024)

struct http1 {
	llhttp_t parser;
	struct load_exchange *exchange; /* whose answer is read */
	struct str name, value;		/* of a header on its way */
	struct str body;		/* of the request, to be measured */
	size_t head_bytes;
	bool complete, keep;
};

/* --- the answer --- */

static struct http1 *
http1_of(llhttp_t *parser)
{
	return CONTAINER_OF(parser, struct http1, parser);
}

static int
gather(struct http1 *h, struct str *to, const char *at, size_t len)
{
	h->head_bytes += len;
	str_add_bytes(to, at, len);
	return h->head_bytes > HEAD_MAX ? HPE_USER : HPE_OK;
}

static int
on_name(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = http1_of(parser);

	return gather(h, &h->name, at, len);
}

static int
on_value(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = http1_of(parser);

	return gather(h, &h->value, at, len);
}

static int
on_value_end(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);

	load_exchange_header(h->exchange,
			     (struct view){h->name.text, h->name.len},
			     (struct view){h->value.text, h->value.len});
	str_clear(&h->name);
	str_clear(&h->value);
	return HPE_OK;
}

/* Is there no body, whatever the head says? */
static bool
is_bare(const struct load_exchange *x, int status)
{
	return strcmp(load_exchange_asked(x)->method, "HEAD") == 0 ||
	       status == 204 || status == 304;
}

static int
on_head(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);
	int status = parser->status_code;

	if (status / 100 == 1 && status != 101)
		return HPE_OK;
	load_exchange_heard(h->exchange);
	load_exchange_status(h->exchange, status);
	return is_bare(h->exchange, status);
}

static int
on_body(llhttp_t *parser, const char *at, size_t len)
{
	load_exchange_body(http1_of(parser)->exchange, (struct view){at, len});
	return HPE_OK;
}

static int
on_complete(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);

	/* What comes before the answer is none. */
	if (parser->status_code / 100 == 1 && parser->status_code != 101) {
		load_exchange_unhear(h->exchange);
		return HPE_OK;
	}
	h->complete = true;
	h->keep = llhttp_should_keep_alive(parser) != 0;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static void
finish(struct load_conn *c, struct http1 *h, bool keep)
{
	struct load_exchange *x = h->exchange;
	int status = h->parser.status_code;

	h->exchange = NULL;
	if (!keep)
		load_conn_retire(c);
	load_exchange_end(x, status >= 200 && status < 400 ? SAMPLE_OK
							   : SAMPLE_FAILED);
}

static bool
http1_data(struct load_conn *c, struct view data)
{
	struct http1 *h = load_conn_state(c);
	enum llhttp_errno code;

	if (h->exchange == NULL)
		return false;
	load_exchange_heard(h->exchange);
	code = llhttp_execute(&h->parser, data.at, data.len);
	if (h->complete) {
		bool all =
		    llhttp_get_error_pos(&h->parser) == data.at + data.len;

		finish(c, h, h->keep && all);
		return true;
	}
	return code == HPE_OK;
}

static void
http1_eof(struct load_conn *c)
{
	struct http1 *h = load_conn_state(c);

	if (h->exchange == NULL)
		return;
	llhttp_finish(&h->parser);
	if (h->complete)
		finish(c, h, false);
}

/* --- the request --- */

static void
add_headers(struct load_conn *c, const struct load_request *r,
	    struct load_vars *vars, struct str *out)
{
	if (load_request_header(r, "Host") == NULL)
		str_printf(out, "Host: %s\r\n", load_conn_authority(c));
	for (size_t i = 0; i < r->headers_count; i++) {
		str_add(out, r->headers[i].name);
		str_add(out, ": ");
		template_render(&r->headers[i].value, vars, out);
		str_add(out, "\r\n");
	}
	if (load_conn_is_fresh(c) &&
	    load_request_header(r, "Connection") == NULL)
		str_add(out, "Connection: close\r\n");
}

static void
http1_send(struct load_conn *c, struct load_exchange *x)
{
	const struct load_request *r = load_exchange_asked(x);
	struct load_vars *vars = load_exchange_vars(x);
	struct http1 *h = load_conn_state(c);
	struct str *out = load_conn_out(c);

	llhttp_init(&h->parser, HTTP_RESPONSE, &settings);
	str_clear(&h->name);
	str_clear(&h->value);
	h->exchange = x;
	h->complete = false;
	h->head_bytes = 0;
	str_add(out, r->method);
	str_add_char(out, ' ');
	template_render(&r->target, vars, out);
	str_add(out, " HTTP/1.1\r\n");
	add_headers(c, r, vars, out);
	str_clear(&h->body);
	template_render(&r->body, vars, &h->body);
	if (r->has_body && load_request_header(r, "Content-Length") == NULL)
		str_printf(out, "Content-Length: %zu\r\n", h->body.len);
	str_add(out, "\r\n");
	str_add_bytes(out, h->body.text, h->body.len);
}

/* The peer was told to close, so it does: the port that waits for stray
 * segments afterwards is then its, not one of ours. */
static bool
http1_leave(struct load_conn *c)
{
	const struct http1 *h = load_conn_state(c);

	return load_conn_is_fresh(c) && !h->keep;
}

/* One that was given up is lost: its answer may still come. */
static bool
http1_cancel(struct load_conn *c, struct load_exchange *x)
{
	((struct http1 *)load_conn_state(c))->exchange = NULL;
	return false;
}

static void
http1_close(struct load_conn *c)
{
	struct http1 *h = load_conn_state(c);

	str_fini(&h->name);
	str_fini(&h->value);
	str_fini(&h->body);
}

const struct load_protocol load_http1 = {
    .conn_size = sizeof(struct http1),
    .streams = 1,
    .check = load_request_check_target,
    .send = http1_send,
    .data = http1_data,
    .eof = http1_eof,
    .cancel = http1_cancel,
    .leave = http1_leave,
    .close = http1_close,
};
