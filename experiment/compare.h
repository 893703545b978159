/* SPDX-License-Identifier: Apache-2.0 */
/* A route's calls of some time, summed up, and beside those of another. */
#ifndef EXPERIMENT_COMPARE_H
#define EXPERIMENT_COMPARE_H

#include "experiment/scope.h"

#define COMPARE_MIN 30 /* calls on each side */

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
/* A difference in time that is less, or less than our own timers' noise, is
 * none. */
#define COMPARE_SLOWER_US 1000
/* Does `now` fail more, or take longer, than chance and noise allow? */
bool digest_is_worse(const struct digest *base, const struct digest *now,
    int64_t noise_us);

#endif
