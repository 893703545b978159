/* SPDX-License-Identifier: Apache-2.0 */
/* A route's calls of some time, summed up, and beside those of another. */
#ifndef EXPERIMENT_COMPARE_H
#define EXPERIMENT_COMPARE_H

#include "experiment/scope.h"

struct digest {
	size_t n, failed;
	double p50_us, p95_us;
	struct range p95_ci_us;
	double size_p05; /* bytes of good answers */
};

/* Calls that began within [from_us, to_us). */
void digest_take(const struct calls *calls, int64_t from_us, int64_t to_us,
    struct digest *to);
/* Those of all windows of the scope together. */
void digest_during(const struct scope *s, const struct calls *calls,
    struct digest *to);
/* Does `now` fail more than chance allows (stat_newcombe()), by a point at
 * least, or is its p95 longer by a quarter, with intervals that lie apart by
 * more than a millisecond and the noise of our own timers? */
bool digest_is_worse(const struct digest *base, const struct digest *now,
    int64_t noise_us);

#endif
