/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of Toxiproxy's API that are about all proxies at once. */
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "control/json_in.h"
#include "control/tox.h"
#include "control/toxiproxy.h"

/* --- populate --- */

/* The whole list is read before anything of it is done. */
bool
tox_populate_check(json_t *list, struct error *err)
{
	struct tox_proxy proxy;
	struct error why;
	size_t i;
	json_t *item;

	if (!json_is_array(list) && !json_is_null(list))
		return error_set(err, 0, "bad request body: json: cannot "
					 "unmarshal %s into a list of proxies",
		    json_in_type(list));
	json_array_foreach(list, i, item) {
		if (!tox_proxy_read(item, &proxy, &why))
			return error_set(err, 0, "bad request body: %s",
			    why.text);
	}
	json_array_foreach(list, i, item) {
		tox_proxy_read(item, &proxy, &why);
		if (*proxy.name == '\0')
			return error_set(err, 0, "missing required field: "
						 "name at proxy %zu", i + 1);
		if (proxy.upstream == NULL || *proxy.upstream == '\0')
			return error_set(err, 0, "missing required field: "
						 "upstream at proxy %zu",
			    i + 1);
	}
	return true;
}

/* Entries gather in one draft, so that a thousand of them cost one change;
 * an entry that seems to meet an earlier one's port has that applied first,
 * as if each was done on its own. */
struct batch {
	struct state *state;
	struct conf_model *draft; /* owned; NULL: nothing is pending */
	struct str replaced;	  /* names, each ended by NUL */
};

static bool
batch_apply(struct batch *b, struct error *err)
{
	struct conf_diag diag = {0};
	bool ok = true;

	if (b->draft != NULL)
		ok = state_commit(b->state, b->draft, &diag);
	b->draft = NULL;
	if (!ok)
		error_set(err, 0, "%s", conf_diag_text(&diag));
	for (size_t at = 0; ok && at < b->replaced.len;
	     at += strlen(b->replaced.text + at) + 1)
		state_close_sessions(b->state, b->replaced.text + at);
	str_clear(&b->replaced);
	conf_diag_fini(&diag);
	return ok;
}

static struct conf_model *
batch_draft(struct batch *b)
{
	if (b->draft == NULL)
		b->draft = state_draft(b->state);
	return b->draft;
}

/* The same place to listen and the same upstream: left alone. Port 0 is
 * another port each time. */
static bool
unchanged(const struct conf_route *r, const struct tox_proxy *proxy,
    const char *resolved)
{
	return strcmp(tox_upstream(r), proxy->upstream) == 0 &&
	    (strcmp(proxy->listen != NULL ? proxy->listen : "",
		 r->listen_text) == 0 ||
		strcmp(resolved, r->listen_text) == 0);
}

static bool
is_pending(const struct batch *b, const char *listen)
{
	const struct conf_model *m = b->draft;

	for (size_t i = 0; m != NULL && i < m->routes_count; i++) {
		if (m->routes[i].enabled &&
		    strcmp(m->routes[i].listen_text, listen) == 0)
			return true;
	}
	return false;
}

/* Can the entry listen, if the proxy that it replaces (or NULL) stops? */
static bool
can_listen(struct batch *b, const struct tox_proxy *proxy,
    const char *resolved, const struct conf_route *old, struct error *err)
{
	struct error why;

	if (!proxy->enabled || (old != NULL && old->enabled &&
		strcmp(old->listen_text, resolved) == 0))
		return true;
	if (!is_pending(b, resolved) && tox_listen_probe(resolved, &why))
		return true;
	return batch_apply(b, err) && tox_listen_probe(resolved, err);
}

static void
replace(struct batch *b, const struct tox_proxy *proxy, const char *resolved)
{
	struct conf_model *draft = batch_draft(b);
	size_t at = state_route_index(draft, proxy->name);
	const char *given = proxy->listen != NULL ? proxy->listen : "";
	struct conf_route *r;

	if (at != SIZE_MAX) {
		conf_model_remove_route(draft, at);
		str_add_bytes(&b->replaced, proxy->name,
		    strlen(proxy->name) + 1);
	}
	r = conf_model_add_route(draft);
	tox_proxy_fill(r, proxy, proxy->enabled ? resolved : given, resolved);
}

/* One entry: created, replaced, or left alone. False: err says why not. */
static bool
populate_one(struct batch *b, const struct tox_proxy *proxy,
    struct error *err)
{
	const struct conf_model *m =
	    b->draft != NULL ? b->draft : state_model(b->state);
	size_t at = state_route_index(m, proxy->name);
	const struct conf_route *old = at != SIZE_MAX ? &m->routes[at] : NULL;
	struct error why;
	char *resolved = tox_listen_resolve(
	    proxy->listen != NULL ? proxy->listen : "", &why);
	bool ok = resolved != NULL;

	if (!ok)
		error_set(err, why.code, "%s", old != NULL
			? tox_address_text(&why) : why.text);
	else if (old == NULL || !unchanged(old, proxy, resolved)) {
		ok = can_listen(b, proxy, resolved, old, err);
		if (ok)
			replace(b, proxy, resolved);
	}
	free(resolved);
	return ok;
}

size_t
tox_populate_run(struct state *state, json_t *list, struct error *err)
{
	struct batch b = {.state = state};
	struct error later;
	struct tox_proxy proxy;
	size_t done = 0;

	for (; done < json_array_size(list); done++) {
		tox_proxy_read(json_array_get(list, done), &proxy, err);
		if (!populate_one(&b, &proxy, err))
			break;
	}
	if (!batch_apply(&b, &later)) {
		*err = later;
		done = 0;
	}
	str_fini(&b.replaced);
	return done;
}

static void
print_list(struct tox_call *call, json_t *array, size_t count)
{
	const struct conf_model *model = state_model(call->state);
	struct str *body = &call->reply->body;
	struct tox_proxy proxy;
	struct error err;
	bool first = true;

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
		if (!first)
			str_add_char(body, ',');
		first = false;
		tox_print_proxy(body, &model->routes[at]);
	}
	str_add_char(body, ']');
}

/* Errors are JSON here, and carry what was done before: …}\n becomes
 * …,"proxies":…} */
static bool
populate_failed(struct tox_call *call, int status, json_t *list, size_t done,
    const char *text)
{
	struct str *body = &call->reply->body;

	tox_error(call, status, "%s", text);
	body->len -= 2;
	body->text[body->len] = '\0';
	str_add(body, ",\"proxies\":");
	print_list(call, list, done);
	str_add_char(body, '}');
	call->reply->type = "application/json";
	return false;
}

static bool
populate(struct tox_call *call, json_t *list)
{
	size_t count = json_array_size(list), done;
	struct error err;

	if (!tox_populate_check(list, &err))
		return populate_failed(call, 400, NULL, 0, err.text);
	done = tox_populate_run(call->state, list, &err);
	if (done < count)
		return populate_failed(call, 500, list, done, err.text);
	str_add(&call->reply->body, "{\"proxies\":");
	print_list(call, list, count);
	str_add_char(&call->reply->body, '}');
	tox_json(call, 201);
	return true;
}

bool
tox_populate(struct tox_call *call)
{
	struct error err, why;
	json_t *list = json_in_parse(call->request->body, &err);
	bool ok;

	if (list == NULL) {
		error_set(&why, 0, "bad request body: %.200s", err.text);
		return populate_failed(call, 400, NULL, 0, why.text);
	}
	ok = populate(call, list);
	json_decref(list);
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
		if (tox_shares_listener(draft, r)) {
			r->enabled = true;
			continue;
		}
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
