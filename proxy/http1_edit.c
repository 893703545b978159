/* SPDX-License-Identifier: Apache-2.0 */
/* Splicing lines in and out of a head's text. */
#include "proxy/http1_edit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* Makes `room` bytes, yet to be written, of `len` bytes at `at`; returns where
 * they are. */
static char *
make_room(struct str *s, size_t at, size_t len, size_t room)
{
	size_t tail_at = at + len, tail_len = s->len - tail_at;

	if (room > len)
		str_reserve(s, room - len);
	/* The NUL moves, too. */
	memmove(s->text + at + room, s->text + tail_at, tail_len + 1);
	s->len = s->len - len + room;
	return s->text + at;
}

/* Replaces `len` bytes at `at` by `text`. */
static void
splice(struct str *s, size_t at, size_t len, const char *text)
{
	size_t room = strlen(text);

	memcpy(make_room(s, at, len, room), text, room);
}

/* The line behind the one at `at`. */
static size_t
next_line(const struct str *s, size_t at)
{
	const char *lf = memchr(s->text + at, '\n', s->len - at);

	return lf != NULL ? (size_t)(lf - s->text) + 1 : s->len;
}

/* The next line of that header at or behind `from`, which begins a line;
 * SIZE_MAX: none. */
static size_t
find_line(const struct str *s, size_t from, const char *name)
{
	size_t len = strlen(name);

	for (size_t at = from; at < s->len; at = next_line(s, at)) {
		if (s->len - at > len && s->text[at + len] == ':' &&
		    strncasecmp(s->text + at, name, len) == 0)
			return at;
	}
	return SIZE_MAX;
}

static void
remove_from(struct str *s, size_t from, const char *name)
{
	size_t at;

	while ((at = find_line(s, from, name)) != SIZE_MAX) {
		splice(s, at, next_line(s, at) - at, "");
		from = at;
	}
}

void
http1_edit_remove(struct str *head, const char *name)
{
	remove_from(head, next_line(head, 0), name);
}

static void
insert_line(struct str *head, size_t at, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	char *to = make_room(head, at, 0, name_len + value_len + 4);

	memcpy(to, name, name_len);
	memcpy(to + name_len, ": ", 2);
	memcpy(to + name_len + 2, value, value_len);
	memcpy(to + name_len + 2 + value_len, "\r\n", 2);
}

void
http1_edit_add(struct str *head, const char *name, const char *value)
{
	insert_line(head, head->len - 2, name, value);
}

void
http1_edit_set(struct str *head, const char *name, const char *value)
{
	size_t at = find_line(head, next_line(head, 0), name);

	if (at == SIZE_MAX) {
		http1_edit_add(head, name, value);
		return;
	}
	splice(head, at, next_line(head, at) - at, "");
	insert_line(head, at, name, value);
	remove_from(head, next_line(head, at), name);
}

void
http1_edit_target(struct str *head, const char *target)
{
	const char *at = memchr(head->text, ' ', head->len);
	size_t begin = (size_t)(at - head->text) + 1;
	const char *end = memchr(head->text + begin, ' ', head->len - begin);

	splice(head, begin, (size_t)(end - head->text) - begin, target);
}

void
http1_edit_status(struct str *head, int status)
{
	const size_t at = strlen("HTTP/1.1 ");
	char text[64];

	snprintf(text, sizeof(text), "%03d %s", status, http1_reason(status));
	splice(head, at, next_line(head, 0) - 2 - at, text);
}

const char *
http1_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} names[] = {
	    {100, "Continue"}, {101, "Switching Protocols"},
	    {102, "Processing"}, {103, "Early Hints"}, {200, "OK"},
	    {201, "Created"}, {202, "Accepted"},
	    {203, "Non-Authoritative Information"}, {204, "No Content"},
	    {205, "Reset Content"}, {206, "Partial Content"},
	    {300, "Multiple Choices"}, {301, "Moved Permanently"},
	    {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
	    {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
	    {400, "Bad Request"}, {401, "Unauthorized"},
	    {402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {406, "Not Acceptable"},
	    {407, "Proxy Authentication Required"}, {408, "Request Timeout"},
	    {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"},
	    {412, "Precondition Failed"}, {413, "Content Too Large"},
	    {414, "URI Too Long"}, {415, "Unsupported Media Type"},
	    {416, "Range Not Satisfiable"}, {417, "Expectation Failed"},
	    {418, "I'm a teapot"}, {421, "Misdirected Request"},
	    {422, "Unprocessable Content"}, {423, "Locked"},
	    {424, "Failed Dependency"}, {425, "Too Early"},
	    {426, "Upgrade Required"}, {428, "Precondition Required"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {451, "Unavailable For Legal Reasons"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"},
	    {502, "Bad Gateway"}, {503, "Service Unavailable"},
	    {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
	    {507, "Insufficient Storage"}, {508, "Loop Detected"},
	    {511, "Network Authentication Required"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].status == status)
			return names[i].reason;
	}
	return "Unknown";
}
