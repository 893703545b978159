/* SPDX-License-Identifier: Apache-2.0 */
/* What became of writes: as far as the proxy can tell, and by reading back
 * what is stored. */
#ifndef EXPERIMENT_DATA_LOSS_H
#define EXPERIMENT_DATA_LOSS_H

#include <stddef.h>

#include "base/attr.h"
#include "experiment/record.h"
#include "observe/event.h"

/* What its client may believe of a write, and what the server can have done. */
enum write_fate {
	WRITE_NONE,	 /* it is no write, or one within a transaction that
			    its commit decides about */
	WRITE_ACKED,	 /* the client has the good answer */
	WRITE_AMBIGUOUS, /* the server has all of the request, the client not
			    all of the answer */
	WRITE_CUT,	 /* the server never had all of the request */
	WRITE_REFUSED,	 /* the server said no */
};

/* What an exchange told of itself, its outcome already known. */
void call_exchange(struct call *c, const struct event_exchange *x);
/* Of calls that are no exchanges nothing is known: WRITE_NONE. */
enum write_fate write_fate_of(const struct call *c) PURE;

/* Ids as a driver gave them to its writes, and as reading back finds them. */
struct write_ids {
	const char *const *items; /* borrowed; in any order, perhaps twice */
	size_t count;
};

struct write_audit {
	size_t lost;		 /* acknowledged, and not stored */
	size_t applied_in_doubt; /* ambiguous, and stored */
	size_t duplicates;	 /* copies beyond the first, of any id */
	size_t unexpected;	 /* stored, and neither of both */
};

/* Sets compared; an id that is in both of the first counts as acknowledged. */
struct write_audit write_audit(const struct write_ids *acked,
    const struct write_ids *ambiguous, const struct write_ids *stored);

#endif
