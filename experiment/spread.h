/* SPDX-License-Identifier: Apache-2.0 */
/* Which routes got worse while faults were armed on others? */
#ifndef EXPERIMENT_SPREAD_H
#define EXPERIMENT_SPREAD_H

#include "experiment/record.h"

struct spread {
	const char *route; /* interned */
	bool faulted;	   /* a fault was armed on it */
	bool sibling;	   /* none of its calls lead to a faulted route */
	bool observed;	   /* there are calls enough to compare */
	bool worse;
};

/* One for each route of a scenario's part of a record; owned by the caller
 * (to be freed). Returns how many. */
size_t spread_find(const struct record *part, struct spread **to);

#endif
