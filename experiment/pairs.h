/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's requests beside the calls that the proxy saw of them: told by
 * the id that each request bears. */
#ifndef EXPERIMENT_PAIRS_H
#define EXPERIMENT_PAIRS_H

#include "experiment/run.h"

typedef bool (*pairs_wanted_fn)(const struct run *run, const struct sample *s);
typedef void (*pairs_each_fn)(void *arg, const struct sample *s,
			      struct call *c);

/* Calls `each` for every wanted request that has an id, with its call on the
 * route that its load targets, route by route, in the order of the calls.
 * Services pass ids on: calls of other routes are not the driver's. */
void pairs_visit(struct run *run, pairs_wanted_fn wanted, pairs_each_fn each,
		 void *arg);

#endif
