/* SPDX-License-Identifier: Apache-2.0 */
/* From one state to the next, and what becomes of the scenarios on the way. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "runner/machine_inner.h"
#include "runner/notes.h"
#include "runner/run_plan.h"

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

void
machine_enter_next(struct machine *m, int64_t now_us)
{
	while (!is_done(m) && !run_plan_has(asked_scenario(m), m->only)) {
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
