/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of an edge, by what they ask for: those that lead to the
 * dependency, and those that have nothing to do with it. */
#ifndef EXPERIMENT_ENDPOINTS_H
#define EXPERIMENT_ENDPOINTS_H

#include "experiment/scope.h"

/* Method and path, but for ids in it. */
struct endpoint {
	uint64_t key;
	size_t base, linked; /* calls before the fault; with an attempt */
	struct calls calls;  /* owned copies; all of them, in order */
	bool independent;    /* less than 1 % lead there, and that is known */
};

struct endpoints {
	struct endpoint *items; /* owned; by key */
	size_t count;
	struct calls dependent; /* owned copies: of all others; in order */
};

/* Of the scope's edge, which must be known. Health checks are left out. Calls
 * without an endpoint are dependent. */
void endpoints_init(struct endpoints *e, const struct scope *s);
void endpoints_fini(struct endpoints *e);

#endif
