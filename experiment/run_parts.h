/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a run from the inside, for its own files: run_judge.c (the
 * whole), mark.c (whose calls are the driver's), run_whole.c (verdicts that a
 * record alone does not tell: they need what the driver saw, what was read
 * back, or all of a scenario's faults together). */
#ifndef EXPERIMENT_RUN_PARTS_H
#define EXPERIMENT_RUN_PARTS_H

#include "experiment/run.h"

/* Marks the calls of the record that are the driver's own requests: degraded,
 * health check. */
void run_mark(struct run *run);
/* Adds to run.verdicts, about the first route that the scenario faults:
 *	health_honesty	are health checks honest? (loads with `probe`)
 *	read_back	CONFIRMED: writes are lost or doubled (with `verify`)
 *	cascade		CONFIRMED: routes that need none of the faulted ones
 *			got worse
 * Nothing where nothing of that kind was asked for, or can be compared. */
void run_judge_whole(struct run *run, size_t scenario,
    const struct record *part);

#endif
