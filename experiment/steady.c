/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over the calls, so that a look at a period costs two searches. */
#include "experiment/steady.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define STEP_US 100000

static void
add_up(struct steady *t, double p95)
{
	double limit_us = p95 * t->base.p95_ci_us.hi;

	for (size_t i = 0; i < t->calls->count; i++) {
		const struct call *c = &t->calls->items[i];
		bool over = c->outcome != CALL_OPEN;

		t->n[i + 1] = t->n[i] + over;
		t->failed[i + 1] = t->failed[i] + call_failed(c);
		t->slow[i + 1] = t->slow[i] + (over &&
			(double)(c->end_us - c->start_us) > limit_us);
	}
}

void
steady_init(struct steady *t, const struct scope *s)
{
	size_t room;

	*t = (struct steady){.calls = s->edge != NULL ? &s->edge->calls
						      : &s->route->calls};
	t->period_us = s->record->steady_us > 0 ? s->record->steady_us
					      : STEADY_US;
	room = t->calls->count + 1;
	digest_take(t->calls, 0, s->baseline_to_us, &t->base);
	t->n = xcalloc(3 * room, sizeof(*t->n));
	t->failed = t->n + room;
	t->slow = t->failed + room;
	add_up(t,
	    s->record->steady_p95 > 0 ? s->record->steady_p95 : STEADY_P95);
}

void
steady_fini(struct steady *t)
{
	free(t->n);
	*t = (struct steady){0};
}

static bool
is_steady(const struct steady *t, int64_t from_us)
{
	size_t from = calls_from(t->calls, from_us);
	size_t to = calls_from(t->calls, from_us + t->period_us);
	size_t n = t->n[to] - t->n[from];

	return n >= COMPARE_MIN &&
	    (double)(t->failed[to] - t->failed[from]) <=
		stat_wilson(t->base.failed, t->base.n).hi * (double)n &&
	    (double)(t->slow[to] - t->slow[from]) <= 0.05 * (double)n;
}

int64_t
steady_find(const struct steady *t, int64_t from_us, int64_t to_us)
{
	const struct calls *calls = t->calls;
	int64_t next_us = from_us;

	/* What is seen changes with calls only. */
	for (size_t i = calls_from(calls, from_us); i < calls->count &&
	     calls->items[i].start_us + t->period_us <= to_us; i++) {
		int64_t at_us = calls->items[i].start_us;

		if (at_us < next_us)
			continue;
		if (is_steady(t, at_us))
			return at_us;
		next_us = at_us + STEP_US;
	}
	return -1;
}

int64_t
steady_horizon(const struct record *r, int64_t lift_us)
{
	int64_t to_us = r->end_us;

	for (size_t i = 0; i < r->routes_count; i++) {
		for (size_t k = 0; k < r->routes[i].windows_count; k++) {
			int64_t from_us = r->routes[i].windows[k].from_us;

			if (from_us >= lift_us)
				to_us = MIN(to_us, from_us);
		}
	}
	return to_us;
}
