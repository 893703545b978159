/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that every fault takes, in one place. A fault acts on a flow
 * if, in this order: it is in force (enabled, for, on, off); the flow's age
 * fits (flows); `when` matches; skip, every and first let it; the probability
 * was drawn; max_active has room. */
#ifndef FAULTS_CONDITION_H
#define FAULTS_CONDITION_H

#include <stdbool.h>

#include "faults/engine.h"

/* What was decided about one fault on one flow; kept, so that every later
 * look gives the same answer. */
struct decision {
	struct decision *next;
	const struct fault_shared *fault; /* identity; borrowed */
	struct armed_fault *own; /* owned: as this flow asked for it; or NULL */
	bool applies; /* all but max_active, which is asked each time */
	bool active;  /* counted in shared->active */
	bool injected, limited; /* counted as such */
	bool answers; /* the fault's answer is on its way to the client */
};

/* The decision about `fault`, made now if it was not made before; the event
 * is emitted then. NULL: it cannot be made yet (status or command not known),
 * or the flow asks for no such fault. */
struct decision *condition_decide(struct flow *f,
    const struct armed_fault *fault);
/* What was decided about it; NULL: nothing yet. */
struct decision *condition_decided(const struct flow *f,
    const struct armed_fault *fault);
/* The fault as it acts on this flow: as the flow asked for it, where that is
 * so, else itself. Borrowed until the decision is forgotten. */
const struct armed_fault *condition_armed(const struct flow *f,
    const struct armed_fault *fault);
/* Frees a decision, which is out of its list and has left max_active. */
void condition_forget(struct decision *d);
/* Takes a place among max_active, unless the flow has one; true if there is
 * one (or no limit). False is told and counted. */
bool condition_enter(struct flow *f, const struct armed_fault *fault,
    struct decision *d);
/* Gives the place back, if the flow has one. */
void condition_leave(const struct armed_fault *fault, struct decision *d);
/* The conditions one by one, for explaining them (faults/explain.h), on a flow
 * that has its route: does the flow's age fit; which key of `when` is not met
 * (constant; NULL: all are); is there a first, skip or every; do these let the
 * flow's number act (where there is no `when`); what was drawn for it. They
 * change nothing. */
bool condition_age(const struct flow *f, const struct armed_fault *fault);
const char *condition_when_fails(const struct flow *f,
    const struct conf_when *w);
bool condition_counts(const struct conf_conditions *c);
bool condition_place(const struct flow *f, const struct armed_fault *fault);
double condition_draw(const struct flow *f, const struct armed_fault *fault);

#endif
