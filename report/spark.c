/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline for those who read plain text. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "report/bins.h"
#include "report/views.h"

#define COLUMNS 64

static const char levels[] = " .:-=+*#%@";

static double
value_good(const struct bin *b)
{
	return (double)(b->ok + b->degraded);
}

static double
value_degraded(const struct bin *b)
{
	return (double)b->degraded;
}

static double
value_failed(const struct bin *b)
{
	return (double)b->failed;
}

static double
value_lost(const struct bin *b)
{
	return (double)b->lost;
}

static double
value_p95(const struct bin *b)
{
	return b->p95_us;
}

static const struct {
	const char *name;
	double (*value)(const struct bin *);
	bool rate; /* per second; else microseconds on a log scale */
} rows[] = {
    {"good/s", value_good, true},     {"degraded/s", value_degraded, true},
    {"failed/s", value_failed, true}, {"not sent/s", value_lost, true},
    {"p95", value_p95, false},
};

static double
highest(const struct bins *b, double (*value)(const struct bin *))
{
	double max = 0;

	for (size_t i = 0; i < b->count; i++)
		max = MAX(max, value(&b->items[i]));
	return max;
}

static char
level(double value, double max, bool rate)
{
	double share = value / max;
	size_t top = sizeof(levels) - 2;

	if (value <= 0)
		return levels[0];
	if (!rate) /* four decades */
		share = MAX(1 + log10(share) / 4, 0);
	return levels[MAX(MIN((size_t)ceil(share * (double)top), top), 1)];
}

static void
add_row(const struct bins *b, size_t row, struct str *to)
{
	double max = highest(b, rows[row].value);

	if (max <= 0)
		return;
	str_printf(to, "%-10s |", rows[row].name);
	for (size_t i = 0; i < b->count; i++)
		str_add_char(to, level(rows[row].value(&b->items[i]), max,
				       rows[row].rate));
	if (rows[row].rate)
		str_printf(to, "| max %.1f/s\n",
			   max * 1e6 / (double)b->width_us);
	else
		str_printf(to, "| max %.1f ms, log\n", max / 1e3);
}

void
spark_plot(const struct report *r, struct str *to)
{
	struct bins b;

	bins_fill(r->run, COLUMNS, &b);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		add_row(&b, i, to);
	str_printf(to, "%-10s |", "faults");
	for (size_t i = 0; i < b.count; i++)
		str_add_char(to, b.items[i].faulted ? '^' : ' ');
	str_printf(to, "| one column is %.1f s\n", (double)b.width_us / 1e6);
	bins_fini(&b);
}
