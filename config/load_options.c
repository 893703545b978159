/* SPDX-License-Identifier: Apache-2.0 */
/* A model from the command line. A fault is
 *
 *	KIND[,FIELD=VALUE]…     latency,latency=80ms,jitter=20ms,when.path=/x*
 *
 * "\," stands for a comma in a value. Items of a list are separated by "+",
 * "\+" stands for a plus in an item. */
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/load.h"
#include "config/loader.h"
#include "config/option.h"
#include "config/profile.h"
#include "config/tables.h"

static bool
set_field(const struct conf_field *field, void *target, char *value,
	  struct error *err)
{
	const char *items[256];
	size_t count = 0;

	if (field->type != CONF_STRINGS && field->type != CONF_NUMBERS)
		return conf_field_parse(field, target, value, err);
	while (value != NULL && count < COUNT_OF(items))
		items[count++] = conf_option_cut(&value, '+');
	return conf_field_items(field, target, items, count, err);
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
			   "expected FIELD=VALUE",
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
			   hint.text != NULL ? hint.text : "none is known");
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

/* One of the command line; errors are reported at "--fault KIND". */
static void
add_fault(struct loader *l, struct conf_route *route, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *where;
	const char *name = conf_option_cut(&rest, ',');
	struct conf_spot at = {.diag = l->diag};
	struct str hint = {0};
	struct conf_fault *f;

	where = xasprintf("--fault %s",
			  conf_kind_find(l->kinds, name, &hint) != NULL
			      ? name
			      : "KIND");
	at.where.file = intern(where);
	f = conf_route_option_fault(route, l->kinds, text, &at);
	if (f != NULL) {
		conf_when_compile(&f->conditions.when, l->model, route, &at);
		conf_fault_compile(f, route, &at);
	}
	str_fini(&hint);
	free(where);
	free(copy);
}

/* Sets one field of the route from an option's value (NULL: not given). */
static void
set_route(struct loader *l, struct conf_route *route, const char *key,
	  const char *option, const char *value)
{
	const struct conf_where where = {option, 0};
	const struct conf_field *field =
	    conf_field_find(conf_route_fields, key);
	struct error err;

	if (value == NULL && (field->flags & CONF_REQUIRED) != 0)
		conf_error(l->diag, &where, "it is missing; expected %s %s",
			   option, field->help);
	else if (value != NULL && !conf_field_parse(field, route, value, &err))
		conf_error(l->diag, &where, "%s", err.text);
}

struct conf_model *
conf_load_options(const struct conf_options *opt,
		  const struct conf_kinds *kinds, struct conf_diag *diag)
{
	struct loader l = {
	    .kinds = kinds, .diag = diag, .model = conf_model_new()};
	struct conf_route *route = conf_model_add_route(l.model);
	struct conf_spot at = {.diag = diag, .where = {"--listen", 0}};
	size_t i, errors = diag->errors;

	route->name = xstrdup("default");
	route->where = at.where;
	set_route(&l, route, "listen", "--listen", opt->listen);
	set_route(&l, route, "upstream", "--upstream", opt->upstream);
	set_route(&l, route, "protocol", "--protocol", opt->protocol);
	set_route(&l, route, "profile", "--profile", opt->profile);
	conf_route_protocol_defaults(route);
	conf_route_compile(route, &at);
	for (i = 0; i < opt->faults_count; i++)
		add_fault(&l, route, opt->faults[i]);
	conf_route_name_faults(route);
	conf_route_settle_profile(route, kinds);
	conf_model_check(l.model, diag);
	if (diag->errors == errors)
		return l.model;
	conf_model_unref(l.model);
	return NULL;
}
