/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of a plan. */
#ifndef RUNNER_RUN_PLAN_FIND_H
#define RUNNER_RUN_PLAN_FIND_H

#include "runner/run_plan.h"

/* Adds what is to be said of the run as a whole; of one scenario. */
void run_plan_find_run(struct run_plan *p);
void run_plan_find_scenario(struct run_plan *p, const struct conf_scenario *s);

#endif
