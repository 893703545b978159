/* SPDX-License-Identifier: Apache-2.0 */
/* The next runs for people and for programs. */
#include <time.h>

#include "runner/schedule.h"

void
schedule_moment(struct str *to, int64_t wall_us, const char *format)
{
	time_t at = (time_t)(wall_us / 1000000);
	char text[64];
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(text, sizeof(text), format, &tm);
	str_add(to, text);
}

void
schedule_text(const struct conf_experiment *e, const struct schedule_run *runs,
	      size_t count, struct str *to)
{
	if (e->schedule.cron == NULL && e->schedule.monkey.mean_days <= 0)
		return;
	str_printf(to, "\nnext runs (%s)\n",
		   e->schedule.tz != NULL ? e->schedule.tz : "UTC");
	for (size_t i = 0; i < count; i++) {
		str_add(to, "  ");
		schedule_moment(to, runs[i].at_us, "%a %Y-%m-%d %H:%M:%S %z");
		str_printf(to, "  %s",
			   runs[i].scenario != NULL ? runs[i].scenario
						    : "all scenarios");
		if (runs[i].blackout != NULL)
			str_printf(to, "  left out: blackout %s",
				   runs[i].blackout);
		str_add_char(to, '\n');
	}
	if (count == 0)
		str_add(to, "  none within 400 days\n");
}

void
schedule_json(const struct schedule_run *runs, size_t count, struct jsonw *w)
{
	struct str at = {0};

	jsonw_key(w, "schedule");
	jsonw_array(w);
	for (size_t i = 0; i < count; i++) {
		str_clear(&at);
		schedule_moment(&at, runs[i].at_us, "%Y-%m-%dT%H:%M:%S%z");
		jsonw_object(w);
		jsonw_put_string(w, "at", at.text);
		jsonw_put_int(w, "at_wall_us", runs[i].at_us);
		if (runs[i].scenario != NULL)
			jsonw_put_string(w, "scenario", runs[i].scenario);
		if (runs[i].blackout != NULL)
			jsonw_put_string(w, "blackout", runs[i].blackout);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	str_fini(&at);
}
