/* SPDX-License-Identifier: Apache-2.0 */
/* Toxics of Toxiproxy's API: faults on a route. Their attributes are the
 * parameters of the fault's table, as whole numbers in Toxiproxy's units. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
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

static bool
toxic_read(json_t *json, struct tox_toxic *to, struct error *err)
{
	*to = (struct tox_toxic){.name = "", .type = "", .toxicity = 1};
	if (!json_is_object(json))
		return error_set(err, 0, "json: cannot unmarshal value into a "
					 "toxic");
	to->has_toxicity = json_in_get(json, "toxicity") != NULL;
	to->attributes = json_in_get(json, "attributes");
	if (to->attributes != NULL && !json_is_object(to->attributes))
		return error_set(err, 0, "json: cannot unmarshal value into "
					 "field attributes");
	return json_in_string(json, "name", &to->name, err) &&
	    json_in_string(json, "type", &to->type, err) &&
	    json_in_string(json, "stream", &to->stream, err) &&
	    json_in_number(json, "toxicity", &to->toxicity, err);
}

static const struct conf_field *
find_field(const struct conf_fault *f, const char *key)
{
	for (const struct conf_field *t = f->kind->fields; t->name; t++) {
		if (strcasecmp(t->name, key) == 0 &&
		    !(t->flags & CONF_HIDDEN))
			return t;
	}
	return NULL;
}

static bool
set_attribute(struct conf_fault *f, const struct conf_field *field,
    const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	struct error why;
	bool ok;

	if (json_is_null(value))
		return true;
	if (json_is_boolean(value) && field->type == CONF_BOOL)
		text = json_is_true(value) ? "true" : "false";
	if (json_is_integer(value)) {
		ok = conf_field_number(field, f->params,
		    (double)json_integer_value(value), true, &why);
	} else if (json_is_real(value) &&
	    (field->type == CONF_FLOAT || field->type == CONF_FRACTION)) {
		ok = conf_field_number(field, f->params,
		    json_real_value(value), false, &why);
	} else if (text != NULL && (field->type == CONF_STRING ||
		       field->type == CONF_ENUM || field->type == CONF_BOOL)) {
		ok = conf_field_parse(field, f->params, text, &why);
	} else {
		return error_set(err, 0, "bad request body: json: cannot "
					 "unmarshal %s into field %s",
		    json_is_number(value) ? "number" : "value", field->name);
	}
	return ok || error_set(err, 0, "attribute %s: %s", field->name,
	    why.text);
}

/* All or nothing, other than Toxiproxy: the fault belongs to a draft. */
static bool
set_attributes(struct conf_fault *f, json_t *attributes, struct error *err)
{
	struct conf_where where = {0};
	struct conf_diag diag = {0};
	const char *key;
	json_t *value;
	bool ok = true;

	json_object_foreach(attributes, key, value) {
		const struct conf_field *field = find_field(f, key);

		if (field != NULL && !set_attribute(f, field, value, err))
			return false;
	}
	if (f->kind->check != NULL)
		f->kind->check(f->params, &where, &diag);
	if (diag.errors > 0)
		ok = error_set(err, 0, "%s", diag.messages[0].text);
	conf_diag_fini(&diag);
	return ok;
}

/* Attributes that a body leaves out are 0, not our default. */
static void
clear_params(struct conf_fault *f, json_t *attributes)
{
	struct error err;

	for (const struct conf_field *t = f->kind->fields; t->name; t++) {
		bool numeric = t->type == CONF_INT ||
		    t->type == CONF_DURATION || t->type == CONF_SIZE ||
		    t->type == CONF_RATE;

		if (numeric && json_in_get(attributes, t->name) == NULL &&
		    t->min <= 0 && !conf_field_number(t, f->params, 0, true,
			&err))
			continue;
	}
}

static const struct conf_route *
find_proxy(struct tox_call *call)
{
	const struct conf_model *model = state_model(call->state);
	size_t at = state_route_index(model, call->proxy);

	if (at == SIZE_MAX) {
		tox_error(call, 404, "proxy not found");
		return NULL;
	}
	return &model->routes[at];
}

static const struct conf_fault *
find_toxic(struct tox_call *call)
{
	const struct conf_route *r = find_proxy(call);
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

static bool
show(struct tox_call *call)
{
	const struct conf_fault *f = find_toxic(call);

	if (f == NULL)
		return false;
	tox_print_toxic(&call->reply->body, f);
	tox_json(call, 200);
	return true;
}

bool
tox_toxics_show(struct tox_call *call)
{
	return show(call);
}

bool
tox_toxics_list(struct tox_call *call)
{
	const struct conf_route *r = find_proxy(call);

	if (r == NULL)
		return false;
	tox_print_toxics(&call->reply->body, r);
	tox_json(call, 200);
	return true;
}

/* --- creating --- */

static const struct fault_ops *
kind_for(const struct tox_toxic *toxic, const struct conf_route *route)
{
	const struct fault_ops *ops = fault_find(
	    strcmp(toxic->type, "packet_loss") == 0 ? "loss" : toxic->type);

	/* "down" is no toxic: clients mean a disabled proxy by it. */
	if (ops == NULL || (ops->kind.flags & (KIND_HIDDEN | KIND_NO_STREAM)) ||
	    ((ops->kind.flags & KIND_HTTP_ONLY) &&
		route->protocol != PROTOCOL_HTTP))
		return NULL;
	return ops;
}

static bool
add_fault(struct tox_call *call, const struct tox_toxic *toxic, bool up,
    const struct fault_ops *ops)
{
	struct conf_model *draft = state_draft(call->state);
	struct conf_route *r =
	    &draft->routes[state_route_index(draft, call->proxy)];
	struct conf_fault *f = conf_route_add_fault(r, &ops->kind);
	struct error err;

	free(f->name);
	f->name = xstrdup(call->toxic);
	f->stream = up ? STREAM_UPSTREAM : STREAM_DOWNSTREAM;
	f->enabled = true;
	f->from_api = true;
	f->conditions.probability = toxic->toxicity;
	if (toxic->attributes != NULL)
		clear_params(f, toxic->attributes);
	if (toxic->attributes != NULL &&
	    !set_attributes(f, toxic->attributes, &err)) {
		conf_model_unref(draft);
		return tox_error(call, 400, "%s", err.text);
	}
	return tox_commit(call, draft) && show(call);
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
	ops = kind_for(toxic, r);
	if (ops == NULL)
		return tox_error(call, 400, "invalid toxic type");
	name = *toxic->name != '\0' ? xstrdup(toxic->name)
				    : xasprintf("%s_%s", toxic->type, stream);
	call->toxic = name;
	if (state_fault_index(r, name) != SIZE_MAX)
		ok = tox_error(call, 409, "toxic already exists");
	else
		ok = add_fault(call, toxic, strcasecmp(stream, "upstream") == 0,
		    ops);
	free(name);
	return ok;
}

bool
tox_toxics_create(struct tox_call *call)
{
	const struct conf_route *r = find_proxy(call);
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

bool
tox_toxics_update(struct tox_call *call)
{
	struct tox_toxic toxic = {0};
	struct conf_model *draft;
	struct conf_route *r;
	struct conf_fault *f;
	struct error err;
	json_t *json;
	bool ok = true;

	if (find_toxic(call) == NULL)
		return false;
	json = json_in_parse(call->request->body, &err);
	if (json == NULL || (!json_is_null(json) &&
		!toxic_read(json, &toxic, &err))) {
		json_decref(json);
		return tox_error(call, 400, "bad request body: %s", err.text);
	}
	draft = state_draft(call->state);
	r = &draft->routes[state_route_index(draft, call->proxy)];
	f = &r->faults[state_fault_index(r, call->toxic)];
	if (toxic.has_toxicity)
		f->conditions.probability = toxic.toxicity;
	if (toxic.attributes != NULL)
		ok = set_attributes(f, toxic.attributes, &err);
	json_decref(json);
	if (!ok) {
		conf_model_unref(draft);
		return tox_error(call, 400, "%s", err.text);
	}
	return tox_commit(call, draft) && show(call);
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
