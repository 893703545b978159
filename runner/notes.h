/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down on the way. */
#ifndef RUNNER_NOTES_H
#define RUNNER_NOTES_H

#include "base/attr.h"
#include "experiment/run.h"

/* Adds a note; `kind` is a constant. */
void run_note(struct run *run, int64_t at_us, const char *kind,
	      const char *format, ...) PRINTF_LIKE(4, 5);
/* Adds a phase that goes on from now; it ends with the next one, or by
 * run_phase_end(). `name` is a constant. */
void run_phase(struct run *run, const char *name, int64_t at_us);
/* Ends the phase that goes on; nothing if none does. */
void run_phase_end(struct run *run, int64_t at_us);

#endif
