/* SPDX-License-Identifier: Apache-2.0 */
/* Reading scenarios: steps on a timeline, and what is expected. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/loader.h"
#include "config/tables.h"

#define STEPS_MAX 1000

/* --- steps -----------------------------------------------------------------
 */

/* Names a partition that is written in place and has no name. */
static void
name_cut(config_setting_t *cut, const struct conf_scenario *scenario)
{
	char *name;

	if (config_setting_get_member(cut, "name") != NULL)
		return;
	name =
	    xasprintf("%s-%zu", scenario->name != NULL ? scenario->name : "cut",
		      scenario->steps_count);
	config_setting_set_string(
	    config_setting_add(cut, "name", CONFIG_TYPE_STRING), name);
	free(name);
}

/* The partition's name, or one written in place. */
static void
load_cut(const struct loader *l, config_setting_t *group,
	 const struct conf_scenario *scenario, struct conf_step *s)
{
	config_setting_t *cut = config_setting_get_member(group, "partition");
	struct conf_where where = load_where(l, cut);

	if (config_setting_type(cut) == CONFIG_TYPE_STRING) {
		s->partition = xstrdup(config_setting_get_string(cut));
	} else if (config_setting_is_group(cut)) {
		s->cut = xcalloc(1, sizeof(*s->cut));
		conf_fields_default(conf_partition_fields, s->cut);
		name_cut(cut, scenario);
		load_partition_group(l, cut, s->cut);
		s->partition =
		    xstrdup(s->cut->name != NULL ? s->cut->name : "");
	} else {
		conf_error(
		    l->diag, &where,
		    "partition: it is neither text nor a group; expected "
		    "the name of one of partitions, or { groups = "
		    "\xe2\x80\xa6 }");
	}
}

static void
check_cut_keys(const struct loader *l, const config_setting_t *group)
{
	static const char *const keys[] = {"type", "route"};
	const config_setting_t *key;
	struct conf_where where;
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++) {
		key = config_setting_get_member(group, keys[i]);
		if (key == NULL)
			continue;
		where = load_where(l, key);
		conf_error(l->diag, &where,
			   "%s: a step is a fault on a route or a partition; "
			   "expected one of them",
			   keys[i]);
	}
}

static void
load_fault_step(const struct loader *l, config_setting_t *group,
		const struct load_part *part)
{
	const struct conf_route *route =
	    load_find_route(l, group, "a fault of a scenario");
	struct conf_step *s = part->target;

	if (route != NULL)
		s->fault = load_step_fault(l, group, part, route);
	if (route != NULL && s->route == NULL)
		s->route = xstrdup(route->name);
}

static void
load_one_step(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_scenario *scenario = arg;
	struct conf_step *s = load_add_step(scenario);
	struct load_part part = {conf_step_fields, s};

	s->where = load_where(l, group);
	if (config_setting_get_member(group, "partition") != NULL) {
		check_cut_keys(l, group);
		load_cut(l, group, scenario, s);
		load_fields(l, group, &part, 1, "a partition of a scenario");
	} else {
		load_fault_step(l, group, &part);
		load_name_step(scenario, s);
	}
	if (scenario->steps_count == STEPS_MAX + 1)
		conf_error(l->diag, &s->where,
			   "faults: too many; expected at most %d in a "
			   "scenario",
			   STEPS_MAX);
}

/* --- expect ------------------------------------------------------------------
 */

/* A scalar as text, or the texts of a list. */
static void
load_expect_value(const struct loader *l, const config_setting_t *s,
		  struct conf_expect *x)
{
	const struct conf_field list = {
	    .name = "",
	    .type = CONF_STRINGS,
	    .offset = offsetof(struct conf_expect, values)};
	struct str text = {0};
	struct error err;
	bool ok = true;

	if (config_setting_is_list(s) || config_setting_is_array(s))
		ok = load_list(&list, x, s, &err);
	else
		ok = load_scalar_text(s, &text, &err);
	if (text.len > 0)
		x->value = str_take(&text);
	str_fini(&text);
	if (!ok)
		conf_error(l->diag, &x->where, "%s: %s", x->key, err.text);
}

/* Adds the keys of a group, those of groups within as "group.key". */
static void
load_expects(const struct loader *l, const config_setting_t *group,
	     const char *prefix, struct conf_scenario *scenario)
{
	int i, count = config_setting_length(group);

	for (i = 0; i < count; i++) {
		const config_setting_t *s =
		    config_setting_get_elem(group, (unsigned)i);
		char *key = xasprintf("%s%s", prefix, config_setting_name(s));
		struct conf_expect *x;

		if (config_setting_is_group(s)) {
			char *inner = xasprintf("%s.", key);

			load_expects(l, s, inner, scenario);
			free(inner);
			free(key);
			continue;
		}
		scenario->expects = xgrow(
		    scenario->expects, &scenario->expects_count, sizeof(*x));
		x = &scenario->expects[scenario->expects_count - 1];
		x->key = key;
		x->where = load_where(l, s);
		load_expect_value(l, s, x);
	}
}

/* --- the scenario ------------------------------------------------------------
 */

void
load_scenario(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_experiment *e = arg;
	config_setting_t *expect;
	struct conf_scenario *s;

	e->scenarios =
	    xgrow(e->scenarios, &e->scenarios_count, sizeof(*s));
	s = &e->scenarios[e->scenarios_count - 1];
	s->where = load_where(l, group);
	conf_fields_default(conf_verify_fields, s);
	conf_fields_default(conf_hook_fields, s);
	load_new(l, group, conf_scenario_fields, s, "a scenario");
	load_each(l, group, "load_scale", load_scale, s);
	if (s->identify != IDENTIFY_NONE)
		load_identify(l, group, s);
	else
		load_each(l, group, "faults", load_one_step, s);
	load_group_part(l, group, "verify",
			&(struct load_part){conf_verify_fields, s});
	load_group_part(l, group, "hook",
			&(struct load_part){conf_hook_fields, s});
	expect = load_group(l, group, "expect");
	if (expect != NULL)
		load_expects(l, expect, "", s);
	if (s->steps_count == 0 && s->identify == IDENTIFY_NONE)
		conf_error(l->diag, &s->where,
			   "scenario \"%.80s\" has no faults; expected faults "
			   "= ( { \xe2\x80\xa6 } ), or identify",
			   s->name != NULL ? s->name : "?");
}
