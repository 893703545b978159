/* SPDX-License-Identifier: Apache-2.0 */
/* The law by which pauses between attempts grow, from the pauses of many
 * chains. Kinds of jitter have the names of "Exponential Backoff And Jitter"
 * (AWS Architecture Blog, 2015). Pure, and without a record, so that it serves
 * retries and reconnects alike. */
#ifndef EXPERIMENT_BACKOFF_H
#define EXPERIMENT_BACKOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "experiment/growth.h"
#include "experiment/verdict.h"

#define BACKOFF_STEPS GROWTH_STEPS /* pauses of a chain that are looked at */

enum backoff_shape {
	BACKOFF_UNKNOWN, /* too few samples for an answer */
	BACKOFF_IMMEDIATE,
	BACKOFF_CONSTANT,
	BACKOFF_LINEAR,
	BACKOFF_EXPONENTIAL,
	BACKOFF_INCREASING, /* it grows; how is not to be told */
};

enum backoff_jitter {
	JITTER_NONE,
	JITTER_BOUNDED, /* up to 25 % */
	JITTER_EQUAL,	/* half of it */
	JITTER_FULL,
	JITTER_UNKNOWN, /* there is some: more samples would tell */
};

struct backoff {
	enum backoff_shape shape;
	enum backoff_jitter jitter;
	bool first_immediate; /* only the first retry comes at once */
	double first_us;      /* level of the first pause that is one */
	double factor; /* from step to step; linear: added µs; else 0 */
	double cap_us; /* where it stays; 0: none was seen */
	double levels_us[BACKOFF_STEPS]; /* typical pauses */
	double lows_us[BACKOFF_STEPS];	 /* their 5th percentiles */
	size_t steps;			 /* of them */
	size_t chains;			 /* with at least one pause */
};

/* Row r of `pauses` (µs) holds the pauses of one chain. What is below noise_us
 * cannot be told from nothing; `seed` is that of resampling. */
void backoff_classify(const struct stat_rows *pauses, double noise_us,
    uint64_t seed, struct backoff *to);
/* Adds the facts "shape", "jitter", "first_s", "step_s" or "factor", and
 * "cap_s". */
void backoff_put_facts(const struct backoff *b, struct verdict *v);
/* "exponential", "full", … */
const char *backoff_shape_name(enum backoff_shape shape);
const char *backoff_jitter_name(enum backoff_jitter jitter);

#endif
