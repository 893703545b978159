/* SPDX-License-Identifier: Apache-2.0 */
/* From what was measured to what is concluded, scenario by scenario. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/added.h"
#include "experiment/expect.h"
#include "experiment/judge.h"
#include "experiment/part.h"
#include "experiment/run_parts.h"
#include "experiment/totals.h"

/* A fault that hit nothing, or did something else, proves nothing. */
static void
check_proof(struct run_scenario *s)
{
	for (size_t i = 0; i < s->asked->steps_count; i++) {
		const struct run_step *step = &s->steps[i];

		if (s->state != SCENARIO_RUN || step->proof == PROOF_MATCHED)
			continue;
		s->state = SCENARIO_INCONCLUSIVE;
		free(s->why);
		s->why = xasprintf(
		    "fault %zu on %s: %s", i + 1,
		    step->asked->route != NULL ? step->asked->route
					       : step->asked->partition,
		    run_proof_word((enum proof_state)step->proof));
	}
}

/* --- recovery ------------------------------------------------------------- */

/* The longest of all verdicts about it; RUN_NEVER if none tells. */
static int64_t
longest(const struct run *run, const struct run_scenario *s, const char *mech,
	const char *key)
{
	int64_t us = RUN_NEVER;

	for (size_t i = 0; i < s->verdicts_count; i++) {
		const struct verdict *v =
		    &run->verdicts.items[s->verdicts_from + i];
		const struct fact *f = verdict_fact(v, key);

		if (strcmp(v->mech, mech) == 0 && f != NULL && f->word == NULL)
			us = MAX(us, (int64_t)(f->value.hi * 1e6 + 0.5));
	}
	return us;
}

/* Steady is what all routes are: one that is not leaves it open. */
static bool
all_steady(const struct run *run, const struct run_scenario *s)
{
	for (size_t i = 0; i < s->verdicts_count; i++) {
		const struct verdict *v =
		    &run->verdicts.items[s->verdicts_from + i];

		if (strcmp(v->mech, "recovery") == 0 &&
		    v->state != STATE_CONFIRMED)
			return false;
	}
	return true;
}

static void
take_recovery(const struct run *run, struct run_scenario *s)
{
	s->first_success_us = longest(run, s, "recovery", "first_success_s");
	s->client_wait_us = longest(run, s, "recovery", "client_wait_s");
	s->service_us = longest(run, s, "recovery", "service_s");
	s->steady_us = all_steady(run, s)
			   ? longest(run, s, "recovery", "steady_s")
			   : RUN_NEVER;
	s->pool_us = longest(run, s, "recovery", "pool_refill_s");
}

/* --- expectations --------------------------------------------------------- */

/* What an unfinished or unproven scenario seems to meet, it does not. */
static void
temper(const struct run_scenario *s, struct run_expect *e)
{
	bool proven = s->state == SCENARIO_RUN;
	bool harmed =
	    s->state == SCENARIO_ABORTED || s->state == SCENARIO_INTERRUPTED;

	if (proven || (harmed && e->state == EXPECT_VIOLATED))
		return;
	expect_say(e, EXPECT_UNDECIDED,
		   e->found != NULL ? xstrdup(e->found) : NULL,
		   xasprintf("the scenario is %s%s%s",
			     run_scenario_word((enum scenario_state)s->state),
			     s->why != NULL ? ": " : "",
			     s->why != NULL ? s->why : ""));
}

static void
judge_expects(struct run *run, size_t scenario, const struct record *part)
{
	struct run_scenario *s = &run->scenarios[scenario];

	free(s->expects);
	s->expects = xcalloc(s->asked->expects_count + 1, sizeof(*s->expects));
	for (size_t i = 0; i < s->asked->expects_count; i++) {
		struct run_expect *e = &s->expects[i];

		e->asked = &s->asked->expects[i];
		e->verdict = SIZE_MAX;
		if (part != NULL)
			expect_judge(run, scenario, part, e);
		temper(s, e);
	}
}

/* --- all of it ------------------------------------------------------------ */

static void
judge_scenario(struct run *run, size_t scenario, int64_t baseline_us)
{
	struct run_scenario *s = &run->scenarios[scenario];
	struct record part = {0};

	s->verdicts_from = run->verdicts.count;
	s->verdicts_count = 0;
	if (s->steps != NULL)
		check_proof(s);
	if (s->from_us == RUN_NEVER || s->state == SCENARIO_NOT_EXERCISED ||
	    s->state == SCENARIO_PENDING) {
		take_recovery(run, s);
		judge_expects(run, scenario, NULL);
		return;
	}
	part_take(&run->record, baseline_us, (int64_t[]){s->from_us, s->to_us},
		  &part);
	judge_record(&part, &run->verdicts);
	run_judge_whole(run, scenario, &part);
	s->verdicts_count = run->verdicts.count - s->verdicts_from;
	take_recovery(run, s);
	judge_expects(run, scenario, &part);
	record_fini(&part);
}

void
run_judge(struct run *run)
{
	int64_t baseline_us = run_baseline_end(run);

	run->record.steady_us = run->asked->phases.steady_window_us;
	run->record.steady_p95 = 1 + run->asked->phases.p95_within;
	run_mark(run);
	added_measure(run);
	verdicts_fini(&run->verdicts);
	for (size_t i = 0; i < run->asked->scenarios_count; i++)
		judge_scenario(run, i, baseline_us);
}
