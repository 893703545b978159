/* SPDX-License-Identifier: Apache-2.0 */
/* Which events get a log line. */
#include "observe/sample.h"

#include "tests/harness/check_run.h"

static int
taken(struct log_sample *s, int events, int64_t now_us)
{
	int lines = 0;

	for (int i = 0; i < events; i++)
		lines += log_sample_take(s, now_us);
	return lines;
}

START_TEST(the_first_of_a_window_get_one_and_the_others_are_counted)
{
	struct log_sample s = {0};

	ck_assert_int_eq(taken(&s, 3, 1000), 3);
	ck_assert_int_eq(taken(&s, 97, 2000), LOG_SAMPLE_LINES - 3);
	ck_assert_uint_eq(log_sample_rest(&s), 100 - LOG_SAMPLE_LINES);
}
END_TEST

START_TEST(a_new_window_gives_lines_again)
{
	struct log_sample s = {0};

	taken(&s, 100, 1000);
	ck_assert_int_eq(taken(&s, 100, 999 + LOG_SAMPLE_WINDOW_US), 0);
	ck_assert_int_eq(taken(&s, 100, 1000 + LOG_SAMPLE_WINDOW_US),
	    LOG_SAMPLE_LINES);
}
END_TEST

START_TEST(the_rest_is_told_once)
{
	struct log_sample s = {0};

	taken(&s, LOG_SAMPLE_LINES + 4, 1000);
	ck_assert_uint_eq(log_sample_rest(&s), 4);
	ck_assert_uint_eq(log_sample_rest(&s), 0);
	taken(&s, 2, 2000);
	ck_assert_uint_eq(log_sample_rest(&s), 2);
}
END_TEST

int
main(void)
{
	return check_run("sample",
	    (const TTest *const[]){
		the_first_of_a_window_get_one_and_the_others_are_counted,
		a_new_window_gives_lines_again, the_rest_is_told_once, NULL});
}
