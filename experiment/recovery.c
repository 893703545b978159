/* SPDX-License-Identifier: Apache-2.0 */
/* How long after the fault was lifted until all is as before, and whose part
 * of it that was.
 *
 *	lifted ── client waits ──► first attempt ── service ──► first success
 *	   └──────────────────────────────────────────────────────────► steady
 */
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/compare.h"

#define STEADY_US     10000000
#define STEP_US	      100000
#define SLOWER	      1.25
#define GIVE_UP_US    60000000 /* then it has not recovered */

struct recovery {
	size_t lifts, succeeded, steady, too_short;
	double wait_s, success_s, steady_s; /* the longest of all lifts */
	double steady_sum_s;
};

/* How many of the first i calls were over, failed, were slow. */
struct sums {
	size_t *n, *failed, *slow; /* owned; count + 1 of each */
};

static void
sums_init(struct sums *u, const struct calls *calls,
    const struct digest *base)
{
	double limit_us = SLOWER * base->p95_ci_us.hi;

	u->n = xcalloc(3 * (calls->count + 1), sizeof(*u->n));
	u->failed = u->n + calls->count + 1;
	u->slow = u->failed + calls->count + 1;
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];
		bool over = c->outcome != CALL_OPEN;

		u->n[i + 1] = u->n[i] + over;
		u->failed[i + 1] = u->failed[i] + call_failed(c);
		u->slow[i + 1] = u->slow[i] + (over &&
			(double)(c->end_us - c->start_us) > limit_us);
	}
}

/* Are 10 s from then on as good as the baseline? */
static bool
is_steady(const struct calls *calls, const struct sums *u,
    const struct digest *base, int64_t from_us)
{
	size_t from = calls_from(calls, from_us);
	size_t to = calls_from(calls, from_us + STEADY_US);
	size_t n = u->n[to] - u->n[from];

	return n >= COMPARE_MIN &&
	    (double)(u->failed[to] - u->failed[from]) <=
		stat_wilson(base->failed, base->n).hi * (double)n &&
	    (double)(u->slow[to] - u->slow[from]) <= 0.05 * (double)n;
}

/* The end of what can be looked at behind a lift: the next fault of any. */
static int64_t
horizon(const struct scope *s, int64_t lift_us)
{
	int64_t to_us = s->record->end_us;

	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *r = &s->record->routes[i];

		for (size_t k = 0; k < r->windows_count; k++) {
			if (r->windows[k].from_us >= lift_us)
				to_us = MIN(to_us, r->windows[k].from_us);
		}
	}
	return to_us;
}

static void
find_success(const struct scope *s, int64_t lift_us, int64_t to_us,
    struct recovery *r)
{
	const struct calls *calls = &s->route->calls;
	size_t i = calls_from(calls, lift_us);

	if (i < calls->count && calls->items[i].start_us < to_us)
		r->wait_s = MAX(r->wait_s,
		    (double)(calls->items[i].start_us - lift_us) / 1e6);
	for (; i < calls->count && calls->items[i].start_us < to_us; i++) {
		const struct call *c = &calls->items[i];

		if (c->outcome != CALL_OK)
			continue;
		r->succeeded++;
		r->success_s = MAX(r->success_s,
		    (double)(c->end_us - lift_us) / 1e6);
		return;
	}
}

static void
find_steady(const struct calls *calls, const struct digest *base,
    const int64_t span_us[2], struct recovery *r)
{
	int64_t t = span_us[0];
	struct sums u;

	if (span_us[1] - span_us[0] < STEADY_US) {
		r->too_short++;
		return;
	}
	sums_init(&u, calls, base);
	/* What is seen changes with calls only. */
	for (size_t i = calls_from(calls, span_us[0]); i < calls->count &&
	     calls->items[i].start_us + STEADY_US <= span_us[1]; i++) {
		double after_s;

		if (calls->items[i].start_us < t)
			continue;
		t = calls->items[i].start_us;
		after_s = (double)(t - span_us[0]) / 1e6;
		if (!is_steady(calls, &u, base, t)) {
			t += STEP_US;
			continue;
		}
		r->steady++;
		r->steady_s = MAX(r->steady_s, after_s);
		r->steady_sum_s += after_s;
		free(u.n);
		return;
	}
	free(u.n);
	if (span_us[1] - span_us[0] < GIVE_UP_US)
		r->too_short++;
}

static void
say(const struct recovery *r, struct verdict *v)
{
	if (r->succeeded > 0) {
		verdict_number(v, "first_success_s", r->success_s);
		verdict_number(v, "client_wait_s", r->wait_s);
		verdict_number(v, "service_s",
		    MAX(r->success_s - r->wait_s, 0));
	}
	if (r->steady > 0) {
		verdict_number(v, "steady_s", r->steady_s);
		verdict_number(v, "mean_s",
		    r->steady_sum_s / (double)r->steady);
	}
	if (r->steady == r->lifts)
		verdict_say(v, STATE_CONFIRMED, "steady again after each of "
		    "%zu outages", r->lifts);
	else if (r->too_short > 0) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu of %zu outages were "
		    "not followed for long enough", r->too_short, r->lifts);
		verdict_wants(v, "traffic for %d s behind the fault, %d calls "
				 "in 10 s", GIVE_UP_US / 1000000, COMPARE_MIN);
	} else
		verdict_say(v, r->steady > 0 ? STATE_PARTIAL : STATE_ABSENT,
		    "not recovered after %zu of %zu outages",
		    r->lifts - r->steady, r->lifts);
}

void
recovery_judge(const struct scope *s, struct verdicts *to)
{
	const struct calls *seen = s->edge != NULL ? &s->edge->calls
						   : &s->route->calls;
	struct recovery r = {0};
	struct digest base;
	struct verdict *v = scope_verdict(s, to, "recovery", "windows/1");

	digest_take(seen, 0, s->baseline_to_us, &base);
	for (size_t i = 0; i < s->windows_count; i++) {
		int64_t span_us[2] = {s->windows[i].to_us,
		    horizon(s, s->windows[i].to_us)};

		if (s->windows[i].to_us >= s->record->end_us)
			continue;
		r.lifts++;
		find_success(s, span_us[0], span_us[1], &r);
		if (base.n >= COMPARE_MIN)
			find_steady(seen, &base, span_us, &r);
	}
	v->n = r.lifts;
	if (r.lifts == 0) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "the fault was not lifted while the run lasted");
	} else if (base.n < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu calls before the "
		    "fault do not tell what steady is", base.n);
		verdict_wants(v, "%d calls before the fault", COMPARE_MIN);
	} else {
		say(&r, v);
	}
}
