/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a run. Every state has one function that does what is due and
 * tells whether it is over; entering a state is one function, too. */
#include "runner/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "runner/machine_inner.h"
#include "runner/notes.h"

const char *
machine_state_name(enum machine_state state)
{
	static const char *const names[] = {
	    "baseline",	   "waiting for the steady state",
	    "start hook",  "faults",
	    "lifting",	   "stop hook",
	    "recovery",	   "reading back",
	    "final check", "ended"};

	return names[state];
}

/* Were all scenarios gone through? */
static bool
is_done(const struct machine *m)
{
	return m->scenario >= m->run->asked->scenarios_count;
}

const struct conf_scenario *
machine_scenario(const struct machine *m)
{
	return is_done(m) || m->state == MACHINE_BASELINE ||
		       m->state == MACHINE_FINAL || m->state == MACHINE_ENDED
		   ? NULL
		   : asked_scenario(m);
}

void
machine_enter(struct machine *m, enum machine_state state, int64_t now_us,
	      int64_t for_us)
{
	m->state = state;
	m->since_us = now_us;
	m->until_us = for_us == MACHINE_NEVER ? MACHINE_NEVER : now_us + for_us;
	if (m->ops->changed != NULL)
		m->ops->changed(m->arg);
}

void
machine_conclude(struct run_scenario *s, enum scenario_state state,
		 const char *why)
{
	s->state = (uint8_t)state;
	free(s->why);
	s->why = xstrdup(why);
}

/* --- from one scenario to the next -----------------------------------------
 */

static bool
is_wanted(const struct machine *m)
{
	const struct conf_scenario *s = asked_scenario(m);

	return m->only != NULL ? strcmp(s->name, m->only) == 0 : s->enabled;
}

/* To the gate of the scenario that is next, or to the end. */
void
machine_enter_next(struct machine *m, int64_t now_us)
{
	while (!is_done(m) && !is_wanted(m)) {
		machine_conclude(run_scenario(m), SCENARIO_NOT_EXERCISED,
				 m->only != NULL ? "it was not asked for"
						 : "it is not enabled");
		m->scenario++;
	}
	if (!is_done(m))
		machine_enter(m, MACHINE_GATE, now_us,
			      m->any_run && !m->unrecovered
				  ? m->run->asked->phases.recover_us
				  : 0);
	else
		machine_enter(m, MACHINE_FINAL, now_us, 0);
}

static void
pass_over(struct machine *m, int64_t now_us, const char *why)
{
	machine_conclude(run_scenario(m), SCENARIO_NOT_EXERCISED, why);
	run_note(m->run, now_us, "scenario", "%s is not exercised: %s",
		 asked_scenario(m)->name, why);
	m->scenario++;
	machine_enter_next(m, now_us);
}

/* What nobody will come to any more. */
static void
conclude_rest(struct machine *m)
{
	static const char *const why[] = {
	    [END_NONE] = "",
	    [END_UNSTEADY] = "the steady state was not met before",
	    [END_GUARD] = "a guard had ended the run",
	    [END_INTERRUPTED] = "the run was interrupted before",
	    [END_PROXY_GONE] = "the proxy had ended before",
	};

	for (size_t i = 0; i < m->run->asked->scenarios_count; i++) {
		struct run_scenario *s = &m->run->scenarios[i];

		if (s->state == SCENARIO_PENDING)
			machine_conclude(s, SCENARIO_NOT_EXERCISED,
					 why[m->end]);
	}
}

void
machine_enter_end(struct machine *m, int64_t now_us)
{
	run_phase_end(m->run, now_us);
	conclude_rest(m);
	m->run->duration_us = now_us;
	machine_enter(m, MACHINE_ENDED, now_us, MACHINE_NEVER);
}

/* --- baseline, gate, final -------------------------------------------------
 */

static void
step_baseline(struct machine *m, int64_t now_us)
{
	char *why = NULL;

	if (now_us < m->until_us)
		return;
	if (m->ops->steady(m->arg, (int64_t[]){m->since_us, now_us},
			   STEADY_BEFORE, &why)) {
		run_phase_end(m->run, now_us);
		machine_enter_next(m, now_us);
	} else {
		run_note(m->run, now_us, "steady", "nothing is injected: %s",
			 why != NULL ? why : "the steady state is not met");
		m->end = END_UNSTEADY;
		m->end_why = xstrdup(why);
		machine_enter_end(m, now_us);
	}
	free(why);
}

/* By the time since no fault has been in force. */
static bool
is_steady(struct machine *m, int64_t now_us, int keep, char **why)
{
	return m->ops->steady(m->arg, (int64_t[]){m->quiet_us, now_us}, keep,
			      why);
}

static void
enter_scenario(struct machine *m, int64_t now_us)
{
	struct run_scenario *s = run_scenario(m);

	s->from_us = now_us;
	m->any_run = true;
	m->scale_next = 0;
	m->done = false;
	run_phase(m->run, "scenario", now_us);
	if (asked_scenario(m)->hook.start != NULL) {
		machine_enter(m, MACHINE_START_HOOK, now_us, MACHINE_NEVER);
		m->ops->hook(m->arg, asked_scenario(m), true);
	} else {
		machine_enter(m, MACHINE_FAULTS, now_us, MACHINE_NEVER);
	}
}

static void
step_gate(struct machine *m, int64_t now_us)
{
	const char *blackout = m->ops->blackout(m->arg);
	char *why = NULL, *text;

	if (blackout != NULL) {
		text = xasprintf("blackout %s", blackout);
		pass_over(m, now_us, text);
		free(text);
	} else if (!m->any_run || is_steady(m, now_us, STEADY_LOOK, &why)) {
		m->unrecovered = false;
		enter_scenario(m, now_us);
	} else if (now_us >= m->until_us) {
		m->unrecovered = true;
		text =
		    xasprintf("previous not recovered%s%s",
			      why != NULL ? ": " : "", why != NULL ? why : "");
		pass_over(m, now_us, text);
		free(text);
	}
	free(why);
}

static void
step_final(struct machine *m, int64_t now_us)
{
	char *why = NULL;

	m->final_met = !m->any_run || is_steady(m, now_us, STEADY_AFTER, &why);
	if (!m->final_met)
		run_note(m->run, now_us, "steady",
			 "the steady state is not back at the end%s%s",
			 why != NULL ? ": " : "", why != NULL ? why : "");
	free(why);
	machine_enter_end(m, now_us);
}

/* --- the end before its time -----------------------------------------------
 */

void
machine_conclude_early(struct machine *m, int64_t now_us)
{
	struct run_scenario *s = run_scenario(m);

	if (is_done(m) || s->from_us == RUN_NEVER)
		return;
	if (s->state == SCENARIO_PENDING)
		machine_conclude(s,
				 m->end == END_INTERRUPTED
				     ? SCENARIO_INTERRUPTED
				     : SCENARIO_ABORTED,
				 m->end_why);
	if (s->to_us == RUN_NEVER)
		s->to_us = now_us;
}

static void
end_early(struct machine *m, int64_t now_us)
{
	switch (m->state) {
	case MACHINE_START_HOOK:
	case MACHINE_FAULTS:
		run_note(m->run, now_us,
			 m->end == END_INTERRUPTED ? "interrupt" : "guard",
			 "%s; every fault is lifted", m->end_why);
		machine_enter_lifting(m, now_us);
		break;
	case MACHINE_LIFTING:
	case MACHINE_STOP_HOOK:
	case MACHINE_ENDED:
		break;
	case MACHINE_BASELINE:
	case MACHINE_GATE:
	case MACHINE_RECOVERY:
	case MACHINE_READ_BACK:
	case MACHINE_FINAL:
		run_note(m->run, now_us,
			 m->end == END_INTERRUPTED ? "interrupt" : "guard",
			 "%s", m->end_why);
		machine_conclude_early(m, now_us);
		machine_enter_end(m, now_us);
		break;
	}
}

/* --- from outside ----------------------------------------------------------
 */

void
machine_start(struct machine *m, int64_t now_us)
{
	m->quiet_us = now_us;
	run_phase(m->run, "baseline", now_us);
	machine_enter(m, MACHINE_BASELINE, now_us,
		      m->run->asked->phases.baseline_us);
}

void
machine_fini(struct machine *m)
{
	free(m->end_why);
	free(m->done_why);
	m->end_why = m->done_why = NULL;
}

int64_t
machine_step(struct machine *m, int64_t now_us)
{
	static void (*const steps[])(struct machine *, int64_t) = {
	    [MACHINE_BASELINE] = step_baseline,
	    [MACHINE_GATE] = step_gate,
	    [MACHINE_START_HOOK] = machine_step_start_hook,
	    [MACHINE_FAULTS] = machine_step_faults,
	    [MACHINE_LIFTING] = machine_step_lifting,
	    [MACHINE_STOP_HOOK] = machine_step_stop_hook,
	    [MACHINE_RECOVERY] = machine_step_recovery,
	    [MACHINE_READ_BACK] = machine_step_read_back,
	    [MACHINE_FINAL] = step_final,
	};
	enum machine_state before;

	do {
		before = m->state;
		if (m->end == END_NONE && m->state != MACHINE_FINAL &&
		    now_us >= m->run->asked->max_duration_us)
			machine_stop(m, END_GUARD, "max_duration is over");
		if (m->end != END_NONE)
			end_early(m, now_us);
		if (m->state != MACHINE_ENDED)
			steps[m->state](m, now_us);
	} while (m->state != before);
	if (m->state == MACHINE_ENDED)
		return MACHINE_NEVER;
	return m->state == MACHINE_FAULTS
		   ? MIN(m->next_us, now_us + MACHINE_POLL_US)
		   : now_us + MACHINE_POLL_US;
}

void
machine_done(struct machine *m, const char *why)
{
	m->done = true;
	free(m->done_why);
	m->done_why = xstrdup(why);
}

void
machine_stop(struct machine *m, enum machine_end end, const char *why)
{
	if (m->state == MACHINE_ENDED ||
	    (m->end != END_NONE && end != END_PROXY_GONE))
		return;
	m->end = end;
	free(m->end_why);
	m->end_why = xstrdup(why);
}

int
machine_exit_code(const struct machine *m)
{
	if (m->run->rollback_problem != NULL)
		return 6;
	switch (m->end) {
	case END_INTERRUPTED:
		return 130;
	case END_GUARD:
		return 4;
	case END_UNSTEADY:
		return 3;
	case END_PROXY_GONE:
		return m->injected ? 4 : 3;
	case END_NONE:
		break;
	}
	return m->any_run && !m->final_met ? 1 : 0;
}
