/* SPDX-License-Identifier: Apache-2.0 */
/* Reading routes. */
#include "config/loader.h"
#include "config/tables.h"

/* Reads a group that is there by being written. */
static config_setting_t *
load_tls(const struct loader *l, config_setting_t *route, const char *key,
	 const struct load_part *part, bool *enabled)
{
	config_setting_t *group = load_group(l, route, key);

	if (group == NULL)
		return NULL;
	load_fields(l, group, part, 1, key);
	if (config_setting_get_member(group, "enabled") == NULL)
		*enabled = true;
	return group;
}

static void
load_route_tls(const struct loader *l, config_setting_t *route,
	       struct conf_route *r)
{
	struct load_part server = {conf_tls_fields, r};
	struct load_part client = {conf_upstream_tls_fields, r};
	config_setting_t *group;
	struct load_spot at;

	group = load_tls(l, route, "tls", &server, &r->tls.enabled);
	if (group != NULL) {
		at = load_spot(l, group);
		conf_tls_compile(r, &at.spot);
	}
	group = load_tls(l, route, "upstream_tls", &client,
			 &r->upstream_tls.enabled);
	if (group != NULL) {
		at = load_spot(l, group);
		conf_upstream_tls_compile(r, &at.spot);
	}
}

static void
load_route(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_route *r = conf_model_add_route(l->model);
	struct load_part part = {conf_route_fields, r};
	struct load_spot at = load_spot(l, group), match_at;
	config_setting_t *match;

	r->where = at.spot.where;
	load_fields(l, group, &part, 1, "a route");
	if (config_setting_get_member(group, "idle_timeout") == NULL)
		conf_route_protocol_defaults(r);
	conf_route_compile(r, &at.spot);
	load_route_tls(l, group, r);
	match = load_group(l, group, "match");
	if (match != NULL) {
		part = (struct load_part){conf_match_fields, r};
		load_fields(l, match, &part, 1, "match");
		match_at = load_spot(l, match);
		conf_match_compile(r, &match_at.spot);
	}
	load_faults(l, group, r);
}

void
load_routes(const struct loader *l, const config_setting_t *root)
{
	load_each(l, root, "routes", load_route, NULL);
}
