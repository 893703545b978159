/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering tables as JSON, for --json, the API's schema and the UI. */
#include "config/describe.h"
#include "config/tables.h"

/* Short names that programs may switch on. */
static const char *
type_name(enum conf_type type)
{
	static const char *const names[] = {
	    [CONF_BOOL] = "bool",	  [CONF_INT] = "int",
	    [CONF_FLOAT] = "float",	  [CONF_DURATION] = "duration",
	    [CONF_SIZE] = "size",	  [CONF_RATE] = "rate",
	    [CONF_FRACTION] = "fraction", [CONF_ENUM] = "enum",
	    [CONF_STRING] = "string",	  [CONF_ADDRESS] = "address",
	    [CONF_STRINGS] = "strings",	  [CONF_NUMBERS] = "durations",
	    [CONF_GROUP] = "group",
	};

	return names[type];
}

static void
put_text(struct jsonw *w, const char *key, struct str *text)
{
	if (text->len > 0)
		jsonw_put_string(w, key, text->text);
	str_fini(text);
}

static void
put_field(struct jsonw *w, const struct conf_field *f)
{
	struct str bounds = {0}, unit = {0};
	size_t i;

	conf_field_bounds_text(f, &bounds);
	describe_bare_unit(f, &unit);
	jsonw_object(w);
	jsonw_put_string(w, "name", f->name);
	jsonw_put_string(w, "type", type_name(f->type));
	jsonw_put_bool(w, "required", (f->flags & CONF_REQUIRED) != 0);
	if (f->def != NULL)
		jsonw_put_string(w, "default", f->def);
	if (f->min != 0 || f->max != 0) {
		jsonw_put_double(w, "min", f->min);
		if (f->max != 0 || f->min < 0)
			jsonw_put_double(w, "max", f->max);
	}
	put_text(w, "bounds", &bounds);
	put_text(w, "unit", &unit);
	if (f->type == CONF_ENUM) {
		jsonw_key(w, "choices");
		jsonw_array(w);
		for (i = 0; f->choices[i] != NULL; i++)
			jsonw_string(w, f->choices[i]);
		jsonw_array_end(w);
	}
	jsonw_put_string(w, "help", f->help);
	jsonw_object_end(w);
}

/* An array of {name, type, default, …}: the fields of a table. */
static void
put_fields(struct jsonw *w, const struct conf_field *table)
{
	const struct conf_field *f;

	jsonw_array(w);
	for (f = table; f->name != NULL; f++) {
		if ((f->flags & CONF_HIDDEN) == 0)
			put_field(w, f);
	}
	jsonw_array_end(w);
}

/* Those of the routes on which it may stand. */
static void
put_protocols(struct jsonw *w, const struct conf_kind *kind)
{
	int i;

	jsonw_key(w, "protocols");
	jsonw_array(w);
	for (i = 0; conf_protocols[i] != NULL; i++) {
		if (conf_kind_unfit(kind, i) == NULL)
			jsonw_string(w, conf_protocols[i]);
	}
	jsonw_array_end(w);
}

static void
put_kind(struct jsonw *w, const struct conf_kind *kind)
{
	jsonw_object(w);
	jsonw_put_string(w, "name", kind->name);
	jsonw_put_string(w, "summary", kind->summary);
	if (kind->details != NULL)
		jsonw_put_string(w, "details", kind->details);
	if (kind->example != NULL)
		jsonw_put_string(w, "example", kind->example);
	jsonw_put_string(w, "applies_to", describe_applies(kind));
	put_protocols(w, kind);
	jsonw_put_bool(w, "http_only", (kind->flags & KIND_HTTP_ONLY) != 0);
	jsonw_put_bool(w, "has_stream", (kind->flags & KIND_NO_STREAM) == 0);
	jsonw_key(w, "parameters");
	put_fields(w, kind->fields);
	jsonw_object_end(w);
}

void
describe_kind_json(struct str *to, const struct conf_kind *kind)
{
	struct jsonw w;

	jsonw_init(&w, to);
	put_kind(&w, kind);
}

void
describe_kinds_json(struct str *to, const struct conf_kinds *kinds)
{
	struct jsonw w;
	size_t i;

	jsonw_init(&w, to);
	jsonw_array(&w);
	for (i = 0; i < kinds->count; i++) {
		if ((kinds->items[i]->flags & KIND_HIDDEN) == 0)
			put_kind(&w, kinds->items[i]);
	}
	jsonw_array_end(&w);
}
