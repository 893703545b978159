/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the handler of a call to Toxiproxy's API, with the manners of its
 * router: unknown paths are 404 and wrong methods 405 in plain text, a doubled
 * slash is redirected, browsers are turned away. */
#include "control/toxiproxy.h"

#include <string.h>
#include <sys/random.h>

#include "control/tox.h"
#include "control/web_path.h"

struct endpoint {
	const char *method, *path;
	bool (*handle)(struct tox_call *call);
};

static const struct endpoint endpoints[] = {
    {"POST", "/reset", tox_reset},
    {"GET", "/proxies", tox_proxies_list},
    {"POST", "/proxies", tox_proxies_create},
    {"POST", "/populate", tox_populate},
    {"GET", "/proxies/{proxy}", tox_proxies_show},
    {"POST", "/proxies/{proxy}", tox_proxies_update},
    {"PATCH", "/proxies/{proxy}", tox_proxies_update},
    {"DELETE", "/proxies/{proxy}", tox_proxies_delete},
    {"GET", "/proxies/{proxy}/toxics", tox_toxics_list},
    {"POST", "/proxies/{proxy}/toxics", tox_toxics_create},
    {"GET", "/proxies/{proxy}/toxics/{toxic}", tox_toxics_show},
    {"POST", "/proxies/{proxy}/toxics/{toxic}", tox_toxics_update},
    {"PATCH", "/proxies/{proxy}/toxics/{toxic}", tox_toxics_update},
    {"DELETE", "/proxies/{proxy}/toxics/{toxic}", tox_toxics_delete},
    {"GET", "/version", tox_version},
};

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
call_endpoint(const struct endpoint *e, const char *const *names,
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
	call->proxy = names[0];
	call->toxic = names[1];
	e->handle(call);
}

bool
toxiproxy_handle(struct state *state, const struct web_request *request,
    struct web_reply *reply)
{
	struct tox_call call = {
	    .state = state, .request = request, .reply = reply};
	bool known = false, done = false;
	const char *names[WEB_PATH_NAMES];
	struct web_path path;

	web_path_split(&path, request->path);
	for (size_t i = 0; i < COUNT_OF(endpoints) && !done; i++) {
		if (path.doubled ||
		    !web_path_match(&path, endpoints[i].path, names))
			continue;
		known = true;
		if (!view_is(request->method, endpoints[i].method))
			continue;
		call_endpoint(&endpoints[i], names, &call);
		done = true;
	}
	if (!done && known)
		reply->status = 405;
	else if (!done && path.doubled)
		redirect(request, reply);
	web_path_fini(&path);
	return reply->status != 0;
}
