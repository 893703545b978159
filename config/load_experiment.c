/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the groups of an experiment but its scenarios. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/check.h"
#include "config/loader.h"
#include "config/tables.h"

#define ROUTES_TEXT "lists of routes, such as ( [\"db\", \"redis\"] )"

static void
load_steady(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_experiment *e = arg;
	struct conf_steady *s;

	e->steady = xgrow(e->steady, &e->steady_count, sizeof(*s));
	s = &e->steady[e->steady_count - 1];
	s->where = load_where(l, group);
	load_new(l, group, conf_steady_fields, s, "an element of steady");
}

static void
load_abort(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_guards *g = arg;
	struct conf_abort *a;

	g->aborts = xgrow(g->aborts, &g->aborts_count, sizeof(*a));
	a = &g->aborts[g->aborts_count - 1];
	a->where = load_where(l, group);
	load_new(l, group, conf_abort_fields, a, "an element of abort");
}

static void
load_never_together(const struct loader *l, config_setting_t *list,
		    struct conf_guards *g)
{
	struct conf_where where;
	int i, count;

	if (list == NULL)
		return;
	where = load_where(l, list);
	count = config_setting_length(list);
	if (!config_setting_is_list(list)) {
		conf_error(
		    l->diag, &where,
		    "never_together: it is not a list; expected " ROUTES_TEXT);
		return;
	}
	for (i = 0; i < count; i++) {
		g->never_together =
		    xgrow(g->never_together, &g->never_together_count,
			       sizeof(*g->never_together));
		load_strings(l, config_setting_get_elem(list, (unsigned)i),
			     &g->never_together[i], ROUTES_TEXT);
	}
}

static void
load_guards(const struct loader *l, config_setting_t *group,
	    struct conf_guards *g)
{
	struct load_part part = {conf_guards_fields, g};

	g->where = load_where(l, group);
	load_fields(l, group, &part, 1, "guards");
	load_each(l, group, "abort", load_abort, g);
	load_never_together(
	    l, config_setting_get_member(group, "never_together"), g);
}

static void
load_schedule(const struct loader *l, config_setting_t *group,
	      struct conf_schedule *s)
{
	struct load_part part = {conf_schedule_fields, s};

	s->where = load_where(l, group);
	load_fields(l, group, &part, 1, "schedule");
	load_group_part(l, group, "monkey",
			&(struct load_part){conf_monkey_fields, s});
}

/* The first of the groups that make an experiment; NULL: there is none. */
static const config_setting_t *
first_group(const config_setting_t *root)
{
	static const char *const keys[] = {"experiment", "load",    "steady",
					   "guards",	 "phases",  "scenarios",
					   "report",	 "schedule"};
	const config_setting_t *found;
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++) {
		found = config_setting_get_member(root, keys[i]);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static void
load_head(const struct loader *l, const config_setting_t *root,
	  const config_setting_t *first, struct conf_experiment *e)
{
	struct load_part part = {conf_experiment_fields, e};
	config_setting_t *group =
	    load_group_part(l, root, "experiment", &part);

	e->where = load_where(l, group != NULL ? group : first);
	e->has_seed =
	    group != NULL && config_setting_get_member(group, "seed") != NULL;
	if (group == NULL &&
	    config_setting_get_member(root, "experiment") == NULL)
		conf_error(l->diag, &e->where,
			   "%s belongs to an experiment, which the file lacks; "
			   "expected experiment = { name = \xe2\x80\xa6 }",
			   config_setting_name(first));
}

void
load_experiment(const struct loader *l, const config_setting_t *root)
{
	const config_setting_t *first = first_group(root);
	struct conf_experiment *e;
	config_setting_t *group;

	check_causes(l->model, l->diag);
	if (first == NULL)
		return;
	e = l->model->experiment = conf_experiment_new();
	load_head(l, root, first, e);
	e->guards.where = e->report.where = e->schedule.where = e->where;
	load_each(l, root, "load", load_one_load, e);
	load_each(l, root, "steady", load_steady, e);
	group = load_group(l, root, "guards");
	if (group != NULL)
		load_guards(l, group, &e->guards);
	load_group_part(l, root, "phases",
			&(struct load_part){conf_phases_fields, &e->phases});
	load_each(l, root, "scenarios", load_scenario, e);
	group = load_group_part(
	    l, root, "report",
	    &(struct load_part){conf_report_fields, &e->report});
	if (group != NULL)
		e->report.where = load_where(l, group);
	group = load_group(l, root, "schedule");
	if (group != NULL)
		load_schedule(l, group, &e->schedule);
	check_experiment(l->model, l->diag);
}
