/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a JSON object by tables. */
#include "control/v1_read.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/units.h"
#include "control/json_in.h"

#define PARTS_MAX 4
#define INT_EXACT 9007199254740992.0 /* 2^53 */

void
v1_reader_init(struct v1_reader *r, struct conf_diag *diag, const char *at,
	       bool merge)
{
	*r = (struct v1_reader){.diag = diag, .merge = merge};
	str_add(&r->path, at);
	str_add(&r->place, "");
}

void
v1_reader_fini(struct v1_reader *r)
{
	str_fini(&r->path);
	str_fini(&r->place);
}

static void
add_key(struct str *path, const char *key)
{
	str_printf(path, "%s%s", path->len > 0 ? "." : "", key);
}

size_t
v1_enter(struct v1_reader *r, const char *key, size_t index)
{
	size_t len = r->path.len;

	if (key != NULL)
		add_key(&r->path, key);
	else
		str_printf(&r->path, "[%zu]", index);
	return len;
}

void
v1_leave(struct v1_reader *r, size_t len)
{
	r->path.len = len;
	r->path.text[len] = '\0';
}

/* The place of a member, in memory of the reader's. */
static struct conf_where
place_of(struct v1_reader *r, const char *path, const char *key)
{
	str_clear(&r->place);
	str_add(&r->place, path);
	if (key != NULL)
		add_key(&r->place, key);
	return (struct conf_where){.file =
				       r->place.len > 0 ? r->place.text : NULL};
}

void
v1_finding(struct v1_reader *r, const char *key, const char *format, ...)
{
	struct conf_where where = place_of(r, r->path.text, key);
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup(format);
	va_end(args);
	conf_error(r->diag, &where, "%s", text);
	free(text);
}

static struct conf_where
spot_line(const struct conf_spot *spot, const char *key)
{
	const struct v1_spot *at = (const struct v1_spot *)(const void *)spot;

	return place_of(at->reader, at->path, key);
}

void
v1_spot_init(struct v1_spot *at, struct v1_reader *r)
{
	*at = (struct v1_spot){
	    .spot = {.diag = r->diag, .line = spot_line},
	    .reader = r,
	    .path = xstrdup(r->path.text),
	};
	if (*at->path != '\0')
		at->spot.where.file = at->path;
}

void
v1_spot_fini(struct v1_spot *at)
{
	free(at->path);
}

bool
v1_read_object(struct v1_reader *r, const json_t *json, const char *what)
{
	if (json_is_object(json))
		return true;
	v1_finding(r, NULL, "%s was given; expected %s, an object",
		   json != NULL ? json_in_type(json) : "nothing", what);
	return false;
}

/* --- values --- */

/* A scalar as a user would write it on a command line. */
static bool
scalar_text(const json_t *json, struct str *to)
{
	str_clear(to);
	if (json_is_string(json))
		str_add(to, json_string_value(json));
	else if (json_is_integer(json))
		str_printf(to, "%" JSON_INTEGER_FORMAT,
			   json_integer_value(json));
	else if (json_is_real(json))
		units_print_number(to, json_real_value(json));
	else
		return false;
	return true;
}

static bool
set_list(const struct conf_field *field, void *target, const json_t *list,
	 struct error *err)
{
	size_t count = json_array_size(list);
	char **items = xcalloc(count + 1, sizeof(*items));
	struct str text = {0};
	bool ok = true;

	for (size_t i = 0; i < count && ok; i++) {
		const json_t *item = json_array_get(list, i);

		ok = (field->type != CONF_STRINGS || json_is_string(item)) &&
		     scalar_text(item, &text);
		if (!ok)
			error_set(err, 0, "element %zu is %s; expected %s", i,
				  json_in_type(item),
				  field->type == CONF_STRINGS ? "text"
							      : "a duration");
		else
			items[i] = xstrdup(text.text);
	}
	ok = ok && conf_field_items(field, target, (const char *const *)items,
				    count, err);
	for (size_t i = 0; i < count; i++)
		free(items[i]);
	free(items);
	str_fini(&text);
	return ok;
}

static bool
set_number(const struct conf_field *field, void *target, const json_t *json,
	   struct error *err)
{
	double value = json_number_value(json);
	/* JSON knows no integers: 5.0 is 5. */
	bool integral = json_is_integer(json) ||
			(floor(value) == value && fabs(value) <= INT_EXACT);
	struct str text = {0};
	bool ok;

	scalar_text(json, &text);
	if (json_is_integer(json) &&
	    (field->type == CONF_INT || (field->flags & CONF_NUMERAL) != 0))
		ok = conf_field_parse(field, target, text.text, err);
	else
		ok = conf_field_number(field, target, value, integral, err);
	str_fini(&text);
	return ok;
}

static bool
set_value(const struct conf_field *field, void *target, const json_t *json,
	  struct error *err)
{
	bool list = field->type == CONF_STRINGS || field->type == CONF_NUMBERS;

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return conf_field_wrong_type(field, "an object", err);
	case JSON_ARRAY:
		return list ? set_list(field, target, json, err)
			    : conf_field_wrong_type(field, "an array", err);
	case JSON_STRING:
		return conf_field_text(field, target, json_string_value(json),
				       err);
	case JSON_INTEGER:
	case JSON_REAL:
		return set_number(field, target, json, err);
	case JSON_TRUE:
	case JSON_FALSE:
		if (field->type != CONF_BOOL)
			return conf_field_wrong_type(field, "true or false",
						     err);
		*(bool *)(void *)((char *)target + field->offset) =
		    json_is_true(json);
		return true;
	case JSON_NULL:
		conf_field_reset(field, target);
		return true;
	}
	return false;
}

/* --- objects --- */

/* What an object is read into. */
struct target {
	const struct v1_part *parts;
	size_t count;
	const char *what;
};

static void
unknown_key(struct v1_reader *r, const char *key, const struct target *to)
{
	const struct conf_field *tables[PARTS_MAX];
	struct str text = {0};

	for (size_t i = 0; i < to->count; i++)
		tables[i] = to->parts[i].table;
	conf_fields_unknown(tables, to->count, key, &text);
	v1_finding(r, key, "unknown key \"%.80s\" in %s; %s", key, to->what,
		   text.text);
	str_fini(&text);
}

static void
read_member(struct v1_reader *r, const char *key, const json_t *value,
	    const struct target *to)
{
	const struct conf_field *f = NULL;
	struct error err;
	size_t i;

	for (i = 0; i < to->count; i++) {
		f = conf_field_find(to->parts[i].table, key);
		if (f != NULL && (f->flags & CONF_HIDDEN) == 0)
			break;
	}
	if (i == to->count && strcmp(key, "state") != 0)
		unknown_key(r, key, to);
	else if (i < to->count && f->type != CONF_GROUP &&
		 !set_value(f, to->parts[i].target, value, &err))
		v1_finding(r, key, "%s: %s", key, err.text);
}

/* Texts may have been given before: a name by the path. */
static bool
is_given(const struct conf_field *f, const void *target, json_t *object)
{
	const void *at = (const char *)target + f->offset;
	bool text = f->type == CONF_STRING || f->type == CONF_ADDRESS;

	return f->type == CONF_GROUP || (text && *(char *const *)at != NULL) ||
	       !(json_object_get(object, f->name) == NULL ||
		 json_is_null(json_object_get(object, f->name)));
}

void
v1_read_fields(struct v1_reader *r, json_t *object, const struct v1_part *parts,
	       size_t count, const char *what)
{
	const struct target to = {parts, count, what};
	const struct conf_field *f;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) read_member(r, key, value, &to);
	for (size_t i = 0; i < count; i++) {
		for (f = parts[i].table; f->name != NULL; f++) {
			json_t *given = json_object_get(object, f->name);
			bool asked = !r->merge || json_is_null(given);

			if ((f->flags & CONF_REQUIRED) != 0 && asked &&
			    !is_given(f, parts[i].target, object))
				v1_finding(r, f->name,
					   "%s lacks \"%s\"; expected it (%s)",
					   what, f->name, f->help);
		}
	}
}

bool
v1_read_strings(struct v1_reader *r, json_t *list, struct conf_strings *to)
{
	const struct conf_field field = {.name = "", .type = CONF_STRINGS};
	struct error err = {0};

	if (json_is_array(list) && set_list(&field, to, list, &err))
		return true;
	v1_finding(r, NULL, "%s",
		   json_is_array(list)
		       ? err.text
		       : "it is no list; expected a list of texts");
	return false;
}
