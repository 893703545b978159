/* SPDX-License-Identifier: Apache-2.0 */
/* Did the faults do what was asked? Read from the journal, after the run: which
 * flows each step matched and acted on, what it achieved, and when it really
 * came into force and left it. */
#ifndef RUNNER_PROOF_H
#define RUNNER_PROOF_H

#include <stdio.h>

#include "experiment/run.h"

/* How far an achieved delay may be from the one that was asked for: the larger
 * of that share of it and that many µs. */
#define PROOF_SHARE 0.25
#define PROOF_US    20000.0

/* Reads the journal (docs/journal.md) to its end. Fills matched, applied, the
 * values, the proof and the measured times of every step of the run.
 * `shift_us`: subtracted from the journal's times. Adds its lines to
 * run->events. What is no event is passed over. */
void proof_read(FILE *journal, int64_t shift_us, struct run *run);

#endif
