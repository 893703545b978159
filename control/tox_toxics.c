/* SPDX-License-Identifier: Apache-2.0 */
/* Toxics of Toxiproxy's API: faults on a route. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "control/json_in.h"
#include "control/tox.h"
#include "faults/fault.h"

/* What a body may say of a toxic; borrowed from the JSON. */
struct tox_toxic {
	const char *name, *type, *stream;
	double toxicity;
	bool has_toxicity;
	json_t *attributes; /* NULL: none */
};

/* What creating and changing have in common. */
static bool
toxic_read_values(json_t *json, struct tox_toxic *to, struct error *err)
{
	*to = (struct tox_toxic){.name = "", .type = "", .toxicity = 1};
	if (!json_in_is_object(json, "a toxic", err))
		return false;
	to->has_toxicity = json_in_get(json, "toxicity") != NULL;
	to->attributes = json_in_get(json, "attributes");
	if (to->attributes != NULL && !json_is_object(to->attributes))
		return error_set(err, 0,
		    "json: cannot unmarshal %s into field attributes",
		    json_in_type(to->attributes));
	return json_in_number(json, "toxicity", &to->toxicity, err);
}

static bool
toxic_read(json_t *json, struct tox_toxic *to, struct error *err)
{
	return toxic_read_values(json, to, err) &&
	    json_in_string(json, "name", &to->name, err) &&
	    json_in_string(json, "type", &to->type, err) &&
	    json_in_string(json, "stream", &to->stream, err);
}

static const struct conf_fault *
find_toxic(struct tox_call *call)
{
	const struct conf_route *r = tox_route(call);
	size_t at;

	if (r == NULL)
		return NULL;
	at = state_fault_index(r, call->toxic);
	if (at == SIZE_MAX || !r->faults[at].enabled) {
		tox_error(call, 404, "toxic not found");
		return NULL;
	}
	return &r->faults[at];
}

bool
tox_toxics_show(struct tox_call *call)
{
	const struct conf_fault *f = find_toxic(call);

	if (f == NULL)
		return false;
	tox_print_toxic(&call->reply->body, f);
	tox_json(call, 200);
	return true;
}

bool
tox_toxics_list(struct tox_call *call)
{
	const struct conf_route *r = tox_route(call);

	if (r == NULL)
		return false;
	tox_print_toxics(&call->reply->body, r);
	tox_json(call, 200);
	return true;
}

/* --- creating --- */

/* `stream` as it was spelt. */
static void
set_stream(struct conf_fault *f, const char *stream)
{
	bool up = strcasecmp(stream, "upstream") == 0;

	f->stream = up ? STREAM_UPSTREAM : STREAM_DOWNSTREAM;
	if (strcmp(stream, up ? "upstream" : "downstream") != 0)
		f->stream_shown = xstrdup(stream);
}

static bool
add_fault(struct tox_call *call, const struct tox_toxic *toxic,
    const char *stream, const struct fault_ops *ops)
{
	struct conf_model *draft = state_draft(call->state);
	struct conf_route *r =
	    &draft->routes[state_route_index(draft, call->proxy)];
	struct conf_fault *f = conf_route_add_fault(r, &ops->kind);
	struct error err;

	free(f->name);
	f->name = xstrdup(call->toxic);
	if (strcmp(toxic->type, ops->kind.name) != 0)
		f->type_shown = xstrdup(toxic->type);
	tox_attributes_default(f);
	set_stream(f, stream);
	f->enabled = true;
	f->from_api = true;
	f->conditions.probability = toxic->toxicity;
	if (!tox_attributes_complete(f, toxic->attributes, &err) ||
	    !tox_attributes_set(f, toxic->attributes, &err)) {
		conf_model_unref(draft);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	return tox_commit(call, draft) && tox_toxics_show(call);
}

static bool
create(struct tox_call *call, const struct conf_route *r,
    const struct tox_toxic *toxic)
{
	const char *stream = toxic->stream != NULL ? toxic->stream
						   : "downstream";
	const struct fault_ops *ops;
	char *name;
	bool ok;

	if (strcasecmp(stream, "upstream") != 0 &&
	    strcasecmp(stream, "downstream") != 0)
		return tox_error(call, 400, "stream was invalid, can be "
					    "either upstream or downstream");
	ops = tox_kind(toxic->type, r);
	if (ops == NULL)
		return tox_error(call, 400, "invalid toxic type");
	name = *toxic->name != '\0' ? xstrdup(toxic->name)
				    : xasprintf("%s_%s", toxic->type, stream);
	call->toxic = name;
	if (state_fault_index(r, name) != SIZE_MAX)
		ok = tox_error(call, 409, "toxic already exists");
	else
		ok = add_fault(call, toxic, stream, ops);
	free(name);
	return ok;
}

bool
tox_toxics_create(struct tox_call *call)
{
	const struct conf_route *r = tox_route(call);
	struct tox_toxic toxic;
	struct error err;
	json_t *json;
	bool ok;

	if (r == NULL)
		return false;
	json = json_in_parse(call->request->body, &err);
	if (json == NULL || !toxic_read(json, &toxic, &err)) {
		json_decref(json);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	ok = create(call, r, &toxic);
	json_decref(json);
	return ok;
}

/* --- changing --- */

static bool
update(struct tox_call *call, const struct tox_toxic *toxic)
{
	struct conf_model *draft = state_draft(call->state);
	struct conf_route *r =
	    &draft->routes[state_route_index(draft, call->proxy)];
	struct conf_fault *f = &r->faults[state_fault_index(r, call->toxic)];
	struct error err;

	if (toxic->has_toxicity)
		f->conditions.probability = toxic->toxicity;
	if (!tox_attributes_set(f, toxic->attributes, &err)) {
		conf_model_unref(draft);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	return tox_commit(call, draft) && tox_toxics_show(call);
}

bool
tox_toxics_update(struct tox_call *call)
{
	struct tox_toxic toxic;
	struct error err;
	json_t *json;
	bool ok;

	if (find_toxic(call) == NULL)
		return false;
	json = json_in_parse(call->request->body, &err);
	if (json == NULL || !toxic_read_values(json, &toxic, &err))
		ok = tox_error(call, 400, "bad request body: %s", err.text);
	else
		ok = update(call, &toxic);
	json_decref(json);
	return ok;
}

bool
tox_toxics_delete(struct tox_call *call)
{
	struct conf_model *draft;
	struct conf_route *r;

	if (find_toxic(call) == NULL)
		return false;
	draft = state_draft(call->state);
	r = &draft->routes[state_route_index(draft, call->proxy)];
	conf_route_remove_fault(r, state_fault_index(r, call->toxic));
	if (!tox_commit(call, draft))
		return false;
	call->reply->status = 204;
	return true;
}
