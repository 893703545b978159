/* SPDX-License-Identifier: Apache-2.0 */
/* From text to fields. Faults may have changed the text at will: what HTTP/2
 * could not carry is found here. */
#include "proxy/http2_fields.h"

#include <string.h>

#include "base/attr.h"

/* Of one hop (RFC 9113, 8.2.2). */
static const char *const hop_fields[] = {"connection", "host", "keep-alive",
    "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"};

static bool
add(struct http2_fields *to, struct view name, struct view value)
{
	nghttp2_nv *nv = &to->nv[to->count];

	if (to->count == HTTP2_FIELDS_MAX)
		return false;
	/* nghttp2 copies them, and never writes. */
	*nv = (nghttp2_nv){
	    .name = (uint8_t *)(uintptr_t)name.at,
	    .value = (uint8_t *)(uintptr_t)value.at,
	    .namelen = name.len,
	    .valuelen = value.len,
	};
	to->count++;
	return true;
}

static bool
of_hop(struct view name, struct view value)
{
	for (size_t i = 0; i < COUNT_OF(hop_fields); i++) {
		if (view_is(name, hop_fields[i]))
			return true;
	}
	return view_is(name, "te") && !view_is_nocase(value, "trailers");
}

/* One line without its end. */
static bool
add_line(struct http2_fields *to, char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	struct view name, value;

	if (colon == NULL)
		return false;
	name = (struct view){line, (size_t)(colon - line)};
	for (size_t i = 0; i < name.len; i++) {
		if (line[i] >= 'A' && line[i] <= 'Z')
			line[i] = (char)(line[i] | 0x20);
	}
	value = view_trim((struct view){colon + 1, len - name.len - 1});
	if (name.len == 0 || *name.at == ':' ||
	    !nghttp2_check_header_name((const uint8_t *)name.at, name.len) ||
	    !nghttp2_check_header_value((const uint8_t *)value.at, value.len))
		return false;
	return of_hop(name, value) || add(to, name, value);
}

/* Lines from `at` up to an empty one, or the end. */
static bool
add_lines(struct http2_fields *to, struct str *text, size_t at)
{
	while (at < text->len) {
		char *line = text->text + at;
		const char *lf = memchr(line, '\n', text->len - at);
		size_t len;

		if (lf == NULL || lf == line || lf[-1] != '\r')
			return false;
		len = (size_t)(lf - line) - 1;
		if (len == 0)
			return true;
		if (!add_line(to, line, len))
			return false;
		at += len + 2;
	}
	return true;
}

/* Cuts the next word off; the line's end ends it too. */
static struct view
word(struct view *line)
{
	struct view w = {line->at, 0};

	while (w.len < line->len && w.at[w.len] != ' ')
		w.len++;
	line->at += MIN(w.len + 1, line->len);
	line->len -= MIN(w.len + 1, line->len);
	return w;
}

static bool
first_line(const struct str *text, struct view *line, size_t *next)
{
	const char *lf = text->len > 0
	    ? memchr(text->text, '\n', text->len)
	    : NULL;

	if (lf == NULL || lf == text->text || lf[-1] != '\r')
		return false;
	*line = (struct view){text->text, (size_t)(lf - text->text) - 1};
	*next = line->len + 2;
	return true;
}

/* The target's path, whatever its form; its authority if it has one. */
static struct view
path_of(struct view target, struct view *authority)
{
	const char *at = memmem(target.at, target.len, "://", 3);
	size_t skip;

	if (target.len == 0 || *target.at == '/' || at == NULL)
		return target;
	skip = (size_t)(at - target.at) + 3;
	target.at += skip;
	target.len -= skip;
	*authority = (struct view){target.at, 0};
	while (authority->len < target.len && target.at[authority->len] != '/')
		authority->len++;
	target.at += authority->len;
	target.len -= authority->len;
	return target.len > 0 ? target : VIEW("/");
}

bool
http2_fields_request(struct http2_fields *to, struct str *text,
    struct view scheme)
{
	struct view line, method, path, host = {"", 0};
	size_t at;

	to->count = 0;
	to->status = 0;
	if (!first_line(text, &line, &at))
		return false;
	method = word(&line);
	http1_head_find((struct view){text->text, text->len}, "host", 0,
	    &host);
	path = path_of(word(&line), &host);
	if (!nghttp2_check_method((const uint8_t *)method.at, method.len) ||
	    !nghttp2_check_path((const uint8_t *)path.at, path.len) ||
	    path.len == 0 ||
	    !nghttp2_check_authority((const uint8_t *)host.at, host.len))
		return false;
	add(to, VIEW(":method"), method);
	add(to, VIEW(":scheme"), scheme);
	if (host.len > 0)
		add(to, VIEW(":authority"), host);
	add(to, VIEW(":path"), path);
	return add_lines(to, text, at);
}

bool
http2_fields_response(struct http2_fields *to, struct str *text)
{
	struct view line, status;
	size_t at;

	to->count = 0;
	to->status = 0;
	if (!first_line(text, &line, &at))
		return false;
	word(&line);
	status = word(&line);
	if (status.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (status.at[i] < '0' || status.at[i] > '9')
			return false;
		to->status = to->status * 10 + (status.at[i] - '0');
	}
	/* Switching protocols is not for HTTP/2. */
	if (to->status < 100 || to->status == 101)
		return false;
	add(to, VIEW(":status"), status);
	return add_lines(to, text, at);
}

bool
http2_fields_lines(struct http2_fields *to, struct str *text)
{
	to->count = 0;
	to->status = 0;
	return add_lines(to, text, 0);
}
