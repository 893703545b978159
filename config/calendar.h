/* SPDX-License-Identifier: Apache-2.0 */
/* Times of the week and of the calendar as people write them: windows, and
 * the five fields of cron. Only what is matched; what time it is somebody else
 * knows. */
#ifndef CONFIG_CALENDAR_H
#define CONFIG_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

#define DAY_MINUTES 1440

/* "Mon-Fri 09:00-15:00", "Sat,Sun", "22:00-06:00" (into the next day). */
struct conf_window {
	unsigned days;	      /* bit 0: Sunday; those on which it begins */
	int from_min, to_min; /* of the day; to may be below from */
};

/* A point of the calendar, of one time zone. */
struct conf_moment {
	int minute, hour; /* 0 … 59, 0 … 23 */
	int day, month;	  /* 1 … 31, 1 … 12 */
	int weekday;	  /* 0: Sunday */
};

/* Sets of values, a bit each; or an interval instead of them. */
struct conf_cron {
	uint64_t minutes;
	uint32_t hours, days, months, weekdays;
	/* Both limited: either may match, as cron has it. */
	bool any_day, any_weekday;
	int64_t every_us; /* "@every 6h"; 0: the fields */
};

/* Reads a window; false: err says what was expected. */
bool conf_window_parse(const char *text, struct conf_window *to,
		       struct error *err) WARN_UNUSED;
/* Does it hold on this day of the week (0: Sunday) at this minute of it? */
bool conf_window_holds(const struct conf_window *w, int weekday, int minute);
/* Reads five fields, or "@every DURATION", or "@hourly", "@daily", "@weekly",
 * "@monthly"; false: err says what was expected. */
bool conf_cron_parse(const char *text, struct conf_cron *to,
		     struct error *err) WARN_UNUSED;
/* Is it due in this minute? Not for an interval. */
bool conf_cron_due(const struct conf_cron *c, const struct conf_moment *at);
/* Is there a time zone of that name here? */
bool conf_zone_known(const char *name);

#endif
