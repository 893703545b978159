/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies of Toxiproxy's API: routes. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "control/json_in.h"
#include "control/tox.h"

/* An upstream that nothing can be reached at: Toxiproxy takes any text, and
 * then closes each connection. */
#define NOWHERE "unix:/dev/null/nowhere"

bool
tox_proxy_read(json_t *json, struct tox_proxy *to, struct error *err)
{
	*to = (struct tox_proxy){.name = "", .listen = NULL, .enabled = true};
	if (!json_is_object(json))
		return error_set(err, 0, "json: cannot unmarshal value into a "
					 "proxy");
	to->has_enabled = json_in_get(json, "enabled") != NULL;
	return json_in_string(json, "name", &to->name, err) &&
	    json_in_string(json, "listen", &to->listen, err) &&
	    json_in_string(json, "upstream", &to->upstream, err) &&
	    json_in_bool(json, "enabled", &to->enabled, err);
}

bool
tox_set_upstream(struct conf_route *r, const char *upstream)
{
	struct conf_address address = {0};
	struct error err;
	bool good = conf_address_parse(upstream, false, &address, &err);

	free(r->upstream_shown);
	free(r->upstream_text);
	r->upstream_shown = good ? NULL : xstrdup(upstream);
	r->upstream_text = xstrdup(good ? upstream : NOWHERE);
	conf_address_fini(&r->upstream);
	if (good)
		r->upstream = address;
	else
		good = conf_address_parse(NOWHERE, false, &r->upstream, &err);
	return good;
}

bool
tox_set_listen(struct conf_route *r, const char *listen, struct error *err)
{
	struct conf_address address = {0};

	if (!conf_address_parse(listen, true, &address, err))
		return false;
	conf_address_fini(&r->listen);
	r->listen = address;
	free(r->listen_text);
	r->listen_text = xstrdup(listen);
	return true;
}

/* The address to store: resolved if the proxy is to run, else as given. */
static char *
listen_for(const char *listen, bool enabled, struct error *err)
{
	if (listen == NULL)
		listen = "";
	if (enabled)
		return tox_listen_resolve(listen, err);
	return xstrdup(*listen != '\0' ? listen : ":0");
}

bool
tox_proxy_add(struct conf_model *draft, const struct tox_proxy *proxy,
    struct error *err)
{
	char *listen = listen_for(proxy->listen, proxy->enabled, err);
	struct conf_route *r;
	bool ok;

	if (listen == NULL)
		return false;
	if (proxy->enabled && !tox_listen_probe(listen, err)) {
		free(listen);
		return false;
	}
	r = conf_model_add_route(draft);
	free(r->name);
	r->name = xstrdup(proxy->name);
	r->enabled = proxy->enabled;
	r->from_api = true;
	tox_set_upstream(r, proxy->upstream);
	ok = tox_set_listen(r, listen, err);
	free(listen);
	return ok;
}

bool
tox_commit(struct tox_call *call, struct conf_model *draft)
{
	struct conf_diag diag = {0};
	bool ok = state_commit(call->state, draft, &diag);

	if (!ok)
		tox_error(call, 500, "%s",
		    diag.count > 0 ? diag.messages[0].text : "refused");
	conf_diag_fini(&diag);
	return ok;
}

static const struct conf_route *
find(struct tox_call *call)
{
	const struct conf_model *model = state_model(call->state);
	size_t at = state_route_index(model, call->proxy);

	if (at == SIZE_MAX) {
		tox_error(call, 404, "proxy not found");
		return NULL;
	}
	return &model->routes[at];
}

/* --- reading --- */

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct conf_route *const *)a)->name,
	    (*(const struct conf_route *const *)b)->name);
}

bool
tox_proxies_list(struct tox_call *call)
{
	const struct conf_model *model = state_model(call->state);
	const struct conf_route **sorted =
	    xcalloc(model->routes_count, sizeof(struct conf_route *));
	struct str *body = &call->reply->body;

	for (size_t i = 0; i < model->routes_count; i++)
		sorted[i] = &model->routes[i];
	qsort(sorted, model->routes_count, sizeof(struct conf_route *),
	    by_name);
	str_add_char(body, '{');
	for (size_t i = 0; i < model->routes_count; i++) {
		if (i > 0)
			str_add_char(body, ',');
		jsonw_quote(body, view_of(sorted[i]->name));
		str_add_char(body, ':');
		tox_print_proxy(body, sorted[i]);
	}
	str_add_char(body, '}');
	free(sorted);
	tox_json(call, 200);
	return true;
}

static bool
show(struct tox_call *call, int status)
{
	const struct conf_route *r = find(call);

	if (r == NULL)
		return false;
	tox_print_proxy(&call->reply->body, r);
	tox_json(call, status);
	return true;
}

bool
tox_proxies_show(struct tox_call *call)
{
	return show(call, 200);
}

/* --- creating --- */

static bool
create(struct tox_call *call, const struct tox_proxy *proxy)
{
	struct conf_model *draft;
	struct error err;

	if (*proxy->name == '\0')
		return tox_error(call, 400, "missing required field: name");
	if (proxy->upstream == NULL || *proxy->upstream == '\0')
		return tox_error(call, 400,
		    "missing required field: upstream");
	if (state_route_index(state_model(call->state), proxy->name) !=
	    SIZE_MAX)
		return tox_error(call, 409, "proxy already exists");
	draft = state_draft(call->state);
	if (!tox_proxy_add(draft, proxy, &err)) {
		conf_model_unref(draft);
		return tox_error(call, 500, "%s", err.text);
	}
	if (!tox_commit(call, draft))
		return false;
	call->proxy = proxy->name;
	return show(call, 201);
}

bool
tox_proxies_create(struct tox_call *call)
{
	struct tox_proxy proxy;
	struct error err;
	json_t *json = json_in_parse(call->request->body, &err);
	bool ok;

	if (json == NULL || !tox_proxy_read(json, &proxy, &err)) {
		json_decref(json);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	ok = create(call, &proxy);
	json_decref(json);
	return ok;
}

/* --- updating --- */

/* Listens elsewhere, or not at all, or leads elsewhere: what runs is ended. */
static bool
change(struct tox_call *call, const struct conf_route *old,
    const struct tox_proxy *now, const char *listen)
{
	const char *upstream = now->upstream != NULL ? now->upstream
	    : old->upstream_shown != NULL	     ? old->upstream_shown
						     : old->upstream_text;
	bool moved = strcmp(listen, old->listen_text) != 0;
	bool stops = old->enabled &&
	    (moved || !now->enabled ||
		(strcmp(upstream, old->upstream_text) != 0 &&
		    old->upstream_shown == NULL));
	struct conf_model *draft = state_draft(call->state);
	struct conf_route *r =
	    &draft->routes[state_route_index(draft, call->proxy)];
	struct error err, bind_error = {0};
	bool bound = true;

	if (now->enabled && (moved || !old->enabled))
		bound = tox_listen_probe(listen, &bind_error);
	tox_set_upstream(r, upstream);
	r->enabled = now->enabled && bound;
	if (!tox_set_listen(r, listen, &err)) {
		conf_model_unref(draft);
		return tox_error(call, 500, "%s", err.text);
	}
	if (!tox_commit(call, draft))
		return false;
	if (stops)
		state_close_sessions(call->state, call->proxy);
	if (!bound)
		return tox_error(call, 500, "%s", bind_error.text);
	return show(call, 200);
}

static bool
update(struct tox_call *call, const struct conf_route *old,
    struct tox_proxy *now)
{
	struct error err;
	char *listen;
	bool ok;

	if (!now->has_enabled)
		now->enabled = old->enabled;
	if (now->listen == NULL && !(now->enabled && !old->enabled))
		listen = xstrdup(old->listen_text);
	else
		listen = tox_listen_resolve(
		    now->listen != NULL ? now->listen : old->listen_text,
		    &err);
	if (listen == NULL) {
		const char *text = err.text;

		if (strncmp(text, "listen tcp: ", 12) == 0)
			text += 12;
		return tox_error(call, 500, "%s", text);
	}
	ok = change(call, old, now, listen);
	free(listen);
	return ok;
}

bool
tox_proxies_update(struct tox_call *call)
{
	const struct conf_route *r = find(call);
	struct tox_proxy proxy = {0};
	struct error err;
	json_t *json;
	bool ok;

	if (r == NULL)
		return false;
	json = json_in_parse(call->request->body, &err);
	if (json == NULL || (!json_is_null(json) &&
		!tox_proxy_read(json, &proxy, &err))) {
		json_decref(json);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	ok = update(call, r, &proxy);
	json_decref(json);
	return ok;
}

bool
tox_proxies_delete(struct tox_call *call)
{
	struct conf_model *draft;

	if (find(call) == NULL)
		return false;
	draft = state_draft(call->state);
	conf_model_remove_route(draft, state_route_index(draft, call->proxy));
	if (!tox_commit(call, draft))
		return false;
	state_close_sessions(call->state, call->proxy);
	call->reply->status = 204;
	return true;
}
