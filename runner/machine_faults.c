/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a scenario: its hooks, its faults, and how they go. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "runner/machine_inner.h"
#include "runner/notes.h"

/* --- faults ----------------------------------------------------------------
 */

static void
arm(struct machine *m, struct run_step *step, int64_t now_us)
{
	char *why = NULL, *text;

	step->planned_us = m->since_us + step->asked->at_us;
	if (m->ops->arm(m->arg, step->asked, &why)) {
		step->armed_us = now_us;
		m->injected = true;
		return;
	}
	text = xasprintf("a fault could not be armed: %s",
			 why != NULL ? why : "no answer");
	run_note(m->run, now_us, "fault", "%s", text);
	machine_conclude(run_scenario(m), SCENARIO_INCONCLUSIVE, text);
	free(text);
	free(why);
}

static void
lift(struct machine *m, struct run_step *step, int64_t now_us)
{
	char *why = NULL;

	if (m->end != END_PROXY_GONE &&
	    !m->ops->lift(m->arg, step->asked, &why))
		run_note(m->run, now_us, "fault", "a lift was refused: %s",
			 why != NULL ? why : "no answer");
	step->lifted_us = now_us;
	free(why);
}

/* Arms and lifts one step as its time comes; returns its next time. */
static int64_t
step_fault(struct machine *m, struct run_step *step, int64_t now_us)
{
	int64_t arm_us = m->since_us + step->asked->at_us;
	bool refused =
	    step->planned_us != RUN_NEVER && step->armed_us == RUN_NEVER;

	if (step->lifted_us != RUN_NEVER || refused)
		return MACHINE_NEVER;
	if (step->armed_us == RUN_NEVER) {
		if (now_us < arm_us)
			return arm_us;
		arm(m, step, now_us);
	}
	if (step->armed_us == RUN_NEVER)
		return MACHINE_NEVER;
	if (now_us >= step->armed_us + step->asked->for_us) {
		lift(m, step, now_us);
		return MACHINE_NEVER;
	}
	return step->armed_us + step->asked->for_us;
}

static int64_t
step_scale(struct machine *m, int64_t now_us)
{
	const struct conf_scenario *s = asked_scenario(m);

	while (m->scale_next < s->load_scale_count) {
		const struct conf_load_step *next =
		    &s->load_scale[m->scale_next];

		if (now_us < m->since_us + next->at_us)
			return m->since_us + next->at_us;
		m->ops->scale(m->arg, next->rate);
		m->scale_next++;
	}
	return MACHINE_NEVER;
}

void
machine_enter_lifting(struct machine *m, int64_t now_us)
{
	const struct conf_scenario *s = asked_scenario(m);

	for (size_t i = 0; i < s->steps_count; i++) {
		struct run_step *step = &run_scenario(m)->steps[i];

		if (step->armed_us != RUN_NEVER && step->lifted_us == RUN_NEVER)
			lift(m, step, now_us);
	}
	if (s->load_scale_count > 0)
		m->ops->scale(m->arg, 1);
	machine_enter(m, MACHINE_LIFTING, now_us, MACHINE_VERIFY_US);
}

void
machine_step_faults(struct machine *m, int64_t now_us)
{
	const struct conf_scenario *s = asked_scenario(m);

	m->next_us = MACHINE_NEVER;
	for (size_t i = 0; i < s->steps_count; i++)
		m->next_us =
		    MIN(m->next_us,
			step_fault(m, &run_scenario(m)->steps[i], now_us));
	if (m->next_us == MACHINE_NEVER)
		machine_enter_lifting(m, now_us);
	else
		m->next_us = MIN(m->next_us, step_scale(m, now_us));
}

/* --- behind the faults -----------------------------------------------------
 */

static void
finish_scenario(struct machine *m, int64_t now_us)
{
	struct run_scenario *s = run_scenario(m);

	if (s->state == SCENARIO_PENDING)
		s->state = SCENARIO_RUN;
	s->to_us = now_us;
	run_phase_end(m->run, now_us);
	m->scenario++;
	machine_enter_next(m, now_us);
}

static void
leave_faults(struct machine *m, int64_t now_us)
{
	if (m->end != END_NONE) {
		machine_conclude_early(m, now_us);
		machine_enter_end(m, now_us);
	} else {
		run_phase(m->run, "recovery", m->quiet_us);
		machine_enter(m, MACHINE_RECOVERY, now_us,
			      m->run->asked->phases.recover_us);
	}
}

/* The stop hook runs whatever became of the start. */
static void
enter_stop_hook(struct machine *m, int64_t now_us)
{
	m->quiet_us = now_us;
	if (asked_scenario(m)->hook.stop == NULL) {
		leave_faults(m, now_us);
		return;
	}
	free(m->done_why);
	m->done_why = NULL;
	m->done = false;
	machine_enter(m, MACHINE_STOP_HOOK, now_us, MACHINE_NEVER);
	m->ops->hook(m->arg, asked_scenario(m), false);
}

static void
say_not_lifted(struct machine *m)
{
	bool gone = m->end == END_PROXY_GONE;

	if (m->run->rollback_problem == NULL)
		m->run->rollback_problem = xasprintf(
		    "faults of scenario \"%s\" could not be seen to be gone: "
		    "%s",
		    asked_scenario(m)->name,
		    gone ? m->end_why : "flows still had them");
}

void
machine_step_lifting(struct machine *m, int64_t now_us)
{
	bool gone = m->end == END_PROXY_GONE, all = true;

	for (size_t i = 0; i < asked_scenario(m)->steps_count; i++) {
		struct run_step *step = &run_scenario(m)->steps[i];

		if (!in_force(step))
			continue;
		step->lift_verified =
		    !gone && m->ops->lifted(m->arg, step->asked);
		all &= step->lift_verified;
	}
	if (!all && !gone && now_us < m->until_us)
		return;
	if (!all)
		say_not_lifted(m);
	enter_stop_hook(m, now_us);
}

void
machine_step_recovery(struct machine *m, int64_t now_us)
{
	if (now_us < m->until_us)
		return;
	if (asked_scenario(m)->verify.read == NULL) {
		finish_scenario(m, now_us);
		return;
	}
	machine_enter(m, MACHINE_READ_BACK, now_us, MACHINE_NEVER);
	m->ops->read_back(m->arg, m->scenario);
}

/* --- commands --------------------------------------------------------------
 */

/* The command that was begun has ended: true, once. */
static bool
take_done(struct machine *m, char **why)
{
	bool done = m->done;

	*why = m->done_why;
	m->done = false;
	m->done_why = NULL;
	return done;
}

void
machine_step_start_hook(struct machine *m, int64_t now_us)
{
	char *why, *text;

	if (!take_done(m, &why))
		return;
	if (why == NULL) {
		machine_enter(m, MACHINE_FAULTS, now_us, MACHINE_NEVER);
		return;
	}
	text = xasprintf("the start hook failed: %s", why);
	run_note(m->run, now_us, "hook", "%s", text);
	machine_conclude(run_scenario(m), SCENARIO_NOT_EXERCISED, text);
	machine_enter_lifting(m, now_us);
	free(text);
	free(why);
}

void
machine_step_stop_hook(struct machine *m, int64_t now_us)
{
	char *why;

	if (!take_done(m, &why))
		return;
	if (why != NULL)
		run_note(m->run, now_us, "hook", "the stop hook failed: %s",
			 why);
	free(why);
	leave_faults(m, now_us);
}

void
machine_step_read_back(struct machine *m, int64_t now_us)
{
	char *why;

	if (!take_done(m, &why))
		return;
	if (why != NULL)
		run_note(m->run, now_us, "verify", "%s", why);
	free(why);
	finish_scenario(m, now_us);
}
