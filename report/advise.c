/* SPDX-License-Identifier: Apache-2.0 */
/* Applies the rules: once for each route, to the first finding that they
 * apply to; highest risk first. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "report/advice.h"

static const char *
owner_of(const struct run *run, const char *route)
{
	for (size_t i = 0; i < run->routes_count; i++) {
		if (strcmp(run->routes[i].name, route) == 0)
			return run->routes[i].owner;
	}
	return NULL;
}

/* Who answers for the service that calls on the route: the owner of a route
 * that leads to it, else of the route whose calls cause these; NULL: nobody is
 * said to. */
static const char *
owner_of_caller(const struct run *run, const char *route)
{
	const struct record *all = &run->record;
	size_t at = record_find(all, route);
	const char *from = at != RECORD_NONE ? all->routes[at].from : NULL;
	const char *owner = NULL;

	for (size_t i = 0; from != NULL && i < all->routes_count; i++) {
		const char *to = all->routes[i].to;

		if (owner == NULL && to != NULL && strcmp(to, from) == 0)
			owner = owner_of(run, all->routes[i].name);
	}
	if (owner == NULL && at != RECORD_NONE &&
	    all->routes[at].edge != RECORD_NONE)
		owner = owner_of(run, all->routes[all->routes[at].edge].name);
	return owner;
}

static const char *
owner_of_advice(const struct run *run, const struct advice_rule *rule,
		const char *route)
{
	const char *owner = rule->service ? NULL : owner_of_caller(run, route);

	return owner != NULL ? owner : owner_of(run, route);
}

static bool
is_said(const struct report *r, const struct advice_rule *rule,
	const char *route)
{
	for (size_t i = 0; i < r->advice_count; i++) {
		if (strcmp(r->advice[i].rule, rule->id) == 0 &&
		    strcmp(r->advice[i].route, route) == 0)
			return true;
	}
	return false;
}

static void
try_rule(struct report *r, const struct advice_rule *rule, size_t finding)
{
	const struct finding *f = &r->findings[finding];
	const char *route = f->verdict->route;
	struct str text = {0};

	if (strcmp(f->verdict->mech, rule->mech) != 0 || !f->decided ||
	    is_said(r, rule, route) || !rule->apply(r, f, &text)) {
		str_fini(&text);
		return;
	}
	r->advice =
	    xrealloc(r->advice, (r->advice_count + 1) * sizeof(*r->advice));
	r->advice[r->advice_count++] = (struct advice){
	    rule->id, rule->risk, owner_of_advice(r->run, rule, route),
	    route,    finding,	  str_take(&text)};
}

void
report_advise(struct report *r)
{
	static const enum risk order[] = {RISK_HIGH, RISK_MEDIUM, RISK_LOW};
	const struct advice_rule *rule;

	for (size_t k = 0; k < COUNT_OF(order); k++) {
		for (size_t i = 0; (rule = advice_rule_at(i)) != NULL; i++) {
			for (size_t n = 0; n < r->findings_count; n++) {
				if (rule->risk == order[k])
					try_rule(r, rule, n);
			}
		}
	}
}
