/* SPDX-License-Identifier: Apache-2.0 */
/* How far a fault spreads: to other routes, to those of the same caller, to
 * calls on the edge that have nothing to do with the dependency. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/compare.h"
#include "experiment/endpoints.h"

struct radius {
	size_t observed, affected, few;
	size_t calls, calls_affected;
	char names[96];
};

static void
add_route(const struct scope *s, const struct route *r, struct radius *to)
{
	struct digest base, now;
	size_t used = strlen(to->names);

	if (scope_overlaps(s, r))
		return; /* it has a fault of its own */
	digest_take(&r->calls, 0, s->baseline_to_us, &base);
	digest_during(s, &r->calls, &now);
	if (base.n < COMPARE_MIN || now.n < COMPARE_MIN) {
		to->few++;
		return;
	}
	to->observed++;
	to->calls += now.n;
	if (!digest_is_worse(&base, &now,
		    s->record->noise_us))
		return;
	to->affected++;
	to->calls_affected += now.n;
	snprintf(to->names + used, sizeof(to->names) - used, "%s%s",
	    used > 0 ? ", " : "", r->name);
}

/* Somebody got worse, but by which fault? */
static void
doubt(const struct scope *s, struct verdict *v)
{
	const struct route *other = scope_other_fault(s);

	if (other == NULL)
		return;
	v->state = STATE_INCONCLUSIVE;
	verdict_say_more(v, "; but %s was faulted, too", other->name);
	verdict_wants(v, "a scenario without a fault on %s", other->name);
}

static void
judge_radius(const struct scope *s, struct verdicts *to)
{
	struct radius r = {0};
	struct verdict *v;

	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *other = &s->record->routes[i];

		if (other != s->route)
			add_route(s, other, &r);
	}
	if (r.observed == 0)
		return; /* there is nothing to compare with */
	v = scope_verdict(s, to, "blast_radius", "newcombe/2");
	v->n = r.calls;
	verdict_number(v, "affected", (double)r.affected);
	verdict_number(v, "observed", (double)r.observed);
	verdict_number(v, "calls_share",
	    (double)r.calls_affected / (double)r.calls);
	if (r.affected > 0) {
		verdict_say(v, STATE_CONFIRMED, "it spread to %zu of %zu other "
		    "routes: %s", r.affected, r.observed, r.names);
		doubt(s, v);
	} else
		verdict_say(v, STATE_ABSENT,
		    "none of %zu other routes got worse", r.observed);
	if (r.few > 0 && v->decide[0] == '\0')
		verdict_wants(v, "%d calls before and during it on %zu more "
				 "routes", COMPARE_MIN, r.few);
}

/* --- other dependencies of the same caller -------------------------------- */

static bool
is_sibling(const struct scope *s, const struct route *other)
{
	if (other == s->route)
		return false;
	if (s->route->from != NULL && other->from == s->route->from)
		return true;
	return s->route->edge != RECORD_NONE && other->edge == s->route->edge;
}

static void
judge_isolation(const struct scope *s, struct verdicts *to)
{
	struct radius r = {0};
	struct verdict *v;

	for (size_t i = 0; i < s->record->routes_count; i++) {
		if (is_sibling(s, &s->record->routes[i]))
			add_route(s, &s->record->routes[i], &r);
	}
	if (r.observed + r.few == 0)
		return;
	v = scope_verdict(s, to, "isolation", "newcombe/2");
	v->n = r.calls;
	verdict_number(v, "siblings", (double)(r.observed + r.few));
	verdict_number(v, "affected", (double)r.affected);
	if (r.affected > 0) {
		verdict_say(v, STATE_ABSENT, "%zu of %zu other dependencies of "
		    "the same caller got worse: %s", r.affected, r.observed,
		    r.names);
		doubt(s, v);
	} else if (r.observed == 0) {
		verdict_say(v, STATE_INCONCLUSIVE, "too few calls to the other "
		    "dependencies of the same caller");
		verdict_wants(v, "%d calls to them before and during it",
		    COMPARE_MIN);
	} else {
		verdict_say(v, STATE_CONFIRMED, "none of %zu other "
		    "dependencies of the same caller got worse", r.observed);
	}
}

/* --- calls that need no dependency ---------------------------------------- */

static void
judge_cascade(const struct scope *s, struct verdicts *to)
{
	size_t observed = 0, affected = 0, known = 0, calls = 0;
	struct endpoints e;
	struct verdict *v;

	if (s->edge == NULL)
		return;
	endpoints_init(&e, s);
	for (size_t i = 0; i < e.count; i++) {
		struct digest base, now;

		known += e.items[i].key != 0;
		if (!e.items[i].independent)
			continue;
		digest_take(&e.items[i].calls, 0, s->baseline_to_us, &base);
		digest_during(s, &e.items[i].calls, &now);
		if (now.n < COMPARE_MIN)
			continue;
		observed++;
		calls += now.n;
		affected += digest_is_worse(&base, &now,
		    s->record->noise_us);
	}
	endpoints_fini(&e);
	if (known == 0)
		return;
	v = scope_verdict(s, to, "cascade", "endpoints/2");
	v->n = calls;
	verdict_number(v, "endpoints", (double)known);
	verdict_number(v, "observed", (double)observed);
	verdict_number(v, "affected", (double)affected);
	if (observed == 0)
		verdict_say(v, STATE_NOT_EXERCISED, "no endpoint of the edge "
		    "is known to do without the dependency");
	else if (affected > 0) {
		verdict_say(v, STATE_CONFIRMED, "%zu of %zu endpoints that "
		    "never call the dependency got worse", affected, observed);
		doubt(s, v);
	} else
		verdict_say(v, STATE_ABSENT, "none of %zu endpoints that "
		    "never call the dependency got worse", observed);
	if (observed == 0)
		verdict_wants(v, "%d calls before and during it of an "
				 "endpoint that does not call it", COMPARE_MIN);
}

void
blast_judge(const struct scope *s, struct verdicts *to)
{
	judge_radius(s, to);
	judge_isolation(s, to);
	judge_cascade(s, to);
}
