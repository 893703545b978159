/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies of Toxiproxy's API: routes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "config/build.h"
#include "control/json_in.h"
#include "control/tox.h"

/* An upstream that nothing can be reached at: Toxiproxy takes any text, and
 * then closes each connection. */
#define NOWHERE "unix:/dev/null/nowhere"

bool
tox_proxy_read(json_t *json, struct tox_proxy *to, struct error *err)
{
	*to = (struct tox_proxy){.name = "", .listen = NULL, .enabled = true};
	if (!json_in_is_object(json, "a proxy", err))
		return false;
	to->has_enabled = json_in_get(json, "enabled") != NULL;
	return json_in_string(json, "name", &to->name, err) &&
	    json_in_string(json, "listen", &to->listen, err) &&
	    json_in_string(json, "upstream", &to->upstream, err) &&
	    json_in_bool(json, "enabled", &to->enabled, err);
}

static void
set_upstream(struct conf_route *r, const char *upstream)
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
	else if (!conf_address_parse(NOWHERE, false, &r->upstream, &err))
		assert(!"nowhere is an address");
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

/* A proxy that does not run shows the text that was given, if it can. */
static void
set_listen_given(struct conf_route *r, const char *given,
    const char *resolved)
{
	struct error err;

	if (*given == '\0')
		given = TOX_ANY_PORT;
	if (!tox_set_listen(r, given, &err) &&
	    !tox_set_listen(r, resolved, &err))
		assert(!"a resolved address parses");
}

void
tox_proxy_fill(struct conf_route *r, const struct tox_proxy *proxy,
    const char *given, const char *resolved)
{
	free(r->name);
	r->name = xstrdup(proxy->name);
	r->enabled = proxy->enabled;
	r->from_api = true;
	set_upstream(r, proxy->upstream);
	set_listen_given(r, given, resolved);
}

static bool
add(struct conf_model *draft, const struct tox_proxy *proxy,
    struct error *err)
{
	const char *given = proxy->listen != NULL ? proxy->listen : "";
	char *listen = tox_listen_resolve(given, err);
	struct conf_route *r;

	if (listen == NULL)
		return false;
	if (proxy->enabled && !tox_listen_probe(listen, err)) {
		free(listen);
		return false;
	}
	r = conf_model_add_route(draft);
	tox_proxy_fill(r, proxy, proxy->enabled ? listen : given, listen);
	free(listen);
	return true;
}

bool
tox_commit(struct tox_call *call, struct conf_model *draft)
{
	struct conf_diag diag = {0};
	bool ok = state_commit(call->state, draft, &diag);

	if (!ok)
		tox_error(call, 500, "%s", conf_diag_text(&diag));
	conf_diag_fini(&diag);
	return ok;
}

bool
tox_shares_listener(const struct conf_model *model,
    const struct conf_route *route)
{
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		if (r != route && r->enabled &&
		    strcmp(r->name, route->name) != 0 &&
		    strcmp(r->listen_text, route->listen_text) == 0 &&
		    !r->from_api && !route->from_api)
			return true;
	}
	return false;
}

const struct conf_route *
tox_route(struct tox_call *call)
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
	const struct conf_route *r = tox_route(call);

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
	if (!add(draft, proxy, &err)) {
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

/* What a proxy becomes. */
struct target {
	const char *given;  /* where it is to listen, as written */
	char *listen;	    /* owned; the same, resolved */
	char *upstream;	    /* owned */
	bool enabled;
	bool moved, redirected; /* listens, leads elsewhere than before */
};

static bool
put(struct tox_call *call, const struct target *t, bool enabled)
{
	struct conf_model *draft = state_draft(call->state);
	struct conf_route *r =
	    &draft->routes[state_route_index(draft, call->proxy)];

	set_upstream(r, t->upstream);
	r->enabled = enabled;
	if (enabled || t->moved)
		set_listen_given(r, enabled ? t->listen : t->given,
		    t->listen);
	return tox_commit(call, draft);
}

/* Its port may be taken by nobody but the proxy itself, on another address:
 * then it stops before it starts anew, and stays stopped if that fails. */
static bool
restart(struct tox_call *call, const struct target *t, bool was_enabled)
{
	struct error err;

	if (tox_listen_probe(t->listen, &err))
		return put(call, t, true);
	if (!put(call, t, false))
		return false;
	if (was_enabled && tox_listen_probe(t->listen, &err))
		return put(call, t, true);
	tox_error(call, 500, "%s", err.text);
	return false;
}

static bool
change(struct tox_call *call, const struct conf_route *old,
    const struct target *t)
{
	bool was_enabled = old->enabled, ok;
	bool stops = was_enabled && (t->moved || t->redirected || !t->enabled);

	if (t->enabled && (t->moved || !was_enabled) &&
	    !tox_shares_listener(state_model(call->state), old))
		ok = restart(call, t, was_enabled);
	else if (t->moved || t->redirected || t->enabled != was_enabled)
		ok = put(call, t, t->enabled);
	else
		ok = true;
	if (stops)
		state_close_sessions(call->state, call->proxy);
	return ok && show(call, 200);
}

static bool
update(struct tox_call *call, const struct conf_route *old,
    const struct tox_proxy *now)
{
	const char *upstream = tox_upstream(old);
	struct target t = {
	    .given = now->listen != NULL ? now->listen : old->listen_text,
	    .enabled = now->has_enabled ? now->enabled : old->enabled,
	};
	struct error err;
	bool ok;

	if (now->listen == NULL && (old->enabled || !t.enabled))
		t.listen = xstrdup(old->listen_text);
	else
		t.listen = tox_listen_resolve(t.given, &err);
	if (t.listen == NULL)
		return tox_error(call, 500, "%s", tox_address_text(&err));
	t.upstream = xstrdup(now->upstream != NULL ? now->upstream : upstream);
	t.moved = strcmp(t.listen, old->listen_text) != 0;
	t.redirected = strcmp(t.upstream, upstream) != 0;
	ok = change(call, old, &t);
	free(t.listen);
	free(t.upstream);
	return ok;
}

bool
tox_proxies_update(struct tox_call *call)
{
	const struct conf_route *r = tox_route(call);
	struct tox_proxy proxy;
	struct error err;
	json_t *json;
	bool ok;

	if (r == NULL)
		return false;
	json = json_in_parse(call->request->body, &err);
	if (json == NULL || !tox_proxy_read(json, &proxy, &err))
		ok = tox_error(call, 400, "bad request body: %s", err.text);
	else
		ok = update(call, r, &proxy);
	json_decref(json);
	return ok;
}

bool
tox_proxies_delete(struct tox_call *call)
{
	struct conf_model *draft;

	if (tox_route(call) == NULL)
		return false;
	draft = state_draft(call->state);
	conf_model_remove_route(draft, state_route_index(draft, call->proxy));
	if (!tox_commit(call, draft))
		return false;
	state_close_sessions(call->state, call->proxy);
	call->reply->status = 204;
	return true;
}
