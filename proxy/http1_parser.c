/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp, for syntax and body framing, behind http1_head's own look at the
 * lines. llhttp gets exactly the head's bytes first, so that a disagreement
 * about where the head ends is noticed, then the body's. */
#include "proxy/http1_parser.h"

#include <ctype.h>
#include <string.h>

#include "base/attr.h"

static int
on_headers_complete(llhttp_t *llhttp)
{
	struct http1_parser *p = llhttp->data;
	int status = llhttp->status_code;

	p->headed = true;
	if (p->head.is_request)
		return 0;
	if (status == 101 || (p->to_connect && status / 100 == 2))
		return 2;
	return p->to_head || status / 100 == 1 || status == 204 ||
	    status == 304;
}

static int
on_message_complete(llhttp_t *llhttp)
{
	struct http1_parser *p = llhttp->data;

	p->ended = true;
	return HPE_PAUSED;
}

static int
on_body(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http1_parser *p = llhttp->data;

	if (p->on_body != NULL)
		p->on_body(p->arg, at, len);
	return 0;
}

static int
on_trailer_name(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http1_parser *p = llhttp->data;

	p->in_value = false;
	str_add_bytes(p->trailer_lines, at, len);
	return 0;
}

static int
on_trailer_value(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http1_parser *p = llhttp->data;

	if (!p->in_value)
		str_add(p->trailer_lines, ": ");
	p->in_value = true;
	str_add_bytes(p->trailer_lines, at, len);
	return 0;
}

static int
on_trailer_complete(llhttp_t *llhttp)
{
	struct http1_parser *p = llhttp->data;

	/* An empty value is not told. */
	if (!p->in_value)
		str_add(p->trailer_lines, ": ");
	p->in_value = false;
	str_add(p->trailer_lines, "\r\n");
	return 0;
}

/* The last chunk's header came: behind it are trailers. */
static const llhttp_settings_t trailer_settings = {
    .on_message_complete = on_message_complete,
    .on_header_field = on_trailer_name,
    .on_header_value = on_trailer_value,
    .on_header_value_complete = on_trailer_complete,
};

static int
on_chunk_header(llhttp_t *llhttp)
{
	struct http1_parser *p = llhttp->data;

	p->trailing = llhttp->content_length == 0;
	if (p->trailing && p->trailer_lines != NULL)
		llhttp->settings = (void *)&trailer_settings;
	return 0;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_message_complete = on_message_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
};

static void
init(struct http1_parser *p, llhttp_type_t type, size_t max)
{
	p->on_body = NULL;
	p->arg = NULL;
	p->trailer_lines = NULL;
	p->in_value = false;
	p->fed = p->trailers = 0;
	p->framing = HTTP1_NONE;
	p->to_head = p->to_connect = false;
	p->headed = p->ended = p->trailing = p->done = false;
	llhttp_init(&p->llhttp, type, &settings);
	p->llhttp.data = p;
	http1_head_init(&p->head, type == HTTP_REQUEST, max);
}

void
http1_parser_request(struct http1_parser *p, size_t max)
{
	init(p, HTTP_REQUEST, max);
}

void
http1_parser_response(struct http1_parser *p, struct view method, size_t max)
{
	init(p, HTTP_RESPONSE, max);
	p->to_head = view_is(method, "HEAD");
	p->to_connect = view_is(method, "CONNECT");
}

static enum http1_result
bad(struct http1_parser *p, const char *why)
{
	p->head.error = p->head.is_request ? 400 : 502;
	p->head.why = why != NULL ? why : "malformed";
	return HTTP1_BAD;
}

/* Where llhttp stops amid what looks like a method, it is one that llhttp does
 * not know: nothing is malformed, but we cannot tell what its answer is. */
static bool
is_unknown_method(llhttp_errno_t e, const char *at, const char *end)
{
	return e == HPE_INVALID_METHOD && at < end &&
	    (isupper((unsigned char)*at) || *at == '-' || *at == ' ');
}

/* llhttp's view of the head's bytes up to `len`. */
static enum http1_result
execute_head(struct http1_parser *p, const char *data, size_t len)
{
	llhttp_errno_t e = llhttp_execute(&p->llhttp, data + p->fed,
	    len - p->fed);

	p->fed = (uint32_t)len;
	if (e == HPE_OK)
		return HTTP1_MORE;
	/* Pausing behind the last byte: the message has no body. */
	if (p->ended && (e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE) &&
	    llhttp_get_error_pos(&p->llhttp) == data + len)
		return HTTP1_MORE;
	bad(p, llhttp_get_error_reason(&p->llhttp));
	if (e == HPE_INVALID_VERSION && p->head.is_request)
		p->head.error = 505;
	if (p->head.is_request &&
	    is_unknown_method(e, llhttp_get_error_pos(&p->llhttp),
		data + len)) {
		p->head.error = 501;
		p->head.why = "this method is not known";
	}
	return HTTP1_BAD;
}

static enum http1_framing
framing_of(const struct http1_parser *p)
{
	const struct http1_head *h = &p->head;

	if (!h->is_request &&
	    (h->status == 101 || (p->to_connect && h->status / 100 == 2)))
		return HTTP1_TUNNEL;
	if (p->ended)
		return HTTP1_NONE;
	if (h->chunked)
		return HTTP1_CHUNKED;
	return h->length >= 0 && !h->coded ? HTTP1_LENGTH : HTTP1_UNTIL_CLOSE;
}

/* Both looks at the head came to the same conclusion about the body. */
static bool
framing_agreed(const struct http1_parser *p)
{
	const struct http1_head *h = &p->head;

	if (p->ended)
		return !h->is_request || (!h->chunked && h->length <= 0);
	if (h->is_request && !h->chunked && h->length <= 0)
		return false;
	return h->chunked == ((p->llhttp.flags & F_CHUNKED) != 0);
}

enum http1_result
http1_parser_head(struct http1_parser *p, const char *data, size_t len)
{
	enum http1_result r;

	/* An empty line before a response is not forgiven. */
	if (!p->head.is_request && data[0] != 'H')
		return bad(p, "malformed status line");
	r = http1_head_scan(&p->head, data, len);
	if (r == HTTP1_BAD)
		return r;
	if (execute_head(p, data, r == HTTP1_DONE ? p->head.len : len) ==
	    HTTP1_BAD)
		return HTTP1_BAD;
	if (r == HTTP1_MORE)
		return p->headed ? bad(p, "head ended by a bare LF") : r;
	if (!p->headed || !framing_agreed(p))
		return bad(p, "malformed head");
	p->framing = (uint8_t)framing_of(p);
	p->done = p->framing == HTTP1_NONE;
	return HTTP1_DONE;
}

ssize_t
http1_parser_body(struct http1_parser *p, const char *data, size_t len)
{
	llhttp_errno_t e;
	size_t used = len;

	if (p->done)
		return 0;
	if (p->framing == HTTP1_TUNNEL || p->framing == HTTP1_UNTIL_CLOSE) {
		if (p->on_body != NULL)
			p->on_body(p->arg, data, len);
		return (ssize_t)len;
	}
	if (p->trailing)
		p->trailers += (uint32_t)len;
	if (p->trailers > p->head.max) {
		bad(p, "trailers too large");
		return -1;
	}
	e = llhttp_execute(&p->llhttp, data, len);
	if (e != HPE_OK) {
		if (!p->ended) {
			bad(p, llhttp_get_error_reason(&p->llhttp));
			return -1;
		}
		used = (size_t)(llhttp_get_error_pos(&p->llhttp) - data);
	}
	p->done = p->ended;
	return (ssize_t)used;
}

int64_t
http1_parser_body_length(const struct http1_parser *p)
{
	if (p->done || p->framing == HTTP1_NONE ||
	    p->framing == HTTP1_TUNNEL)
		return 0;
	return p->framing == HTTP1_LENGTH ? p->head.length : -1;
}

/* --- the self-test --- */

#define BAD_BODY(text) "POST / HTTP/1.1\r\nHost: a\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n" text
#define BAD_FIELD(text) "POST / HTTP/1.1\r\nHost: a\r\n" text "\r\n\r\n"

static const char *const must_fail[] = {
    BAD_FIELD("Content-Length: 1\r\nTransfer-Encoding: chunked"),
    BAD_FIELD("Content-Length: 1\r\nContent-Length: 1"),
    BAD_FIELD("Content-Length: 1, 1"),
    BAD_FIELD("Content-Length: +3"),
    BAD_FIELD("Content-Length: 99999999999999999999"),
    BAD_FIELD("Content-Length : 3"),
    BAD_FIELD("Transfer-Encoding: xchunked"),
    BAD_FIELD("Transfer-Encoding: chunked, gzip"),
    BAD_FIELD("X: a\n Y: b"),
    BAD_FIELD("X: a\rY: b"),
    BAD_BODY("3\nabc\r\n0\r\n\r\n"),
    BAD_BODY("3;a\nabc\r\n0\r\n\r\n"),
    BAD_BODY("0x3\r\nabc\r\n0\r\n\r\n"),
    BAD_BODY("3 \r\nabc\r\n0\r\n\r\n"),
    BAD_BODY("3\r\nabcd\r\n0\r\n\r\n"),
    BAD_BODY("fffffffffffffffff\r\nabc"),
    "get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
};

static const char *const must_pass[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    BAD_FIELD("Content-Length: 0"),
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    BAD_BODY("3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n"),
};

static bool
passes(const char *text)
{
	struct http1_parser p;
	size_t len = strlen(text);
	ssize_t used = 0;

	http1_parser_request(&p, 4096);
	if (http1_parser_head(&p, text, len) != HTTP1_DONE)
		return false;
	if (!p.done)
		used = http1_parser_body(&p, text + p.head.len,
		    len - p.head.len);
	return used >= 0 && p.done && p.head.len + (size_t)used == len;
}

bool
http1_parser_self_test(struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(must_fail); i++) {
		if (passes(must_fail[i]))
			return error_set(err, 0,
			    "llhttp is too lenient (case %zu)", i);
	}
	for (size_t i = 0; i < COUNT_OF(must_pass); i++) {
		if (!passes(must_pass[i]))
			return error_set(err, 0,
			    "llhttp is too strict (case %zu)", i);
	}
	return true;
}
