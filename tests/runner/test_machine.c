/* SPDX-License-Identifier: Apache-2.0 */
/* The course of runs on a virtual clock: what is done when, and how it ends. */
#include "runner/machine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define SECOND INT64_C(1000000)

/* A world that does as it is told, and writes down what it was told. */
struct world {
	struct conf_model *model;
	struct run run;
	struct machine machine;
	struct str log;
	int64_t now_us;
	/* What it does: */
	bool unsteady, refuses, stuck;
	const char *blackout;
	bool commands_wait; /* hooks end by machine_done() only */
};

static void
note(struct world *w, const char *what, const char *more)
{
	str_printf(&w->log, "%g %s%s%s\n", (double)w->now_us / SECOND, what,
		   more[0] != '\0' ? " " : "", more);
}

static const char *
name_of(const struct conf_step *step)
{
	return step->fault != NULL ? step->fault->name : step->partition;
}

static bool
on_arm(void *arg, const struct conf_step *step, char **why)
{
	struct world *w = arg;

	note(w, "arm", name_of(step));
	if (w->refuses)
		*why = xstrdup("no");
	return !w->refuses;
}

static bool
on_lift(void *arg, const struct conf_step *step, char **why)
{
	(void)why;
	note(arg, "lift", name_of(step));
	return true;
}

static bool
on_lifted(void *arg, const struct conf_step *step)
{
	struct world *w = arg;

	(void)step;
	return !w->stuck;
}

static void
on_scale(void *arg, double factor)
{
	char number[16];

	snprintf(number, sizeof(number), "%g", factor);
	note(arg, "scale", number);
}

static void
on_hook(void *arg, const struct conf_scenario *s, bool start)
{
	struct world *w = arg;

	(void)s;
	note(w, start ? "start" : "stop", "");
	if (!w->commands_wait)
		machine_done(&w->machine, NULL);
}

static void
on_read_back(void *arg, size_t scenario)
{
	struct world *w = arg;

	(void)scenario;
	note(w, "read", "");
	machine_done(&w->machine, NULL);
}

static bool
on_steady(void *arg, const int64_t period_us[2], int keep, char **why)
{
	struct world *w = arg;

	(void)period_us;
	(void)keep;
	if (w->unsteady)
		*why = xstrdup("too slow");
	return !w->unsteady;
}

static const char *
on_blackout(void *arg)
{
	return ((struct world *)arg)->blackout;
}

static const struct machine_ops ops = {
    .arm = on_arm,
    .lift = on_lift,
    .lifted = on_lifted,
    .scale = on_scale,
    .hook = on_hook,
    .read_back = on_read_back,
    .steady = on_steady,
    .blackout = on_blackout,
};

static void
fill_steps(struct run_scenario *to, const struct conf_scenario *s)
{
	*to = (struct run_scenario){
	    .asked = s, .from_us = RUN_NEVER, .to_us = RUN_NEVER};
	to->steps = xcalloc(s->steps_count + 1, sizeof(*to->steps));
	for (size_t i = 0; i < s->steps_count; i++)
		to->steps[i] = (struct run_step){.asked = &s->steps[i],
						 .planned_us = RUN_NEVER,
						 .armed_us = RUN_NEVER,
						 .lifted_us = RUN_NEVER};
}

static void
world_init(struct world *w, const char *scenarios)
{
	char *file = xasprintf(
	    HEAD "phases = { baseline = \"10s\"; recover = \"5s\"; }; %s",
	    scenarios);
	const struct conf_experiment *e;

	*w = (struct world){.model = runner_load(file)};
	e = w->model->experiment;
	w->run.asked = e;
	w->run.scenarios =
	    xcalloc(e->scenarios_count + 1, sizeof(*w->run.scenarios));
	for (size_t i = 0; i < e->scenarios_count; i++)
		fill_steps(&w->run.scenarios[i], &e->scenarios[i]);
	w->machine = (struct machine){.run = &w->run, .ops = &ops, .arg = w};
	str_add(&w->log, "");
	machine_start(&w->machine, 0);
	free(file);
}

static void
world_fini(struct world *w)
{
	machine_fini(&w->machine);
	run_fini(&w->run);
	conf_model_unref(w->model);
	str_fini(&w->log);
}

/* Lets time pass, as the machine wants it, up to then. */
static void
pass(struct world *w, double until_s)
{
	int64_t until_us = (int64_t)(until_s * SECOND), next_us;

	while (w->machine.state != MACHINE_ENDED) {
		next_us = machine_step(&w->machine, w->now_us);
		ck_assert_int_gt(next_us, w->now_us);
		if (next_us > until_us)
			break;
		w->now_us = next_us;
	}
	if (w->now_us < until_us)
		w->now_us = until_us;
}

#define FAULT(at, length)                                                      \
	"{ route = \"api\"; type = \"down\"; at = \"" at "\"; for = \"" length \
	"\"; }"
#define ONE                                                                    \
	"scenarios = ( { name = \"s\"; faults = ( " FAULT("0s", "4s") " ); } " \
								      ");"

static const char *
state_of(const struct world *w, size_t scenario)
{
	return run_scenario_word(
	    (enum scenario_state)w->run.scenarios[scenario].state);
}

START_TEST(a_run_goes_through_its_phases)
{
	struct world w;

	world_init(&w,
		   "scenarios = ( { name = \"s\"; faults = ( " FAULT(
		       "1s", "4s") ", { route = \"edge\"; type = \"abort\"; at "
				   "= \"2s\"; for = \"2s\"; } ); load_scale = "
				   "( { at = \"1s\"; x = 2.0; }, { at = "
				   "\"3s\"; x = 3.0; } ); hook = { start = "
				   "\"a\"; stop = \"b\"; }; verify = { acked = "
				   "\"users\"; read = \"c\"; }; } );");
	pass(&w, 60);
	ck_assert_str_eq(w.log.text,
			 "10 start\n11 arm s-1\n11 scale 2\n12 arm s-2\n"
			 "13 scale 3\n14 lift s-2\n15 lift s-1\n15 scale 1\n"
			 "15 stop\n20 read\n");
	ck_assert_str_eq(state_of(&w, 0), "RUN");
	ck_assert_int_eq(w.run.scenarios[0].from_us, 10 * SECOND);
	ck_assert_int_eq(w.run.scenarios[0].to_us, 20 * SECOND);
	ck_assert_str_eq(w.run.phases[0].name, "baseline");
	ck_assert_int_eq(w.run.phases[0].to_us, 10 * SECOND);
	ck_assert_str_eq(w.run.phases[2].name, "recovery");
	ck_assert_int_eq(w.run.phases[2].from_us, 15 * SECOND);
	ck_assert_int_eq(machine_exit_code(&w.machine), 0);
	world_fini(&w);
}
END_TEST

START_TEST(nothing_is_injected_into_what_is_not_steady)
{
	struct world w;

	world_init(&w, ONE);
	w.unsteady = true;
	pass(&w, 60);
	ck_assert_str_eq(w.log.text, "");
	ck_assert_int_eq(machine_exit_code(&w.machine), 3);
	ck_assert_str_eq(state_of(&w, 0), "NOT_EXERCISED");
	ck_assert_int_eq(w.run.duration_us, 10 * SECOND);
	world_fini(&w);
}
END_TEST

/* Is any fault in force, or perhaps so? */
static bool
is_faulted(const struct run *run)
{
	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &run->scenarios[i];

		for (size_t k = 0; k < run->asked->scenarios[i].steps_count;
		     k++) {
			if (s->steps[k].armed_us != RUN_NEVER &&
			    !s->steps[k].lift_verified)
				return true;
		}
	}
	return false;
}

START_TEST(an_interruption_lifts_everything)
{
	struct world w;

	world_init(&w, ONE);
	pass(&w, 12);
	ck_assert(is_faulted(&w.run));
	machine_stop(&w.machine, END_INTERRUPTED, "interrupted");
	pass(&w, 13);
	ck_assert_str_eq(w.log.text, "10 arm s-1\n12 lift s-1\n");
	ck_assert(!is_faulted(&w.run));
	ck_assert_int_eq(w.machine.state, MACHINE_ENDED);
	ck_assert_int_eq(machine_exit_code(&w.machine), 130);
	ck_assert_str_eq(state_of(&w, 0), "INTERRUPTED");
	ck_assert_int_eq(w.run.scenarios[0].to_us, 12 * SECOND);
	world_fini(&w);
}
END_TEST

/* In every state, the end comes soon, and no fault stays. */
START_TEST(a_run_ends_wherever_it_is_interrupted)
{
	for (int at = 0; at < 400; at++) {
		struct world w;

		world_init(
		    &w, "scenarios = ( { name = \"s\"; faults = ( " FAULT(
			    "1s", "4s") " ); hook = { start = \"a\"; stop = "
					"\"b\"; }; }, { name = \"t\"; faults "
					"= ( " FAULT("0s", "2s") " ); } );");
		pass(&w, at / 10.0);
		machine_stop(&w.machine, END_GUARD, "guard");
		pass(&w, at / 10.0 + 4);
		ck_assert_int_eq(w.machine.state, MACHINE_ENDED);
		ck_assert(!is_faulted(&w.run));
		ck_assert(w.run.scenarios[0].state != SCENARIO_PENDING);
		ck_assert(w.run.scenarios[1].state != SCENARIO_PENDING);
		if (strstr(w.log.text, "start") != NULL)
			ck_assert_ptr_nonnull(strstr(w.log.text, "stop"));
		for (size_t i = 0; i < 2; i++) {
			const struct run_step *s = w.run.scenarios[i].steps;

			ck_assert(s->armed_us == RUN_NEVER || s->lift_verified);
		}
		world_fini(&w);
	}
}
END_TEST

START_TEST(a_lift_that_cannot_be_seen_is_told)
{
	struct world w;

	world_init(&w, ONE);
	w.stuck = true;
	pass(&w, 60);
	ck_assert_ptr_nonnull(w.run.rollback_problem);
	ck_assert_int_eq(machine_exit_code(&w.machine), 6);
	world_fini(&w);
}
END_TEST

START_TEST(a_proxy_that_is_gone_cannot_be_looked_at)
{
	struct world w;

	world_init(&w, ONE);
	pass(&w, 12);
	machine_stop(&w.machine, END_PROXY_GONE, "the proxy ended");
	pass(&w, 13);
	ck_assert_str_eq(w.log.text, "10 arm s-1\n");
	ck_assert_int_eq(machine_exit_code(&w.machine), 6);
	ck_assert_ptr_nonnull(
	    strstr(w.run.rollback_problem, "the proxy ended"));
	world_fini(&w);
}
END_TEST

START_TEST(a_proxy_that_goes_before_any_fault_has_none)
{
	struct world w;

	world_init(&w, ONE);
	pass(&w, 5);
	machine_stop(&w.machine, END_PROXY_GONE, "the proxy ended");
	pass(&w, 6);
	ck_assert_int_eq(machine_exit_code(&w.machine), 3);
	world_fini(&w);
}
END_TEST

START_TEST(a_fault_that_is_refused_proves_nothing)
{
	struct world w;

	world_init(&w, ONE);
	w.refuses = true;
	pass(&w, 60);
	ck_assert_str_eq(w.log.text, "10 arm s-1\n");
	ck_assert_str_eq(state_of(&w, 0), "INCONCLUSIVE");
	ck_assert_int_eq(machine_exit_code(&w.machine), 0);
	world_fini(&w);
}
END_TEST

#define DOWN(name)                                                             \
	"{ name = \"" name "\"; faults = ( " FAULT("0s", "4s") " ); }"
#define TWO "scenarios = ( " DOWN("s") ", " DOWN("t") ", " DOWN("u") " );"

START_TEST(what_has_not_recovered_gets_no_more_faults)
{
	struct world w;

	world_init(&w, TWO);
	pass(&w, 15);
	w.unsteady = true;
	pass(&w, 60);
	ck_assert_str_eq(w.log.text, "10 arm s-1\n14 lift s-1\n");
	ck_assert_str_eq(state_of(&w, 0), "RUN");
	ck_assert_str_eq(state_of(&w, 1), "NOT_EXERCISED");
	ck_assert_str_eq(w.run.scenarios[1].why,
			 "previous not recovered: too slow");
	/* 19 s, and 5 s at the gate of the second; none at that of the third.
	 */
	ck_assert_int_lt(w.run.duration_us, 25 * SECOND);
	ck_assert_int_eq(machine_exit_code(&w.machine), 1);
	world_fini(&w);
}
END_TEST

START_TEST(what_recovers_late_goes_on)
{
	struct world w;

	world_init(&w, TWO);
	pass(&w, 15);
	w.unsteady = true;
	pass(&w, 22);
	w.unsteady = false;
	pass(&w, 60);
	ck_assert_ptr_nonnull(strstr(w.log.text, "\n22 arm t-1\n"));
	ck_assert_str_eq(state_of(&w, 2), "RUN");
	ck_assert_int_eq(machine_exit_code(&w.machine), 0);
	world_fini(&w);
}
END_TEST

START_TEST(one_scenario_may_run_alone)
{
	struct world w;

	world_init(&w, TWO);
	w.machine.only = "t";
	pass(&w, 60);
	ck_assert_str_eq(w.log.text, "10 arm t-1\n14 lift t-1\n");
	ck_assert_str_eq(state_of(&w, 0), "NOT_EXERCISED");
	ck_assert_str_eq(state_of(&w, 1), "RUN");
	world_fini(&w);
}
END_TEST

START_TEST(blackouts_hold_between_scenarios_too)
{
	struct world w;

	world_init(&w, TWO);
	pass(&w, 12);
	w.blackout = "Sat,Sun";
	pass(&w, 60);
	ck_assert_str_eq(w.run.scenarios[1].why, "blackout Sat,Sun");
	ck_assert_str_eq(w.log.text, "10 arm s-1\n14 lift s-1\n");
	world_fini(&w);
}
END_TEST

START_TEST(the_stop_hook_runs_whatever_became_of_the_start)
{
	struct world w;

	world_init(&w, "scenarios = ( { name = \"s\"; faults = ( " FAULT(
			   "0s", "4s") " ); hook = { start = \"a\"; stop = "
				       "\"b\"; }; } );");
	w.commands_wait = true;
	pass(&w, 12);
	machine_done(&w.machine, "exit status 1");
	pass(&w, 13);
	ck_assert_str_eq(w.log.text, "10 start\n12 stop\n");
	machine_done(&w.machine, NULL);
	pass(&w, 60);
	ck_assert_str_eq(state_of(&w, 0), "NOT_EXERCISED");
	ck_assert_str_eq(w.run.scenarios[0].why,
			 "the start hook failed: exit status 1");
	world_fini(&w);
}
END_TEST

START_TEST(a_run_ends_when_its_time_is_over)
{
	struct world w;

	world_init(&w, "scenarios = ( { name = \"s\"; faults = ( " FAULT(
			   "0s", "4s") " ); hook = { start = \"a\"; }; } );");
	w.commands_wait = true; /* the hook hangs */
	pass(&w, 3599);
	ck_assert_int_eq(w.machine.state, MACHINE_START_HOOK);
	pass(&w, 3601);
	ck_assert_int_eq(w.machine.state, MACHINE_ENDED);
	ck_assert_int_eq(machine_exit_code(&w.machine), 4);
	world_fini(&w);
}
END_TEST

int
main(void)
{
	return check_run("machine",
			 (const TTest *const[]){
			     a_run_goes_through_its_phases,
			     nothing_is_injected_into_what_is_not_steady,
			     an_interruption_lifts_everything,
			     a_run_ends_wherever_it_is_interrupted,
			     a_lift_that_cannot_be_seen_is_told,
			     a_proxy_that_is_gone_cannot_be_looked_at,
			     a_proxy_that_goes_before_any_fault_has_none,
			     a_fault_that_is_refused_proves_nothing,
			     what_has_not_recovered_gets_no_more_faults,
			     what_recovers_late_goes_on,
			     one_scenario_may_run_alone,
			     blackouts_hold_between_scenarios_too,
			     the_stop_hook_runs_whatever_became_of_the_start,
			     a_run_ends_when_its_time_is_over, NULL});
}
