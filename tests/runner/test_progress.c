/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever watches a run reads: lines, and the block of a terminal. */
#include "runner/progress.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define SECOND INT64_C(1000000)

/* A run of one scenario: a fault for 4 s, and a partition from 1 s on. */
struct watched {
	struct conf_model *model;
	struct run run;
	struct machine machine;
	struct pulse pulse;
	char *text; /* owned */
};

static void
watched_init(struct watched *w)
{
	const struct conf_scenario *s;

	*w = (struct watched){
	    .model = runner_load(
		HEAD
		"services = ( { name = \"a\"; addresses = [ \"10.0.0.1\" ]; }, "
		"{ name = \"b\"; addresses = [ \"10.0.0.2\" ]; } );"
		"scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "
		"type = \"down\"; at = \"0s\"; for = \"4s\"; }, { partition = "
		"{ name = \"split\"; groups = ( [\"a\"], [\"b\"] ); }; at = "
		"\"1s\"; for = \"90s\"; } ); } );")};
	w->run.asked = w->model->experiment;
	w->run.scenarios = xcalloc(1, sizeof(*w->run.scenarios));
	s = &w->run.asked->scenarios[0];
	ck_assert_uint_eq(s->steps_count, 2);
	w->run.scenarios[0] = (struct run_scenario){.asked = s};
	w->run.scenarios[0].steps = xcalloc(2, sizeof(struct run_step));
	for (size_t i = 0; i < 2; i++)
		w->run.scenarios[0].steps[i] =
		    (struct run_step){.asked = &s->steps[i],
				      .armed_us = RUN_NEVER,
				      .lifted_us = RUN_NEVER};
	w->machine =
	    (struct machine){.run = &w->run, .until_us = MACHINE_NEVER};
	pulse_init(&w->pulse, 1);
}

static void
watched_fini(struct watched *w)
{
	pulse_fini(&w->pulse);
	run_fini(&w->run);
	conf_model_unref(w->model);
	free(w->text);
}

/* What progress_show() says at these times (seconds, ended by < 0). */
static char *
shown(struct progress *p, struct watched *w, const double *at_s)
{
	int keep = dup(STDERR_FILENO), out[2];
	char said[4096];
	ssize_t n;

	ck_assert_int_eq(pipe(out), 0);
	dup2(out[1], STDERR_FILENO);
	close(out[1]);
	for (; *at_s >= 0; at_s++)
		progress_show(p, &w->machine, &w->pulse,
			      (int64_t)(*at_s * SECOND));
	fputs(".", stderr);
	dup2(keep, STDERR_FILENO);
	close(keep);
	n = read(out[0], said, sizeof(said) - 1);
	ck_assert_int_gt(n, 0);
	close(out[0]);
	said[n - 1] = '\0';
	return xstrdup(said);
}

/* The one line, or the block, that it says then first; until the next call. */
static const char *
text_at(struct watched *w, double at_s, bool block)
{
	struct progress p = {.tty = block};

	free(w->text);
	w->text = shown(&p, w, (double[]){at_s, -1});
	return w->text;
}

START_TEST(a_state_tells_how_long_it_may_still_take)
{
	struct watched w;

	watched_init(&w);
	w.machine.until_us = 75 * SECOND;
	ck_assert_str_eq(text_at(&w, 5, false),
			 "5s  baseline, 1m10s left; "
			 "users 0.0/s, 0.0% failed, p95 0 ms\n");
	ck_assert_ptr_nonnull(strstr(text_at(&w, 5.2, false), "1m10s left"));
	ck_assert_str_eq(text_at(&w, 75, false),
			 "1m15s  baseline; "
			 "users 0.0/s, 0.0% failed, p95 0 ms\n");
	watched_fini(&w);
}
END_TEST

START_TEST(a_load_tells_of_its_last_seconds)
{
	const struct sample ok = {.outcome = SAMPLE_OK};
	const struct sample failed = {.outcome = SAMPLE_FAILED};
	const struct sample lost = {.outcome = SAMPLE_LOST};
	struct watched w;

	watched_init(&w);
	pulse_add(&w.pulse, &failed, 6 * SECOND);
	for (int i = 0; i < 5; i++)
		pulse_add(&w.pulse, &ok, 8 * SECOND);
	pulse_add(&w.pulse, &failed, 9 * SECOND);
	ck_assert_ptr_nonnull(
	    strstr(text_at(&w, 10, false), "users 2.0/s, 16.7% failed, p95"));
	ck_assert_ptr_null(strstr(w.text, "lost"));
	pulse_add(&w.pulse, &lost, 9 * SECOND);
	ck_assert_ptr_nonnull(strstr(text_at(&w, 10, false), ", 1 lost"));
	watched_fini(&w);
}
END_TEST

START_TEST(what_is_in_force_has_a_line_of_its_own)
{
	struct watched w;
	struct run_step *steps;

	watched_init(&w);
	steps = w.run.scenarios[0].steps;
	w.machine.state = MACHINE_FAULTS;
	w.machine.since_us = 10 * SECOND;
	steps[0].armed_us = 10 * SECOND;
	text_at(&w, 12, true);
	ck_assert_ptr_nonnull(strstr(w.text, "s: faults, 1m29s left\n"));
	ck_assert_ptr_nonnull(strstr(w.text, "\n  down on api, 2s left"));
	ck_assert_ptr_null(strstr(w.text, "partition"));
	steps[0].lifted_us = 14 * SECOND;
	steps[1].armed_us = 11 * SECOND;
	text_at(&w, 15, true);
	ck_assert_ptr_null(strstr(w.text, "down"));
	ck_assert_ptr_nonnull(
	    strstr(w.text, "\n  partition split, 1m26s left"));
	watched_fini(&w);
}
END_TEST

static size_t
count(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part)) != NULL) {
		n++;
		text += strlen(part);
	}
	return n;
}

START_TEST(lines_come_every_five_seconds_and_with_a_change)
{
	struct progress p = {0};
	struct watched w;
	char *said;

	watched_init(&w);
	said = shown(&p, &w, (double[]){0, 1, 4.9, 5, 6, -1});
	ck_assert_uint_eq(count(said, "\n"), 2);
	free(said);
	w.machine.state = MACHINE_GATE;
	said = shown(&p, &w, (double[]){6.1, 6.2, -1});
	ck_assert_uint_eq(count(said, "\n"), 1);
	ck_assert_ptr_null(strstr(said, "\033"));
	free(said);
	w.machine.state = MACHINE_ENDED;
	said = shown(&p, &w, (double[]){60, -1});
	ck_assert_str_eq(said, "");
	free(said);
	watched_fini(&w);
}
END_TEST

START_TEST(a_block_is_drawn_over_the_one_before)
{
	struct progress p = {.tty = true};
	struct watched w;
	char *said;

	watched_init(&w);
	said = shown(&p, &w, (double[]){0, 0.1, 0.25, -1});
	/* Two blocks of two lines; the second goes up these two. */
	ck_assert_uint_eq(count(said, "\n"), 4);
	ck_assert_uint_eq(count(said, "\033[2A\r\033[J"), 1);
	free(said);
	progress_end(&p);
	said = shown(&p, &w, (double[]){10, -1});
	ck_assert_ptr_null(strstr(said, "\033"));
	free(said);
	watched_fini(&w);
}
END_TEST

START_TEST(a_line_is_cut_where_the_terminal_ends)
{
	struct progress p = {.tty = true};
	char *said, *route = xasprintf("%0200d", 0);
	struct conf_step step;
	struct watched w;

	watched_init(&w);
	w.machine.state = MACHINE_FAULTS;
	for (size_t i = 0; i < 2; i++)
		w.run.scenarios[0].steps[i].armed_us = 0;
	step = *w.run.scenarios[0].steps[0].asked;
	step.route = route;
	w.run.scenarios[0].steps[0].asked = &step;
	said = shown(&p, &w, (double[]){1, -1});
	for (const char *line = said; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		ck_assert_uint_lt(len, 80);
		line += len + 1;
	}
	ck_assert_ptr_nonnull(strstr(said, "down on 000"));
	free(said);
	free(route);
	watched_fini(&w);
}
END_TEST

START_TEST(a_quiet_run_says_nothing)
{
	struct progress p;
	struct watched w;
	char *said;

	watched_init(&w);
	progress_init(&p, true);
	said = shown(&p, &w, (double[]){0, 5, 10, -1});
	ck_assert_str_eq(said, "");
	free(said);
	watched_fini(&w);
}
END_TEST

int
main(void)
{
	return check_run("runner/progress",
			 (const TTest *const[]){
			     a_state_tells_how_long_it_may_still_take,
			     a_load_tells_of_its_last_seconds,
			     what_is_in_force_has_a_line_of_its_own,
			     lines_come_every_five_seconds_and_with_a_change,
			     a_block_is_drawn_over_the_one_before,
			     a_line_is_cut_where_the_terminal_ends,
			     a_quiet_run_says_nothing, NULL});
}
