/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the handler of a call to Toxiproxy's API, with the manners of its
 * router: unknown paths are 404 and wrong methods 405 in plain text, a doubled
 * slash is redirected, browsers are turned away. */
#include "control/toxiproxy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/xalloc.h"
#include "control/tox.h"

#define SEGMENTS_MAX 4

struct endpoint {
	const char *method;
	/* Segments of the path; "*" stands for a name. */
	const char *segments[SEGMENTS_MAX];
	bool (*handle)(struct tox_call *call);
};

static const struct endpoint endpoints[] = {
    {"POST", {"reset"}, tox_reset},
    {"GET", {"proxies"}, tox_proxies_list},
    {"POST", {"proxies"}, tox_proxies_create},
    {"POST", {"populate"}, tox_populate},
    {"GET", {"proxies", "*"}, tox_proxies_show},
    {"POST", {"proxies", "*"}, tox_proxies_update},
    {"PATCH", {"proxies", "*"}, tox_proxies_update},
    {"DELETE", {"proxies", "*"}, tox_proxies_delete},
    {"GET", {"proxies", "*", "toxics"}, tox_toxics_list},
    {"POST", {"proxies", "*", "toxics"}, tox_toxics_create},
    {"GET", {"proxies", "*", "toxics", "*"}, tox_toxics_show},
    {"POST", {"proxies", "*", "toxics", "*"}, tox_toxics_update},
    {"PATCH", {"proxies", "*", "toxics", "*"}, tox_toxics_update},
    {"DELETE", {"proxies", "*", "toxics", "*"}, tox_toxics_delete},
    {"GET", {"version"}, tox_version},
};

/* --- the path --- */

struct path {
	char *segments[SEGMENTS_MAX]; /* owned, decoded */
	size_t count;		      /* SEGMENTS_MAX + 1: too many */
	bool doubled;
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* Percent-decodes; the text ends at an escaped NUL. */
static char *
decode(struct view in)
{
	char *out = xmalloc(in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int high = -1, low = -1;

		if (in.at[i] == '%' && i + 2 < in.len) {
			high = hex(in.at[i + 1]);
			low = hex(in.at[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			out[n] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[n] = in.at[i];
		}
		if (out[n] == '\0')
			break;
		n++;
	}
	out[n] = '\0';
	return out;
}

static void
path_split(struct view in, struct path *to)
{
	const char *at = in.at, *end = in.at + in.len;

	*to = (struct path){0};
	while (at < end) {
		const char *next;

		at++; /* the slash */
		next = memchr(at, '/', (size_t)(end - at));
		if (next == NULL)
			next = end;
		if (next == at && next < end)
			to->doubled = true;
		if (to->count < SEGMENTS_MAX)
			to->segments[to->count] = decode(
			    (struct view){at, (size_t)(next - at)});
		to->count++;
		at = next;
	}
}

static void
path_fini(struct path *p)
{
	for (size_t i = 0; i < SEGMENTS_MAX; i++)
		free(p->segments[i]);
}

static bool
path_matches(const struct path *p, const struct endpoint *e)
{
	size_t n = 0;

	while (n < SEGMENTS_MAX && e->segments[n] != NULL)
		n++;
	if (p->count != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool name = strcmp(e->segments[i], "*") == 0;

		if (name ? *p->segments[i] == '\0'
			 : strcmp(e->segments[i], p->segments[i]) != 0)
			return false;
	}
	return true;
}

/* --- manners --- */

/* 20 characters of the alphabet that Toxiproxy's ids have. */
static void
add_request_id(struct web_reply *reply)
{
	static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned char raw[20];
	char id[21] = {0};

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		memset(raw, 0, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		id[i] = alphabet[raw[i] % 32];
	str_printf(&reply->headers, "X-Toxiproxy-Request-Id: %s\r\n", id);
}

static bool
is_browser(const struct web_request *request)
{
	struct view agent;

	return web_header(request, "user-agent", &agent) && agent.len >= 8 &&
	    memcmp(agent.at, "Mozilla/", 8) == 0;
}

static void
redirect(const struct web_request *request, struct web_reply *reply)
{
	struct str clean = {0};

	for (size_t i = 0; i < request->path.len; i++) {
		if (i == 0 || request->path.at[i] != '/' ||
		    request->path.at[i - 1] != '/')
			str_add_char(&clean, request->path.at[i]);
	}
	reply->status = 301;
	if (request->query.at != NULL) {
		str_add_char(&clean, '?');
		str_add_bytes(&clean, request->query.at, request->query.len);
	}
	str_printf(&reply->headers, "Location: %s\r\n", clean.text);
	str_fini(&clean);
}

static void
call_endpoint(const struct endpoint *e, struct path *path,
    struct tox_call *call)
{
	add_request_id(call->reply);
	if (is_browser(call->request)) {
		call->reply->status = 403;
		call->reply->type = "text/plain; charset=utf-8";
		str_add(&call->reply->headers,
		    "X-Content-Type-Options: nosniff\r\n");
		str_add(&call->reply->body, "User agent not allowed\n");
		return;
	}
	call->proxy = path->count > 1 ? path->segments[1] : NULL;
	call->toxic = path->count > 3 ? path->segments[3] : NULL;
	e->handle(call);
}

bool
toxiproxy_handle(struct state *state, const struct web_request *request,
    struct web_reply *reply)
{
	struct tox_call call = {
	    .state = state, .request = request, .reply = reply};
	bool known = false, done = false;
	struct path path;

	path_split(request->path, &path);
	for (size_t i = 0; i < COUNT_OF(endpoints) && !done; i++) {
		if (path.doubled || !path_matches(&path, &endpoints[i]))
			continue;
		known = true;
		if (!view_is(request->method, endpoints[i].method))
			continue;
		call_endpoint(&endpoints[i], &path, &call);
		done = true;
	}
	if (!done && known)
		reply->status = 405;
	else if (!done && path.doubled)
		redirect(request, reply);
	path_fini(&path);
	return reply->status != 0;
}
