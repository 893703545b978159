/* SPDX-License-Identifier: Apache-2.0 */
/* Who causes which calls, and how many of them reach a route. */
#include <string.h>

#include "runner/run_plan.h"

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const struct conf_route *
run_plan_route(const struct conf_model *model, const char *name)
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
run_plan_edge(const struct conf_model *model, const struct conf_route *route)
{
	const struct conf_route *edge;

	if (route->role == ROLE_EDGE)
		return NULL;
	if (route->caused_by != NULL)
		return run_plan_route(model, route->caused_by);
	edge = only_route(model, route, leads_into);
	return edge != NULL ? edge : only_route(model, route, is_edge);
}

double
run_plan_rate(const struct conf_model *model, const char *name)
{
	const struct conf_experiment *e = model->experiment;
	const struct conf_route *r = run_plan_route(model, name);
	double rate = 0;

	for (size_t hops = 0; r != NULL && hops <= model->routes_count;
	     hops++) {
		for (size_t i = 0; i < e->loads_count; i++) {
			if (same(e->loads[i].target, r->name) &&
			    e->loads[i].probe == NULL)
				rate += e->loads[i].rate;
		}
		r = run_plan_edge(model, r);
	}
	return rate;
}
