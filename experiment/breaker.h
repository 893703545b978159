/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers, seen from outside: calls come in over the edge and no
 * attempt follows on the dependency.
 *
 *	inbound		1 1 1 1 1 0 0 0 0 0 1 0 0 0 0 0 1 1 1	(1: forwarded)
 *	failures	F F F F F           F           S S S
 *			        └ threshold └ probe     └ closed
 *			          └─ open ──┘
 *
 * A run of skipped calls counts if chance, or a cache of the measured rate,
 * would make one as long only once in a thousand such runs of the test. */
#ifndef EXPERIMENT_BREAKER_H
#define EXPERIMENT_BREAKER_H

#include "experiment/inbound.h"

#define BREAKER_RUNS 64 /* that are looked at in one window */

/* A run of skipped calls, by their places among the inbound ones. */
struct breaker_run {
	size_t first, last; /* within the window */
	size_t end;	    /* the last one, behind the window too */
	/* Failures in a row when it opened. */
	size_t row_lo, row_hi;
	bool fresh; /* it had been closed; else a probe may have failed */
};

/* Times, or failures; lo > hi: there are none. */
struct breaker_bracket {
	double lo, hi;
};

/* What is to be seen in one window. */
struct breaker_trace {
	const struct window *window; /* borrowed */
	size_t from, to;	     /* the inbound calls within it */
	size_t at_least;	     /* length of a run that counts */
	struct breaker_run runs[BREAKER_RUNS];
	size_t runs_count;
	/* Runs that are none: as many calls as ever were under way, and the
	 * next was let through when one of them was over. */
	size_t crowded;
	struct breaker_bracket cycles_us[BREAKER_RUNS]; /* open times */
	size_t cycles_count;
	/* Failures in a row when it opened first. */
	size_t threshold_lo, threshold_hi;
	size_t probes_min, probes_max; /* let through between two runs */
	size_t after_probe; /* forwarded after the last run: longest series of
			       failures */
	size_t tried, failed; /* attempts that were over */
	size_t row; /* longest series of failures, but those that opened it */
	double rate;	      /* inbound calls per second */
	double rate_before;   /* likewise in the seconds before the window */
};

/* What the attempts show that in was matched with. Borrows the window. */
void breaker_trace(const struct scope *s, const struct inbounds *in,
    const struct window *w, struct breaker_trace *to);
/* The open time that all cycles agree on; lo > hi: there is none. */
struct breaker_bracket breaker_open_us(const struct breaker_trace *t);

/* How failures are counted, of several windows of one instance: the facts
 * "kind", "window" and "window_s", or what would decide them. */
void breaker_say_kind(const struct breaker_trace *traces, size_t count,
    struct verdict *v);

#endif
