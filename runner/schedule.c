/* SPDX-License-Identifier: Apache-2.0 */
/* The next runs, by cron and by chance. */
#include "runner/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/rng.h"
#include "config/calendar.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_S	  3600
#define DAYS	  400
/* Chance is drawn day by day from here on, so that the gap between two runs
 * does not depend on when somebody asks: 2026-01-01. */
#define EPOCH_DAY 20454

void
schedule_zone(const char *tz)
{
	setenv("TZ", tz != NULL ? tz : "UTC", 1);
	tzset();
}

static struct tm
local(int64_t wall_us)
{
	time_t at = (time_t)(wall_us / SECOND_US);
	struct tm tm;

	localtime_r(&at, &tm);
	return tm;
}

const char *
schedule_blackout(const struct conf_guards *g, int64_t wall_us)
{
	struct tm tm = local(wall_us);
	struct conf_window w;

	for (size_t i = 0; i < g->blackout.count; i++) {
		if (conf_window_parse(g->blackout.items[i], &w, NULL) &&
		    conf_window_holds(&w, tm.tm_wday,
				      tm.tm_hour * 60 + tm.tm_min))
			return g->blackout.items[i];
	}
	return NULL;
}

/* --- a list in order, of bounded length ------------------------------------
 */

struct list {
	struct schedule_run *runs;
	size_t count, max;
	const struct conf_experiment *e;
	int64_t from_us;
};

/* False: it is full, and the run is behind all of it. */
static bool
insert(struct list *l, struct schedule_run run)
{
	size_t at = l->count;

	if (run.at_us <= l->from_us)
		return true;
	while (at > 0 && l->runs[at - 1].at_us > run.at_us)
		at--;
	if (at == l->max)
		return false;
	l->count = MIN(l->count + 1, l->max);
	memmove(&l->runs[at + 1], &l->runs[at],
		(l->count - at - 1) * sizeof(*l->runs));
	run.blackout = schedule_blackout(&l->e->guards, run.at_us);
	l->runs[at] = run;
	return true;
}

/* --- cron ------------------------------------------------------------------
 */

static int64_t
jitter(const struct conf_schedule *s, uint64_t seed, int64_t due_us)
{
	const struct rng_key key = {.seed = seed,
				    .route = rng_hash("schedule"),
				    .flow = (uint64_t)(due_us / SECOND_US)};

	return s->jitter_us == 0
		   ? 0
		   : (int64_t)rng_below(&key, 0, (uint64_t)s->jitter_us);
}

/* False: no later one can be among the first any more. */
static bool
add_due(struct list *l, uint64_t seed, int64_t due_us)
{
	const struct conf_schedule *s = &l->e->schedule;

	if (l->count == l->max && l->runs[l->max - 1].at_us <= due_us)
		return false;
	insert(l, (struct schedule_run){.due_us = due_us,
					.at_us =
					    due_us + jitter(s, seed, due_us)});
	return true;
}

static void
add_every(struct list *l, uint64_t seed, int64_t every_us)
{
	int64_t first_us = l->from_us - l->e->schedule.jitter_us;

	first_us = (first_us / every_us) * every_us;
	while (add_due(l, seed, first_us) &&
	       first_us < l->from_us + DAYS * 24 * HOUR_S * SECOND_US)
		first_us += every_us;
}

/* Minute by minute, but hour by hour where none of them can be. An hour that
 * the clock shows twice counts once. */
static void
add_cron(struct list *l, uint64_t seed, const struct conf_cron *cron)
{
	int64_t at_s =
	    (l->from_us - l->e->schedule.jitter_us) / SECOND_US / 60 * 60;
	int64_t end_s = at_s + (int64_t)DAYS * 24 * HOUR_S;
	int64_t shown_before = -1;

	for (; at_s < end_s; at_s += 60) {
		struct tm tm = local(at_s * SECOND_US);
		struct conf_moment m = {tm.tm_min, tm.tm_hour, tm.tm_mday,
					tm.tm_mon + 1, tm.tm_wday};
		int64_t shown = ((int64_t)tm.tm_yday * 24 + tm.tm_hour) * 60 +
				tm.tm_min + (int64_t)tm.tm_year * 600000;

		if ((cron->hours >> tm.tm_hour & 1) == 0 && tm.tm_min == 0)
			at_s += HOUR_S - 60;
		else if (conf_cron_due(cron, &m) && shown > shown_before) {
			shown_before = shown;
			if (!add_due(l, seed, at_s * SECOND_US))
				return;
		}
	}
}

/* --- chance ------------------------------------------------------------------
 */

/* Noon of a day, counted from 1970, in the zone. */
static time_t
noon(int64_t day, struct tm *tm)
{
	time_t at = (time_t)(day * 24 * HOUR_S);

	gmtime_r(&at, tm);
	tm->tm_hour = 12;
	tm->tm_isdst = -1;
	return mktime(tm);
}

/* The moment of that day at which the scenario runs; 0: not on that day. */
static int64_t
drawn(const struct conf_monkey *m, const struct conf_window *w, uint64_t seed,
      const char *target, int64_t day)
{
	const struct rng_key key = {.seed = seed,
				    .route = rng_hash("monkey"),
				    .fault = rng_hash(target),
				    .flow = (uint64_t)day};
	int length = (w->to_min - w->from_min + DAY_MINUTES) % DAY_MINUTES;
	struct tm tm;
	time_t at;

	if (!rng_chance(&key, 0, 1 / m->mean_days))
		return 0;
	noon(day, &tm);
	if ((w->days >> tm.tm_wday & 1) == 0)
		return 0;
	if (length == 0)
		length = DAY_MINUTES;
	tm.tm_hour = 0;
	tm.tm_min = w->from_min;
	tm.tm_sec = (int)rng_below(&key, 1, (uint64_t)length * 60);
	tm.tm_isdst = -1;
	at = mktime(&tm);
	return (int64_t)at * SECOND_US;
}

static void
add_monkey(struct list *l, uint64_t seed, const char *target)
{
	const struct conf_monkey *m = &l->e->schedule.monkey;
	int64_t end_day = l->from_us / SECOND_US / (24 * HOUR_S) + DAYS;
	int64_t last_us = INT64_MIN / 2;
	struct conf_window w;

	if (!conf_window_parse(m->window, &w, NULL))
		return;
	for (int64_t day = EPOCH_DAY; day < end_day; day++) {
		int64_t at_us = drawn(m, &w, seed, target, day);

		if (at_us == 0 || at_us < last_us + m->min_gap_us)
			continue;
		last_us = at_us;
		if (!insert(l, (struct schedule_run){.due_us = at_us,
						     .at_us = at_us,
						     .scenario = target}))
			return;
	}
}

uint64_t
experiment_seed(const struct conf_model *model)
{
	return model->experiment->has_seed ? model->experiment->seed
	       : model->has_seed	   ? model->seed
					   : 0;
}

size_t
schedule_next(const struct conf_experiment *e, uint64_t seed, int64_t from_us,
	      struct schedule_run *runs, size_t max)
{
	struct list l = {runs, 0, max, e, from_us};
	struct conf_cron cron;

	if (e->schedule.cron != NULL &&
	    conf_cron_parse(e->schedule.cron, &cron, NULL)) {
		if (cron.every_us > 0)
			add_every(&l, seed, cron.every_us);
		else
			add_cron(&l, seed, &cron);
	}
	for (size_t i = 0;
	     e->schedule.monkey.mean_days > 0 && i < e->scenarios_count; i++) {
		if (e->scenarios[i].enabled)
			add_monkey(&l, seed, e->scenarios[i].name);
	}
	return l.count;
}

/* --- what is to be done ----------------------------------------------------
 */

static struct schedule_choice
leave_out(const struct schedule_run *run, enum schedule_reason reason,
	  const char *why)
{
	return (struct schedule_choice){SCHEDULE_LEAVE_OUT, *run, why, reason};
}

struct schedule_choice
schedule_decide(const struct conf_experiment *e, uint64_t seed,
		const struct schedule_state *state, int64_t now_us)
{
	struct schedule_run runs[2];
	size_t n = schedule_next(e, seed, state->done_us, runs, 2);

	if (n == 0)
		return (struct schedule_choice){.deed = SCHEDULE_END};
	if (runs[0].at_us > now_us)
		return (struct schedule_choice){SCHEDULE_WAIT, runs[0], NULL};
	if (runs[0].blackout != NULL)
		return leave_out(&runs[0], LEFT_BLACKOUT, runs[0].blackout);
	if (state->busy_us > runs[0].at_us) {
		if (e->schedule.overlap == OVERLAP_FORBID)
			return leave_out(&runs[0], LEFT_OVERLAP,
					 "another was under way");
	} else if (now_us - runs[0].at_us > SCHEDULE_LATE_US) {
		if (e->schedule.missed == MISSED_SKIP)
			return leave_out(&runs[0], LEFT_MISSED,
					 "its time has passed");
		if (n > 1 && runs[1].at_us <= now_us)
			return leave_out(&runs[0], LEFT_MISSED,
					 "a later one takes its place");
	}
	return (struct schedule_choice){SCHEDULE_RUN, runs[0], NULL};
}
