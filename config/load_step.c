/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a scenario's timeline, whoever adds them. */
#include <string.h>

#include "base/xalloc.h"
#include "config/loader.h"
#include "config/tables.h"

const struct conf_route *
load_find_route(const struct loader *l, const config_setting_t *group,
		const char *what)
{
	const config_setting_t *key = config_setting_get_member(group, "route");
	const char *name = key != NULL ? config_setting_get_string(key) : NULL;
	struct conf_where where = load_where(l, key != NULL ? key : group);
	struct near near;
	size_t i;

	if (name == NULL) {
		conf_error(l->diag, &where,
			   "%s lacks \"route\"; expected the name of one of "
			   "routes",
			   what);
		return NULL;
	}
	near_start(&near, name);
	for (i = 0; i < l->model->routes_count; i++) {
		const struct conf_route *r = &l->model->routes[i];

		if (r->name != NULL && strcmp(r->name, name) == 0)
			return r;
		near_offer(&near, r->name);
	}
	conf_error(l->diag, &where,
		   "route: there is no route \"%.80s\"; expected one of "
		   "routes" NEAR_HINT,
		   name, NEAR_ARGS(&near));
	return NULL;
}

struct conf_step *
load_add_step(struct conf_scenario *scenario)
{
	struct conf_step *s;

	scenario->steps =
	    xgrow(scenario->steps, &scenario->steps_count, sizeof(*s));
	s = &scenario->steps[scenario->steps_count - 1];
	conf_fields_default(conf_step_fields, s);
	return s;
}

void
load_name_step(const struct conf_scenario *scenario, struct conf_step *s)
{
	if (s->fault != NULL && s->fault->name == NULL)
		s->fault->name = xasprintf(
		    "%s-%zu", scenario->name != NULL ? scenario->name : "step",
		    scenario->steps_count);
}
