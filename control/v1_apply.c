/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/apply: several changes on one draft, all or none. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "control/v1_call.h"

#define CHANGES_MAX 1000

/* The text of a change's member; NULL: said. */
static const char *
text_of(struct v1_call *call, json_t *change, const char *key, size_t i)
{
	json_t *value = json_object_get(change, key);
	char *place = xasprintf("changes[%zu].%s", i, key);

	if (!json_is_string(value))
		v1_fail(call, 400, place, "%s: it is %s; expected a text", key,
			value == NULL ? "missing" : "no text");
	free(place);
	return json_string_value(value);
}

static bool
check_keys(struct v1_call *call, json_t *change, size_t i)
{
	static const char *const known[] = {"method", "path", "body"};
	const char *key;
	json_t *value;

	json_object_foreach(change, key, value)
	{
		size_t k = 0;

		while (k < COUNT_OF(known) && strcmp(known[k], key) != 0)
			k++;
		if (k == COUNT_OF(known)) {
			char *place = xasprintf("changes[%zu].%s", i, key);

			v1_fail(
			    call, 400, place,
			    "unknown key \"%.80s\" in a change; expected one "
			    "of method, path, body",
			    key);
			free(place);
			return false;
		}
	}
	return true;
}

/* Only what changes the draft can be part of it. */
static bool
find(struct v1_call *sub, const char *method, const char *path)
{
	const char *mark = strchr(path, '?');
	struct view query = {0};
	struct str allow = {0};
	bool ok;

	if (mark != NULL)
		query = view_of(mark + 1);
	ok = v1_target(sub, (struct view){path, strcspn(path, "?")}, query) &&
	     v1_find(sub, view_of(method), &allow);
	str_fini(&allow);
	if (!ok)
		return false;
	if (sub->endpoint == NULL || sub->endpoint->effect != V1_CHANGE ||
	    sub->endpoint->run == v1_apply)
		return v1_fail(
		    sub, 400, NULL,
		    "%s %.80s cannot be part of an apply; expected a change of "
		    "routes, faults or partitions, or a reset",
		    method, path);
	return v1_check_query(sub) &&
	       (!sub->dry_run || v1_fail(sub, 400, "dry_run",
					 "dry_run: it is about all changes; "
					 "expected it on the apply"));
}

static bool
run(struct v1_call *call, struct v1_call *sub, json_t *change, size_t i)
{
	const char *method = text_of(call, change, "method", i);
	const char *path = text_of(call, change, "path", i);
	char *at = xasprintf("changes[%zu]", i);
	char *body = xasprintf("changes[%zu].body", i);
	bool ok;

	sub->at = at;
	ok = method != NULL && path != NULL && check_keys(call, change, i) &&
	     find(sub, method, path);
	if (ok) {
		sub->at = body;
		sub->body = json_incref(json_object_get(change, "body"));
		sub->status = sub->endpoint->status;
		ok = (sub->endpoint->body != NULL || v1_body_empty(sub)) &&
		     sub->endpoint->run(sub);
	}
	call->status = ok ? call->status : sub->status != 0 ? sub->status : 400;
	sub->at = NULL;
	sub->edit = NULL;
	free(at);
	free(body);
	return ok;
}

bool
v1_apply(struct v1_call *call)
{
	json_t *list = json_object_get(call->body, "changes");
	size_t count = json_array_size(list);
	struct v1_reader r;

	if (!v1_body(call, &r, false, "an apply"))
		return false;
	if (!json_is_array(list) || count > CHANGES_MAX ||
	    json_object_size(call->body) != 1)
		v1_finding(
		    &r, "changes",
		    "expected \"changes\" and nothing else: a list of at most "
		    "%d objects {\"method\", \"path\", \"body\"}",
		    CHANGES_MAX);
	if (!v1_body_end(call, &r))
		return false;
	call->subs = xcalloc(count, sizeof(*call->subs));
	for (size_t i = 0; i < count; i++) {
		struct v1_call *sub = &call->subs[call->subs_count++];

		*sub = (struct v1_call){
		    .v1 = call->v1, .edit = call->edit, .diag = call->diag};
		if (!run(call, sub, json_array_get(list, i), i))
			return false;
	}
	return true;
}

/* Something may be gone again by a later change: then it has no body. */
static void
put_result(struct jsonw *w, struct v1_call *sub)
{
	struct conf_diag diag = {0};
	int status = sub->status;
	bool shown = false;

	sub->diag = &diag;
	if (sub->endpoint->show != NULL)
		shown = sub->endpoint->show(sub);
	jsonw_object(w);
	jsonw_put_int(w, "status", status);
	jsonw_key(w, "body");
	if (shown)
		jsonw_raw(w, (struct view){sub->out.text, sub->out.len});
	else
		jsonw_null(w);
	jsonw_object_end(w);
	conf_diag_fini(&diag);
}

bool
v1_apply_show(struct v1_call *call)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_key(&w, "results");
	jsonw_array(&w);
	for (size_t i = 0; i < call->subs_count; i++)
		put_result(&w, &call->subs[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	return true;
}
