/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a record: what was before the first fault of all, and one period of
 * time, so that one scenario is judged without the others. */
#ifndef EXPERIMENT_PART_H
#define EXPERIMENT_PART_H

#include "experiment/record.h"

/* Fills a zeroed record from a finished one: calls that started before
 * baseline_us, or within the period, [from_us, to_us); connections that were
 * open then; windows that began within the period, cut at its end (they last,
 * then). Times and edges are as they were; it ends at to_us. To be freed by
 * record_fini(). */
void part_take(const struct record *whole, int64_t baseline_us,
	       const int64_t period_us[2], struct record *to);

#endif
