/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of skipped calls in one window, and what was around them. */
#include <math.h>

#include "base/attr.h"
#include "experiment/breaker.h"

#define CHANCE	   0.001
#define CLOSED_MIN 5	   /* good calls: it is closed again */
#define OFTEN	   0.05	   /* skipped without a breaker */
#define BEFORE_US  5000000 /* before a window */
#define ROOM_US	   10000   /* from a call's end to the next one's start */
#define CROWDED	   0.9	   /* of the runs are those of a limit */

/* What all functions here look at. */
struct look {
	const struct scope *s;
	const struct inbounds *in;
	struct breaker_trace *t;
};

static size_t
run_min(double q, size_t n)
{
	double k = ceil(log(CHANCE / (double)MAX(n, 1)) / log(q));

	return (size_t)MAX(k, 2);
}

static bool
is_ours(const struct look *l, const struct call *c)
{
	return l->in->client == 0 || c->client == l->in->client;
}

/* --- runs ----------------------------------------------------------------- */

static void
add_run(struct look *l, size_t first, size_t last)
{
	size_t end = last;

	if (l->t->runs_count == BREAKER_RUNS)
		return;
	while (end + 1 < l->in->count &&
	    l->in->items[end + 1].attempt == NULL)
		end++;
	l->t->runs[l->t->runs_count++] =
	    (struct breaker_run){first, last, end};
}

static void
find_runs(struct look *l)
{
	size_t i = l->t->from;

	while (i < l->t->to) {
		size_t first = i;

		while (i < l->t->to && l->in->items[i].attempt == NULL)
			i++;
		/* One at the start has no failure before it. */
		if (i - first >= l->t->at_least && first > l->t->from)
			add_run(l, first, i - 1);
		if (i == first)
			i++;
	}
}

/* --- runs that are none --------------------------------------------------- */

static size_t
under_way(const struct look *l, int64_t at_us)
{
	const struct calls *calls = &l->s->route->calls;
	size_t end = calls_from(calls, at_us), n = 0;

	for (size_t i = 0; i < end; i++)
		n += is_ours(l, &calls->items[i]) &&
		    calls->items[i].end_us > at_us;
	return n;
}

/* Was one over shortly before this run's end let the next one through? */
static bool
is_let_in(const struct look *l, const struct breaker_run *r)
{
	const struct calls *calls = &l->s->route->calls;
	int64_t from_us = l->in->items[r->last].call->start_us -
	    l->s->record->noise_us - ROOM_US;
	int64_t to_us = l->in->items[r->last + 1].attempt->start_us;
	size_t end = calls_from(calls, to_us);

	for (size_t i = 0; i < end; i++) {
		const struct call *c = &calls->items[i];

		if (is_ours(l, c) && c->end_us >= from_us &&
		    c->end_us <= to_us)
			return true;
	}
	return false;
}

/* A limit of calls under way skips, too: while it is reached. */
static bool
is_crowded(const struct look *l, const struct breaker_run *r, size_t peak)
{
	size_t last =
	    under_way(l, l->in->items[r->last].call->start_us);

	return last > 0 && last + 1 >= peak &&
	    under_way(l, l->in->items[r->first].call->start_us) + 1 >= peak &&
	    is_let_in(l, r);
}

/* Without failures nothing opens. */
static void
drop_runs(struct look *l)
{
	struct breaker_trace *t = l->t;
	size_t peak = 0, ended = 0, crowded = 0;

	for (size_t i = 0; i < t->runs_count; i++)
		peak = MAX(peak, under_way(l,
		    l->in->items[t->runs[i].first].call->start_us));
	for (size_t i = 0; i < t->runs_count; i++) {
		if (t->runs[i].last + 1 >= t->to)
			continue;
		ended++;
		crowded += is_crowded(l, &t->runs[i], peak);
	}
	if (ended > 0 && (double)crowded >= CROWDED * (double)ended)
		t->crowded = t->runs_count;
	if (t->crowded > 0 || (t->failed == 0 && !t->window->clipped))
		t->runs_count = 0;
}

/* --- when it opened ------------------------------------------------------- */

/* A kept connection that the fault ended. Its client may have met that, by the
 * next call on it, which is seen nowhere; or never. */
static bool
was_kept(const struct look *l, const struct call *c)
{
	return c->method == NULL && c->start_us < l->t->window->from_us;
}

/* Failures since the last success, of those over by `until_us`; with those of
 * kept connections, or without. */
static size_t
failures_by(const struct look *l, int64_t until_us, bool kept)
{
	const struct calls *calls = &l->s->route->calls;
	size_t end = calls_from(calls, until_us + 1), n = 0;
	int64_t success_us = INT64_MIN;

	for (size_t i = 0; i < end; i++) {
		const struct call *c = &calls->items[i];

		if (is_ours(l, c) && c->outcome == CALL_OK &&
		    c->end_us <= until_us)
			success_us = MAX(success_us, c->end_us);
	}
	for (size_t i = 0; i < end; i++) {
		const struct call *c = &calls->items[i];

		n += is_ours(l, c) && call_failed(c) &&
		    c->end_us <= until_us && c->end_us > success_us &&
		    (kept || !was_kept(l, c));
	}
	return n;
}

/* The start of the last attempt before the run. */
static int64_t
last_forwarded(const struct look *l, const struct breaker_run *r)
{
	size_t i = r->first;

	while (i > l->t->from && l->in->items[i - 1].attempt == NULL)
		i--;
	return i > l->t->from ? l->in->items[i - 1].attempt->start_us
			      : l->in->items[r->first].call->start_us;
}

/* Was it closed before run k? Since the run before, enough must have gone well
 * for any half-open state. */
static bool
is_fresh(const struct look *l, size_t k)
{
	const struct breaker_run *r = &l->t->runs[k];
	size_t good = 0;

	if (k == 0)
		return true;
	for (size_t i = l->t->runs[k - 1].last + 1; i < r->first; i++)
		good += l->in->items[i].attempt != NULL &&
		    l->in->items[i].attempt->outcome == CALL_OK;
	return good >= CLOSED_MIN;
}

static void
find_rows(struct look *l)
{
	int64_t noise_us = l->s->record->noise_us;

	for (size_t k = 0; k < l->t->runs_count; k++) {
		struct breaker_run *r = &l->t->runs[k];
		int64_t skipped_us = l->in->items[r->first].call->start_us;

		r->fresh = is_fresh(l, k);
		if (!r->fresh)
			continue;
		r->row_lo = failures_by(l, last_forwarded(l, r) - noise_us,
		    false) + 1;
		r->row_hi = MAX(failures_by(l, skipped_us + noise_us, true),
		    r->row_lo);
	}
	l->t->threshold_lo = l->t->runs[0].row_lo;
	l->t->threshold_hi = l->t->runs[0].row_hi;
}

/* A failing completion between the last forwarded start and the first skipped
 * call opened it. */
static struct breaker_bracket
opened(const struct look *l, const struct breaker_run *r)
{
	const struct calls *calls = &l->s->route->calls;
	int64_t from_us = last_forwarded(l, r);
	int64_t to_us = l->in->items[r->first].call->start_us +
	    l->s->record->noise_us;
	size_t end = calls_from(calls, to_us + 1);
	struct breaker_bracket b = {(double)from_us, (double)to_us};
	bool any = false;

	for (size_t i = 0; i < end; i++) {
		const struct call *c = &calls->items[i];
		double at_us = (double)c->end_us;

		if (!is_ours(l, c) || !call_failed(c) ||
		    c->end_us < from_us || c->end_us > to_us)
			continue;
		b.lo = any ? MIN(b.lo, at_us) : at_us;
		b.hi = any ? MAX(b.hi, at_us) : at_us;
		any = true;
	}
	return b;
}

/* How long it stayed open, for every run that a probe ended. */
static void
find_cycles(struct look *l)
{
	double noise = (double)l->s->record->noise_us;

	for (size_t i = 0; i < l->t->runs_count; i++) {
		const struct breaker_run *r = &l->t->runs[i];
		struct breaker_bracket open = opened(l, r);
		double skipped =
		    (double)l->in->items[r->last].call->start_us;

		if (r->last + 1 >= l->t->to)
			continue;
		l->t->cycles_us[l->t->cycles_count++] =
		    (struct breaker_bracket){
			MAX(skipped - open.hi - noise, 0),
			(double)l->in->items[r->last + 1].attempt->start_us -
			    open.lo + noise};
	}
}

/* The longest series of failed attempts from there on: a success in between
 * closes a breaker for good reason. */
static size_t
failed_in_row(const struct look *l, size_t from)
{
	size_t row = 0, longest = 0;

	for (size_t k = from; k < l->t->to; k++) {
		const struct call *attempt = l->in->items[k].attempt;

		if (attempt == NULL)
			continue;
		row = call_failed(attempt) ? row + 1 : 0;
		longest = MAX(longest, row);
	}
	return longest;
}

/* Forwarded attempts between one run and the next, if it was half open for all
 * of that time: where enough went well it closed, and opened anew. */
static void
find_probes(struct look *l)
{
	struct breaker_trace *t = l->t;

	for (size_t i = 0; i < t->runs_count; i++) {
		bool last = i + 1 == t->runs_count;
		size_t end = last ? t->to : t->runs[i + 1].first, n = 0;

		for (size_t k = t->runs[i].last + 1; k < end; k++)
			n += l->in->items[k].attempt != NULL;
		if (last) {
			t->after_probe =
			    failed_in_row(l, t->runs[i].last + 1);
			continue;
		}
		if (t->runs[i + 1].fresh)
			continue;
		t->probes_min = t->probes_min == 0 ? n
						   : MIN(t->probes_min, n);
		t->probes_max = MAX(t->probes_max, n);
	}
}

/* --- what was tried before ------------------------------------------------ */

/* Series of failures that a success ended: they did not open it. Skipped calls
 * end one, too, unless many are skipped anyway. */
static size_t
longest_row(const struct look *l)
{
	size_t row = 0, longest = 0, skipped = 0;

	for (size_t i = l->t->from; i < l->t->to; i++) {
		const struct call *c = l->in->items[i].attempt;

		skipped = c == NULL ? skipped + 1 : 0;
		if (c == NULL) {
			if (l->in->skip_share < OFTEN ||
			    skipped >= l->t->at_least)
				row = 0;
		} else if (call_failed(c)) {
			row++;
		} else {
			longest = MAX(longest, row);
			row = 0;
		}
	}
	return longest;
}

static void
find_tried(struct look *l)
{
	const struct calls *calls = &l->s->route->calls;
	struct breaker_trace *t = l->t;
	double seconds =
	    (double)(t->window->to_us - t->window->from_us) / 1e6;
	size_t end = calls_from(calls, t->window->to_us);

	for (size_t i = calls_from(calls, t->window->from_us); i < end; i++) {
		const struct call *c = &calls->items[i];

		if (!is_ours(l, c) || c->outcome == CALL_OPEN)
			continue;
		t->tried++;
		t->failed += call_failed(c);
	}
	t->row = longest_row(l);
	t->rate = seconds > 0 ? (double)(t->to - t->from) / seconds : 0;
	t->rate_before = (double)(t->from -
			     inbounds_from(l->in,
				 t->window->from_us - BEFORE_US)) *
	    1e6 / BEFORE_US;
}

void
breaker_trace(const struct scope *s, const struct inbounds *in,
    const struct window *w, struct breaker_trace *to)
{
	struct look l = {s, in, to};

	*to = (struct breaker_trace){.window = w,
	    .from = inbounds_from(in, w->from_us),
	    .to = inbounds_from(in, w->to_us)};
	to->at_least = run_min(in->skip_share, to->to - to->from);
	find_runs(&l);
	find_tried(&l);
	drop_runs(&l);
	if (to->runs_count == 0)
		return;
	find_rows(&l);
	find_cycles(&l);
	find_probes(&l);
}

struct breaker_bracket
breaker_open_us(const struct breaker_trace *t)
{
	struct breaker_bracket all = {1, 0};

	for (size_t i = 0; i < t->cycles_count; i++) {
		if (i == 0)
			all = t->cycles_us[0];
		all.lo = MAX(all.lo, t->cycles_us[i].lo);
		all.hi = MIN(all.hi, t->cycles_us[i].hi);
	}
	return all;
}
