/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by the time at which they should have started. */
#include "report/bins.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/totals.h"

/* Samples are in order of that time: those of a bin are neighbours. */
static size_t
fill_bin(const struct run *run, size_t from, int64_t end_us, struct bin *to)
{
	const struct samples *all = &run->samples;
	size_t i = from, n = 0, room = 0;
	double *us;

	while (from + room < all->count &&
	       all->items[from + room].intended_us < end_us)
		room++;
	us = xcalloc(room + 1, sizeof(*us));
	for (; i < from + room; i++) {
		const struct sample *s = &all->items[i];

		if (s->outcome == SAMPLE_OPEN ||
		    run->asked->loads[s->load].probe != NULL)
			continue;
		to->lost += s->outcome == SAMPLE_LOST;
		if (s->outcome == SAMPLE_LOST)
			continue;
		to->ok += s->outcome == SAMPLE_OK && !s->degraded;
		to->degraded += s->outcome == SAMPLE_OK && s->degraded;
		to->failed += s->outcome != SAMPLE_OK;
		us[n++] = (double)(s->end_us - s->intended_us);
	}
	stat_sort(us, n);
	if (n > 0) {
		to->p50_us = stat_quantile(us, n, 0.5);
		to->p95_us = stat_quantile(us, n, 0.95);
	}
	free(us);
	return i;
}

static void
mark_faults(const struct run *run, struct bins *to)
{
	struct periods during;

	periods_of_run(run, &during);
	for (size_t i = 0; i < during.count; i++) {
		int64_t from = during.items[i].from_us / to->width_us;
		int64_t end = (during.items[i].to_us - 1) / to->width_us;

		for (int64_t k = MAX(from, 0);
		     k <= end && k < (int64_t)to->count; k++)
			to->items[k].faulted = true;
	}
	periods_fini(&during);
}

void
bins_fill(const struct run *run, size_t count, struct bins *to)
{
	int64_t width =
	    (run->duration_us + (int64_t)count - 1) / (int64_t)count;
	size_t at = 0;

	*to = (struct bins){xcalloc(count, sizeof(*to->items)), count,
			    MAX(width, 1)};
	for (size_t i = 0; i < count; i++)
		at = fill_bin(run, at,
			      i + 1 < count ? (int64_t)(i + 1) * to->width_us
					    : INT64_MAX,
			      &to->items[i]);
	mark_faults(run, to);
}

void
bins_fini(struct bins *b)
{
	free(b->items);
	*b = (struct bins){0};
}
