/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP's CONNECT: a head whose target is host:port, an answer, a tunnel. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "config/model.h"
#include "proxy/asking.h"
#include "proxy/http1_reply.h"
#include "proxy/http_tell.h"

static enum asking_result
bad(struct asking *a, int status, const char *why)
{
	struct http_error error = {status, "http_request_error", why};

	a->why = why;
	http1_reply_error(&a->reply, &error, VIEW("CONNECT"), true, true);
	return ASKING_BAD;
}

static enum asking_result
not_connect(struct asking *a, struct view method)
{
	const char *headers[] = {"Allow: CONNECT", "Content-Type: text/plain",
	    NULL};
	const char text[] =
	    "this port takes CONNECT host:port; other requests need a whole "
	    "http:// URL and a route with protocol = \"http\"\n";
	struct stage_reply reply = {.status = 405,
	    .headers = headers,
	    .body = text,
	    .body_len = sizeof(text) - 1};

	a->why = "the request is not CONNECT";
	http1_reply_build(&a->reply, &reply, method, true);
	return ASKING_BAD;
}

/* Host, owned, and port of a text such as host:port; false: it is none. */
static bool
parse_place(const char *text, char **host, uint16_t *port)
{
	struct conf_address to;
	struct error err;
	bool ok;

	if (!conf_address_parse(text, false, &to, &err))
		return false;
	ok = !to.is_unix;
	if (ok) {
		*host = to.host;
		*port = to.port;
		to.host = NULL;
	}
	conf_address_fini(&to);
	return ok;
}

bool
asking_url(struct view target, char **host, uint16_t *port)
{
	size_t begin = strlen("http://"), end = begin;
	char *text;
	bool ok;

	if (target.len <= begin ||
	    strncasecmp(target.at, "http://", begin) != 0)
		return false;
	while (end < target.len && target.at[end] != '/' &&
	    target.at[end] != '?')
		end++;
	text = xmemdup0(target.at + begin, end - begin);
	/* A colon within brackets begins no port. */
	if (strchr(text, ':') == NULL ||
	    (text[0] == '[' && text[strlen(text) - 1] == ']')) {
		char *bare = text;

		text = xasprintf("%s:80", bare);
		free(bare);
	}
	ok = parse_place(text, host, port);
	free(text);
	return ok;
}

static enum asking_result
read_target(struct asking *a, struct view target)
{
	char *text = xmemdup0(target.at, target.len);
	bool ok = parse_place(text, &a->host, &a->port);

	free(text);
	if (!ok)
		return bad(a, 400, "the target of CONNECT is not host:port");
	a->used = a->head.len;
	return ASKING_DONE;
}

static enum asking_result
look(struct asking *a, const char *data, size_t len)
{
	const struct http1_head *h = &a->head;
	struct view method;

	switch (http1_head_scan(&a->head, data, len)) {
	case HTTP1_MORE:
		return ASKING_MORE;
	case HTTP1_BAD:
		return bad(a, h->error, h->why);
	case HTTP1_DONE:
		break;
	}
	method = http1_span(data, h->method);
	if (!view_is(method, "CONNECT")) {
		a->per_request = a->requests &&
		    asking_url(http1_span(data, h->target), &a->host,
			&a->port);
		return a->per_request ? ASKING_DONE : not_connect(a, method);
	}
	if (h->coded || h->length > 0)
		return bad(a, 400, "a CONNECT request has no body");
	return read_target(a, http1_span(data, h->target));
}

static void
answer(struct str *to, enum dial_result result)
{
	const struct http_error *error = http_dial_error(result);

	if (error == NULL)
		str_add(to, "HTTP/1.1 200 Connection established\r\n\r\n");
	else
		http1_reply_error(to, error, VIEW("CONNECT"), true, true);
}

static void
deny(struct str *to)
{
	const struct http_error error = {403, "http_request_denied",
	    "no route takes this destination"};

	http1_reply_error(to, &error, VIEW("CONNECT"), true, true);
}

const struct asking_ops connect_ops = {
    .look = look,
    .answer = answer,
    .deny = deny,
};
