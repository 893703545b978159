/* SPDX-License-Identifier: Apache-2.0 */
/* The families of /metrics that the observer fills. */
#ifndef CONTROL_METRICS_REACTIONS_H
#define CONTROL_METRICS_REACTIONS_H

#include "control/observed.h"
#include "observe/metrics.h"

/* True if the family is about reactions. */
static inline bool
metrics_is_reaction(int id)
{
	return id >= METRIC_RETRIES_OBSERVED && id <= METRIC_RECOVERY;
}

/* Appends its samples about one route; the family was begun. */
void metrics_add_reaction(struct exposition *e, enum metric_id id,
    const struct observed *o);

#endif
