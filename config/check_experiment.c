/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong between the groups of an experiment: names that nobody has,
 * times and zones that cannot be, relations of routes that make no sense. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/near.h"
#include "base/xalloc.h"
#include "config/calendar.h"
#include "config/check.h"
#include "config/target.h"

/* Names that may be spoken of. */
struct check_names {
	const char **items; /* owned by the caller; borrowed texts or NULL */
	size_t count;
	const char *what, *list; /* "load" and where they stand: "load" */
};

/* Reports `name` (NULL: fine), which `key` holds, if it is not among them. */
static void
check_name(const struct check_names *names, const char *key, const char *name,
	    const struct conf_where *where, struct conf_diag *diag)
{
	struct near near;
	size_t i;

	if (name == NULL)
		return;
	near_start(&near, name);
	for (i = 0; i < names->count; i++) {
		if (names->items[i] == NULL)
			continue;
		if (strcmp(names->items[i], name) == 0)
			return;
		near_offer(&near, names->items[i]);
	}
	conf_error(diag, where,
		   "%s: there is no %s \"%.80s\"; expected one of %s" NEAR_HINT,
		   key, names->what, name, names->list,
		   NEAR_ARGS(&near));
}

/* The name of element `i` of an array of groups, at `offset`. */
struct name_array {
	const void *items;
	size_t count, size, offset;
};

static struct check_names
names_of(const struct name_array *a, const char *what, const char *list)
{
	struct check_names n = {.what = what, .list = list};
	size_t i;

	n.items = xcalloc(a->count + 1, sizeof(*n.items));
	n.count = a->count;
	for (i = 0; i < a->count; i++)
		n.items[i] = *(
		    const char *const *)(const void *)((const char *)a->items +
						       i * a->size + a->offset);
	return n;
}

struct checker {
	const struct conf_model *model;
	const struct conf_experiment *e;
	struct conf_diag *diag;
	struct check_names routes, loads, scenarios;
};

/* --- names -----------------------------------------------------------------
 */

static void
check_twice(struct checker *c, const struct check_names *names, size_t at,
	    const struct conf_where *where)
{
	size_t i;

	for (i = 0; i < at; i++) {
		if (names->items[i] == NULL || names->items[at] == NULL ||
		    strcmp(names->items[i], names->items[at]) != 0)
			continue;
		conf_conflict(c->diag, where,
			      "there is another %s \"%.80s\"; expected "
			      "different names",
			      names->what, names->items[at]);
		return;
	}
}

static void
check_target(struct checker *c, const struct conf_load *load)
{
	struct conf_address address = {0};
	struct error err;
	size_t i;
	bool tls;

	for (i = 0; load->target != NULL && i < c->model->routes_count; i++) {
		const struct conf_route *r = &c->model->routes[i];

		if (r->name == NULL || strcmp(r->name, load->target) != 0)
			continue;
		if (conf_protocol_is_datagram(r->protocol))
			conf_error(c->diag, &load->where,
				   "target: route \"%.80s\" carries datagrams; "
				   "expected one with protocol = \"tcp\" or "
				   "\"http\"",
				   r->name);
		return;
	}
	if (load->target != NULL && strchr(load->target, ':') == NULL) {
		check_name(&c->routes, "target", load->target, &load->where,
			    c->diag);
	} else if (load->target != NULL) {
		if (!conf_target_parse(load->target, &address, &tls, &err))
			conf_error(c->diag, &load->where, "target: %s",
				   err.text);
		conf_address_fini(&address);
	}
}

static void
check_loads(struct checker *c)
{
	size_t i;

	for (i = 0; i < c->e->loads_count; i++) {
		const struct conf_load *load = &c->e->loads[i];

		check_twice(c, &c->loads, i, &load->where);
		check_target(c, load);
		if (load->probe != NULL && strcmp(load->probe, "health") != 0)
			conf_error(c->diag, &load->where,
				   "probe: \"%.40s\" is unknown; expected "
				   "health",
				   load->probe);
	}
	for (i = 0; i < c->e->steady_count; i++)
		check_name(&c->loads, "of", c->e->steady[i].of,
			    &c->e->steady[i].where, c->diag);
	for (i = 0; i < c->e->scenarios_count; i++)
		check_twice(c, &c->scenarios, i, &c->e->scenarios[i].where);
}

/* --- guards ----------------------------------------------------------------
 */

static void
check_abort(struct checker *c, const struct conf_abort *a)
{
	size_t i;

	check_name(&c->loads, "of", a->of, &a->where, c->diag);
	for (i = 0; i < a->except.count; i++)
		check_name(&c->scenarios, "except", a->except.items[i],
			    &a->where, c->diag);
	if (a->error_above == 0 && a->p95_above_us == 0 &&
	    a->lost_load_above == 0)
		conf_error(c->diag, &a->where,
			   "an element of abort asks nothing; expected "
			   "error_above, p95_above or lost_load_above");
}

static void
check_guards(struct checker *c)
{
	const struct conf_guards *g = &c->e->guards;
	struct conf_window window;
	struct error err;
	size_t i, j;

	for (i = 0; i < g->aborts_count; i++)
		check_abort(c, &g->aborts[i]);
	for (i = 0; i < g->never_together_count; i++) {
		for (j = 0; j < g->never_together[i].count; j++)
			check_name(&c->routes, "never_together",
				    g->never_together[i].items[j], &c->e->where,
				    c->diag);
	}
	for (i = 0; i < g->blackout.count; i++) {
		if (!conf_window_parse(g->blackout.items[i], &window, &err))
			conf_error(c->diag, &g->where, "blackout: %s",
				   err.text);
	}
}

/* --- schedule, report --------------------------------------------------------
 */

static void
check_schedule(struct checker *c)
{
	const struct conf_schedule *s = &c->e->schedule;
	struct conf_window window;
	struct conf_cron cron;
	struct error err;

	if (s->cron != NULL && !conf_cron_parse(s->cron, &cron, &err))
		conf_error(c->diag, &s->where, "cron: %s", err.text);
	if (s->tz != NULL && !conf_zone_known(s->tz))
		conf_error(c->diag, &s->where,
			   "tz: there is no time zone \"%.80s\" here; expected "
			   "such as \"Europe/Berlin\" or \"UTC\"",
			   s->tz);
	if (s->monkey.window != NULL &&
	    !conf_window_parse(s->monkey.window, &window, &err))
		conf_error(c->diag, &s->where, "window: %s", err.text);
}

static void
check_report(struct checker *c)
{
	static const char *formats[] = {"md", "html", "json", "junit", "sarif"};
	const struct check_names known = {formats, COUNT_OF(formats), "format",
					  "md, html, json, junit, sarif"};
	size_t i;

	for (i = 0; i < c->e->report.formats.count; i++)
		check_name(&known, "formats", c->e->report.formats.items[i],
			    &c->e->report.where, c->diag);
}

/* --- which route causes which --------------------------------------------- */

static const struct conf_route *
find_route(const struct conf_model *m, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < m->routes_count; i++) {
		if (m->routes[i].name != NULL &&
		    strcmp(m->routes[i].name, name) == 0)
			return &m->routes[i];
	}
	return NULL;
}

static void
check_cause(struct checker *c, const struct conf_route *r)
{
	const struct conf_route *up = r;
	size_t steps;

	check_name(&c->routes, "caused_by", r->caused_by, &r->where, c->diag);
	if (r->role == ROLE_EDGE && r->caused_by != NULL)
		conf_error(c->diag, &r->where,
			   "role: calls come in at an edge, no route causes "
			   "them; expected no caused_by");
	for (steps = 0; up != NULL && steps <= c->model->routes_count; steps++)
		up = find_route(c->model, up->caused_by);
	if (up != NULL)
		conf_error(
		    c->diag, &r->where,
		    "caused_by: the calls of route \"%.80s\" would cause "
		    "themselves; expected a way that ends at an edge",
		    r->name != NULL ? r->name : "?");
}

static struct check_names
route_names(const struct conf_model *model)
{
	return names_of(&(struct name_array){model->routes, model->routes_count,
					     sizeof(struct conf_route),
					     offsetof(struct conf_route, name)},
			"route", "routes");
}

void
check_causes(const struct conf_model *model, struct conf_diag *diag)
{
	struct checker c = {
	    .model = model, .diag = diag, .routes = route_names(model)};
	size_t i;

	for (i = 0; i < model->routes_count; i++)
		check_cause(&c, &model->routes[i]);
	free(c.routes.items);
}

void
check_experiment(const struct conf_model *model, struct conf_diag *diag)
{
	const struct conf_experiment *e = model->experiment;
	struct checker c = {
	    .model = model,
	    .e = e,
	    .diag = diag,
	    .routes = route_names(model),
	    .loads =
		names_of(&(struct name_array){e->loads, e->loads_count,
					      sizeof(struct conf_load),
					      offsetof(struct conf_load, name)},
			 "load", "load"),
	    .scenarios = names_of(
		&(struct name_array){e->scenarios, e->scenarios_count,
				     sizeof(struct conf_scenario),
				     offsetof(struct conf_scenario, name)},
		"scenario", "scenarios"),
	};
	size_t i;

	check_loads(&c);
	check_guards(&c);
	check_schedule(&c);
	check_report(&c);
	check_scenarios(model, diag);
	for (i = 0; i < e->scenarios_count; i++)
		check_name(&c.loads, "acked", e->scenarios[i].verify.acked,
			    &e->scenarios[i].where, diag);
	free(c.routes.items);
	free(c.loads.items);
	free(c.scenarios.items);
}
