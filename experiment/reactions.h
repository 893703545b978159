/* SPDX-License-Identifier: Apache-2.0 */
/* Single reactions, one by one, as a log or a counter wants them; the verdicts
 * are what they amount to. A pure function of the record. */
#ifndef EXPERIMENT_REACTIONS_H
#define EXPERIMENT_REACTIONS_H

#include "experiment/record.h"

enum reaction_type {
	REACTION_RETRY,	  /* a request was sent again */
	REACTION_SAVED,	  /* …, and that was good */
	REACTION_STOPPED, /* it failed, and is not sent again */
	REACTION_LEFT,	  /* the client hung up while it waited */
	REACTION_BREAKER, /* a circuit breaker changed its state */
	REACTION_STEADY,  /* all is as before the fault */
};

/* X(enum, word) */
#define BREAKER_STATES(X)                                                      \
	X(BREAKER_UNKNOWN, "unknown")                                          \
	X(BREAKER_CLOSED, "closed")                                            \
	X(BREAKER_OPEN, "open")                                                \
	X(BREAKER_HALF_OPEN, "half_open")

enum breaker_state {
#define X(id, word) id,
	BREAKER_STATES(X)
#undef X
	    BREAKER_STATE_COUNT
};

/* Why a request is sent again. X(enum, word) */
#define RETRY_CAUSES(X)                                                        \
	X(AFTER_RESET, "reset")                                                \
	X(AFTER_REFUSED, "refused") /* the upstream was not there, or left */  \
	X(AFTER_TIMEOUT, "timeout") /* the client had hung up */               \
	X(AFTER_5XX, "5xx")                                                    \
	X(AFTER_OTHER, "other")

enum retry_cause {
#define X(id, word) id,
	RETRY_CAUSES(X)
#undef X
	    RETRY_CAUSE_COUNT
};

struct reaction {
	enum reaction_type type;
	const struct route *route; /* borrowed from the record */
	size_t line; /* of the call that showed it; 0: time did */
	int64_t at_us; /* when it was known */
	size_t order;  /* among those known at one time */
	enum retry_cause after; /* RETRY */
	double seconds;	 /* RETRY: the pause; LEFT: it had waited; STEADY:
			    since the lift */
	size_t attempts; /* RETRY: which one, from 1; SAVED, STOPPED: retries */
	enum breaker_state from, to; /* BREAKER */
};

struct reactions {
	struct reaction *items; /* owned; by at_us */
	size_t count, room;
	enum breaker_state *breakers; /* owned; of each route, at the end */
};

/* Fills a zeroed list with all that the finished record shows. */
void reactions_find(const struct record *record, struct reactions *to);
void reactions_fini(struct reactions *list);
const char *breaker_state_name(enum breaker_state state);
const char *retry_cause_name(enum retry_cause cause);

#endif
