/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on the edge, each with the attempts on the dependency that it led to.
 * What led to none was skipped: by a breaker, a cache, or because that call
 * needs no dependency. */
#ifndef EXPERIMENT_INBOUND_H
#define EXPERIMENT_INBOUND_H

#include "experiment/scope.h"

struct inbound {
	const struct call *call;
	const struct call *attempt; /* the first it led to; NULL: skipped */
	size_t attempts;
	bool elsewhere; /* it led to another route to the same service */
};

struct inbounds {
	struct inbound *items; /* owned; by start */
	size_t count;
	uint64_t client; /* whose attempts; 0: all */
	/* How likely is one skipped by something else than the fault? From
	 * the baseline; where that is short, its upper bound. */
	double skip_share;
};

/* Matches the calls of the scope's edge, which must be known, with those of
 * its route; health checks on both are left out, and so are calls without an
 * attempt that are still under way, or led to another route to the same
 * service. `client`: attempts of that address
 * only; 0: of all. */
void inbounds_match(const struct scope *s, uint64_t client,
    struct inbounds *to);
void inbounds_fini(struct inbounds *in);
/* The first that starts at or after that time. */
size_t inbounds_from(const struct inbounds *in, int64_t at_us);

#endif
