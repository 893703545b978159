/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE arguments as JSON. */
#include "cli/assign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/load.h"
#include "config/option.h"
#include "faults/fault.h"

#define HINT_MAX 80

/* --- putting --- */

/* The object that the last part of the dotted key belongs to; *last is that
 * part. NULL: something else stands there. */
static json_t *
descend(json_t *object, const char *key, const char **last)
{
	const char *dot;

	for (*last = key; (dot = strchr(*last, '.')) != NULL; *last = dot + 1) {
		char *part = xmemdup0(*last, (size_t)(dot - *last));
		json_t *inner = json_object_get(object, part);

		if (inner == NULL) {
			inner = json_object();
			json_object_set_new(object, part, inner);
		}
		free(part);
		object = inner;
		if (!json_is_object(object))
			return NULL;
	}
	return object;
}

static bool
put(json_t *object, const char *key, json_t *value, struct error *err)
{
	const char *last;
	json_t *at = descend(object, key, &last);

	if (at != NULL && json_object_set_new(at, last, value) == 0)
		return true;
	if (at == NULL)
		json_decref(value);
	return error_set(err, 0, "%.60s: %s", key,
	    at == NULL ? "stands both for a value and for a group"
		       : "expected text in UTF-8");
}

/* A list's items behind those that are there already. */
static bool
put_items(json_t *object, const char *key, char *value, struct error *err)
{
	const char *last;
	json_t *at = descend(object, key, &last);
	json_t *list = json_object_get(at, last);
	char *item;

	if (!json_is_array(list)) {
		if (!put(object, key, json_array(), err))
			return false;
		list = json_object_get(descend(object, key, &last), last);
	}
	while ((item = conf_option_cut(&value, '+')) != NULL) {
		if (json_array_append_new(list, json_string(item)) != 0)
			return error_set(err, 0, "%.60s: expected text in "
						 "UTF-8", key);
	}
	return true;
}

/* Every part between commas is a list: "api+web,db". */
static bool
put_lists(json_t *object, const char *key, char *value, struct error *err)
{
	char *part;

	while ((part = conf_option_cut(&value, ',')) != NULL) {
		json_t *holder = json_object();
		json_t *lists = json_object_get(object, key);
		bool ok = put_items(holder, "list", part, err);

		if (!json_is_array(lists)) {
			lists = json_array();
			json_object_set_new(object, key, lists);
		}
		json_array_append(lists, json_object_get(holder, "list"));
		json_decref(holder);
		if (!ok)
			return false;
	}
	return true;
}

static bool
put_value(json_t *object, const struct conf_field *field, const char *key,
    char *value, struct error *err)
{
	if (field->flags & CONF_LISTS)
		return put_lists(object, key, value, err);
	if (field->type == CONF_STRINGS || field->type == CONF_NUMBERS)
		return put_items(object, key, value, err);
	return put(object, key, json_string(value), err);
}

/* --- looking up --- */

static const struct conf_field *
group_fields(const char *name, size_t len)
{
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		if (strlen(g->name) == len && memcmp(g->name, name, len) == 0)
			return g->fields;
	}
	return NULL;
}

static bool
is_group(const struct conf_field *field)
{
	return field->type == CONF_GROUP && !(field->flags & CONF_LISTS);
}

static const struct conf_field *
find(const struct conf_field *table, const char *key, struct error *err)
{
	const char *dot = strchr(key, '.'), *name = key;
	const struct conf_field *field;
	struct str hint = {0};

	if (dot != NULL) {
		char *prefix = xmemdup0(key, (size_t)(dot - key));

		field = conf_field_find(table, prefix);
		free(prefix);
		if (field != NULL && is_group(field) &&
		    group_fields(key, (size_t)(dot - key)) != NULL) {
			table = group_fields(key, (size_t)(dot - key));
			name = dot + 1;
		}
	}
	field = conf_field_find(table, name);
	if (field != NULL && is_group(field)) {
		error_set(err, 0, "%.60s is a group; expected %.60s.KEY=VALUE",
		    key, key);
		return NULL;
	}
	if (field != NULL)
		return field;
	conf_field_hint(table, name, &hint);
	error_set(err, 0, "there is no field \"%.60s\"%s", key,
	    hint.text != NULL ? hint.text : "");
	str_fini(&hint);
	return NULL;
}

/* A copy of `text`, cut at its "=": owned, *value points into it. */
static char *
cut_text(const char *text, char **value, struct error *err)
{
	char *copy = xstrdup(text), *equals = strchr(copy, '=');

	if (equals != NULL && equals != copy) {
		*equals = '\0';
		*value = equals + 1;
		return copy;
	}
	error_set(err, EINVAL, "\"%.60s\" sets nothing; expected KEY=VALUE",
	    text);
	free(copy);
	return NULL;
}

bool
assign_field(json_t *object, const struct conf_field *table, const char *text,
    struct error *err)
{
	char *value, *key = cut_text(text, &value, err);
	const struct conf_field *field;
	bool ok;

	if (key == NULL)
		return false;
	field = find(table, key, err);
	ok = field != NULL && put_value(object, field, key, value, err);
	free(key);
	return ok;
}

bool
assign_fault(json_t *fault, const struct conf_kind *kind, const char *text,
    struct error *err)
{
	char *value, *key = cut_text(text, &value, err);
	struct conf_option found;
	bool ok;

	if (key == NULL)
		return false;
	ok = conf_option_find(kind, key, &found, err) &&
	    put_value(fault, found.field, key, value, err);
	free(key);
	return ok;
}

const struct conf_kind *
assign_kind(const char *name, struct error *err)
{
	struct str hint = {0};
	const struct conf_kind *kind = conf_kind_find(&fault_kinds, name,
	    &hint);

	/* A list of all of them is longer than a line. */
	if (kind == NULL)
		error_set(err, 0, "there is no kind \"%.60s\"; %s", name,
		    hint.len < HINT_MAX ? hint.text
					: "`faultwire faults` lists them");
	str_fini(&hint);
	return kind;
}

json_t *
assign_parse_fault(const char *text, const struct conf_kind **kind,
    struct error *err)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *name = conf_option_cut(&rest, ',');
	json_t *fault = NULL;
	char *option;

	*kind = assign_kind(name, err);
	if (*kind != NULL) {
		fault = json_object();
		json_object_set_new(fault, "type",
		    json_string((*kind)->name));
	}
	while (fault != NULL &&
	    (option = conf_option_cut(&rest, ',')) != NULL) {
		if (assign_fault(fault, *kind, option, err))
			continue;
		json_decref(fault);
		fault = NULL;
	}
	free(copy);
	return fault;
}

bool
assign_null(json_t *object, const char *key, struct error *err)
{
	return put(object, key, json_null(), err);
}
