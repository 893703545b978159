/* SPDX-License-Identifier: Apache-2.0 */
/* A histogram with a constant relative error, for hundreds of thousands of
 * round trips a second. */
#include <stdio.h>

#include "bench/load.h"

/* Below 2 * HIST_STEPS a cell holds one value; above, one of HIST_STEPS equal
 * parts of a power of two. */
static size_t
hist_cell(int64_t ns)
{
	uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
	int shift = 0;

	while (value >= 2 * HIST_STEPS) {
		value >>= 1;
		shift++;
	}
	return (size_t)shift * HIST_STEPS + value;
}

static int64_t
hist_value(size_t cell)
{
	size_t shift = cell < 2 * HIST_STEPS ? 0 : cell / HIST_STEPS - 1;

	return (int64_t)((cell - shift * HIST_STEPS) << shift);
}

void
hist_add(struct hist *h, int64_t ns)
{
	h->cells[hist_cell(ns)]++;
	h->count++;
	if (ns > h->max)
		h->max = ns;
}

void
hist_merge(struct hist *to, const struct hist *from)
{
	for (size_t i = 0; i < HIST_CELLS; i++)
		to->cells[i] += from->cells[i];
	to->count += from->count;
	if (from->max > to->max)
		to->max = from->max;
}

/* The value below which `fraction` (0 … 1) of all lie; 0 if there are none. */
static int64_t
hist_at(const struct hist *h, double fraction)
{
	uint64_t want = (uint64_t)(fraction * (double)h->count);
	uint64_t seen = 0;

	for (size_t i = 0; i < HIST_CELLS; i++) {
		seen += h->cells[i];
		if (seen > want)
			return hist_value(i);
	}
	return h->max;
}

void
hist_print(const struct hist *h)
{
	printf("\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, "
	       "\"max_us\": %.2f",
	       (double)hist_at(h, 0.50) / 1e3, (double)hist_at(h, 0.99) / 1e3,
	       (double)hist_at(h, 0.999) / 1e3, (double)h->max / 1e3);
}
