/* SPDX-License-Identifier: Apache-2.0 */
/* A model from the command line. */
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/load.h"
#include "config/loader.h"
#include "config/option.h"
#include "config/profile.h"
#include "config/tables.h"

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
