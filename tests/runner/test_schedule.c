/* SPDX-License-Identifier: Apache-2.0 */
/* The next runs: the same for everybody who asks. */
#include "runner/schedule.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US	(24 * HOUR_US)
/* Mon 2026-03-02 00:00:00 UTC. */
#define MONDAY_US (INT64_C(1772409600) * 1000000)

static struct conf_model *
scheduled(const char *schedule, const char *guards)
{
	char *text = xasprintf(
	    HEAD
	    "schedule = { %s }; guards = { %s };"
	    "scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "
	    "type = \"down\"; for = \"3s\"; } ); }, { name = \"t\"; faults "
	    "= ( { route = \"api\"; type = \"down\"; for = \"3s\"; } ); } "
	    ");",
	    schedule, guards);
	struct conf_model *m = runner_load(text);

	schedule_zone(m->experiment->schedule.tz);
	free(text);
	return m;
}

START_TEST(cron_follows_its_zone_and_its_clock_changes)
{
	struct conf_model *m =
	    scheduled("cron = \"30 10 * * 1-4\"; tz = \"Europe/Berlin\";", "");
	struct schedule_run runs[20];
	/* The zone is an hour before UTC until Sun 29 March, then two. */
	ck_assert_uint_eq(schedule_next(m->experiment, 1, MONDAY_US, runs, 20),
			  20);
	ck_assert_int_eq(runs[0].at_us, MONDAY_US + 9 * HOUR_US + HOUR_US / 2);
	ck_assert_int_eq(runs[3].at_us,
			 MONDAY_US + 3 * DAY_US + 9 * HOUR_US + HOUR_US / 2);
	ck_assert_int_eq(runs[4].at_us,
			 MONDAY_US + 7 * DAY_US + 9 * HOUR_US + HOUR_US / 2);
	ck_assert_int_eq(runs[16].at_us,
			 MONDAY_US + 28 * DAY_US + 8 * HOUR_US + HOUR_US / 2);
	ck_assert_ptr_null(runs[0].scenario);
	conf_model_unref(m);
}
END_TEST

START_TEST(an_hour_that_comes_twice_counts_once)
{
	struct conf_model *m =
	    scheduled("cron = \"30 2 * * *\"; tz = \"Europe/Berlin\";", "");
	struct schedule_run runs[3];
	/* Sun 2026-10-25 00:00 UTC; clocks go back at 01:00 UTC. */
	int64_t sunday_us = INT64_C(1792886400) * 1000000;

	schedule_next(m->experiment, 1, sunday_us, runs, 3);
	ck_assert_int_eq(runs[0].at_us, sunday_us + HOUR_US / 2);
	ck_assert_int_eq(runs[1].at_us,
			 sunday_us + DAY_US + HOUR_US + HOUR_US / 2);
	conf_model_unref(m);
}
END_TEST

START_TEST(intervals_do_not_depend_on_when_they_are_asked_for)
{
	struct conf_model *m = scheduled("cron = \"@every 6h\";", "");
	struct schedule_run a[4], b[4];

	schedule_next(m->experiment, 1, MONDAY_US, a, 4);
	schedule_next(m->experiment, 1, MONDAY_US + HOUR_US, b, 4);
	ck_assert_int_eq(a[0].at_us, MONDAY_US + 6 * HOUR_US);
	ck_assert_int_eq(b[0].at_us, a[0].at_us);
	ck_assert_int_eq(a[3].at_us, MONDAY_US + 24 * HOUR_US);
	conf_model_unref(m);
}
END_TEST

START_TEST(jitter_is_drawn_from_the_seed)
{
	struct conf_model *m =
	    scheduled("cron = \"0 12 * * *\"; jitter = \"20m\";", "");
	struct schedule_run a[10], b[10], c[10];
	bool differs = false;

	schedule_next(m->experiment, 1, MONDAY_US, a, 10);
	schedule_next(m->experiment, 1, MONDAY_US, b, 10);
	schedule_next(m->experiment, 2, MONDAY_US, c, 10);
	for (size_t i = 0; i < 10; i++) {
		ck_assert_int_eq(a[i].at_us, b[i].at_us);
		ck_assert_int_ge(a[i].at_us, a[i].due_us);
		ck_assert_int_lt(a[i].at_us, a[i].due_us + HOUR_US / 3);
		differs |= a[i].at_us != c[i].at_us;
	}
	ck_assert(differs);
	/* One that is due already and is yet to start. */
	schedule_next(m->experiment, 1, a[0].at_us - 1, b, 10);
	ck_assert_int_eq(b[0].at_us, a[0].at_us);
	conf_model_unref(m);
}
END_TEST

START_TEST(blackouts_are_told)
{
	struct conf_model *m =
	    scheduled("cron = \"0 16 * * *\";",
		      "blackout = [ \"Fri 15:00-24:00\", \"Sat,Sun\" ];");
	struct schedule_run runs[7];

	schedule_next(m->experiment, 1, MONDAY_US, runs, 7);
	for (size_t i = 0; i < 4; i++)
		ck_assert_ptr_null(runs[i].blackout);
	ck_assert_str_eq(runs[4].blackout, "Fri 15:00-24:00");
	ck_assert_str_eq(runs[5].blackout, "Sat,Sun");
	ck_assert_str_eq(runs[6].blackout, "Sat,Sun");
	conf_model_unref(m);
}
END_TEST

START_TEST(monkeys_keep_to_their_window_and_gap)
{
	struct conf_model *m = scheduled(
	    "monkey = { mean_days = 4.0; window = \"Mon-Fri 09:00-15:00\"; "
	    "min_gap = \"2d\"; };",
	    "");
	struct schedule_run a[100], b[100];
	int64_t last[2] = {0, 0};
	size_t n, count[2] = {0, 0};

	n = schedule_next(m->experiment, 7, MONDAY_US, a, 100);
	ck_assert_uint_eq(n, 100);
	for (size_t i = 0; i < n; i++) {
		int64_t day_us = (a[i].at_us - MONDAY_US) % DAY_US;
		int64_t weekday = (a[i].at_us - MONDAY_US) / DAY_US % 7;
		size_t who = strcmp(a[i].scenario, "t") == 0;

		ck_assert_int_lt(weekday, 5);
		ck_assert_int_ge(day_us, 9 * HOUR_US);
		ck_assert_int_lt(day_us, 15 * HOUR_US);
		ck_assert_int_ge(a[i].at_us, last[who] + 2 * DAY_US);
		ck_assert(i == 0 || a[i].at_us >= a[i - 1].at_us);
		last[who] = a[i].at_us;
		count[who]++;
	}
	ck_assert_uint_gt(count[0], 30);
	ck_assert_uint_gt(count[1], 30);
	/* Asked for a month later, the rest is the same. */
	n = schedule_next(m->experiment, 7, a[20].at_us, b, 79);
	ck_assert_uint_eq(n, 79);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(b[i].at_us, a[21 + i].at_us);
	conf_model_unref(m);
}
END_TEST

/* Runs at 12:00 every day; noon of Monday was dealt with. */
static enum schedule_deed
decide(const char *policy, int64_t busy_us, int64_t now_us, const char **why)
{
	char *schedule = xasprintf("cron = \"0 12 * * *\"; %s", policy);
	struct conf_model *m = scheduled(schedule, "");
	const struct schedule_state state = {MONDAY_US + 12 * HOUR_US, busy_us};
	struct schedule_choice c =
	    schedule_decide(m->experiment, 1, &state, now_us);

	*why = c.why;
	conf_model_unref(m);
	free(schedule);
	return c.deed;
}

START_TEST(runs_that_overlap_or_were_missed_follow_the_policy)
{
	int64_t tuesday_us = MONDAY_US + DAY_US + 12 * HOUR_US;
	const char *why;

	ck_assert_int_eq(decide("", 0, tuesday_us - 1, &why), SCHEDULE_WAIT);
	ck_assert_int_eq(decide("", 0, tuesday_us, &why), SCHEDULE_RUN);
	ck_assert_int_eq(decide("", tuesday_us + 1, tuesday_us + 2, &why),
			 SCHEDULE_LEAVE_OUT);
	ck_assert_str_eq(why, "another was under way");
	ck_assert_int_eq(decide("overlap = \"queue\";", tuesday_us + HOUR_US,
				tuesday_us + HOUR_US, &why),
			 SCHEDULE_RUN);
	ck_assert_int_eq(decide("", 0, tuesday_us + HOUR_US, &why),
			 SCHEDULE_LEAVE_OUT);
	ck_assert_str_eq(why, "its time has passed");
	ck_assert_int_eq(
	    decide("missed = \"once\";", 0, tuesday_us + HOUR_US, &why),
	    SCHEDULE_RUN);
	/* Of two that were missed, the later one. */
	ck_assert_int_eq(decide("missed = \"once\";", 0,
				tuesday_us + DAY_US + HOUR_US, &why),
			 SCHEDULE_LEAVE_OUT);
	ck_assert_str_eq(why, "a later one takes its place");
}
END_TEST

START_TEST(nothing_is_scheduled_where_nothing_is_asked_for)
{
	struct conf_model *m = scheduled("", "");
	struct schedule_run run;

	ck_assert_uint_eq(schedule_next(m->experiment, 1, MONDAY_US, &run, 1),
			  0);
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run("schedule",
			 (const TTest *const[]){
			     cron_follows_its_zone_and_its_clock_changes,
			     an_hour_that_comes_twice_counts_once,
			     intervals_do_not_depend_on_when_they_are_asked_for,
			     jitter_is_drawn_from_the_seed, blackouts_are_told,
			     monkeys_keep_to_their_window_and_gap,
			     runs_that_overlap_or_were_missed_follow_the_policy,
			     nothing_is_scheduled_where_nothing_is_asked_for,
			     NULL});
}
