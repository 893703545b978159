/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of Toxiproxy's API that are about all proxies at once. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "control/json_in.h"
#include "control/tox.h"
#include "control/toxiproxy.h"

/* --- populate --- */

static bool
validate(struct tox_call *call, json_t *array)
{
	struct tox_proxy proxy;
	struct error err;
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item) {
		if (!tox_proxy_read(item, &proxy, &err))
			return tox_error(call, 400, "bad request body: %s",
			    err.text);
		if (*proxy.name == '\0')
			return tox_error(call, 400,
			    "missing required field: name at proxy %zu",
			    i + 1);
		if (proxy.upstream == NULL || *proxy.upstream == '\0')
			return tox_error(call, 400,
			    "missing required field: upstream at proxy %zu",
			    i + 1);
	}
	return true;
}

/* The same place to listen and the same upstream: left alone. */
static bool
unchanged(const struct conf_route *r, const struct tox_proxy *proxy)
{
	const char *upstream = r->upstream_shown != NULL ? r->upstream_shown
							 : r->upstream_text;
	const char *listen = proxy->listen != NULL ? proxy->listen : "";
	struct error err;
	char *resolved;
	bool same;

	if (strcmp(upstream, proxy->upstream) != 0)
		return false;
	if (strcmp(listen, r->listen_text) == 0)
		return true;
	/* Port 0 is another port each time. */
	resolved = tox_listen_resolve(listen, &err);
	same = resolved != NULL && strcmp(resolved, r->listen_text) == 0;
	free(resolved);
	return same;
}

/* One entry: created, replaced, or left alone. False: err says why not. */
static bool
populate_one(struct tox_call *call, const struct tox_proxy *proxy,
    struct error *err)
{
	size_t at = state_route_index(state_model(call->state), proxy->name);
	struct conf_model *draft;
	struct conf_diag diag = {0};
	bool ok;

	if (at != SIZE_MAX &&
	    unchanged(&state_model(call->state)->routes[at], proxy))
		return true;
	draft = state_draft(call->state);
	if (at != SIZE_MAX) {
		/* Its port must be free before it is bound again. */
		conf_model_remove_route(draft, at);
		if (!state_commit(call->state, draft, &diag)) {
			conf_diag_fini(&diag);
			return error_set(err, 0, "refused");
		}
		state_close_sessions(call->state, proxy->name);
		draft = state_draft(call->state);
	}
	if (!tox_proxy_add(draft, proxy, err)) {
		conf_model_unref(draft);
		return false;
	}
	ok = state_commit(call->state, draft, &diag);
	if (!ok)
		error_set(err, 0, "%s", diag.messages[0].text);
	conf_diag_fini(&diag);
	return ok;
}

static void
print_list(struct tox_call *call, json_t *array, size_t count)
{
	const struct conf_model *model = state_model(call->state);
	struct str *body = &call->reply->body;
	struct tox_proxy proxy;
	struct error err;

	if (count == 0) {
		str_add(body, "null");
		return;
	}
	str_add_char(body, '[');
	for (size_t i = 0; i < count; i++) {
		size_t at;

		tox_proxy_read(json_array_get(array, i), &proxy, &err);
		at = state_route_index(model, proxy.name);
		if (at == SIZE_MAX)
			continue;
		if (i > 0)
			str_add_char(body, ',');
		tox_print_proxy(body, &model->routes[at]);
	}
	str_add_char(body, ']');
}

static void
populate_failed(struct tox_call *call, json_t *array, size_t done,
    const char *text)
{
	struct str *body = &call->reply->body;

	tox_error(call, 500, "%s", text);
	/* …}\n becomes …,"proxies":…} */
	body->len -= 2;
	body->text[body->len] = '\0';
	str_add(body, ",\"proxies\":");
	print_list(call, array, done);
	str_add_char(body, '}');
	call->reply->type = "application/json";
}

static bool
populate(struct tox_call *call, json_t *array)
{
	size_t count = json_array_size(array);

	for (size_t i = 0; i < count; i++) {
		struct tox_proxy proxy;
		struct error err;

		tox_proxy_read(json_array_get(array, i), &proxy, &err);
		if (!populate_one(call, &proxy, &err)) {
			populate_failed(call, array, i, err.text);
			return false;
		}
	}
	str_add(&call->reply->body, "{\"proxies\":");
	print_list(call, array, count);
	str_add_char(&call->reply->body, '}');
	tox_json(call, 201);
	return true;
}

/* Errors before anything was done carry a null list and are JSON here. */
static bool
as_json(struct tox_call *call)
{
	struct str *body = &call->reply->body;

	body->len -= 2;
	body->text[body->len] = '\0';
	str_add(body, ",\"proxies\":null}");
	call->reply->type = "application/json";
	return false;
}

bool
tox_populate(struct tox_call *call)
{
	struct error err;
	json_t *json = json_in_parse(call->request->body, &err);
	bool ok;

	if (json != NULL && !json_is_array(json) && !json_is_null(json)) {
		json_decref(json);
		json = NULL;
		error_set(&err, 0, "json: cannot unmarshal object into a list "
				   "of proxies");
	}
	if (json == NULL) {
		tox_error(call, 400, "bad request body: %s", err.text);
		return as_json(call);
	}
	if (!validate(call, json))
		ok = as_json(call);
	else
		ok = populate(call, json);
	json_decref(json);
	return ok;
}

/* --- reset, version --- */

static bool
start_all(struct tox_call *call, struct conf_model *draft)
{
	for (size_t i = 0; i < draft->routes_count; i++) {
		struct conf_route *r = &draft->routes[i];
		struct error err;
		char *listen;
		bool ok;

		while (r->faults_count > 0)
			conf_route_remove_fault(r, r->faults_count - 1);
		if (r->enabled)
			continue;
		listen = tox_listen_resolve(r->listen_text, &err);
		ok = listen != NULL && tox_listen_probe(listen, &err) &&
		    tox_set_listen(r, listen, &err);
		free(listen);
		if (!ok)
			return tox_error(call, 500, "%s", err.text);
		r->enabled = true;
	}
	return true;
}

bool
tox_reset(struct tox_call *call)
{
	struct conf_model *draft = state_draft(call->state);

	if (!start_all(call, draft)) {
		conf_model_unref(draft);
		return false;
	}
	for (size_t i = 0; i < draft->partitions_count; i++)
		draft->partitions[i].enabled = false;
	if (!tox_commit(call, draft))
		return false;
	call->reply->status = 204;
	return true;
}

bool
tox_version(struct tox_call *call)
{
	call->reply->status = 200;
	call->reply->type = "application/json;charset=utf-8";
	str_add(&call->reply->body,
	    "{\"version\": \"" TOXIPROXY_VERSION "\"}\n");
	return true;
}
