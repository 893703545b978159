/* SPDX-License-Identifier: Apache-2.0 */
/* Windows and schedules as people write them. */
#include "config/calendar.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

START_TEST(windows_hold_on_their_days_and_hours)
{
	static const struct {
		const char *text;
		int weekday, minute;
		bool holds;
	} cases[] = {
	    {"Fri 15:00-24:00", 5, 15 * 60, true},
	    {"Fri 15:00-24:00", 5, 15 * 60 - 1, false},
	    {"Fri 15:00-24:00", 5, 1439, true},
	    {"Fri 15:00-24:00", 6, 0, false},
	    {"Sat,Sun", 6, 0, true},
	    {"Sat,Sun", 0, 1439, true},
	    {"Sat,Sun", 1, 0, false},
	    {"Sat-Mon", 0, 5, true},
	    {"Sat-Mon", 1, 5, true},
	    {"Sat-Mon", 2, 5, false},
	    {"22:00-06:00", 3, 23 * 60, true},
	    {"22:00-06:00", 3, 5 * 60, true},
	    {"22:00-06:00", 3, 12 * 60, false},
	    {"Fri 22:00-06:00", 6, 60, true},
	    {"Fri 22:00-06:00", 5, 60, false},
	    {"mon-fri 09:00-15:00", 1, 9 * 60, true},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf_window w;
		struct error err = {0};

		ck_assert_msg(conf_window_parse(cases[i].text, &w, &err),
			      "%s: %s", cases[i].text, err.text);
		ck_assert_msg(
		    conf_window_holds(&w, cases[i].weekday, cases[i].minute) ==
			cases[i].holds,
		    "%s on day %d at minute %d", cases[i].text,
		    cases[i].weekday, cases[i].minute);
	}
}
END_TEST

START_TEST(what_is_no_window_is_refused)
{
	static const char *const texts[] = {"",
					    "Sot",
					    "Fri 15:00",
					    "Fri 15-16",
					    "Fri 25:00-26:00",
					    "10:00-10:00",
					    "24:00-1:00",
					    "Fri 1:00-2:00 x",
					    "Fri,",
					    "Mon-Fri 9:61-10:00",
					    "*,x"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct conf_window w;
		struct error err = {0};

		ck_assert_msg(!conf_window_parse(texts[i], &w, &err), "%s",
			      texts[i]);
		ck_assert_msg(strstr(err.text, "expected") != NULL, "%s",
			      err.text);
	}
}
END_TEST

START_TEST(cron_is_due_when_its_fields_say)
{
	static const struct {
		const char *text;
		struct conf_moment at;
		bool due;
	} cases[] = {
	    {"30 10 * * 1-4", {30, 10, 7, 5, 2}, true},
	    {"30 10 * * 1-4", {30, 10, 7, 5, 5}, false},
	    {"30 10 * * 1-4", {31, 10, 7, 5, 2}, false},
	    {"*/15 * * * *", {45, 3, 1, 1, 0}, true},
	    {"*/15 * * * *", {46, 3, 1, 1, 0}, false},
	    {"5/20 * * * *", {45, 3, 1, 1, 0}, true},
	    {"0 0 1,15 * *", {0, 0, 15, 2, 3}, true},
	    {"0 0 1 * mon", {0, 0, 9, 2, 1}, true}, /* either day matches */
	    {"0 0 1 * mon", {0, 0, 1, 2, 3}, true},
	    {"0 0 1 * mon", {0, 0, 9, 2, 3}, false},
	    {"0 12 * jan-mar *", {0, 12, 9, 3, 3}, true},
	    {"0 12 * jan-mar *", {0, 12, 9, 4, 3}, false},
	    {"0 12 * * 7", {0, 12, 9, 4, 0}, true},
	    {"@daily", {0, 0, 9, 4, 0}, true},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf_cron c;
		struct error err = {0};

		ck_assert_msg(conf_cron_parse(cases[i].text, &c, &err),
			      "%s: %s", cases[i].text, err.text);
		ck_assert_msg(conf_cron_due(&c, &cases[i].at) == cases[i].due,
			      "%s (case %zu)", cases[i].text, i);
	}
}
END_TEST

START_TEST(what_is_no_schedule_is_refused)
{
	static const char *const texts[] = {"",
					    "* * * *",
					    "* * * * * *",
					    "60 * * * *",
					    "* 24 * * *",
					    "* * 0 * *",
					    "* * * 13 *",
					    "* * * * 1-9",
					    "a * * * *",
					    "*/0 * * * *",
					    "5-1 * * * *",
					    "@every 5s",
					    "@every lots",
					    "@yearly",
					    "1, * * * *"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct conf_cron c;
		struct error err = {0};

		ck_assert_msg(!conf_cron_parse(texts[i], &c, &err), "%s",
			      texts[i]);
		ck_assert_msg(strstr(err.text, "expected") != NULL, "%s: %s",
			      texts[i], err.text);
	}
}
END_TEST

START_TEST(intervals_are_no_fields)
{
	struct conf_cron c;
	struct error err;

	ck_assert(conf_cron_parse("@every 90m", &c, &err));
	ck_assert_int_eq(c.every_us, INT64_C(5400000000));
	ck_assert(!conf_zone_known("../etc/passwd"));
	ck_assert(!conf_zone_known("/etc/passwd"));
	ck_assert(conf_zone_known("UTC"));
}
END_TEST

int
main(void)
{
	return check_run("calendar", (const TTest *const[]){
					 windows_hold_on_their_days_and_hours,
					 what_is_no_window_is_refused,
					 cron_is_due_when_its_fields_say,
					 what_is_no_schedule_is_refused,
					 intervals_are_no_fields, NULL});
}
