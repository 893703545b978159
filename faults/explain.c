/* SPDX-License-Identifier: Apache-2.0 */
/* Why a fault acts on a flow, or does not. */
#include "faults/explain.h"

#include <string.h>

#include "faults/condition.h"

static void
look_in_force(const struct flow *f, const struct armed_fault *fault,
    struct explanation *to)
{
	const struct conf_conditions *c = &fault->conf->conditions;
	int64_t now_us = clock_now(f->engine->clock), next = DEADLINE_NEVER;

	to->in_force = condition_in_force(fault, now_us, &next);
	if (to->in_force)
		return;
	to->verdict = VERDICT_INACTIVE;
	to->why = "flapping (on, off) has it off now";
	if (c->for_us > 0 && now_us - fault->shared->armed_us >= c->for_us)
		to->why = "its time (for) has run out";
	if (!fault->conf->enabled) {
		to->verdict = VERDICT_DISABLED;
		to->why = "it is not enabled";
	}
}

static void
look_matched(const struct flow *f, const struct armed_fault *fault, bool live,
    struct explanation *to)
{
	const struct conf_conditions *c = &fault->conf->conditions;

	to->matched = KNOWN_YES;
	if (fault->ask != NULL && !to->decided) {
		to->matched = live ? KNOWN_NO : KNOWN_NOT;
		to->why = live
		    ? "the request does not ask for it"
		    : "what a request asks for is known of live flows only";
	} else if (!condition_age(f, fault)) {
		to->matched = KNOWN_NO;
		to->why = c->flows == FLOWS_NEW
		    ? "the flow began before it was armed (flows)"
		    : "the flow began after it was armed (flows)";
	} else if (c->has_when && !live) {
		to->matched = KNOWN_NOT;
		to->why = "what `when` asks for is known of live flows only";
	} else if (c->has_when) {
		to->key = condition_when_fails(f, &c->when);
		if (to->key == NULL)
			return;
		to->matched = KNOWN_NO;
		to->why = "`when` is not met";
		if (strcmp(to->key, "status") == 0 && !f->responded) {
			to->matched = KNOWN_NOT;
			to->why = "the response's status is not known yet";
		}
	}
}

/* The place among those that matched is known for sure only if all do. */
static void
look_counted(const struct flow *f, const struct armed_fault *fault,
    struct explanation *to)
{
	const struct conf_conditions *c = &fault->conf->conditions;

	to->counted = KNOWN_YES;
	if (!condition_counts(c))
		return;
	if (!c->has_when)
		to->counted = condition_place(f, fault) ? KNOWN_YES : KNOWN_NO;
	else if (to->decided && to->matched == KNOWN_YES && to->drawn)
		to->counted = to->applies;
	else if (!to->decided || to->applies != KNOWN_YES)
		to->counted = KNOWN_NOT;
}

static void
conclude(const struct armed_fault *fault, struct explanation *to)
{
	if (to->matched == KNOWN_NO) {
		to->verdict = VERDICT_NOT_MATCHED;
	} else if (to->counted == KNOWN_NO) {
		to->verdict = VERDICT_NOT_COUNTED;
		to->why = "skip, every or first leaves the flow out";
	} else if (!to->drawn) {
		to->verdict = VERDICT_NOT_DRAWN;
		to->why = "the draw is not below the probability";
	} else if (to->matched == KNOWN_NOT || to->counted == KNOWN_NOT) {
		to->applies = KNOWN_NOT;
		if (to->why == NULL)
			to->why = "its place among the flows that matched is "
				  "not known";
		return;
	} else if (to->decided && !to->active &&
	    fault->conf->conditions.max_active > 0) {
		to->verdict = VERDICT_LIMIT;
		to->why = "max_active has no room";
	} else {
		to->verdict = VERDICT_APPLIED;
		to->why = "every condition holds";
	}
	to->applies = to->verdict == VERDICT_APPLIED ? KNOWN_YES : KNOWN_NO;
}

void
explain(const struct flow *f, const struct armed_fault *fault, bool live,
    struct explanation *to)
{
	const struct decision *d = live ? condition_decided(f, fault) : NULL;
	struct explanation e = {0};

	e.draw = condition_draw(f, fault);
	e.drawn = e.draw < fault->conf->conditions.probability;
	if (d != NULL) {
		e.decided = true;
		e.active = d->active;
		e.applies = d->applies ? KNOWN_YES : KNOWN_NO;
	}
	look_matched(f, fault, live, &e);
	look_counted(f, fault, &e);
	conclude(fault, &e);
	look_in_force(f, fault, &e);
	if (!e.in_force)
		e.applies = KNOWN_NO;
	*to = e;
}
