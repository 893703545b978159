/* SPDX-License-Identifier: Apache-2.0 */
/* After the run: from the journal to verdicts, the report and the exit code. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "experiment/journal_in.h"
#include "report/write.h"
#include "runner/conduct_inner.h"
#include "runner/notes.h"
#include "runner/proof.h"
#include "runner/run_plan.h"

#define LOST_SHARE   0.05
#define SHIFT_MAX_US INT64_C(1000000)

/* --- the record ------------------------------------------------------------
 */

static void
shift_calls(struct calls *calls, int64_t by_us)
{
	for (size_t i = 0; i < calls->count; i++) {
		struct call *c = &calls->items[i];
		int64_t *const times[] = {&c->request_us, &c->first_us,
					  &c->last_us};

		c->start_us -= by_us;
		c->end_us -= by_us;
		c->closed_us -= by_us;
		for (size_t k = 0; k < COUNT_OF(times); k++) {
			if (*times[k] != 0)
				*times[k] -= by_us;
		}
	}
}

static void
shift_record(struct record *r, int64_t by_us)
{
	r->end_us -= by_us;
	for (size_t i = 0; i < r->routes_count; i++) {
		struct route *route = &r->routes[i];

		shift_calls(&route->calls, by_us);
		shift_calls(&route->connections, by_us);
		for (size_t k = 0; k < route->windows_count; k++) {
			route->windows[k].from_us -= by_us;
			route->windows[k].to_us -= by_us;
		}
	}
}

/* Which route causes which, as the configuration tells. */
static void
relate(struct record *r, const struct conf_model *m)
{
	for (size_t i = 0; i < m->routes_count; i++) {
		const struct conf_route *route = &m->routes[i];
		const struct conf_route *edge = run_plan_edge(m, route);
		size_t at = record_find(r, route->name);

		if (at == RECORD_NONE)
			continue;
		if (route->from != NULL)
			r->routes[at].from = intern(route->from);
		if (route->to != NULL)
			r->routes[at].to = intern(route->to);
		if (edge != NULL)
			r->routes[at].edge = record_find(r, edge->name);
	}
}

/* The journal of our own proxy begins a little before its API does, by which
 * the run counts: its first line says when. A clock that was set meanwhile
 * tells nothing. */
static int64_t
shift_of(const struct conductor *c, FILE *file)
{
	int64_t wall_to_run_us = clock_wall_us() - conductor_now(c), shift_us;
	char line[1024];
	json_t *head;

	if (!c->own || fgets(line, sizeof(line), file) == NULL)
		return c->shift_us;
	head = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
	shift_us = wall_to_run_us - (int64_t)json_number_value(
					json_object_get(head, "start_wall_us"));
	json_decref(head);
	rewind(file);
	return llabs(shift_us) < SHIFT_MAX_US ? shift_us : 0;
}

static void
read_journal(struct conductor *c)
{
	char *path = xasprintf("%s/journal.jsonl", c->options->dir);
	FILE *file = fopen(path, "re");
	struct error err = {0};

	if (file == NULL) {
		run_note(&c->run, c->run.duration_us, "journal", "%s: %s", path,
			 strerror(errno));
		free(path);
		return;
	}
	c->shift_us = shift_of(c, file);
	if (!journal_in_read(file, &c->run.record, &err))
		run_note(&c->run, c->run.duration_us, "journal", "%s: %s", path,
			 err.text);
	shift_record(&c->run.record, c->shift_us);
	relate(&c->run.record, c->options->model);
	rewind(file);
	proof_read(file, c->shift_us, &c->run);
	fclose(file);
	free(path);
}

/* A load that was not sent as it was asked for proves nothing. */
static void
check_load(struct run *run, struct run_scenario *s)
{
	size_t lost = 0, all = 0;

	if (s->state != SCENARIO_PENDING && s->state != SCENARIO_RUN)
		return;
	for (size_t i = 0; i < run->samples.count; i++) {
		const struct sample *sample = &run->samples.items[i];

		if (sample->intended_us < s->from_us ||
		    sample->intended_us >= s->to_us)
			continue;
		all++;
		lost += sample->outcome == SAMPLE_LOST;
	}
	if ((double)lost <= LOST_SHARE * (double)all)
		return;
	s->state = SCENARIO_INCONCLUSIVE;
	free(s->why);
	s->why = xasprintf("%zu of %zu requests could not be sent (more than "
			   "%g%%); expected a larger max_in_flight, or less "
			   "load",
			   lost, all, 100 * LOST_SHARE);
}

static int
by_intended(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->intended_us > y->intended_us) -
	       (x->intended_us < y->intended_us);
}

/* --- the outcome -----------------------------------------------------------
 */

/* Scenarios that were not to run leave nothing open. */
static int
verdict_code(const struct conductor *c)
{
	const struct run *run = &c->run;
	bool violated = false, undecided = false;

	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &run->scenarios[i];

		if (!run_plan_has(s->asked, c->options->only))
			continue;
		undecided |= s->state != SCENARIO_RUN;
		for (size_t k = 0;
		     s->expects != NULL && k < s->asked->expects_count; k++) {
			violated |= s->expects[k].state == EXPECT_VIOLATED;
			undecided |= s->expects[k].state == EXPECT_UNDECIDED;
		}
	}
	if (violated)
		return CONDUCT_VIOLATED;
	return undecided && run->asked->guards.require_decided
		   ? CONDUCT_UNDECIDED
		   : CONDUCT_MET;
}

static int
exit_code(struct conductor *c)
{
	int course = machine_exit_code(&c->machine);
	int verdict = verdict_code(c);

	if (course > CONDUCT_VIOLATED)
		return course;
	if (course == CONDUCT_VIOLATED || verdict == CONDUCT_VIOLATED)
		return CONDUCT_VIOLATED;
	return verdict;
}

static void
print_scenario(const struct run_scenario *s)
{
	printf("%s: %s%s%s\n", s->asked->name,
	       run_scenario_word((enum scenario_state)s->state),
	       s->why != NULL ? ": " : "", s->why != NULL ? s->why : "");
	for (size_t i = 0; s->expects != NULL && i < s->asked->expects_count;
	     i++) {
		const struct run_expect *e = &s->expects[i];

		printf("  %s %s", run_expect_word((enum expect_state)e->state),
		       e->asked->key);
		if (e->found != NULL)
			printf(": %s", e->found);
		if (e->why != NULL && e->state != EXPECT_MET)
			printf(" (%s)", e->why);
		putchar('\n');
	}
}

static void
print_outcome(const struct conductor *c)
{
	const struct run *run = &c->run;

	for (size_t i = 0; i < run->notes_count; i++) {
		if (strcmp(run->notes[i].kind, "load") != 0)
			fprintf(stderr, "%s: %s\n", run->notes[i].kind,
				run->notes[i].text);
	}
	for (size_t i = 0; i < run->asked->scenarios_count; i++)
		print_scenario(&run->scenarios[i]);
	if (run->rollback_problem != NULL)
		fprintf(stderr, "rollback: %s\n", run->rollback_problem);
	printf("exit code %d; report in %s\n", run->exit_code, c->options->dir);
}

int
conductor_conclude(struct conductor *c)
{
	struct run *run = &c->run;
	struct error err = {0};

	follow_stop(&c->follow);
	child_stop(&c->child);
	if (run->samples.count > 1)
		qsort(run->samples.items, run->samples.count,
		      sizeof(*run->samples.items), by_intended);
	read_journal(c);
	for (size_t i = 0; i < run->asked->scenarios_count; i++)
		check_load(run, &run->scenarios[i]);
	run_judge(run);
	run->exit_code = exit_code(c);
	if (!report_write(run, c->options->dir, &err))
		fprintf(stderr, "faultwire experiment run: %s\n", err.text);
	print_outcome(c);
	return run->exit_code;
}
