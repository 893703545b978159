/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the /v1 API, OpenAPI 3.0: made of the table of endpoints
 * and the tables of the configuration. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/tables.h"
#include "control/v1_call.h"
#include "faults/fault.h"

#define REF "#/components/schemas/"

static void
put_ref(struct jsonw *w, const char *schema)
{
	char text[120];

	snprintf(text, sizeof(text), REF "%s", schema);
	jsonw_object(w);
	jsonw_put_string(w, "$ref", text);
	jsonw_object_end(w);
}

/* Appends JSON that is written with ' for ". */
static void
add_quoted(struct str *to, const char *text)
{
	for (; *text != '\0'; text++)
		str_add_char(to, *text == '\'' ? '"' : *text);
}

static void
put_quoted(struct jsonw *w, const char *key, const char *text)
{
	struct str json = {0};

	add_quoted(&json, text);
	jsonw_key(w, key);
	jsonw_raw(w, (struct view){json.text, json.len});
	str_fini(&json);
}

/* --- fields --- */

/* What a field's value may be; the rest of its schema is common. */
static const char *
type_members(enum conf_type type)
{
	static const char *const members[] = {
	    [CONF_BOOL] = "'type':'boolean'",
	    [CONF_INT] = "'type':'integer'",
	    [CONF_FLOAT] = "'type':'number'",
	    [CONF_DURATION] = "'anyOf':[{'type':'string'},{'type':'number'}]",
	    [CONF_SIZE] = "'anyOf':[{'type':'string'},{'type':'number'}]",
	    [CONF_RATE] = "'anyOf':[{'type':'string'},{'type':'number'}]",
	    [CONF_FRACTION] = "'anyOf':[{'type':'number'},{'type':'string'}]",
	    [CONF_ENUM] = "'type':'string'",
	    [CONF_STRING] = "'type':'string','nullable':true",
	    [CONF_ADDRESS] = "'type':'string','nullable':true",
	    [CONF_STRINGS] = "'anyOf':[{'type':'array','items':{'type':"
			     "'string'}},{'type':'string'}]",
	    [CONF_NUMBERS] = "'type':'array','items':{'anyOf':[{'type':"
			     "'string'},{'type':'number'}]}",
	    [CONF_GROUP] = "",
	};

	return members[type];
}

static void
put_field(struct jsonw *w, const struct conf_field *f)
{
	struct str bounds = {0}, open = {0};

	/* An object that begins with what the type has. */
	jsonw_key(w, f->name);
	str_add_char(&open, '{');
	add_quoted(&open, type_members(f->type));
	if (f->type == CONF_ENUM) {
		add_quoted(&open, ",'enum':[");
		for (size_t i = 0; f->choices[i] != NULL; i++) {
			str_add(&open, i > 0 ? "," : "");
			jsonw_quote(&open, view_of(f->choices[i]));
		}
		str_add_char(&open, ']');
	}
	conf_field_bounds_text(f, &bounds);
	if (bounds.len > 0)
		str_printf(&bounds, "; ");
	str_add(&bounds, f->help);
	add_quoted(&open, ",'description':");
	jsonw_quote(&open, view_of(bounds.text));
	if (f->def != NULL) {
		/* As a file would spell it, whatever the type. */
		add_quoted(&open, ",'x-default':");
		jsonw_quote(&open, view_of(f->def));
	}
	str_add_char(&open, '}');
	jsonw_raw(w, (struct view){open.text, open.len});
	str_fini(&bounds);
	str_fini(&open);
}

static void
put_fields(struct jsonw *w, const struct conf_field *table)
{
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if ((f->flags & CONF_HIDDEN) == 0 && f->type != CONF_GROUP)
			put_field(w, f);
	}
}

static void
put_required(struct jsonw *w, const struct conf_field *table)
{
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if ((f->flags & CONF_REQUIRED) != 0)
			jsonw_string(w, f->name);
	}
}

/* --- the parts of a configuration --- */

/* What stands in no table of fields: members that are groups or lists. */
struct member {
	const char *name, *json;
};

#define MEMBERS 6 /* beside the table's fields, at most */

struct object {
	const char *name;
	const struct conf_field *fields;
	bool required; /* those that are, are */
	struct member members[MEMBERS];
};

#define ARRAY_OF(schema) "{'type':'array','items':{'$ref':'" REF schema "'}}"
#define GROUP(schema)	 "{'nullable':true,'allOf':[{'$ref':'" REF schema "'}]}"
#define STATE(schema)	 "{'readOnly':true,'allOf':[{'$ref':'" REF schema "'}]}"
#define GROUPS                                                                 \
	"{'type':'array','items':{'type':'array','items':{"                    \
	"'type':'string'}}}"

static const struct object objects[] = {
    {"Route",
     conf_route_fields,
     true,
     {{"match", GROUP("Match")},
      {"tls", GROUP("Tls")},
      {"upstream_tls", GROUP("UpstreamTls")},
      {"faults", ARRAY_OF("Fault")},
      {"state", STATE("RouteState")}}},
    {"RoutePatch",
     conf_route_fields,
     false,
     {{"match", GROUP("Match")},
      {"tls", GROUP("Tls")},
      {"upstream_tls", GROUP("UpstreamTls")},
      {"faults", ARRAY_OF("Fault")},
      {"state", STATE("RouteState")}}},
    {"Match", conf_match_fields, false, {{NULL, NULL}}},
    {"Tls", conf_tls_fields, false, {{NULL, NULL}}},
    {"UpstreamTls", conf_upstream_tls_fields, false, {{NULL, NULL}}},
    {"When", conf_when_fields, false, {{NULL, NULL}}},
    {"Partition",
     conf_partition_fields,
     true,
     {{"groups", GROUPS}, {"state", STATE("PartitionState")}}},
    {"PartitionPatch",
     conf_partition_fields,
     false,
     {{"groups", GROUPS}, {"state", STATE("PartitionState")}}},
    {"Service", conf_service_fields, true, {{NULL, NULL}}},
};

static void
put_members(struct jsonw *w, const struct member *members)
{
	for (size_t i = 0; i < MEMBERS && members[i].name != NULL; i++)
		put_quoted(w, members[i].name, members[i].json);
}

static void
put_object(struct jsonw *w, const struct object *o)
{
	jsonw_key(w, o->name);
	jsonw_object(w);
	jsonw_put_string(w, "type", "object");
	if (o->required) {
		jsonw_key(w, "required");
		jsonw_array(w);
		put_required(w, o->fields);
		jsonw_array_end(w);
	}
	jsonw_key(w, "properties");
	jsonw_object(w);
	put_fields(w, o->fields);
	put_members(w, o->members);
	jsonw_object_end(w);
	jsonw_put_bool(w, "additionalProperties", false);
	jsonw_object_end(w);
}

static const struct member fault_members[MEMBERS] = {{"when", GROUP("When")},
					       {"state", STATE("FaultState")}};

/* One fault kind: what all faults take, and what it takes. */
static void
put_kind(struct jsonw *w, const struct conf_kind *kind)
{
	char name[80];

	snprintf(name, sizeof(name), "Fault_%s", kind->name);
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_put_string(w, "type", "object");
	jsonw_put_string(w, "description", kind->summary);
	jsonw_key(w, "required");
	jsonw_array(w);
	jsonw_string(w, "type");
	put_required(w, kind->fields);
	jsonw_array_end(w);
	jsonw_key(w, "properties");
	jsonw_object(w);
	jsonw_key(w, "type");
	jsonw_object(w);
	jsonw_put_string(w, "type", "string");
	jsonw_key(w, "enum");
	jsonw_array(w);
	jsonw_string(w, kind->name);
	jsonw_array_end(w);
	jsonw_object_end(w);
	for (const struct conf_field *f = conf_fault_fields; f->name; f++) {
		if (!(f->flags & CONF_HIDDEN) && f->type != CONF_GROUP &&
		    conf_field_find(kind->fields, f->name) == NULL)
			put_field(w, f);
	}
	put_fields(w, kind->fields);
	put_members(w, fault_members);
	jsonw_object_end(w);
	jsonw_put_bool(w, "additionalProperties", false);
	jsonw_object_end(w);
}

static void
put_kinds(struct jsonw *w)
{
	char name[80];

	for (size_t i = 0; i < fault_kinds.count; i++) {
		if ((fault_kinds.items[i]->flags & KIND_HIDDEN) == 0)
			put_kind(w, fault_kinds.items[i]);
	}
	jsonw_key(w, "Fault");
	jsonw_object(w);
	jsonw_key(w, "oneOf");
	jsonw_array(w);
	for (size_t i = 0; i < fault_kinds.count; i++) {
		if ((fault_kinds.items[i]->flags & KIND_HIDDEN) != 0)
			continue;
		snprintf(name, sizeof(name), "Fault_%s",
			 fault_kinds.items[i]->name);
		put_ref(w, name);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void
put_schemas(struct jsonw *w)
{
	jsonw_key(w, "schemas");
	jsonw_object(w);
	for (size_t i = 0; i < COUNT_OF(objects); i++)
		put_object(w, &objects[i]);
	put_kinds(w);
	for (const struct v1_schema *s = v1_schemas; s->name != NULL; s++)
		put_quoted(w, s->name, s->json);
	jsonw_object_end(w);
}

/* --- endpoints --- */

static void
put_parameter(struct jsonw *w, struct view name, const char *in)
{
	jsonw_object(w);
	jsonw_put_view(w, "name", name);
	jsonw_put_string(w, "in", in);
	jsonw_put_bool(w, "required", view_is(view_of(in), "path"));
	jsonw_key(w, "schema");
	jsonw_object(w);
	jsonw_put_string(w, "type", "string");
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
put_parameters(struct jsonw *w, const struct v1_endpoint *e)
{
	jsonw_key(w, "parameters");
	jsonw_array(w);
	for (const char *p = strchr(e->path, '{'); p != NULL;
	     p = strchr(p, '{')) {
		p++;
		put_parameter(w, (struct view){p, strcspn(p, "}")}, "path");
	}
	for (size_t i = 0; i < V1_QUERY_MAX && e->parameters[i] != NULL; i++)
		put_parameter(w, view_of(e->parameters[i]), "query");
	if (e->effect != V1_READ) {
		put_parameter(w, VIEW("dry_run"), "query");
		put_parameter(w, VIEW("If-Match"), "header");
	}
	if (e->effect == V1_CHANGE)
		put_parameter(w, VIEW("Faultwire-Lease"), "header");
	jsonw_array_end(w);
}

static void
put_content(struct jsonw *w, const char *type, const char *schema)
{
	jsonw_key(w, "content");
	jsonw_object(w);
	jsonw_key(w, type);
	jsonw_object(w);
	if (schema != NULL) {
		jsonw_key(w, "schema");
		put_ref(w, schema);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
put_response(struct jsonw *w, int status, const struct v1_endpoint *e,
	     const char *schema)
{
	char key[16] = "default";

	if (status != 0)
		snprintf(key, sizeof(key), "%d", status);
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_put_string(w, "description", status == 0 ? "Refused" : "Done");
	if (status == 0 || schema != NULL)
		put_content(w, "application/json", schema);
	else if (e->type != NULL)
		put_content(w, e->type, NULL);
	jsonw_object_end(w);
}

static void
put_responses(struct jsonw *w, const struct v1_endpoint *e)
{
	jsonw_key(w, "responses");
	jsonw_object(w);
	put_response(w, e->status, e, e->reply);
	if (e->effect != V1_READ && e->status != 200)
		put_response(w, 200, e, "DryRun");
	put_response(w, 0, e, "Error");
	jsonw_object_end(w);
}

/* "get_routes_route": unique, and a name in every language. */
static void
put_id(struct jsonw *w, const struct v1_endpoint *e)
{
	struct str id = {0};

	for (const char *p = e->method; *p != '\0'; p++)
		str_add_char(&id, (char)tolower((unsigned char)*p));
	for (const char *p = e->path + strlen("/v1"); *p != '\0'; p++) {
		if (*p == '/' || *p == '.')
			str_add_char(&id, '_');
		else if (isalnum((unsigned char)*p))
			str_add_char(&id, *p);
	}
	jsonw_put_string(w, "operationId", id.text);
	str_fini(&id);
}

static void
put_operation(struct jsonw *w, const struct v1_endpoint *e)
{
	char method[16] = {0};

	for (size_t i = 0; e->method[i] != '\0'; i++)
		method[i] = (char)tolower((unsigned char)e->method[i]);
	jsonw_key(w, method);
	jsonw_object(w);
	put_id(w, e);
	jsonw_put_string(w, "summary", e->summary);
	put_parameters(w, e);
	if (e->body != NULL) {
		jsonw_key(w, "requestBody");
		jsonw_object(w);
		put_content(w, "application/json", e->body);
		jsonw_object_end(w);
	}
	put_responses(w, e);
	jsonw_object_end(w);
}

/* Endpoints of one path stand together in the table. */
static void
put_paths(struct jsonw *w)
{
	const struct v1_endpoint *e = v1_endpoints;

	jsonw_key(w, "paths");
	jsonw_object(w);
	while (e->method != NULL) {
		const char *path = e->path;

		jsonw_key(w, path);
		jsonw_object(w);
		for (; e->method != NULL && strcmp(e->path, path) == 0; e++)
			put_operation(w, e);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

bool
v1_openapi(struct v1_call *call)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_put_string(&w, "openapi", "3.0.3");
	jsonw_key(&w, "info");
	jsonw_object(&w);
	jsonw_put_string(&w, "title", "faultwire");
	jsonw_put_string(&w, "version", FAULTWIRE_VERSION);
	jsonw_object_end(&w);
	put_paths(&w);
	jsonw_key(&w, "components");
	jsonw_object(&w);
	put_schemas(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	return true;
}
