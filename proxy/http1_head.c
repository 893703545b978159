/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the lines of a head. */
#include "proxy/http1_head.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"

#define LENGTH_DIGITS_MAX 18

void
http1_head_init(struct http1_head *h, bool is_request, size_t max)
{
	*h = (struct http1_head){.is_request = is_request,
	    .max = (uint32_t)MIN(max, UINT32_MAX / 2), .length = -1};
}

static enum http1_result
bad(struct http1_head *h, int status, const char *why)
{
	/* What a server sends wrong is our 502 in every case. */
	h->error = (uint16_t)(h->is_request ? status : 502);
	h->why = why;
	return HTTP1_BAD;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct view
trim(const char *at, const char *stop)
{
	while (at < stop && is_blank(*at))
		at++;
	while (stop > at && is_blank(stop[-1]))
		stop--;
	return (struct view){at, (size_t)(stop - at)};
}

/* Cuts the next member off a comma-separated list; false at its end. */
static bool
next_token(struct view *list, struct view *token)
{
	const char *comma;

	if (list->len == 0)
		return false;
	comma = memchr(list->at, ',', list->len);
	if (comma == NULL)
		comma = list->at + list->len;
	*token = trim(list->at, comma);
	list->len -= MIN((size_t)(comma - list->at) + 1, list->len);
	list->at = comma + 1;
	return true;
}

/* --- the first line --- */

static enum http1_result
version(struct http1_head *h, struct view v)
{
	if (v.len < 5 || memcmp(v.at, "HTTP/", 5) != 0)
		return bad(h, 400, "malformed version");
	if (v.len != 8 || v.at[5] != '1' || v.at[6] != '.' ||
	    (v.at[7] != '0' && v.at[7] != '1'))
		return bad(h, 505, "version is not 1.0 or 1.1");
	h->minor = (uint8_t)(v.at[7] - '0');
	return HTTP1_MORE;
}

/* Bytes that may stand in a host and port. */
static bool
host_is_good(struct view host)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.at[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"#,/<>?@\\^`{|}", c))
			return false;
	}
	return true;
}

static struct http1_span
span_of(const char *data, const char *at, const char *stop)
{
	return (struct http1_span){(uint32_t)(at - data),
	    (uint32_t)(stop - at)};
}

/* Host without its port. */
static struct http1_span
without_port(const char *data, struct view host)
{
	const char *stop = host.at + host.len, *end;

	if (host.len > 0 && host.at[0] == '[') {
		end = memchr(host.at, ']', host.len);
		return span_of(data, host.at, end != NULL ? end + 1 : stop);
	}
	end = memchr(host.at, ':', host.len);
	return span_of(data, host.at, end != NULL ? end : stop);
}

/* Path, query and, in the absolute form, host. */
static enum http1_result
target(struct http1_head *h, const char *data)
{
	const char *at = data + h->target.at, *stop = at + h->target.len;
	const char *authority = NULL, *end;

	if (h->target.len > 7 && strncasecmp(at, "http://", 7) == 0)
		authority = at + 7;
	else if (h->target.len > 8 && strncasecmp(at, "https://", 8) == 0)
		authority = at + 8;
	else if (view_is(http1_span(data, h->method), "CONNECT"))
		authority = at;
	if (authority != NULL) {
		struct view host;

		end = authority;
		while (end < stop && *end != '/' && *end != '?')
			end++;
		host = (struct view){authority, (size_t)(end - authority)};
		if (host.len == 0 || !host_is_good(host))
			return bad(h, 400, "malformed host in the target");
		h->host = without_port(data, host);
		at = end;
	}
	end = memchr(at, '?', (size_t)(stop - at));
	h->path = span_of(data, at, end != NULL ? end : stop);
	h->query = span_of(data, end != NULL ? end + 1 : stop, stop);
	return HTTP1_MORE;
}

static enum http1_result
request_line(struct http1_head *h, const char *data, const char *end)
{
	const char *sp1 = memchr(data, ' ', (size_t)(end - data)), *sp2;
	enum http1_result r;

	if (sp1 == NULL || sp1 == data)
		return bad(h, 400, "malformed request line");
	sp2 = memchr(sp1 + 1, ' ', (size_t)(end - sp1 - 1));
	if (sp2 == NULL || sp2 == sp1 + 1)
		return bad(h, 400, "malformed request line");
	r = version(h, (struct view){sp2 + 1, (size_t)(end - sp2 - 1)});
	if (r != HTTP1_MORE)
		return r;
	h->method = span_of(data, data, sp1);
	h->target = span_of(data, sp1 + 1, sp2);
	return target(h, data);
}

static enum http1_result
status_line(struct http1_head *h, const char *data, const char *end)
{
	enum http1_result r;

	if (end - data < 12 || data[8] != ' ' ||
	    (end - data > 12 && data[12] != ' '))
		return bad(h, 502, "malformed status line");
	r = version(h, (struct view){data, 8});
	for (int i = 9; i < 12; i++) {
		if (data[i] < '0' || data[i] > '9')
			return bad(h, 502, "malformed status");
		h->status = h->status * 10 + data[i] - '0';
	}
	if (h->status < 100)
		return bad(h, 502, "malformed status");
	return r;
}

/* --- header lines --- */

static enum http1_result
host_field(struct http1_head *h, const char *data, struct view value)
{
	struct http1_span host;

	if (!h->is_request)
		return HTTP1_MORE;
	if (h->has_host)
		return bad(h, 400, "more than one Host");
	if (!host_is_good(value))
		return bad(h, 400, "malformed Host");
	h->has_host = true;
	host = without_port(data, value);
	/* A target that names another host could be read in two ways. */
	if (h->host.len > 0 &&
	    (host.len != h->host.len ||
		strncasecmp(data + host.at, data + h->host.at, host.len) != 0))
		return bad(h, 400, "Host differs from the target's");
	if (h->host.len == 0)
		h->host = host;
	return HTTP1_MORE;
}

static enum http1_result
length_field(struct http1_head *h, struct view value)
{
	int64_t n = 0;

	if (h->length >= 0)
		return bad(h, 400, "more than one Content-Length");
	if (value.len == 0 || value.len > LENGTH_DIGITS_MAX)
		return bad(h, 400, "malformed Content-Length");
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return bad(h, 400, "malformed Content-Length");
		n = n * 10 + value.at[i] - '0';
	}
	h->length = n;
	return HTTP1_MORE;
}

static enum http1_result
coding_field(struct http1_head *h, struct view value)
{
	struct view token;

	h->coded = true;
	while (next_token(&value, &token)) {
		if (h->chunked)
			return bad(h, 400, "chunked is not the last coding");
		h->chunked = view_is_nocase(token, "chunked");
	}
	return HTTP1_MORE;
}

static void
connection_field(struct http1_head *h, struct view value)
{
	struct view token;

	while (next_token(&value, &token)) {
		if (view_is_nocase(token, "close"))
			h->close = true;
		else if (view_is_nocase(token, "keep-alive"))
			h->keep_alive = true;
		else if (view_is_nocase(token, "upgrade"))
			h->upgrade = true;
	}
}

/* Two of them are none. */
static void
trace_field(struct http1_head *h, const char *data, struct view value)
{
	h->traceparent = h->has_traceparent
	    ? (struct http1_span){0}
	    : span_of(data, value.at, value.at + value.len);
	h->has_traceparent = true;
}

/* The few headers that matter here, by length first: most lines cost one
 * comparison. */
static enum http1_result
field(struct http1_head *h, const char *data, const char *line,
    const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	struct view name, value;

	if (colon == NULL || colon == line)
		return bad(h, 400, "header line without a name");
	if (++h->fields > HTTP1_FIELDS_MAX)
		return bad(h, 431, "too many headers");
	name = (struct view){line, (size_t)(colon - line)};
	value = trim(colon + 1, end);
	switch (name.len) {
	case 4:
		if (view_is_nocase(name, "Host"))
			return host_field(h, data, value);
		break;
	case 6:
		if (view_is_nocase(name, "Expect"))
			h->expects = view_is_nocase(value, "100-continue");
		break;
	case 10:
		if (view_is_nocase(name, "Connection"))
			connection_field(h, value);
		else if (view_is_nocase(name, "tracestate"))
			h->has_tracestate = true;
		break;
	case 11:
		if (view_is_nocase(name, "traceparent"))
			trace_field(h, data, value);
		break;
	case 14:
		if (view_is_nocase(name, "Content-Length"))
			return length_field(h, value);
		break;
	case 17:
		if (view_is_nocase(name, "Transfer-Encoding"))
			return coding_field(h, value);
		break;
	default:
		break;
	}
	return HTTP1_MORE;
}

/* --- the whole --- */

static enum http1_result
judge(struct http1_head *h, const char *data)
{
	if (h->coded && h->length >= 0)
		return bad(h, 400, "Content-Length beside Transfer-Encoding");
	if (h->coded && h->minor == 0)
		return bad(h, 400, "Transfer-Encoding with HTTP/1.0");
	if (!h->is_request)
		return HTTP1_DONE;
	if (h->coded && !h->chunked)
		return bad(h, 400, "chunked is not the last coding");
	if (!h->has_host && h->minor > 0)
		return bad(h, 400, "no Host");
	if (view_is(http1_span(data, h->method), "CONNECT") &&
	    (h->coded || h->length > 0))
		return bad(h, 400, "CONNECT with a body");
	return HTTP1_DONE;
}

static enum http1_result
one_line(struct http1_head *h, const char *data, const char *line,
    const char *end)
{
	if (!h->has_first) {
		h->has_first = true;
		return h->is_request ? request_line(h, data, end)
				     : status_line(h, data, end);
	}
	if (line == end)
		return HTTP1_DONE;
	if (is_blank(*line))
		return bad(h, 400, "folded header line");
	return field(h, data, line, end);
}

enum http1_result
http1_head_scan(struct http1_head *h, const char *data, size_t len)
{
	const char *line = data + h->line, *stop = data + len, *lf;
	enum http1_result r;

	while ((lf = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
		if (lf == line || lf[-1] != '\r')
			return bad(h, 400, "line ended by a bare LF");
		if ((size_t)(lf + 1 - data) > h->max)
			break;
		r = one_line(h, data, line, lf - 1);
		line = lf + 1;
		h->line = (uint32_t)(line - data);
		if (r == HTTP1_DONE) {
			h->len = h->line;
			return judge(h, data);
		}
		if (r == HTTP1_BAD)
			return r;
	}
	if (lf == NULL && len <= h->max)
		return HTTP1_MORE;
	if (h->has_first)
		return bad(h, 431, HTTP1_HEAD_TOO_LARGE);
	return bad(h, 414, "the first line alone is larger than max_header");
}

bool
http1_head_keeps_alive(const struct http1_head *h)
{
	if (h->close)
		return false;
	return h->minor > 0 || h->keep_alive;
}

bool
http1_head_find(struct view head, const char *name, size_t n,
    struct view *value)
{
	const char *line = head.at, *stop = head.at + head.len, *lf;
	size_t len = strlen(name);

	while ((lf = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
		line = lf + 1;
		if ((size_t)(stop - line) <= len || line[len] != ':' ||
		    strncasecmp(line, name, len) != 0 || n-- > 0)
			continue;
		lf = memchr(line, '\n', (size_t)(stop - line));
		*value = trim(line + len + 1, lf != NULL ? lf - 1 : stop);
		return true;
	}
	return false;
}

bool
http1_head_next(struct view head, size_t *at, struct view *name,
    struct view *value)
{
	const char *stop = head.at + head.len, *line = head.at + *at, *lf;
	const char *colon;

	if (*at == 0) {
		lf = memchr(line, '\n', head.len);
		if (lf == NULL)
			return false;
		line = lf + 1;
	}
	lf = memchr(line, '\n', (size_t)(stop - line));
	colon = memchr(line, ':',
	    (size_t)((lf != NULL ? lf : stop) - line));
	if (colon == NULL)
		return false;
	*name = (struct view){line, (size_t)(colon - line)};
	*value = trim(colon + 1, lf != NULL ? lf - 1 : stop);
	*at = (size_t)((lf != NULL ? lf + 1 : stop) - head.at);
	return true;
}
