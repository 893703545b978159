/* SPDX-License-Identifier: Apache-2.0 */
/* Making up responses. */
#include "proxy/http1_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

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
http1_reply_error(struct str *to, int status, const char *error,
    const char *text, struct view method, bool close)
{
	char proxy_status[128], body[128];
	const char *headers[] = {"Content-Type: text/plain", proxy_status,
	    NULL};
	struct stage_reply reply = {.status = status, .headers = headers,
	    .body = body};

	snprintf(proxy_status, sizeof(proxy_status),
	    "Proxy-Status: faultwire%s%s", error != NULL ? "; error=" : "",
	    error != NULL ? error : "");
	reply.body_len = (size_t)snprintf(body, sizeof(body), "%s\n", text);
	if (reply.body_len >= sizeof(body))
		reply.body_len = sizeof(body) - 1;
	http1_reply_build(to, &reply, method, close);
}
