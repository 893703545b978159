/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of faults on command lines:
 *
 *	KIND[,KEY=VALUE]…     latency,latency=80ms,jitter=20ms,when.path=/x*
 *
 * "\," stands for a comma in a value. Items of a list are separated by "+",
 * "\+" stands for a plus in an item. */
#include "config/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "base/xalloc.h"
#include "config/tables.h"

#define WHEN "when."

char *
conf_option_cut(char **rest, char separator)
{
	char *start = *rest, *from, *to;

	if (start == NULL)
		return NULL;
	for (from = to = start; *from != '\0' && *from != separator; from++) {
		if (from[0] == '\\' && from[1] == separator)
			from++;
		*to++ = *from;
	}
	*rest = *from == '\0' ? NULL : from + 1;
	*to = '\0';
	return start;
}

/* Those that one text can set. */
static const struct conf_field *
find_in(const struct conf_field *table, const char *key, struct near *near)
{
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if (f->type == CONF_GROUP || (f->flags & CONF_HIDDEN) != 0)
			continue;
		if (strcmp(f->name, key) == 0)
			return f;
		conf_field_offer(f, near);
	}
	return NULL;
}

bool
conf_option_find(const struct conf_kind *kind, const char *key,
    struct conf_option *to, struct error *err)
{
	bool when = strncmp(key, WHEN, strlen(WHEN)) == 0;
	struct near near;

	near_start(&near, when ? key + strlen(WHEN) : key);
	if (when) {
		to->place = OPTION_OF_WHEN;
		to->field = find_in(conf_when_fields, near.word, &near);
	} else {
		to->place = OPTION_OF_KIND;
		to->field = find_in(kind->fields, key, &near);
	}
	if (to->field == NULL && !when) {
		to->place = OPTION_OF_FAULT;
		to->field = find_in(conf_fault_fields, key, &near);
	}
	if (to->field == NULL && near.best != NULL)
		return error_set(err, 0, "%s has no key \"%.60s\"; did you "
					 "mean \"%s%s\"?",
		    kind->name, key, when ? WHEN : "", near.best);
	if (to->field == NULL)
		return error_set(err, 0, "%s has no key \"%.60s\"; expected "
					 "one that `faultwire faults %s` shows",
		    kind->name, key, kind->name);
	if ((kind->flags & KIND_NO_STREAM) != 0 &&
	    to->place == OPTION_OF_FAULT && strcmp(key, "stream") == 0)
		return error_set(err, 0, "%s has no direction; expected it "
					 "without stream", kind->name);
	return true;
}

static bool
set_field(const struct conf_field *field, void *target, char *value,
	  struct error *err)
{
	const char **items = NULL;
	size_t count = 0;
	bool ok;

	if (field->type != CONF_STRINGS && field->type != CONF_NUMBERS)
		return conf_field_parse(field, target, value, err);
	while (value != NULL) {
		items = xgrow(items, &count, sizeof(*items));
		items[count - 1] = conf_option_cut(&value, '+');
	}
	ok = conf_field_items(field, target, items, count, err);
	free(items);
	return ok;
}

/* The struct that such a field stands in. */
static void *
target_of(struct conf_fault *f, enum conf_option_place place)
{
	switch (place) {
	case OPTION_OF_KIND:
		return f->params;
	case OPTION_OF_WHEN:
		return &f->conditions.when;
	case OPTION_OF_FAULT:
		break;
	}
	return f;
}

/* Sets what "key=value" says; reports at `at`. */
static void
set_option(struct conf_fault *f, char *option, const struct conf_spot *at)
{
	char *value = strchr(option, '=');
	struct conf_option found;
	struct error err;

	if (value == NULL) {
		conf_error(at->diag, &at->where,
			   "\"%.60s\" sets nothing; "
			   "expected KEY=VALUE",
			   option);
		return;
	}
	*value++ = '\0';
	if (!conf_option_find(f->kind, option, &found, &err))
		conf_error(at->diag, &at->where, "%s", err.text);
	else if (!set_field(found.field, target_of(f, found.place), value,
			    &err))
		conf_error(at->diag, &at->where, "%s: %s", option, err.text);
}

/* Reports required fields of the kind that the options do not mention. */
static void
check_required(const struct conf_kind *kind, const char *text,
	       const struct conf_spot *at)
{
	const struct conf_field *field;
	char *wanted;

	for (field = kind->fields; field->name != NULL; field++) {
		if ((field->flags & CONF_REQUIRED) == 0)
			continue;
		wanted = xasprintf(",%s=", field->name);
		if (strstr(text, wanted) == NULL)
			conf_error(at->diag, &at->where,
				   "%s lacks \"%s\"; "
				   "expected %s=\xe2\x80\xa6 (%s)",
				   kind->name, field->name, field->name,
				   field->help);
		free(wanted);
	}
}

struct conf_fault *
conf_route_option_fault(struct conf_route *route,
			const struct conf_kinds *kinds, const char *text,
			const struct conf_spot *at)
{
	char *copy = xstrdup(text), *rest = copy, *option;
	const char *name = conf_option_cut(&rest, ',');
	struct str hint = {0};
	const struct conf_kind *kind = conf_kind_find(kinds, name, &hint);
	struct conf_fault *f = NULL;

	if (kind == NULL) {
		conf_error(at->diag, &at->where,
			   "there is no fault kind "
			   "\"%.60s\"; %s",
			   name,
			   strchr(name, '=') != NULL
			       ? "expected the kind first, as in "
				 "latency,latency=80ms"
			       : hint.text != NULL ? hint.text
						   : "none is known");
	} else {
		f = conf_route_add_fault(route, kind);
		f->where = at->where;
		while ((option = conf_option_cut(&rest, ',')) != NULL)
			set_option(f, option, at);
		check_required(kind, text, at);
	}
	str_fini(&hint);
	free(copy);
	return f;
}
