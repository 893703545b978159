/* SPDX-License-Identifier: Apache-2.0 */
/* Does somebody limit how many calls are under way at a time? While calls are
 * slow, their number stands at a limit, though more are wanted. It may pass it
 * for a moment: one who was answered begins the next call while we still see
 * the last one end. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/compare.h"

#define AT_LIMIT 0.6  /* of the time at the peak, or one below */
#define EXCESS	 1.5  /* wanted, in peaks */
#define A_MOMENT 0.05 /* of the time: higher numbers are no peak */

struct change {
	int64_t at_us;
	int by;
};

struct crowd {
	size_t peak;	/* as many or more for longer than a moment */
	double at_peak; /* share of the time at the peak or one below */
};

static int
by_time(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->by - y->by;
}

struct changes {
	struct change *items; /* owned */
	size_t count, room;
};

static void
add(struct changes *c, int64_t at_us, int by)
{
	if (c->count == c->room) {
		c->room = c->room > 0 ? c->room * 2 : 64;
		c->items = xrealloc(c->items, c->room * sizeof(*c->items));
	}
	c->items[c->count++] = (struct change){at_us, by};
}

/* The calls under way over the windows, the first second of each aside. */
static void
changes_of(const struct scope *s, const struct calls *calls,
    struct changes *to)
{

	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		for (size_t k = 0; k < s->windows_count; k++) {
			int64_t from = MAX(c->start_us,
			    s->windows[k].from_us + 1000000);
			int64_t end = MIN(c->end_us, s->windows[k].to_us);

			if (from >= end)
				continue;
			add(to, from, 1);
			add(to, end, -1);
		}
	}
	if (to->count > 1)
		qsort(to->items, to->count, sizeof(*to->items), by_time);
}

/* How long so many calls were under way: times[0 … count]; owned. */
static double *
times_of(const struct changes *changes)
{
	double *times = xcalloc(changes->count + 1, sizeof(*times));
	size_t now = 0;

	for (size_t i = 0; i + 1 < changes->count; i++) {
		now = (size_t)((int64_t)now + changes->items[i].by);
		times[now] += (double)(changes->items[i + 1].at_us -
		    changes->items[i].at_us);
	}
	return times;
}

static void
measure(const struct scope *s, const struct calls *calls, struct crowd *to)
{
	struct changes changes = {0};
	double *times, all = 0, high = 0;

	changes_of(s, calls, &changes);
	times = times_of(&changes);
	for (size_t n = 0; n <= changes.count; n++)
		all += times[n];
	to->peak = changes.count;
	while (to->peak > 0 && high + times[to->peak] <= all * A_MOMENT)
		high += times[to->peak--];
	for (size_t n = to->peak; n + 1 >= to->peak && n > 0; n--)
		high += times[n];
	to->at_peak = all > 0 ? high / all : 0;
	free(times);
	free(changes.items);
}

/* Calls that the limit would hold back, if there were none: rate × time. */
static double
wanted(const struct scope *s, const struct crowd *edge)
{
	struct digest dep, in;
	double seconds = scope_seconds(s);

	digest_during(s, &s->route->calls, &dep);
	digest_during(s, &s->edge->calls, &in);
	return MAX((double)in.n / MAX(seconds, 1) * dep.p50_us / 1e6,
	    (double)edge->peak);
}

/* Do those that found no room fail at once? */
static bool
rejects(const struct scope *s)
{
	struct digest dep;
	size_t fast = 0, n = 0;

	digest_during(s, &s->route->calls, &dep);
	for (size_t i = 0; i < s->edge->calls.count; i++) {
		const struct call *c = &s->edge->calls.items[i];

		if (scope_window(s, c->start_us) == NULL)
			continue;
		n++;
		fast += call_failed(c) && (double)(c->end_us - c->start_us) <
			dep.p50_us / 2;
	}
	return fast * 10 > n;
}

void
bulkhead_judge(const struct scope *s, struct verdicts *to)
{
	struct crowd dep, edge;
	struct verdict *v;
	double want;

	if (s->edge == NULL || strcmp(s->kind, "latency") != 0)
		return;
	measure(s, &s->route->calls, &dep);
	measure(s, &s->edge->calls, &edge);
	v = scope_verdict(s, to, "bulkhead", "plateau/2");
	v->n = dep.peak;
	want = wanted(s, &edge);
	verdict_number(v, "peak", (double)dep.peak);
	verdict_number(v, "at_peak_share", dep.at_peak);
	verdict_number(v, "wanted", want);
	if (dep.peak < 2) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no two calls were under way at a time");
	} else if (want < EXCESS * (double)dep.peak) {
		verdict_say(v, STATE_INCONCLUSIVE, "up to %zu calls were "
		    "under way, and no more were wanted", dep.peak);
		verdict_wants(v, "more load, or a longer latency: a limit "
				 "above %zu may be there", dep.peak);
	} else if (dep.at_peak >= AT_LIMIT) {
		verdict_number(v, "limit", (double)dep.peak);
		verdict_word(v, "excess", rejects(s) ? "rejected" : "queued");
		verdict_say(v, STATE_CONFIRMED, "%zu calls under way at most, "
		    "and nearly so %.0f %% of the time, though %.0f were "
		    "wanted", dep.peak, dep.at_peak * 100, want);
	} else {
		verdict_say(v, STATE_ABSENT, "calls under way rose to %zu and "
		    "stood there %.0f %% of the time only", dep.peak,
		    dep.at_peak * 100);
	}
}
