/* SPDX-License-Identifier: Apache-2.0 */
/* Every mechanism, for every route and every kind of fault on it. */
#ifndef EXPERIMENT_JUDGE_H
#define EXPERIMENT_JUDGE_H

#include "experiment/record.h"
#include "experiment/verdict.h"

/* Adds the verdicts about a finished record; in order of routes, kinds as
 * first armed, mechanisms. A pure function of the record. */
void judge_record(const struct record *record, struct verdicts *to);
/* The same about one route. */
void judge_route(const struct record *record, size_t route,
    struct verdicts *to);

#endif
