/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline of a run, and who causes which calls. */
#include "runner/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "runner/plan_find.h"

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* --- who causes whom -------------------------------------------------------
 */

static const struct conf_route *
route_named(const struct conf_model *model, const char *name)
{
	for (size_t i = 0; i < model->routes_count; i++) {
		if (same(model->routes[i].name, name))
			return &model->routes[i];
	}
	return NULL;
}

/* The only other route for which `test` holds; NULL: none, or several. */
static const struct conf_route *
only_route(const struct conf_model *model, const struct conf_route *route,
	   bool (*test)(const struct conf_route *, const struct conf_route *))
{
	const struct conf_route *found = NULL;

	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		if (r == route || !test(r, route))
			continue;
		if (found != NULL)
			return NULL;
		found = r;
	}
	return found;
}

static bool
leads_into(const struct conf_route *r, const struct conf_route *route)
{
	return same(r->to, route->from);
}

static bool
is_edge(const struct conf_route *r, const struct conf_route *route)
{
	(void)route;
	return r->role == ROLE_EDGE;
}

const struct conf_route *
plan_edge(const struct conf_model *model, const struct conf_route *route)
{
	const struct conf_route *edge;

	if (route->role == ROLE_EDGE)
		return NULL;
	if (route->caused_by != NULL)
		return route_named(model, route->caused_by);
	edge = only_route(model, route, leads_into);
	return edge != NULL ? edge : only_route(model, route, is_edge);
}

double
plan_rate(const struct conf_model *model, const char *name)
{
	const struct conf_experiment *e = model->experiment;
	const struct conf_route *r = route_named(model, name);
	double rate = 0;

	for (size_t hops = 0; r != NULL && hops <= model->routes_count;
	     hops++) {
		for (size_t i = 0; i < e->loads_count; i++) {
			if (same(e->loads[i].target, r->name) &&
			    e->loads[i].probe == NULL)
				rate += e->loads[i].rate;
		}
		r = plan_edge(model, r);
	}
	return rate;
}

size_t
plan_breaker_run(double n, double n_base)
{
	double q = MIN(MAX(3 / MAX(n_base, 1), 1e-6), 0.95);
	double k = ceil(log(0.001 / MAX(n, 1)) / log(q));

	return k > 2 ? (size_t)MIN(k, 1e6) : 2;
}

/* --- the timeline ------------------------------------------------------------
 */

static struct plan_item *
add_item(struct plan *p, const char *what, int64_t from_us, int64_t to_us)
{
	p->items = xrealloc(p->items, (p->items_count + 1) * sizeof(*p->items));
	p->items[p->items_count] = (struct plan_item){
	    .from_us = from_us, .to_us = to_us, .what = what};
	return &p->items[p->items_count++];
}

static int64_t
add_scenario(struct plan *p, const struct conf_scenario *s, int64_t at_us)
{
	int64_t length_us = conf_scenario_length(s);
	int64_t recover_us = p->model->experiment->phases.recover_us;

	for (size_t i = 0; i < s->steps_count; i++) {
		const struct conf_step *step = &s->steps[i];
		struct plan_item *item = add_item(
		    p, step->fault != NULL ? "fault" : "partition",
		    at_us + step->at_us, at_us + step->at_us + step->for_us);

		item->scenario = s;
		item->step = step;
	}
	at_us += length_us;
	add_item(p, "recovery", at_us, at_us + recover_us)->scenario = s;
	return at_us + recover_us;
}

void
plan_make(struct plan *to, const struct conf_model *model, const char *only)
{
	const struct conf_experiment *e = model->experiment;
	int64_t at_us = e->phases.baseline_us;

	*to = (struct plan){.model = model};
	add_item(to, "baseline", 0, at_us);
	plan_find_run(to);
	for (size_t i = 0; i < e->scenarios_count; i++) {
		const struct conf_scenario *s = &e->scenarios[i];

		if (only != NULL ? !same(s->name, only) : !s->enabled)
			continue;
		at_us = add_scenario(to, s, at_us);
		plan_find_scenario(to, s);
	}
	to->length_us = at_us;
}

void
plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->findings_count; i++)
		free(p->findings[i].text);
	free(p->findings);
	free(p->items);
	*p = (struct plan){0};
}
