/* SPDX-License-Identifier: Apache-2.0 */
/* Making up responses. */
#include "proxy/http1_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/xalloc.h"
#include "proxy/http1_edit.h"

/* Dates are for the world outside, so this is the real clock. */
static void
add_date(struct str *to)
{
	char text[64];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
	    &tm);
	str_add(to, text);
}

static bool
has_header(const struct stage_reply *reply, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; reply->headers != NULL && reply->headers[i] != NULL;
	     i++) {
		if (strncasecmp(reply->headers[i], name, len) == 0 &&
		    reply->headers[i][len] == ':')
			return true;
	}
	return false;
}

void
http1_reply_quote(struct str *to, const char *text)
{
	str_add_char(to, '"');
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			str_add_char(to, '\\');
		str_add_char(to, *c >= 0x20 && *c < 0x7f ? *c : '?');
	}
	str_add_char(to, '"');
}

/* "Proxy-Status: faultwire; error=…; details="…"", without a line's end. */
static void
add_status(struct str *to, const char *error, const char *details)
{
	str_add(to, "Proxy-Status: faultwire");
	if (error != NULL)
		str_printf(to, "; error=%s", error);
	str_add(to, "; details=");
	http1_reply_quote(to, details);
}

/* The answer of a fault. */
static void
add_injected(struct str *to, const char *by)
{
	char *details = xasprintf("injected by %s", by);

	add_status(to, "proxy_internal_response", details);
	str_add(to, "\r\n");
	free(details);
}

void
http1_reply_build(struct str *to, const struct stage_reply *reply,
    struct view method, bool close)
{
	const char *reason = reply->reason;
	bool bodyless = reply->status == 204 || reply->status == 304 ||
	    reply->status < 200;

	if (reason == NULL)
		reason = http1_reason(reply->status);
	str_printf(to, "HTTP/1.1 %03d %s\r\n", reply->status, reason);
	for (size_t i = 0; reply->headers != NULL && reply->headers[i] != NULL;
	     i++)
		str_printf(to, "%s\r\n", reply->headers[i]);
	if (reply->by != NULL)
		add_injected(to, reply->by);
	if (!has_header(reply, "Date"))
		add_date(to);
	if (!bodyless && !has_header(reply, "Content-Length"))
		str_printf(to, "Content-Length: %zu\r\n", reply->body_len);
	if (close && !has_header(reply, "Connection"))
		str_add(to, "Connection: close\r\n");
	str_add(to, "\r\n");
	if (!bodyless && !view_is(method, "HEAD"))
		str_add_bytes(to, reply->body, reply->body_len);
}

void
http1_reply_error(struct str *to, const struct http_error *error,
    struct view method, bool announce, bool close)
{
	const char *headers[] = {"Content-Type: text/plain", NULL, NULL};
	struct str line = {0}, body = {0};
	struct stage_reply reply = {.status = error->status,
	    .headers = headers};

	str_printf(&body, "%s\n", error->text);
	reply.body = body.text;
	reply.body_len = body.len;
	if (announce) {
		add_status(&line, error->error, error->text);
		headers[1] = line.text;
	}
	http1_reply_build(to, &reply, method, close);
	str_fini(&line);
	str_fini(&body);
}
