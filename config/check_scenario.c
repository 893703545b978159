/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the timelines of scenarios can be: what overlaps, what is cut, how
 * long it takes. */
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "config/check.h"
#include "config/units.h"

struct timeline {
	const struct conf_model *model;
	const struct conf_experiment *e;
	const struct conf_scenario *s;
	struct names services;
	struct conf_diag *diag;
};

static bool
overlap(const struct conf_step *a, const struct conf_step *b)
{
	return a->at_us < b->at_us + b->for_us &&
	       b->at_us < a->at_us + a->for_us;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* --- single steps ------------------------------------------------------------
 */

static const struct conf_partition *
find_partition(const struct conf_model *m, const char *name, struct near *near)
{
	size_t i;

	near_start(near, name);
	for (i = 0; i < m->partitions_count; i++) {
		if (same(m->partitions[i].name, name))
			return &m->partitions[i];
		near_offer(near, m->partitions[i].name);
	}
	return NULL;
}

static void
check_cut(const struct timeline *t, const struct conf_step *step)
{
	struct near near;
	const struct conf_partition *p =
	    find_partition(t->model, step->partition, &near);

	if (step->cut != NULL) {
		if (p != NULL)
			conf_conflict(t->diag, &step->where,
				      "partition: \"%.80s\" is one of "
				      "partitions as well; expected another "
				      "name",
				      step->partition);
		check_partition(t->model, step->cut, &t->services, t->diag);
	} else if (p == NULL) {
		conf_error(t->diag, &step->where,
			   "partition: there is no partition \"%.80s\"; "
			   "expected one of partitions" NEAR_HINT,
			   step->partition,
			   NEAR_ARGS(&near));
	} else if (p->enabled) {
		conf_error(t->diag, &step->where,
			   "partition: \"%.80s\" cuts from the start; expected "
			   "enabled = false there",
			   step->partition);
	}
}

static void
check_route_enabled(const struct timeline *t, const struct conf_step *step)
{
	size_t i;

	for (i = 0; i < t->model->routes_count; i++) {
		const struct conf_route *r = &t->model->routes[i];

		if (same(r->name, step->route) && !r->enabled)
			conf_error(t->diag, &step->where,
				   "route: \"%.80s\" is not enabled; expected "
				   "one that carries traffic",
				   step->route);
	}
}

/* --- steps beside each other -----------------------------------------------
 */

static void
say_together(const struct timeline *t, const struct conf_step *a,
	     const struct conf_step *b)
{
	conf_conflict(t->diag, &b->where,
		      "routes \"%.80s\" and \"%.80s\" would have faults at the "
		      "same time, which guards forbid (never_together); "
		      "expected one after the other, or force = true",
		      a->route, b->route);
}

static bool
holds(const struct conf_strings *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (strcmp(set->items[i], name) == 0)
			return true;
	}
	return false;
}

/* Is the pair of routes in a set of never_together? */
static bool
forbidden(const struct conf_guards *g, const struct conf_step *a,
	  const struct conf_step *b)
{
	size_t i;

	for (i = 0; i < g->never_together_count; i++) {
		if (holds(&g->never_together[i], a->route) &&
		    holds(&g->never_together[i], b->route))
			return !a->force && !b->force;
	}
	return false;
}

/* True if something was said about the pair that says enough of b. */
static bool
check_pair(const struct timeline *t, const struct conf_step *a,
	   const struct conf_step *b)
{
	if (!overlap(a, b))
		return false;
	if (same(a->partition, b->partition))
		conf_conflict(t->diag, &b->where,
			      "partition: \"%.80s\" is cut already at that "
			      "time (line %u); expected one after the other",
			      b->partition, a->where.line);
	if (a->route == NULL || b->route == NULL)
		return false;
	if (!same(a->route, b->route)) {
		if (!forbidden(&t->e->guards, a, b))
			return false;
		say_together(t, a, b);
		return true;
	}
	if (a->fault == NULL || b->fault == NULL ||
	    a->fault->kind != b->fault->kind)
		return false;
	conf_conflict(t->diag, &b->where,
		      "route \"%.80s\" has a fault of type %s already at that "
		      "time (line %u), and nothing would tell their effects "
		      "apart; expected one after the other",
		      b->route, b->fault->kind->name, a->where.line);
	return true;
}

/* Routes with a fault when step `at` begins. */
static void
check_routes_faulted(const struct timeline *t, size_t at)
{
	const struct conf_step *now = &t->s->steps[at];
	int64_t max = t->e->guards.max_routes_faulted, count = 0;
	size_t i, j;

	for (i = 0; i < t->s->steps_count; i++) {
		const struct conf_step *s = &t->s->steps[i];

		if (s->route == NULL || s->at_us > now->at_us ||
		    s->at_us + s->for_us <= now->at_us)
			continue;
		for (j = 0; j < i; j++) {
			const struct conf_step *o = &t->s->steps[j];

			if (same(o->route, s->route) &&
			    o->at_us <= now->at_us &&
			    o->at_us + o->for_us > now->at_us)
				break;
		}
		count += j == i;
	}
	if (max > 0 && count > max)
		conf_conflict(t->diag, &now->where,
			      "%lld routes would have faults at that time; "
			      "expected %lld at most (guards: "
			      "max_routes_faulted)",
			      (long long)count, (long long)max);
}

/* --- all -------------------------------------------------------------------
 */

static void
check_scenario(const struct timeline *t)
{
	size_t i, j;

	for (i = 0; i < t->s->steps_count; i++) {
		const struct conf_step *step = &t->s->steps[i];

		if (step->partition != NULL)
			check_cut(t, step);
		check_route_enabled(t, step);
		for (j = 0; j < i; j++) {
			if (check_pair(t, &t->s->steps[j], step))
				break;
		}
		check_routes_faulted(t, i);
	}
}

/* What all of it takes at least, beside what is allowed. */
static void
check_length(const struct conf_experiment *e, struct conf_diag *diag)
{
	struct str planned = {0}, allowed = {0};
	int64_t us = e->phases.baseline_us;
	size_t i;

	for (i = 0; i < e->scenarios_count; i++) {
		if (e->scenarios[i].enabled)
			us += conf_scenario_length(&e->scenarios[i]) +
			      e->phases.recover_us;
	}
	if (us <= e->max_duration_us)
		return;
	units_print_duration(&planned, us);
	units_print_duration(&allowed, e->max_duration_us);
	conf_error(
	    diag, &e->where,
	    "max_duration: the scenarios take %s, more than %s; expected "
	    "a larger max_duration, or less to do",
	    planned.text, allowed.text);
	str_fini(&planned);
	str_fini(&allowed);
}

void
check_scenarios(const struct conf_model *model, struct conf_diag *diag)
{
	struct timeline t = {.model = model,
			     .e = model->experiment,
			     .services = check_services_known(model),
			     .diag = diag};
	size_t i;

	for (i = 0; i < t.e->scenarios_count; i++) {
		t.s = &t.e->scenarios[i];
		check_scenario(&t);
	}
	check_length(t.e, diag);
	names_fini(&t.services);
}
