/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers, seen from outside: calls come in over the edge and no
 * attempt follows on the dependency.
 *
 *	inbound		1 1 1 1 1 0 0 0 0 0 1 0 0 0 0 0 1 1 1	(1: forwarded)
 *	failures	F F F F F           F           S S S
 *			        └ threshold └ probe     └ closed
 *			          └─ open ──┘
 *
 * A run of skipped calls counts if chance, or a cache of the measured rate,
 * would make one as long only once in a thousand such runs of the test. */
#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/identity.h"

#define CHANCE	     0.001
#define ABSENT_MIN   250 /* failures */
#define ABSENT_S     30.0
#define CYCLES_MAX   64
#define LOOK_BACK    1024 /* inbound calls that may be under way */

struct inbound {
	const struct call *call;
	const struct call *attempt; /* the first it led to; NULL: skipped */
	size_t attempts;
};

struct flow_of_calls {
	struct inbound *items; /* owned; by start */
	size_t count;
	size_t from, to; /* those within the window */
};

/* A run of skipped calls. */
struct run {
	size_t first, last; /* into the inbound calls */
};

struct cycle {
	double lo_us, hi_us; /* open time */
};

struct found {
	struct run runs[CYCLES_MAX];
	size_t runs_count;
	struct cycle cycles[CYCLES_MAX];
	size_t cycles_count;
	size_t threshold_lo, threshold_hi;
	size_t probes_min, probes_max;
	size_t after_probe; /* forwarded in a gap that went on failing */
};

/* --- inbound calls and their attempts ------------------------------------- */

static bool
same(const struct call *edge, const struct call *c)
{
	return (c->trace != 0 && c->trace == edge->trace) ||
	    (c->id != 0 && c->id == edge->id) ||
	    (c->token != 0 && c->token == edge->token);
}

/* The inbound call that this attempt belongs to: one that says the same id,
 * else, of those alive, the latest without an attempt, else the latest. */
static struct inbound *
cause(struct flow_of_calls *in, size_t end, const struct call *c)
{
	struct inbound *free_one = NULL, *latest = NULL;

	for (size_t i = end > LOOK_BACK ? end - LOOK_BACK : 0; i < end; i++) {
		struct inbound *b = &in->items[i];

		if (b->call->closed_us < c->start_us)
			continue;
		if (same(b->call, c))
			return b;
		latest = b;
		if (b->attempts == 0)
			free_one = b;
	}
	return free_one != NULL ? free_one : latest;
}

static void
match(const struct scope *s, struct flow_of_calls *in)
{
	const struct calls *edge = &s->edge->calls, *calls = &s->route->calls;
	bool *skip = xcalloc(edge->count + calls->count + 1, sizeof(*skip));
	bool *own = skip + edge->count;
	size_t end = 0;

	in->items = xcalloc(edge->count + 1, sizeof(*in->items));
	identity_checks(edge, skip);
	identity_checks(calls, own);
	for (size_t i = 0; i < edge->count; i++) {
		if (!skip[i])
			in->items[in->count++].call = &edge->items[i];
	}
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];
		struct inbound *b;

		while (end < in->count &&
		    in->items[end].call->start_us <= c->start_us)
			end++;
		b = own[i] ? NULL : cause(in, end, c);
		if (b == NULL)
			continue;
		if (b->attempt == NULL)
			b->attempt = c;
		b->attempts++;
	}
	free(skip);
}

/* Narrows the flow to one window. */
static void
narrow(struct flow_of_calls *in, const struct window *w)
{
	in->from = 0;
	while (in->from < in->count &&
	    in->items[in->from].call->start_us < w->from_us)
		in->from++;
	in->to = in->from;
	while (in->to < in->count &&
	    in->items[in->to].call->start_us < w->to_us)
		in->to++;
}

/* How likely is a call skipped without a breaker? */
static double
skip_share(const struct scope *s, const struct flow_of_calls *in)
{
	size_t n = 0, skipped = 0;

	for (size_t i = 0; i < in->count; i++) {
		if (in->items[i].call->start_us >= s->baseline_to_us)
			break;
		n++;
		skipped += in->items[i].attempt == NULL;
	}
	if (n == 0)
		return 0.5;
	/* Of a few calls the share is not known well: its upper bound. */
	return MIN(MAX(3.0 / (double)n, skipped == 0 ? 0
		: stat_wilson(skipped, n).hi), 0.95);
}

static size_t
run_min(double q, size_t n)
{
	double k = ceil(log(CHANCE / (double)MAX(n, 1)) / log(q));

	return (size_t)MAX(k, 2);
}

/* --- runs ----------------------------------------------------------------- */

static void
find_runs(const struct flow_of_calls *in, size_t at_least, struct found *f)
{
	size_t i = in->from;

	while (i < in->to) {
		size_t first = i;

		while (i < in->to && in->items[i].attempt == NULL)
			i++;
		/* One at the start has no failure before it. */
		if (i - first >= at_least && first > in->from &&
		    f->runs_count < CYCLES_MAX)
			f->runs[f->runs_count++] = (struct run){first, i - 1};
		if (i == first)
			i++;
	}
}

/* Failures since the last success, of those completed by `until_us`. */
static size_t
failures_by(const struct scope *s, int64_t until_us)
{
	const struct calls *calls = &s->route->calls;
	int64_t success_us = INT64_MIN;
	size_t n = 0;

	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (c->start_us > until_us)
			break;
		if (c->outcome == CALL_OK && c->end_us <= until_us)
			success_us = MAX(success_us, c->end_us);
	}
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (c->start_us > until_us)
			break;
		n += call_failed(c) && c->end_us <= until_us &&
		    c->end_us > success_us;
	}
	return n;
}

/* The start of the last attempt before the run. */
static int64_t
last_forwarded(const struct flow_of_calls *in, const struct run *r)
{
	size_t i = r->first;

	while (i > in->from && in->items[i - 1].attempt == NULL)
		i--;
	return i > in->from ? in->items[i - 1].attempt->start_us
			    : in->items[r->first].call->start_us;
}

static void
find_threshold(const struct scope *s, const struct flow_of_calls *in,
    struct found *f)
{
	int64_t noise_us = s->record->noise_us;
	int64_t forwarded_us = last_forwarded(in, &f->runs[0]);
	int64_t skipped_us =
	    in->items[f->runs[0].first].call->start_us;

	f->threshold_lo = failures_by(s, forwarded_us - noise_us) + 1;
	f->threshold_hi = MAX(failures_by(s, skipped_us + noise_us),
	    f->threshold_lo);
}

/* When it opened: a failing completion between the last forwarded start and
 * the first skipped call. */
static struct cycle
opened(const struct scope *s, const struct flow_of_calls *in,
    const struct run *r)
{
	const struct calls *calls = &s->route->calls;
	int64_t from_us = last_forwarded(in, r);
	int64_t to_us = in->items[r->first].call->start_us +
	    s->record->noise_us;
	struct cycle c = {(double)from_us, (double)to_us};
	bool any = false;

	for (size_t i = 0; i < calls->count &&
	     calls->items[i].start_us <= to_us; i++) {
		const struct call *call = &calls->items[i];
		double end = (double)call->end_us;

		if (!call_failed(call) || call->end_us < from_us ||
		    call->end_us > to_us)
			continue;
		c.lo_us = any ? MIN(c.lo_us, end) : end;
		c.hi_us = any ? MAX(c.hi_us, end) : end;
		any = true;
	}
	return c;
}

/* How long it stayed open, for every run that a probe ended. */
static void
find_cycles(const struct scope *s, const struct flow_of_calls *in,
    struct found *f)
{
	double noise = (double)s->record->noise_us;

	for (size_t i = 0; i < f->runs_count; i++) {
		const struct run *r = &f->runs[i];
		struct cycle open = opened(s, in, r);
		double skipped =
		    (double)in->items[r->last].call->start_us;

		if (r->last + 1 >= in->to)
			continue;
		f->cycles[f->cycles_count++] = (struct cycle){
		    MAX(skipped - open.hi_us - noise, 0),
		    (double)in->items[r->last + 1].attempt->start_us -
			open.lo_us + noise};
	}
}

/* Forwarded attempts between one run and the next. */
static void
find_probes(const struct flow_of_calls *in, struct found *f)
{
	for (size_t i = 0; i < f->runs_count; i++) {
		bool last = i + 1 == f->runs_count;
		size_t end = last ? in->to : f->runs[i + 1].first, n = 0;

		for (size_t k = f->runs[i].last + 1; k < end; k++)
			n += in->items[k].attempt != NULL;
		if (last) {
			f->after_probe = n;
			continue;
		}
		f->probes_min = f->probes_min == 0 ? n
						   : MIN(f->probes_min, n);
		f->probes_max = MAX(f->probes_max, n);
	}
}

/* --- what it amounts to --------------------------------------------------- */

/* The open time that all cycles agree on; false: there is none. */
static bool
agree(const struct found *f, struct cycle *to)
{
	*to = f->cycles[0];
	for (size_t i = 1; i < f->cycles_count; i++) {
		to->lo_us = MAX(to->lo_us, f->cycles[i].lo_us);
		to->hi_us = MIN(to->hi_us, f->cycles[i].hi_us);
	}
	return to->lo_us <= to->hi_us;
}

static void
say_open(const struct found *f, struct verdict *v)
{
	struct cycle c;

	if (f->cycles_count == 0)
		return;
	if (agree(f, &c)) {
		verdict_bracket(v, "open_s", c.lo_us / 1e6, c.hi_us / 1e6);
		return;
	}
	verdict_bracket(v, "open_first_s", f->cycles[0].lo_us / 1e6,
	    f->cycles[0].hi_us / 1e6);
	c = f->cycles[f->cycles_count - 1];
	verdict_bracket(v, "open_last_s", c.lo_us / 1e6, c.hi_us / 1e6);
	verdict_word(v, "open",
	    c.lo_us > f->cycles[0].hi_us ? "grows" : "varies");
}

/* Does traffic suffice to see it? Per open time 2K calls must come. */
static bool
is_dense(const struct flow_of_calls *in, const struct window *w,
    const struct found *f, size_t at_least)
{
	double seconds = (double)(w->to_us - w->from_us) / 1e6;
	double rate = (double)(in->to - in->from) / seconds, open_s;

	open_s = f->cycles_count > 0 ? f->cycles[0].hi_us / 1e6 : seconds;
	return rate * open_s >= 2.0 * (double)at_least;
}

static void
say_found(const struct flow_of_calls *in, const struct found *f,
    double noise_us, struct verdict *v)
{
	size_t many = f->probes_max > 0 ? f->probes_max : 1;

	verdict_bracket(v, "threshold", (double)f->threshold_lo,
	    (double)f->threshold_hi);
	say_open(f, v);
	if (f->probes_max > 0)
		verdict_bracket(v, "probes", (double)f->probes_min,
		    (double)f->probes_max);
	verdict_number(v, "runs", (double)f->runs_count);
	verdict_line(v, in->items[in->from].call->line);
	verdict_line(v, in->items[in->to - 1].call->line);
	verdict_say(v, STATE_CONFIRMED,
	    "%zu runs of skipped calls; the longest began after %zu to %zu "
	    "failures", f->runs_count, f->threshold_lo, f->threshold_hi);
	if (f->cycles_count > 0 && f->after_probe > many + f->threshold_hi) {
		verdict_word(v, "half_open", "does_not_reopen");
		verdict_say(v, STATE_PARTIAL, "it opened %zu times; then %zu "
		    "calls went through to a dependency that still failed",
		    f->runs_count, f->after_probe);
	}
	if (f->cycles_count > 0 && noise_us > 0.1 * f->cycles[0].hi_us)
		verdict_say(v, STATE_INCONCLUSIVE, "our own timers were late "
		    "by up to %.3f s, too much for an open time of %.3f s",
		    noise_us / 1e6, f->cycles[0].hi_us / 1e6);
	if (f->cycles_count == 0)
		verdict_wants(v, "a longer fault: the open time was not over "
				 "when it was lifted");
}

static void
say_none(const struct scope *s, size_t failures, size_t at_least,
    struct verdict *v)
{
	double seconds = scope_seconds(s);

	if (failures >= ABSENT_MIN && seconds >= ABSENT_S) {
		verdict_say(v, STATE_ABSENT,
		    "none in %zu failures and %.0f s; a run of %zu skipped "
		    "calls would have been one", failures, seconds, at_least);
		return;
	}
	verdict_say(v, STATE_INCONCLUSIVE,
	    "none in %zu failures and %.0f s, which is too little to say "
	    "that there is none", failures, seconds);
	verdict_wants(v, "%d failures in %.0f s or more", ABSENT_MIN,
	    ABSENT_S);
}

static size_t
count_failures(const struct scope *s)
{
	const struct calls *calls = &s->route->calls;
	size_t n = 0;

	for (size_t i = 0; i < calls->count; i++)
		n += call_failed(&calls->items[i]) &&
		    scope_window(s, calls->items[i].start_us) != NULL;
	return n;
}

/* The window with the most runs tells most. */
static const struct window *
best_window(const struct scope *s, struct flow_of_calls *in, double q,
    struct found *best)
{
	const struct window *which = &s->windows[0];

	for (size_t i = 0; i < s->windows_count; i++) {
		struct found f = {0};

		narrow(in, &s->windows[i]);
		find_runs(in, run_min(q, in->to - in->from), &f);
		if (i > 0 && f.runs_count <= best->runs_count)
			continue;
		*best = f;
		which = &s->windows[i];
	}
	narrow(in, which);
	return which;
}

static void
judge(const struct scope *s, struct flow_of_calls *in, struct verdict *v)
{
	size_t failures = count_failures(s), at_least;
	double q = skip_share(s, in);
	const struct window *w;
	struct found f;

	w = best_window(s, in, q, &f);
	at_least = run_min(q, in->to - in->from);
	v->n = failures;
	if (f.runs_count == 0) {
		say_none(s, failures, at_least, v);
		return;
	}
	find_threshold(s, in, &f);
	find_cycles(s, in, &f);
	find_probes(in, &f);
	if (!is_dense(in, w, &f, at_least)) {
		verdict_say(v, STATE_INCONCLUSIVE,
		    "calls are skipped, but too few come in per open time to "
		    "tell when it opens");
		verdict_wants(v, "%.1f calls per second or more",
		    2.0 * (double)at_least /
			MAX(f.cycles_count > 0 ? f.cycles[0].hi_us / 1e6 : 1,
			    0.1));
		return;
	}
	say_found(in, &f, (double)s->record->noise_us, v);
}

void
breaker_judge(const struct scope *s, struct verdicts *to)
{
	struct flow_of_calls in = {0};
	struct verdict *v;

	if (s->route->calls.count == 0 && s->edge == NULL)
		return;
	v = scope_verdict(s, to, "breaker", "skip-run/1");
	if (s->edge == NULL) {
		verdict_say(v, STATE_NOT_OBSERVABLE, "which calls lead to "
		    "this route is not known: skipped ones cannot be seen");
		verdict_wants(v, "--edge ROUTE=%s, or from and to of the "
				 "routes by -c FILE", s->route->name);
		return;
	}
	match(s, &in);
	if (in.count == 0 || s->windows_count == 0)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no calls came over the edge");
	else
		judge(s, &in, v);
	free(in.items);
}
