/* SPDX-License-Identifier: Apache-2.0 */
/* Why a fault acts on a flow, or does not: every condition looked at again,
 * for people. Nothing is decided, drawn or counted by it. */
#ifndef FAULTS_EXPLAIN_H
#define FAULTS_EXPLAIN_H

#include "faults/engine.h"

/* Of a flow that has ended, not everything can be told. */
enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOT };

struct explanation {
	bool in_force;	     /* now, by enabled, for, on and off */
	enum known matched;  /* flows and `when` */
	enum known counted;  /* skip, every, first */
	double draw;	     /* of this flow, 0 … 1 */
	bool drawn;	     /* it is below the probability */
	bool decided;	     /* the flow lives and it was decided */
	bool active;	     /* it is at work on the flow */
	enum known applies;  /* altogether */
	enum event_verdict verdict; /* VERDICT_NONE: not known */
	const char *why;     /* constant, a clause */
	const char *key;     /* of `when`, the first that is not met; or NULL */
};

/* Explains `fault` of the flow's route. `live`: the flow is at work, its host
 * answers for its facts (on the flow's thread); else only its engine (seed,
 * clock), route, type and number are set. */
void explain(const struct flow *f, const struct armed_fault *fault, bool live,
    struct explanation *to);

#endif
