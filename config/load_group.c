/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one group of the file by its table. */
#include "config/loader.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/quote.h"
#include "config/units.h"

#define ELEMENTS_MAX 100000
#define PARTS_MAX    4

const char *
load_path(const struct loader *l, const char *file)
{
	size_t len = l->dir != NULL ? strlen(l->dir) : 0;
	const char *path;
	char *joined;

	if (file == NULL)
		return l->name;
	/* As written in libconfig 1.5, with the directory in later ones. */
	if (len == 0 || (strncmp(file, l->dir, len) == 0 && file[len] == '/'))
		return intern(file);
	joined = xasprintf("%s/%s", l->dir, file);
	path = intern(joined);
	free(joined);
	return path;
}

struct conf_where
load_where(const struct loader *l, const config_setting_t *setting)
{
	return (struct conf_where){
	    .file = load_path(l, config_setting_source_file(setting)),
	    .line = setting->line,
	};
}

static struct conf_where
key_where(const struct conf_spot *spot, const char *key)
{
	const struct load_spot *at =
	    (const struct load_spot *)(const void *)spot;
	const config_setting_t *member =
	    config_setting_get_member(at->group, key);

	return member != NULL ? load_where(at->l, member) : spot->where;
}

struct load_spot
load_spot(const struct loader *l, const config_setting_t *group)
{
	return (struct load_spot){
	    .spot = {.diag = l->diag,
		     .where = load_where(l, group),
		     .line = key_where},
	    .l = l,
	    .group = group,
	};
}

static bool
is_list(const config_setting_t *s)
{
	return config_setting_is_list(s) || config_setting_is_array(s);
}

/* The text of a scalar as a user would write it on a command line. */
bool
load_scalar_text(const config_setting_t *s, struct str *to, struct error *err)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		str_add(to, "");
		return env_expand(config_setting_get_string(s), to, err);
	case CONFIG_TYPE_INT:
		str_printf(to, "%d", config_setting_get_int(s));
		return true;
	case CONFIG_TYPE_INT64:
		str_printf(to, "%lld", config_setting_get_int64(s));
		return true;
	case CONFIG_TYPE_FLOAT:
		units_print_number(to, config_setting_get_float(s));
		return true;
	case CONFIG_TYPE_BOOL:
		str_add(to, config_setting_get_bool(s) ? "true" : "false");
		return true;
	default:
		return error_set(err, 0, "it is a group or a list");
	}
}

bool
load_list(const struct conf_field *field, void *target,
	 const config_setting_t *list, struct error *err)
{
	size_t count = (size_t)config_setting_length(list), i;
	char **items = xcalloc(count + 1, sizeof(*items));
	struct str text = {0};
	bool ok = true;

	for (i = 0; i < count && ok; i++) {
		const config_setting_t *item =
		    config_setting_get_elem(list, (unsigned)i);

		ok = field->type != CONF_STRINGS ||
		     config_setting_type(item) == CONFIG_TYPE_STRING ||
		     error_set(err, 0,
			       "element %zu is not text; expected "
			       "\"quotes\" around it",
			       i + 1);
		ok = ok && load_scalar_text(item, &text, err);
		items[i] = str_take(&text);
	}
	ok = ok && conf_field_items(field, target, (const char *const *)items,
				    count, err);
	for (i = 0; i < count; i++)
		free(items[i]);
	free(items);
	return ok;
}

static bool
set_scalar(const struct conf_field *field, void *target,
	   const config_setting_t *s, struct error *err)
{
	bool integral = config_setting_type(s) == CONFIG_TYPE_INT ||
			config_setting_type(s) == CONFIG_TYPE_INT64;
	struct str text = {0};
	bool ok;

	if (config_setting_type(s) == CONFIG_TYPE_BOOL &&
	    field->type != CONF_BOOL)
		return conf_field_wrong_type(field, "true or false", err);
	if (!load_scalar_text(s, &text, err))
		ok = false;
	else if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
		ok = conf_field_number(field, target,
				       config_setting_get_float(s), false, err);
	else if (integral && field->type != CONF_INT &&
		 (field->flags & CONF_NUMERAL) == 0)
		ok = conf_field_number(field, target,
				       (double)strtoll(text.text, NULL, 10),
				       true, err);
	else
		ok = conf_field_text(field, target, text.text, err);
	str_fini(&text);
	return ok;
}

static void
load_value(const struct loader *l, const struct conf_field *field, void *target,
	   const config_setting_t *s)
{
	bool list = field->type == CONF_STRINGS || field->type == CONF_NUMBERS;
	struct conf_where where;
	struct error err;
	bool ok;

	if (config_setting_is_group(s))
		ok = conf_field_wrong_type(field, "a group", &err);
	else if (is_list(s) && !list)
		ok = conf_field_wrong_type(field, "a list", &err);
	else if (is_list(s))
		ok = load_list(field, target, s, &err);
	else
		ok = set_scalar(field, target, s, &err);
	if (ok)
		return;
	where = load_where(l, s);
	conf_error(l->diag, &where, "%s: %s", field->name, err.text);
}

static void
unknown_key(const struct loader *l, const config_setting_t *s,
	    const struct load_part *parts, size_t count, const char *what)
{
	const struct conf_field *tables[PARTS_MAX];
	struct conf_where where = load_where(l, s);
	struct str text = {0};
	size_t i;

	for (i = 0; i < count; i++)
		tables[i] = parts[i].table;
	conf_fields_unknown(tables, count, config_setting_name(s), &text);
	conf_error(l->diag, &where, "unknown key \"%.80s\" in %s; %s",
		   config_setting_name(s), what, text.text);
	str_fini(&text);
}

static void
load_member(const struct loader *l, const config_setting_t *s,
	    const struct load_part *parts, size_t count, const char *what)
{
	const struct conf_field *f = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		f = conf_field_find(parts[i].table, config_setting_name(s));
		if (f != NULL && (f->flags & CONF_HIDDEN) == 0)
			break;
	}
	if (i == count)
		unknown_key(l, s, parts, count, what);
	else if (f->type != CONF_GROUP)
		load_value(l, f, parts[i].target, s);
}

void
load_fields(const struct loader *l, const config_setting_t *group,
	    const struct load_part *parts, size_t count, const char *what)
{
	struct conf_where where = load_where(l, group);
	const struct conf_field *f;
	int i, members = config_setting_length(group);
	size_t part;

	for (i = 0; i < members; i++)
		load_member(l, config_setting_get_elem(group, (unsigned)i),
			    parts, count, what);
	for (part = 0; part < count; part++) {
		for (f = parts[part].table; f->name != NULL; f++) {
			if ((f->flags & CONF_REQUIRED) != 0 &&
			    config_setting_get_member(group, f->name) == NULL)
				conf_error(l->diag, &where,
					   "%s lacks \"%s\"; "
					   "expected %s = \xe2\x80\xa6 (%s)",
					   what, f->name, f->name, f->help);
		}
	}
}

void
load_new(const struct loader *l, const config_setting_t *group,
	 const struct conf_field *table, void *target, const char *what)
{
	struct load_part part = {table, target};

	conf_fields_default(table, target);
	load_fields(l, group, &part, 1, what);
}

config_setting_t *
load_group_part(const struct loader *l, const config_setting_t *parent,
		const char *key, const struct load_part *part)
{
	config_setting_t *group = load_group(l, parent, key);

	if (group != NULL)
		load_fields(l, group, part, 1, key);
	return group;
}

config_setting_t *
load_group(const struct loader *l, const config_setting_t *parent,
	   const char *key)
{
	config_setting_t *group = config_setting_get_member(parent, key);
	struct conf_where where;

	if (group == NULL || config_setting_is_group(group))
		return group;
	where = load_where(l, group);
	conf_error(l->diag, &where,
		   "%s: it is not a group; expected "
		   "%s = { \xe2\x80\xa6 }",
		   key, key);
	return NULL;
}

void
load_each(const struct loader *l, const config_setting_t *parent,
	  const char *key,
	  void (*each)(const struct loader *, config_setting_t *, void *arg),
	  void *arg)
{
	config_setting_t *list = config_setting_get_member(parent, key), *s;
	struct conf_where where;
	int i, count;

	if (list == NULL)
		return;
	where = load_where(l, list);
	if (!is_list(list)) {
		conf_error(l->diag, &where,
			   "%s: it is not a list; expected "
			   "%s = ( { \xe2\x80\xa6 }, { \xe2\x80\xa6 } )",
			   key, key);
		return;
	}
	count = config_setting_length(list);
	if (count > ELEMENTS_MAX) {
		conf_error(l->diag, &where,
			   "%s: it has %d elements; expected "
			   "at most %d",
			   key, count, ELEMENTS_MAX);
		return;
	}
	for (i = 0; i < count; i++) {
		s = config_setting_get_elem(list, (unsigned)i);
		where = load_where(l, s);
		if (config_setting_is_group(s))
			each(l, s, arg);
		else
			conf_error(l->diag, &where,
				   "%s: element %d is not a "
				   "group; expected { \xe2\x80\xa6 }",
				   key, i + 1);
	}
}

void
load_strings(const struct loader *l, config_setting_t *list,
	     struct conf_strings *to, const char *expected)
{
	const struct conf_field field = {.name = "", .type = CONF_STRINGS};
	struct conf_where where = load_where(l, list);
	struct error err;

	if (is_list(list) && load_list(&field, to, list, &err))
		return;
	to->items = xcalloc(1, sizeof(*to->items));
	if (is_list(list))
		conf_error(l->diag, &where, "%s", err.text);
	else
		conf_error(l->diag, &where, "it is not a list; expected %s",
			   expected);
}
