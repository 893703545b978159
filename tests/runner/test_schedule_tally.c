/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's figures, as their readers get them. */
#include "runner/schedule_tally.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static struct str text;

static bool
has(const struct schedule_tally *t, const char *line)
{
	char *whole = NULL;
	bool found;

	str_fini(&text);
	schedule_tally_text(t, "weekly \"one\"", &text);
	ck_assert_int_gt(asprintf(&whole, "\n%s\n", line), 0);
	found = strstr(text.text, whole) != NULL;
	free(whole);
	return found;
}

#define WHO "{experiment=\"weekly \\\"one\\\"\""

START_TEST(exit_codes_become_verdicts)
{
	static const struct {
		int code;
		const char *word;
	} rows[] = {{0, "passed"},	 {1, "failed"},	   {2, "inconclusive"},
		    {3, "inconclusive"}, {4, "aborted"},   {5, "inconclusive"},
		    {6, "failed"},	 {130, "aborted"}, {137, "aborted"}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct schedule_tally t = {0};
		char line[128];

		schedule_tally_end(&t, rows[i].code, 7000000);
		snprintf(line, sizeof(line),
			 "faultwire_experiment_runs_total" WHO
			 ",verdict=\"%s\"} 1",
			 rows[i].word);
		ck_assert_msg(has(&t, line), "%d: %s", rows[i].code, text.text);
		ck_assert(has(&t, "faultwire_experiment_last_end_timestamp_"
				  "seconds" WHO "} 7"));
	}
	str_fini(&text);
}
END_TEST

START_TEST(counters_begin_at_0_and_times_that_never_were_are_not_told)
{
	struct schedule_tally t = {.next_us = 1500000};

	ck_assert(has(&t, "faultwire_schedule_next_run_timestamp_seconds" WHO
			  "} 1.5"));
	ck_assert(has(&t, "faultwire_schedule_runs_left_out_total" WHO
			  ",reason=\"overlap\"} 0"));
	ck_assert(has(&t, "faultwire_experiment_runs_total" WHO
			  ",verdict=\"aborted\"} 0"));
	ck_assert_ptr_null(strstr(text.text, "last_missed_timestamp_seconds{"));
	ck_assert_ptr_null(strstr(text.text, "last_start_timestamp_seconds{"));
	str_fini(&text);
}
END_TEST

START_TEST(only_a_time_that_passed_is_a_miss)
{
	struct schedule_tally t = {0};

	schedule_tally_leave_out(&t, LEFT_BLACKOUT, 1000000);
	schedule_tally_leave_out(&t, LEFT_OVERLAP, 2000000);
	ck_assert_int_eq(t.missed_us, 0);
	schedule_tally_leave_out(&t, LEFT_MISSED, 3000000);
	ck_assert(has(&t, "faultwire_schedule_last_missed_timestamp_seconds" WHO
			  "} 3"));
	ck_assert(has(&t, "faultwire_schedule_runs_left_out_total" WHO
			  ",reason=\"missed\"} 1"));
	str_fini(&text);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    exit_codes_become_verdicts,
	    counters_begin_at_0_and_times_that_never_were_are_not_told,
	    only_a_time_that_passed_is_a_miss,
	    NULL,
	};

	return check_run("schedule_tally", tests);
}
