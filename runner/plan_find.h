/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of a plan. */
#ifndef RUNNER_PLAN_FIND_H
#define RUNNER_PLAN_FIND_H

#include "runner/plan.h"

/* Adds what is to be said of the run as a whole; of one scenario. */
void plan_find_run(struct plan *p);
void plan_find_scenario(struct plan *p, const struct conf_scenario *s);

#endif
