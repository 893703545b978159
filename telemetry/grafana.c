/* SPDX-License-Identifier: Apache-2.0 */
/* Dashboards are read, changed and saved whole: what is not ours stays as it
 * is. */
#include "telemetry/grafana.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/model.h"
#include "telemetry/token.h"

bool
grafana_token(const struct conf_grafana *c, char **to, struct error *err)
{
	return token_get(&(struct token_place){
	    .file = c->token_file,
	    .key = "grafana.token_file",
	    .variable = "FAULTWIRE_GRAFANA_TOKEN"}, to, err);
}

json_t *
grafana_query(const char *const *tags, size_t count)
{
	json_t *list = json_pack("[s]", "faultwire");

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(tags[i]));
	return json_pack("{s:s, s:b, s:s, s:{s:s, s:s}, s:{s:s, s:o, s:b, "
			 "s:i}}",
	    "name", "Faults", "enable", 1, "iconColor", "red", "datasource",
	    "type", "grafana", "uid", "-- Grafana --", "target", "type",
	    "tags", "tags", list, "matchAny", 0, "limit", 100);
}

/* --- the dashboard -------------------------------------------------------- */

/* Its annotation queries; made if it has none. NULL: it is no dashboard. */
static json_t *
queries_of(json_t *dashboard)
{
	json_t *group = json_object_get(dashboard, "annotations"), *list;

	if (!json_is_object(dashboard))
		return NULL;
	if (!json_is_object(group)) {
		group = json_object();
		json_object_set_new(dashboard, "annotations", group);
	}
	list = json_object_get(group, "list");
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(group, "list", list);
	}
	return list;
}

static bool
is_there(json_t *list, const json_t *query)
{
	json_t *wanted = json_object_get(json_object_get(query, "target"),
	    "tags");
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_equal(json_object_get(json_object_get(one, "target"),
				   "tags"), wanted))
			return true;
	return false;
}

/* --- calls ---------------------------------------------------------------- */

/* What Grafana's answer says is wrong. */
static enum grafana_added
refused(const struct http_client_reply *reply, struct error *err)
{
	json_t *body = json_loadb(reply->body.text != NULL ? reply->body.text
							   : "",
	    reply->body.len, 0, NULL);
	const char *why =
	    json_string_value(json_object_get(body, "message"));

	error_set(err, 0, "status %d%s%.200s", reply->status,
	    why != NULL ? ": " : "", why != NULL ? why : "");
	json_decref(body);
	return GRAFANA_REFUSED;
}

/* GRAFANA_ADDED: it is an answer of 2xx. */
static enum grafana_added
call(struct receiver *r, const struct http_client_request *request,
    struct http_client_reply *reply, struct error *err)
{
	if (!http_client_call(&r->target, request, reply, err))
		return GRAFANA_SILENT;
	return reply->status / 100 == 2 ? GRAFANA_ADDED : refused(reply, err);
}

static enum grafana_added
read_dashboard(struct receiver *r, const char *uid, json_t **to,
    struct error *err)
{
	struct str path = {0};
	struct http_client_reply reply = {0};
	enum grafana_added got;

	str_printf(&path, "%s/api/dashboards/uid/", r->base);
	http_client_escape(&path, uid);
	got = call(r, &(struct http_client_request){"GET", path.text, NULL},
	    &reply, err);
	*to = got == GRAFANA_ADDED
	    ? json_loadb(reply.body.text != NULL ? reply.body.text : "",
		  reply.body.len, 0, NULL)
	    : NULL;
	if (got == GRAFANA_ADDED &&
	    queries_of(json_object_get(*to, "dashboard")) == NULL) {
		error_set(err, 0, "%s answers without a dashboard", path.text);
		got = GRAFANA_REFUSED;
	}
	http_client_reply_fini(&reply);
	str_fini(&path);
	return got;
}

static enum grafana_added
save(struct receiver *r, json_t *all, struct error *err)
{
	json_t *folder = json_object_get(json_object_get(all, "meta"),
	    "folderUid");
	json_t *body = json_pack("{s:O, s:s, s:b}", "dashboard",
	    json_object_get(all, "dashboard"), "message",
	    "query for windows of faults", "overwrite", 0);
	char *path = xasprintf("%s/api/dashboards/db", r->base), *text;
	struct http_client_reply reply = {0};
	enum grafana_added got;

	if (json_is_string(folder))
		json_object_set(body, "folderUid", folder);
	text = json_dumps(body, JSON_COMPACT);
	got = call(r, &(struct http_client_request){"POST", path, text},
	    &reply, err);
	if (got == GRAFANA_REFUSED && reply.status == 400)
		got = GRAFANA_UNSAVED;
	http_client_reply_fini(&reply);
	free(text);
	free(path);
	json_decref(body);
	return got;
}

enum grafana_added
grafana_add(struct receiver *r, const char *uid, const json_t *query,
    struct error *err)
{
	json_t *all = NULL, *list;
	enum grafana_added got = read_dashboard(r, uid, &all, err);

	if (got == GRAFANA_ADDED) {
		list = queries_of(json_object_get(all, "dashboard"));
		if (is_there(list, query)) {
			got = GRAFANA_THERE;
		} else if (json_is_true(json_object_get(
			       json_object_get(all, "meta"), "provisioned"))) {
			error_set(err, 0, "it is provisioned from a file");
			got = GRAFANA_UNSAVED;
		} else {
			json_array_append_new(list, json_deep_copy(query));
			got = save(r, all, err);
		}
	}
	json_decref(all);
	return got;
}
