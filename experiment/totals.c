/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over periods of time. */
#include "experiment/totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

/* --- periods -------------------------------------------------------------- */

static int
by_from(const void *a, const void *b)
{
	const struct period *x = a, *y = b;

	return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

static void
add_steps(const struct run_scenario *s, struct periods *to)
{
	size_t more = s->steps != NULL ? s->asked->steps_count : 0;

	to->items =
	    xrealloc(to->items, (to->count + more + 1) * sizeof(*to->items));
	for (size_t i = 0; i < more; i++) {
		const struct run_step *step = &s->steps[i];

		if (step->armed_us != RUN_NEVER)
			to->items[to->count++] = (struct period){
			    step->armed_us, step->lifted_us != RUN_NEVER
						? step->lifted_us
						: s->to_us};
	}
}

void
periods_merge(struct periods *s)
{
	size_t kept = 0;

	if (s->count > 1)
		qsort(s->items, s->count, sizeof(*s->items), by_from);
	for (size_t i = 0; i < s->count; i++) {
		struct period *last = &s->items[kept - (kept > 0)];

		if (kept > 0 && s->items[i].from_us <= last->to_us)
			last->to_us = MAX(last->to_us, s->items[i].to_us);
		else
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

void
periods_of_scenario(const struct run_scenario *s, struct periods *to)
{
	*to = (struct periods){0};
	add_steps(s, to);
	periods_merge(to);
}

void
periods_of_run(const struct run *run, struct periods *to)
{
	*to = (struct periods){0};
	for (size_t i = 0; i < run->asked->scenarios_count; i++)
		add_steps(&run->scenarios[i], to);
	periods_merge(to);
}

void
periods_fini(struct periods *s)
{
	free(s->items);
	*s = (struct periods){0};
}

double
periods_seconds(const struct periods *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += (double)(s->items[i].to_us - s->items[i].from_us) / 1e6;
	return sum;
}

int64_t
run_baseline_end(const struct run *run)
{
	struct periods all;
	int64_t end;

	periods_of_run(run, &all);
	end = all.count > 0 ? all.items[0].from_us : run->duration_us;
	periods_fini(&all);
	return end;
}

static bool
is_within(const struct periods *s, int64_t at_us)
{
	size_t lo = 0, hi = s->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->items[mid].to_us <= at_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->count && s->items[lo].from_us <= at_us;
}

/* --- sums ----------------------------------------------------------------- */

static bool
is_asked(const struct run *run, const struct sample *s, size_t load)
{
	if (load != TOTALS_ALL)
		return s->load == load;
	return run->asked->loads[s->load].probe == NULL;
}

void
totals_samples(const struct run *run, size_t load, const struct periods *within,
	       struct totals *to)
{
	const struct samples *all = &run->samples;

	*to = (struct totals){0};
	to->us = xcalloc(all->count + 1, sizeof(*to->us));
	for (size_t i = 0; i < all->count; i++) {
		const struct sample *s = &all->items[i];

		if (s->outcome == SAMPLE_OPEN || !is_asked(run, s, load) ||
		    !is_within(within, s->intended_us))
			continue;
		if (s->outcome == SAMPLE_LOST) {
			to->lost++;
			continue;
		}
		to->us[to->n++] = (double)(s->end_us - s->intended_us);
		to->failed += s->outcome != SAMPLE_OK;
		to->degraded += s->outcome == SAMPLE_OK && s->degraded;
	}
	stat_sort(to->us, to->n);
}

void
totals_calls(const struct calls *calls, const struct periods *within,
	     struct totals *to)
{
	*to = (struct totals){0};
	to->us = xcalloc(calls->count + 1, sizeof(*to->us));
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (c->outcome == CALL_OPEN || !is_within(within, c->start_us))
			continue;
		to->us[to->n++] = (double)(c->end_us - c->start_us);
		to->failed += call_failed(c);
	}
	stat_sort(to->us, to->n);
}

void
totals_fini(struct totals *t)
{
	free(t->us);
	*t = (struct totals){0};
}

struct totals_quantile
totals_at(const struct totals *t, double p)
{
	struct totals_quantile q = {0};
	size_t lo, hi;

	if (t->n == 0)
		return q;
	q.us = stat_quantile(t->us, t->n, p);
	q.ci_us = stat_quantile_range(t->us, t->n, p);
	q.known = stat_quantile_ranks(t->n, p, &lo, &hi);
	return q;
}
