/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a run. Every state has one function that does what is due and
 * tells whether it is over; entering a state is one function, too. */
#include "runner/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "runner/conduct.h"
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

const struct conf_scenario *
machine_scenario(const struct machine *m)
{
	return is_done(m) || m->state == MACHINE_BASELINE ||
		       m->state == MACHINE_FINAL || m->state == MACHINE_ENDED
		   ? NULL
		   : asked_scenario(m);
}

/* --- from one scenario to the next -----------------------------------------
 */

static void
pass_over(struct machine *m, int64_t now_us, const char *why)
{
	machine_conclude(run_scenario(m), SCENARIO_NOT_EXERCISED, why);
	run_note(m->run, now_us, "scenario", "%s is not exercised: %s",
		 asked_scenario(m)->name, why);
	m->scenario++;
	machine_enter_next(m, now_us);
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
		return CONDUCT_NOT_ROLLED_BACK;
	switch (m->end) {
	case END_INTERRUPTED:
		return CONDUCT_INTERRUPTED;
	case END_GUARD:
		return CONDUCT_ABORTED;
	case END_UNSTEADY:
		return CONDUCT_UNSTEADY;
	case END_PROXY_GONE:
		return m->injected ? CONDUCT_ABORTED : CONDUCT_UNSTEADY;
	case END_NONE:
		break;
	}
	return m->any_run && !m->final_met ? CONDUCT_VIOLATED : CONDUCT_MET;
}
