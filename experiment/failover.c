/* SPDX-License-Identifier: Apache-2.0 */
/* Several routes lead to one service, one of them is broken: do callers take
 * another, and when?
 *
 *	armed ── lost calls ──► first success elsewhere	(switch, to)
 *	  └──────► last call before they leave it alone	(detect)
 *	lifted ──► first success on it again		(failback)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/scope.h"

#define SILENCE_US  1000000 /* without a call: it is left alone */
#define STANDBY	    0.1	/* of the calls before: others are not in use */
#define MOVED	    0.5	/* of the calls that were to be expected */
#define SOME	    0.2
#define FAILED_MIN  10
#define MOST	    0.9 /* of what moved: that is where it went */
#define CHANCE	    3	/* standard deviations of a Poisson count */

/* Another route to the service. */
struct sibling {
	const struct route *route;
	double expected, good; /* calls once it moved: as before, and seen */
};

struct failover {
	const struct scope *s;
	struct calls others; /* owned copies: of all siblings, in order */
	struct sibling *siblings; /* owned */
	size_t siblings_count;
	double usual, usual_others; /* calls per second before */
	bool standby;
	/* The longest of all windows, µs; -1: never. */
	double detect_us, switch_us, failback_us;
	size_t windows, switched, detected, failed, lost, returns;
	size_t lifted, back, flaps;
	double moved; /* the smallest share */
};

static int
by_start(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	return (x->start_us > y->start_us) - (x->start_us < y->start_us);
}

static void
begin(struct failover *f, const struct scope *s)
{
	const struct calls *own = &s->route->calls;
	int64_t from_us;

	*f = (struct failover){.s = s, .moved = 1, .detect_us = -1,
	    .switch_us = -1, .failback_us = -1};
	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *r = &s->record->routes[i];

		if (!route_is_twin(s->route, r))
			continue;
		f->siblings = xrealloc(f->siblings,
		    (f->siblings_count + 1) * sizeof(*f->siblings));
		f->siblings[f->siblings_count++] = (struct sibling){.route = r};
		for (size_t k = 0; k < r->calls.count; k++)
			*record_add(&f->others) = r->calls.items[k];
	}
	if (f->others.count > 1)
		qsort(f->others.items, f->others.count,
		    sizeof(*f->others.items), by_start);
	if (own->count == 0)
		return;
	from_us = own->items[0].start_us;
	f->usual = calls_rate(own, from_us, s->baseline_to_us);
	f->usual_others = calls_rate(&f->others, from_us, s->baseline_to_us);
	f->standby = f->usual_others <
	    STANDBY * (f->usual + f->usual_others);
}

static void
end(struct failover *f)
{
	free(f->others.items);
	free(f->siblings);
}

/* The first success that starts within the period; -1: none. */
static int64_t
first_success(const struct calls *calls, int64_t from_us, int64_t to_us)
{
	for (size_t i = calls_from(calls, from_us); i < calls->count &&
	     calls->items[i].start_us < to_us; i++) {
		if (calls->items[i].outcome == CALL_OK)
			return calls->items[i].start_us;
	}
	return -1;
}

static size_t
count_good(const struct calls *calls, int64_t from_us, int64_t to_us)
{
	size_t n = 0;

	for (size_t i = calls_from(calls, from_us); i < calls->count &&
	     calls->items[i].start_us < to_us; i++)
		n += calls->items[i].outcome == CALL_OK;
	return n;
}

static size_t
count_failed(const struct calls *calls, int64_t from_us, int64_t to_us)
{
	size_t n = 0;

	for (size_t i = calls_from(calls, from_us); i < calls->count &&
	     calls->items[i].start_us < to_us; i++)
		n += call_failed(&calls->items[i]);
	return n;
}

/* The first failure's end within the window; its end if there is none. */
static int64_t
first_failure(const struct calls *calls, const struct window *w)
{
	int64_t first_us = w->to_us;

	for (size_t i = calls_from(calls, w->from_us); i < calls->count &&
	     calls->items[i].start_us < w->to_us; i++) {
		if (call_failed(&calls->items[i]))
			first_us = MIN(first_us, calls->items[i].end_us);
	}
	return first_us;
}

/* When it was left alone, and how often it was tried again. */
static void
find_detect(struct failover *f, const struct window *w)
{
	const struct calls *own = &f->s->route->calls;
	int64_t last_us = w->from_us;
	bool left = false;

	for (size_t i = calls_from(own, w->from_us); i <= own->count; i++) {
		bool end = i == own->count ||
		    own->items[i].start_us >= w->to_us;
		int64_t at_us = end ? w->to_us : own->items[i].start_us;

		if (at_us - last_us >= SILENCE_US) {
			if (!left) {
				f->detected++;
				f->detect_us = MAX(f->detect_us,
				    (double)(last_us - w->from_us));
			}
			f->returns += !end && left;
			left = true;
		}
		if (end)
			return;
		last_us = at_us;
	}
}

/* How much of the route's usual calls went elsewhere, beside those that always
 * do? */
static void
find_moved(struct failover *f, int64_t from_us, int64_t to_us)
{
	double seconds = (double)(to_us - from_us) / 1e6;
	double more = (double)count_good(&f->others, from_us, to_us) -
	    f->usual_others * seconds;

	f->moved = MIN(f->moved, MAX(more / MAX(f->usual * seconds, 1), 0));
	for (size_t i = 0; i < f->siblings_count; i++) {
		struct sibling *one = &f->siblings[i];
		const struct calls *calls = &one->route->calls;

		one->good += (double)count_good(calls, from_us, to_us);
		one->expected += seconds * calls_rate(calls,
		    f->s->route->calls.items[0].start_us,
		    f->s->baseline_to_us);
	}
}

/* What went there beyond the usual, if that is more than chance. */
static double
gained(const struct sibling *one)
{
	double more = one->good - one->expected;

	return more > CHANCE * sqrt(one->expected) ? more : 0;
}

/* The route that nearly all of what moved went to: its name; "several" if
 * there is no such route; NULL: nothing moved. */
static const char *
find_place(const struct failover *f)
{
	const struct sibling *best = NULL;
	double sum = 0;

	for (size_t i = 0; i < f->siblings_count; i++) {
		const struct sibling *one = &f->siblings[i];

		sum += gained(one);
		if (best == NULL || gained(one) > gained(best))
			best = one;
	}
	if (sum <= 0)
		return NULL;
	return gained(best) >= MOST * sum ? best->route->name : "several";
}

static void
find_switch(struct failover *f, const struct window *w)
{
	const struct calls *own = &f->s->route->calls;
	const struct calls *callers =
	    f->s->edge != NULL && f->s->edge->calls.count > 0
	    ? &f->s->edge->calls
	    : own;
	int64_t broken_us = f->standby ? w->from_us : first_failure(own, w);
	int64_t at_us = first_success(&f->others, broken_us, w->to_us);

	f->failed += count_failed(own, w->from_us, w->to_us);
	if (at_us < 0) {
		f->moved = 0;
		f->lost += count_failed(callers, w->from_us, w->to_us);
		return;
	}
	f->switched++;
	f->switch_us = MAX(f->switch_us, (double)(at_us - w->from_us));
	f->lost += count_failed(callers, w->from_us, at_us);
	find_moved(f, at_us, w->to_us);
}

/* Behind the lift: when it is used again, and how often that changes. */
static void
find_failback(struct failover *f, int64_t from_us, int64_t to_us)
{
	const struct calls *own = &f->s->route->calls;
	int64_t at_us = first_success(own, from_us, to_us), other_us = at_us;
	bool here = true;

	f->lifted++;
	if (at_us < 0)
		return;
	f->back++;
	f->failback_us = MAX(f->failback_us, (double)(at_us - from_us));
	while (f->standby) {
		other_us = first_success(here ? &f->others : own,
		    other_us + 1, to_us);
		if (other_us < 0)
			return;
		here = !here;
		f->flaps++;
	}
}

static int64_t
next_window(const struct scope *s, size_t i)
{
	return i + 1 < s->windows_count ? s->windows[i + 1].from_us
					: s->record->end_us;
}

/* Whether, and when, it is used again. */
static const char *
back_text(const struct failover *f, char buf[48])
{
	if (f->lifted == 0)
		snprintf(buf, 48, "the fault was not lifted");
	else if (f->back < f->lifted)
		snprintf(buf, 48, "not back after %zu of %zu faults",
		    f->lifted - f->back, f->lifted);
	else
		snprintf(buf, 48, "back %.3f s after it%s",
		    f->failback_us / 1e6, f->flaps > 0 ? ", and away again"
						       : "");
	return buf;
}

static void
say(const struct failover *f, struct verdict *v)
{
	bool some = f->switched > 0 && (f->standby || f->moved >= SOME);
	const char *to = some ? find_place(f) : NULL;
	char back[48];

	if (to != NULL)
		verdict_word(v, "to", to);
	verdict_word(v, "others", f->standby ? "standby" : "in_use");
	verdict_number(v, "lost", (double)f->lost);
	if (f->detected > 0)
		verdict_number(v, "detect_s", f->detect_us / 1e6);
	if (f->switched > 0) {
		verdict_number(v, "switch_s", f->switch_us / 1e6);
		verdict_number(v, "moved_share", f->moved);
		verdict_number(v, "returns", (double)f->returns);
	}
	if (f->back > 0) {
		verdict_number(v, "failback_s", f->failback_us / 1e6);
		verdict_number(v, "flaps", (double)f->flaps);
	}
	if (f->switched == f->windows && f->moved >= MOVED)
		verdict_say(v, STATE_CONFIRMED, "calls went to %s after "
		    "%.3f s, %zu failed until then; %s",
		    to != NULL ? to : "others", f->switch_us / 1e6, f->lost,
		    back_text(f, back));
	else if (f->failed < FAILED_MIN && f->switched == 0)
		verdict_say(v, STATE_INCONCLUSIVE,
		    "%zu calls failed, which are too few", f->failed);
	else if (some)
		verdict_say(v, STATE_PARTIAL, "in %zu of %zu outages some "
		    "calls went elsewhere, %.0f %% of those to be expected at "
		    "the least", f->switched, f->windows, f->moved * 100);
	else
		verdict_say(v, STATE_ABSENT, "%zu calls failed, and no more "
		    "than before went elsewhere", f->failed);
	if (v->state == STATE_INCONCLUSIVE)
		verdict_wants(v, "%d calls that fail", FAILED_MIN);
}

void
failover_judge(const struct scope *s, struct verdicts *to)
{
	struct failover f;
	struct verdict *v;

	begin(&f, s);
	if (f.siblings_count == 0) {
		end(&f);
		return;
	}
	v = scope_verdict(s, to, "failover", "siblings/2");
	for (size_t i = 0; i < s->windows_count; i++) {
		f.windows++;
		find_detect(&f, &s->windows[i]);
		find_switch(&f, &s->windows[i]);
		if (!s->windows[i].lasts)
			find_failback(&f, s->windows[i].to_us,
			    next_window(s, i));
	}
	v->n = f.failed;
	verdict_number(v, "siblings", (double)f.siblings_count);
	if (f.usual <= 0)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "nobody used the route before the fault");
	else if (f.failed == 0 && f.switched == 0)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no call failed while the fault was armed");
	else
		say(&f, v);
	end(&f);
}
