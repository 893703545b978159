/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says of the planted run, beside itself and beside an earlier
 * one; how it comes into files. */
#include <libconfig.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/xalloc.h"
#include "experiment/expect.h"
#include "report/advice.h"
#include "report/views.h"
#include "report/write.h"
#include "tests/harness/check_run.h"
#include "tests/report/planted.h"
#include "tests/report/planted_asked.h"

/* The JSON of a planted run with that id; owned. */
static char *
json_of(const char *id, unsigned without)
{
	struct run run = {0};
	struct report r;
	struct str text = {0};

	planted_run(&run, 7, without);
	free(run.run_id);
	run.run_id = xstrdup(id);
	report_build(&r, &run, NULL);
	view_json(&r, &text);
	report_fini(&r);
	run_fini(&run);
	return str_take(&text);
}

static size_t
count_changes(const struct report *r, enum change change)
{
	size_t n = 0;

	for (size_t i = 0; i < r->changes_count; i++)
		n += r->changes[i].change == change;
	return n;
}

static bool
has_change(const struct report *r, enum change change, const char *part)
{
	for (size_t i = 0; i < r->changes_count; i++) {
		if (r->changes[i].change == change &&
		    strstr(r->changes[i].what, part) != NULL)
			return true;
	}
	return false;
}

static void
compare(unsigned before, unsigned now, struct run *run, struct report *r)
{
	char *previous = json_of("run-0000", before);

	*run = (struct run){0};
	planted_run(run, 7, now);
	report_build(r, run, previous);
	free(previous);
}

START_TEST(the_same_run_again_is_the_same)
{
	struct run run;
	struct report r;

	compare(0, 0, &run, &r);
	ck_assert_str_eq(r.previous, "run-0000");
	ck_assert_uint_gt(r.changes_count, 20);
	ck_assert_uint_eq(count_changes(&r, CHANGE_SAME), r.changes_count);
	report_fini(&r);
	run_fini(&run);
}
END_TEST

START_TEST(a_lost_mechanism_regressed_and_a_new_one_improved)
{
	struct run run;
	struct report r;

	compare(0, WITHOUT_BREAKER, &run, &r);
	ck_assert(has_change(&r, CHANGE_REGRESSED, "breaker of platform"));
	ck_assert_uint_eq(count_changes(&r, CHANGE_IMPROVED), 0);
	ck_assert_int_eq(r.changes[0].change, CHANGE_REGRESSED);
	report_fini(&r);
	run_fini(&run);
	compare(WITHOUT_BREAKER, 0, &run, &r);
	ck_assert(has_change(&r, CHANGE_IMPROVED, "breaker of platform"));
	ck_assert_uint_eq(count_changes(&r, CHANGE_REGRESSED), 0);
	report_fini(&r);
	run_fini(&run);
}
END_TEST

START_TEST(a_longer_recovery_regressed)
{
	struct run run;
	struct report r;

	compare(0, WITHOUT_QUICK_POOL, &run, &r);
	ck_assert(has_change(&r, CHANGE_REGRESSED, "time to steady of db"));
	ck_assert(has_change(&r, CHANGE_REGRESSED, "users, after: failures"));
	ck_assert(!has_change(&r, CHANGE_REGRESSED, "redis"));
	report_fini(&r);
	run_fini(&run);
}
END_TEST

/* Gives all verdicts about the mechanism that fact. */
static void
set_fact(struct run *run, const char *mech, const char *key, double value)
{
	for (size_t i = 0; i < run->verdicts.count; i++) {
		struct verdict *v = &run->verdicts.items[i];

		if (strcmp(v->mech, mech) != 0)
			continue;
		for (size_t k = 0; k < v->facts_count; k++) {
			if (strcmp(v->facts[k].key, key) == 0)
				v->facts[k].key = "old";
		}
		verdict_number(v, key, value);
	}
}

/* Less than one more attempt per request is much; so many seconds are none. */
START_TEST(figures_of_verdicts_are_compared_by_their_units)
{
	static const struct {
		const char *mech, *key, *what;
		double before, now;
		enum change change;
	} figures[] = {
	    {"amplification", "factor", "attempts per request", 2, 2.8,
	     CHANGE_REGRESSED},
	    {"recovery", "pool_refill_s", "time to full pools", 2, 3.5,
	     CHANGE_REGRESSED},
	    {"recovery", "pool_refill_s", "time to full pools", 2, 2.8,
	     CHANGE_SAME},
	};
	struct run run = {0};
	struct report r;

	planted_run(&run, 7, 0);
	for (size_t i = 0; i < COUNT_OF(figures); i++) {
		struct str previous = {0};

		set_fact(&run, figures[i].mech, figures[i].key,
			 figures[i].before);
		report_build(&r, &run, NULL);
		view_json(&r, &previous);
		report_fini(&r);
		free(run.run_id);
		run.run_id = xasprintf("run-%zu", i);
		set_fact(&run, figures[i].mech, figures[i].key, figures[i].now);
		report_build(&r, &run, previous.text);
		ck_assert(has_change(&r, figures[i].change, figures[i].what));
		report_fini(&r);
		str_fini(&previous);
	}
	run_fini(&run);
}
END_TEST

START_TEST(what_is_no_report_of_this_experiment_is_passed_over)
{
	static const char *const texts[] = {
	    "",
	    "{",
	    "[]",
	    "null",
	    "{}",
	    "{\"experiment\":\"other\",\"run\":\"x\",\"scenarios\":[]}",
	    "{\"experiment\":\"planted-cycle-1\",\"run\":\"run-0001\","
	    "\"scenarios\":[]}",
	    "{\"experiment\":\"planted-cycle-1\",\"run\":7,\"scenarios\":[]}"};
	struct run run = {0};

	planted_run(&run, 7, 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct report r;

		report_build(&r, &run, texts[i]);
		ck_assert_ptr_null(r.previous);
		ck_assert_uint_eq(r.changes_count, 0);
		report_fini(&r);
	}
	run_fini(&run);
}
END_TEST

START_TEST(damaged_entries_of_the_last_report_are_passed_over)
{
	static const char text[] =
	    "{\"experiment\":\"planted-cycle-1\","
	    "\"run\":\"x\",\"performance\":[7,{\"load\":\"users\",\"phase\":"
	    "\"faults\",\"n\":3,\"failed\":9,\"p95_ci_ms\":[1]}],\"scenarios\":"
	    "[null,{\"name\":\"db-outage\",\"verdicts\":[1,{\"verdict\":{}},"
	    "{\"score\":\"?\",\"verdict\":{\"mech\":\"recovery\",\"route\":"
	    "\"db\",\"fault\":\"down\"}}]}]}";
	struct run run = {0};
	struct report r;

	planted_run(&run, 7, 0);
	report_build(&r, &run, text);
	ck_assert_str_eq(r.previous, "x");
	ck_assert_uint_eq(r.changes_count, 0);
	report_fini(&r);
	run_fini(&run);
}
END_TEST

START_TEST(the_next_cycle_is_valid_configuration)
{
	struct run run = {0};
	struct report r;
	config_setting_t *list;
	config_t config;
	char *text;

	planted_run(&run, 7, WITHOUT_PROOF | WITHOUT_END);
	report_build(&r, &run, NULL);
	ck_assert_ptr_nonnull(r.next);
	text = xasprintf("scenarios = (\n%s);\n", r.next);
	config_init(&config);
	ck_assert_msg(config_read_string(&config, text), "line %d: %s\n%s",
		      config_error_line(&config), config_error_text(&config),
		      text);
	list = config_lookup(&config, "scenarios");
	ck_assert_int_gt(config_setting_length(list), 3);
	for (int i = 0; i < config_setting_length(list); i++)
		ck_assert_int_eq(
		    config_setting_length(config_setting_lookup(
			config_setting_get_elem(list, (unsigned)i), "faults")),
		    1);
	config_destroy(&config);
	free(text);
	report_fini(&r);
	run_fini(&run);
}
END_TEST

/* "a|b" */
static void
check_names(const char *names)
{
	char *all = xstrdup(names), *rest = all, *one;

	while ((one = strsep(&rest, "|")) != NULL)
		ck_assert_msg(mechanism_find(one) != NULL, "%s", one);
	free(all);
}

START_TEST(expectations_and_rules_speak_of_mechanisms_that_are_weighed)
{
	const struct advice_rule *rule;
	const struct expect_key *key;

	for (size_t i = 0; (key = expect_key_at(i)) != NULL; i++) {
		if (key->mech != NULL)
			check_names(key->mech);
	}
	for (size_t i = 0; (rule = advice_rule_at(i)) != NULL; i++)
		check_names(rule->mech);
}
END_TEST

START_TEST(the_same_run_gives_the_same_bytes)
{
	static void (*const views[])(const struct report *, struct str *) = {
	    view_markdown, view_html, view_json, view_junit, view_sarif};

	for (size_t i = 0; i < COUNT_OF(views); i++) {
		struct str text[2] = {{0}, {0}};

		for (int k = 0; k < 2; k++) {
			struct run run = {0};
			struct report r;

			planted_run(&run, 7, 0);
			report_build(&r, &run, NULL);
			views[i](&r, &text[k]);
			report_fini(&r);
			run_fini(&run);
		}
		ck_assert_str_eq(text[0].text, text[1].text);
		str_fini(&text[0]);
		str_fini(&text[1]);
	}
}
END_TEST

/* Steady state not met: nothing was armed, nothing was judged. */
START_TEST(a_run_that_injected_nothing_has_a_report)
{
	static void (*const views[])(const struct report *, struct str *) = {
	    view_markdown, view_html, view_json, view_junit, view_sarif};
	struct run run = {0};
	struct report r;
	size_t n;

	planted_asked(&run);
	n = run.asked->scenarios_count;
	run.scenarios = xcalloc(n, sizeof(*run.scenarios));
	for (size_t i = 0; i < n; i++)
		run.scenarios[i] =
		    (struct run_scenario){.asked = &run.asked->scenarios[i],
					  .from_us = RUN_NEVER,
					  .to_us = RUN_NEVER,
					  .state = SCENARIO_PENDING};
	run_judge(&run);
	report_build(&r, &run, NULL);
	ck_assert_uint_eq(r.met + r.violated, 0);
	ck_assert_uint_gt(r.undecided, 10);
	ck_assert_uint_eq(r.cells_count, 0);
	ck_assert_double_eq(r.mttr_s, UPTIME_NONE);
	for (size_t i = 0; i < COUNT_OF(views); i++) {
		struct str text = {0};

		views[i](&r, &text);
		ck_assert_uint_gt(text.len, 100);
		ck_assert_ptr_null(strstr(text.text, "nan"));
		ck_assert_ptr_null(strstr(text.text, "inf\""));
		str_fini(&text);
	}
	report_fini(&r);
	run_fini(&run);
}
END_TEST

/* --- files ------------------------------------------------------------------
 */

static char *
fresh_folder(void)
{
	char *dir = xstrdup("/tmp/faultwire-report-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}

static bool
exists(const char *dir, const char *file)
{
	char *path = xasprintf("%s/%s", dir, file);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

static const char *const files[] = {"report.md", "report.html",
				    "report.json", "junit.xml", "report.sarif"};

static void
remove_folder(char *dir)
{
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char *path = xasprintf("%s/%s", dir, files[i]);

		unlink(path);
		free(path);
	}
	ck_assert_msg(rmdir(dir) == 0, "%s holds something else", dir);
	free(dir);
}

START_TEST(all_formats_come_into_a_folder_that_is_made)
{
	char *dir = fresh_folder(), *deep = xasprintf("%s/a/b", dir), *up;
	struct run run = {0};
	struct error err;

	planted_run(&run, 7, 0);
	ck_assert_msg(report_write(&run, deep, &err), "%s", err.text);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		ck_assert(exists(deep, files[i]));
	/* Nothing but the files is left: the folder can be removed. */
	remove_folder(deep);
	up = xasprintf("%s/a", dir);
	ck_assert_int_eq(rmdir(up), 0);
	free(up);
	remove_folder(dir);
	run_fini(&run);
}
END_TEST

START_TEST(only_what_was_asked_for_is_written)
{
	char *formats[] = {(char[]){"md"}, (char[]){"sarif"}};
	char *dir = fresh_folder();
	struct run run = {0};
	struct conf_experiment asked;
	struct error err;

	planted_run(&run, 7, 0);
	asked = *run.asked;
	asked.report.formats = (struct conf_strings){formats, 2};
	run.asked = &asked;
	ck_assert_msg(report_write(&run, dir, &err), "%s", err.text);
	ck_assert(exists(dir, "report.md") && exists(dir, "report.sarif"));
	ck_assert(!exists(dir, "report.json") && !exists(dir, "report.html"));
	run_fini(&run);
	remove_folder(dir);
}
END_TEST

START_TEST(a_folder_that_cannot_be_is_told)
{
	char *dir = fresh_folder(), *file = xasprintf("%s/report.md", dir);
	struct run run = {0};
	struct error err;

	/* A folder stands where the file should go. */
	ck_assert_int_eq(mkdir(file, 0700), 0);
	planted_run(&run, 7, 0);
	ck_assert(!report_write(&run, dir, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "report.md: "));
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert(report_write(&run, dir, &err));
	/* A file stands where the folder should be. */
	ck_assert(!report_write(&run, file, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "report.md"));
	free(file);
	run_fini(&run);
	remove_folder(dir);
}
END_TEST

START_TEST(the_report_that_is_there_is_the_last_run)
{
	char *dir = fresh_folder(), *path = xasprintf("%s/report.json", dir);
	struct run run = {0};
	struct error err;
	json_t *root;

	planted_run(&run, 7, 0);
	ck_assert(report_write(&run, dir, &err));
	free(run.run_id);
	run.run_id = xstrdup("run-0002");
	ck_assert(report_write(&run, dir, &err));
	root = json_load_file(path, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(
			     json_object_get(root, "comparison"), "with")),
			 "run-0001");
	json_decref(root);
	free(path);
	run_fini(&run);
	remove_folder(dir);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_same_run_again_is_the_same,
	    a_lost_mechanism_regressed_and_a_new_one_improved,
	    a_longer_recovery_regressed,
	    figures_of_verdicts_are_compared_by_their_units,
	    what_is_no_report_of_this_experiment_is_passed_over,
	    damaged_entries_of_the_last_report_are_passed_over,
	    the_next_cycle_is_valid_configuration,
	    expectations_and_rules_speak_of_mechanisms_that_are_weighed,
	    the_same_run_gives_the_same_bytes,
	    a_run_that_injected_nothing_has_a_report,
	    all_formats_come_into_a_folder_that_is_made,
	    only_what_was_asked_for_is_written,
	    a_folder_that_cannot_be_is_told,
	    the_report_that_is_there_is_the_last_run,
	    NULL};

	return check_run("report", tests);
}
