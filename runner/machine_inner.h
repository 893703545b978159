/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the machine share. */
#ifndef RUNNER_MACHINE_INNER_H
#define RUNNER_MACHINE_INNER_H

#include "runner/machine.h"

#define asked_scenario(m) (&(m)->run->asked->scenarios[(m)->scenario])
#define run_scenario(m)	  (&(m)->run->scenarios[(m)->scenario])

/* Were all scenarios gone through? */
static inline bool
is_done(const struct machine *m)
{
	return m->scenario >= m->run->asked->scenarios_count;
}

/* Armed, and not seen to be gone. */
static inline bool
in_force(const struct run_step *s)
{
	return s->armed_us != RUN_NEVER && !s->lift_verified;
}

/* --- from state to state (machine_enter.c) --- */

/* Into a state that lasts for_us at most (MACHINE_NEVER: no limit). */
void machine_enter(struct machine *m, enum machine_state state, int64_t now_us,
		   int64_t for_us);
/* The outcome of a scenario; why is copied. */
void machine_conclude(struct run_scenario *s, enum scenario_state state,
		      const char *why);
/* To the gate of the next scenario that is wanted, or to the final check. */
void machine_enter_next(struct machine *m, int64_t now_us);
/* The run is over: concludes what nobody came to. */
void machine_enter_end(struct machine *m, int64_t now_us);
/* The scenario under way ends as the run does. */
void machine_conclude_early(struct machine *m, int64_t now_us);

/* --- faults (machine_faults.c) --- */

/* Lifts what is armed, and waits until it is seen. */
void machine_enter_lifting(struct machine *m, int64_t now_us);

/* What is due in a state. */
void machine_step_start_hook(struct machine *m, int64_t now_us);
void machine_step_faults(struct machine *m, int64_t now_us);
void machine_step_lifting(struct machine *m, int64_t now_us);
void machine_step_stop_hook(struct machine *m, int64_t now_us);
void machine_step_recovery(struct machine *m, int64_t now_us);
void machine_step_read_back(struct machine *m, int64_t now_us);

#endif
