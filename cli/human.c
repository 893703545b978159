/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities for people. */
#include "cli/human.h"

#include <math.h>

/* One digit behind the dot below 10, unless it is a zero. */
static void
add_number(struct str *to, double value, const char *unit)
{
	double tenths = round(value * 10);

	if (tenths < 100 && fmod(tenths, 10) != 0)
		str_printf(to, "%.1f%s", tenths / 10, unit);
	else
		str_printf(to, "%.0f%s", round(value), unit);
}

/* Divides by `step` until less than that is left. */
static void
add_scaled(struct str *to, double value, double step,
    const char *const *units)
{
	while (round(value) >= step && units[1] != NULL) {
		value /= step;
		units++;
	}
	add_number(to, value, units[0]);
}

void
human_bytes(struct str *to, double bytes)
{
	static const char *const units[] = {" B", " KiB", " MiB", " GiB",
	    " TiB", " PiB", NULL};

	add_scaled(to, bytes, 1024, units);
}

void
human_count(struct str *to, double count)
{
	static const char *const units[] = {"", "k", "M", "G", "T", NULL};

	add_scaled(to, count, 1000, units);
}

void
human_seconds(struct str *to, double seconds)
{
	long long s = llround(seconds);

	if (seconds < 9.95)
		add_number(to, seconds > 0 ? seconds : 0, "s");
	else if (s < 60)
		str_printf(to, "%llds", s);
	else if (s < 3600)
		str_printf(to, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		str_printf(to, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		str_printf(to, "%lldd%02lldh", s / 86400, s / 3600 % 24);
}

void
human_share(struct str *to, double share)
{
	str_printf(to, "%.4g%%", share * 100);
}
