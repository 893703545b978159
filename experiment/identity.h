/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls are attempts of one and the same request? A ladder, of which the
 * first rung that holds is taken:
 *
 *	L1	the client counts its attempts itself
 *	L2	it gives each request an id, or a trace
 *	L3	method, target and length, if those hardly repeat without faults
 *	L4	calls within the life of one call on the edge route
 *	L5	none of these: only sums can be compared
 */
#ifndef EXPERIMENT_IDENTITY_H
#define EXPERIMENT_IDENTITY_H

#include "experiment/scope.h"

#define IDENTITY_WINDOW_US 60000000 /* an attempt later than that is new */

enum identity_level {
	LEVEL_COUNTER = 1,
	LEVEL_ID,
	LEVEL_FINGERPRINT,
	LEVEL_NESTING,
	LEVEL_RATIO,
};

/* Attempts of one request, in order. */
struct chain {
	size_t first;  /* into chains.calls */
	size_t length; /* attempts */
};

struct chains {
	enum identity_level level;
	struct chain *items; /* owned; by their first attempt */
	size_t count;
	const struct call **calls; /* owned: all attempts, chain by chain */
	size_t hedges;	     /* attempts beside one that still ran */
	double repeats;	     /* share of keys that repeat in the baseline */
	size_t baseline;     /* requests in it */
};

/* All chains of the scope's route, over the whole run; borrows its calls. */
void chains_build(const struct scope *s, struct chains *to);
void chains_fini(struct chains *c);
/* "L3", … */
const char *identity_name(enum identity_level level);
/* The n-th attempt. */
static inline const struct call *
chain_call(const struct chains *all, const struct chain *c, size_t n)
{
	return all->calls[c->first + n];
}

/* Is this call a health check's: one target at a steady beat of half a second
 * or more, beside other traffic? Sets skip[i] for each call of the route.
 * Returns how many. */
size_t identity_checks(const struct calls *calls, bool *skip);

#endif
