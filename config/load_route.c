/* SPDX-License-Identifier: Apache-2.0 */
/* Reading routes. */
#include "config/loader.h"
#include "config/tables.h"

static void
load_route(const struct loader *l, config_setting_t *group, void *arg)
{
	size_t index = l->model->routes_count;
	struct conf_route *r = conf_model_add_route(l->model);
	struct load_part part = {conf_route_fields, r};
	struct load_spot at = load_spot(l, group), match_at;
	config_setting_t *match;

	r->where = at.spot.where;
	load_fields(l, group, &part, 1, "a route");
	if (config_setting_get_member(group, "idle_timeout") == NULL)
		conf_route_protocol_defaults(r);
	conf_route_compile(r, &at.spot);
	match = load_group(l, group, "match");
	if (match != NULL) {
		part = (struct load_part){conf_match_fields, r};
		load_fields(l, match, &part, 1, "match");
		match_at = load_spot(l, match);
		conf_match_compile(r, &match_at.spot);
	}
	load_faults(l, group, index);
}

void
load_routes(const struct loader *l, const config_setting_t *root)
{
	load_each(l, root, "routes", load_route, NULL);
}
