/* SPDX-License-Identifier: Apache-2.0 */
/* What retries do to the load: how many there are, and whether they come all
 * at a time. */
#ifndef EXPERIMENT_STORM_H
#define EXPERIMENT_STORM_H

#include "experiment/identity.h"

/* About chains that are told apart (below LEVEL_RATIO). */
void storm_judge(const struct scope *s, const struct chains *all,
    struct verdicts *to);

#endif
