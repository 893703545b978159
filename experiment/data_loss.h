/* SPDX-License-Identifier: Apache-2.0 */
/* What became of writes, as far as the proxy can tell. */
#ifndef EXPERIMENT_DATA_LOSS_H
#define EXPERIMENT_DATA_LOSS_H

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

/* Fills in what an exchange told of itself; c->outcome and c->status must be
 * there, and an answer that is an error makes CALL_OK CALL_ERROR. */
void call_exchange(struct call *c, const struct event_exchange *x);
/* Of calls that are no exchanges nothing is known: WRITE_NONE. */
enum write_fate write_fate_of(const struct call *c) PURE;

#endif
