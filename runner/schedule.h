/* SPDX-License-Identifier: Apache-2.0 */
/* When an experiment runs by itself: a pure function of the schedule, the seed
 * and the date, so that a plan tells beforehand what will happen, and anybody
 * may check it afterwards. Wall-clock time, microseconds since 1970; days and
 * hours are those of the zone that schedule_zone() set for the process. */
#ifndef RUNNER_SCHEDULE_H
#define RUNNER_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "config/model.h"

struct schedule_run {
	int64_t due_us;	      /* as cron or the window has it */
	int64_t at_us;	      /* with the jitter */
	const char *scenario; /* borrowed; NULL: the whole experiment */
	const char *blackout; /* borrowed: the one it falls into; NULL: none */
};

/* The process' zone from now on, also for its children: sets TZ. The text is
 * that of a schedule; NULL: UTC. No other thread may read the environment
 * meanwhile. */
void schedule_zone(const char *tz);
/* The blackout that holds at that moment; borrowed. NULL: none does. */
const char *schedule_blackout(const struct conf_guards *g, int64_t wall_us);
/* Fills `runs` with those that start after `from_us`, in order of at_us;
 * returns how many there are, at most `max`, within 400 days. Runs that fall
 * into a blackout are among them, and do not take place. */
size_t schedule_next(const struct conf_experiment *e, uint64_t seed,
		     int64_t from_us, struct schedule_run *runs, size_t max);

/* Later than that, a run was missed. */
#define SCHEDULE_LATE_US INT64_C(60000000)

/* X(enum, word): why a run does not take place, as metrics have it. */
#define SCHEDULE_REASONS(X)                                                    \
	X(LEFT_BLACKOUT, "blackout")                                           \
	X(LEFT_OVERLAP, "overlap") /* another was under way */                 \
	X(LEFT_MISSED, "missed")   /* its time had passed */

enum schedule_reason {
#define X(id, word) id,
	SCHEDULE_REASONS(X)
#undef X
	    SCHEDULE_REASON_COUNT
};

enum schedule_deed {
	SCHEDULE_WAIT, /* until run.at_us */
	SCHEDULE_RUN,
	SCHEDULE_LEAVE_OUT, /* `why` says it */
	SCHEDULE_END,	    /* nothing will ever come */
};

struct schedule_state {
	int64_t done_us; /* runs up to then were dealt with */
	int64_t busy_us; /* another run was under way until then */
};

struct schedule_choice {
	enum schedule_deed deed;
	struct schedule_run run;
	const char *why;	     /* constant, or the blackout */
	enum schedule_reason reason; /* of SCHEDULE_LEAVE_OUT */
};

/* What is to be done now. After anything but WAIT, done_us is to become
 * run.at_us. */
struct schedule_choice schedule_decide(const struct conf_experiment *e,
				       uint64_t seed,
				       const struct schedule_state *state,
				       int64_t now_us);

/* The seed of an experiment: its own, else the file's, else 0. */
uint64_t experiment_seed(const struct conf_model *model);
/* Appends the moment as strftime() has it, 63 bytes at most. */
void schedule_moment(struct str *to, int64_t wall_us, const char *format);
/* Appends a line for each run; nothing if nothing is scheduled. */
void schedule_text(const struct conf_experiment *e,
		   const struct schedule_run *runs, size_t count,
		   struct str *to);
/* Puts the member "schedule" of an object. */
void schedule_json(const struct schedule_run *runs, size_t count,
		   struct jsonw *w);

#endif
