/* SPDX-License-Identifier: Apache-2.0 */
/* Reading windows and cron's fields. */
#include "config/calendar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/units.h"

static const char *const weekday_names[] = {"sun", "mon", "tue", "wed",
					    "thu", "fri", "sat", NULL};
static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may",
					  "jun", "jul", "aug", "sep", "oct",
					  "nov", "dec", NULL};

/* --- sets: "1,3-5", with "*", names and steps (cron) --------------------- */

struct set_rule {
	const char *what;
	int min, max;
	const char *const *names; /* of min, min + 1, …; or NULL */
};

/* One number or name; moves *p behind it. -1: neither. */
static int
read_value(const char **p, const struct set_rule *rule)
{
	char *end;
	long value;
	int i;

	for (i = 0; rule->names != NULL && rule->names[i] != NULL; i++) {
		if (strncasecmp(*p, rule->names[i], 3) == 0) {
			*p += 3;
			while (isalpha((unsigned char)**p))
				(*p)++;
			return rule->min + i;
		}
	}
	if (!isdigit((unsigned char)**p))
		return -1;
	value = strtol(*p, &end, 10);
	*p = end;
	return value > 1000 ? -1 : (int)value;
}

static bool
refuse(const struct set_rule *rule, const char *text, struct error *err)
{
	if (rule->names == weekday_names && rule->max == 6)
		return error_set(err, 0,
				 "\"%.40s\" is no list of days; expected such "
				 "as Mon-Fri or Sat,Sun",
				 text);
	return error_set(err, 0,
			 "\"%.40s\" is no %s; expected *, %d \xe2\x80\xa6 %d, "
			 "lists (1,2), ranges (1-5) and steps (*/5)",
			 text, rule->what, rule->min, rule->max);
}

/* Adds from, from + step, … to; ranges may go round the end of the week. */
static void
add_range(uint64_t *set, const struct set_rule *rule, const int range[2],
	  int step)
{
	int span = rule->max - rule->min + 1, i;
	int count = (range[1] - range[0] + span) % span;

	for (i = 0; i <= count; i += step)
		*set |= UINT64_C(1)
			<< (rule->min + (range[0] - rule->min + i) % span);
}

static bool
read_set(const char *text, const struct set_rule *rule, uint64_t *set,
	 struct error *err)
{
	const char *p = text;
	int range[2], step;

	for (*set = 0;; p++) {
		step = 1;
		if (*p == '*') {
			p++;
			range[0] = rule->min;
			range[1] = rule->max;
		} else {
			range[0] = range[1] = read_value(&p, rule);
			if (*p == '-') {
				p++;
				range[1] = read_value(&p, rule);
			}
		}
		if (*p == '/') {
			p++;
			if (range[0] == range[1])
				range[1] = rule->max;
			step = read_value(&p, rule);
		}
		if (range[0] < rule->min || range[0] > rule->max ||
		    range[1] < rule->min || range[1] > rule->max || step < 1)
			return refuse(rule, text, err);
		if (range[1] < range[0] && rule->names != weekday_names)
			return refuse(rule, text, err);
		add_range(set, rule, range, step);
		if (*p != ',')
			break;
	}
	return *p == '\0' || refuse(rule, text, err);
}

/* --- windows ---------------------------------------------------------------
 */

static bool
read_clock(const char **p, int *minute)
{
	int hours, minutes, length = 0;

	if (sscanf(*p, "%2d:%2d%n", &hours, &minutes, &length) != 2 ||
	    length == 0 || hours < 0 || hours > 24 || minutes < 0 ||
	    minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return false;
	*p += length;
	*minute = hours * 60 + minutes;
	return true;
}

bool
conf_window_parse(const char *text, struct conf_window *to, struct error *err)
{
	static const struct set_rule days = {"day", 0, 6, weekday_names};
	char word[64];
	uint64_t set = 0x7f;
	const char *p = text + strspn(text, " ");
	size_t len = strcspn(p, " ");

	*to = (struct conf_window){0x7f, 0, DAY_MINUTES};
	if (len == 0 || len >= sizeof(word))
		return error_set(err, 0,
				 "\"%.40s\" is no window; expected such as "
				 "Mon-Fri 09:00-15:00",
				 text);
	if (!isdigit((unsigned char)*p)) {
		memcpy(word, p, len);
		word[len] = '\0';
		if (!read_set(word, &days, &set, err))
			return false;
		p += len;
		p += strspn(p, " ");
	}
	to->days = (unsigned)set;
	if (*p == '\0')
		return true;
	if (!read_clock(&p, &to->from_min) || *p++ != '-' ||
	    !read_clock(&p, &to->to_min) || p[strspn(p, " ")] != '\0' ||
	    to->from_min == to->to_min || to->from_min == DAY_MINUTES)
		return error_set(err, 0,
				 "\"%.40s\" has no time of the day; expected "
				 "such as Fri 15:00-24:00",
				 text);
	return true;
}

bool
conf_window_holds(const struct conf_window *w, int weekday, int minute)
{
	bool today = (w->days >> weekday & 1) != 0;
	bool yesterday = (w->days >> (weekday + 6) % 7 & 1) != 0;

	if (w->from_min < w->to_min)
		return today && minute >= w->from_min && minute < w->to_min;
	return (today && minute >= w->from_min) ||
	       (yesterday && minute < w->to_min);
}

/* --- cron ------------------------------------------------------------------
 */

static const struct {
	const char *name, *fields;
} nicknames[] = {
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
};

static bool
read_every(const char *text, struct conf_cron *to, struct error *err)
{
	const int64_t minute_us = INT64_C(60000000);

	if (!units_duration(text, 0, &to->every_us, err))
		return false;
	return to->every_us >= minute_us ||
	       error_set(err, 0,
			 "@every %.40s is too often; expected a minute at "
			 "least",
			 text);
}

/* The fields of cron: a set each. Sunday may be 7. */
static bool
read_fields(const char *text, struct conf_cron *to, struct error *err)
{
	static const struct set_rule rules[] = {
	    {"minute", 0, 59, NULL},	       {"hour", 0, 23, NULL},
	    {"day of the month", 1, 31, NULL}, {"month", 1, 12, month_names},
	    {"weekday", 0, 7, weekday_names},
	};
	uint64_t sets[5];
	char words[5][64], more;
	int i;

	if (sscanf(text, "%63s %63s %63s %63s %63s %c", words[0], words[1],
		   words[2], words[3], words[4], &more) != 5)
		return error_set(err, 0,
				 "\"%.60s\" is no schedule; expected minute "
				 "hour day month weekday, such as \"30 10 * * "
				 "1-4\", or \"@every 6h\"",
				 text);
	for (i = 0; i < 5; i++) {
		if (!read_set(words[i], &rules[i], &sets[i], err))
			return false;
	}
	to->minutes = sets[0];
	to->hours = (uint32_t)sets[1];
	to->days = (uint32_t)sets[2];
	to->months = (uint32_t)sets[3];
	to->weekdays = (uint32_t)(sets[4] | (sets[4] >> 7 & 1)) & 0x7f;
	to->any_day = words[2][0] == '*';
	to->any_weekday = words[4][0] == '*';
	return true;
}

bool
conf_cron_parse(const char *text, struct conf_cron *to, struct error *err)
{
	size_t i;

	*to = (struct conf_cron){0};
	if (strncmp(text, "@every ", 7) == 0)
		return read_every(text + 7, to, err);
	for (i = 0; i < COUNT_OF(nicknames); i++) {
		if (strcmp(text, nicknames[i].name) == 0)
			return read_fields(nicknames[i].fields, to, err);
	}
	return read_fields(text, to, err);
}

bool
conf_cron_due(const struct conf_cron *c, const struct conf_moment *at)
{
	bool day = (c->days >> at->day & 1) != 0;
	bool weekday = (c->weekdays >> at->weekday & 1) != 0;

	if ((c->minutes >> at->minute & 1) == 0 ||
	    (c->hours >> at->hour & 1) == 0 ||
	    (c->months >> at->month & 1) == 0)
		return false;
	return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

bool
conf_zone_known(const char *name)
{
	char path[256];

	if (strcmp(name, "UTC") == 0)
		return true;
	if (name[0] == '/' || strstr(name, "..") != NULL || name[0] == '\0')
		return false;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	return access(path, R_OK) == 0;
}
