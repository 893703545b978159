/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: how many, up to which bound, after which pauses, of what, and how
 * much they multiply the calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/backoff.h"
#include "experiment/identity.h"
#include "experiment/storm.h"

#define ABSENT_MIN  30	 /* failed originals */
#define BOUND_MIN   10	 /* chains that ended failed */
#define SEED	    0x5eed

/* What the chains of the fault's windows did. */
struct tally {
	size_t failed;	 /* originals that failed */
	size_t retried;	 /* of them */
	size_t saved;	 /* retried, and good in the end */
	size_t attempts; /* after the first */
	size_t longest;
	size_t ended;	 /* failed for good, with silence behind */
	size_t ended_min, ended_max; /* retries of these */
	size_t unsafe;	 /* POST or PATCH without a key, sent again */
	size_t changes;	 /* POST or PATCH, with one or without */
	size_t changes_retried;
	double spent_us; /* first attempt to end of the last, of retried */
	size_t line_first, line_last; /* evidence */
};

static int64_t
pause_before(const struct chains *all, const struct chain *c, size_t n)
{
	return MAX(chain_call(all, c, n)->start_us -
		chain_call(all, c, n - 1)->end_us, 0);
}

/* Nothing followed for thrice the last pause, while the fault still was. */
static bool
has_ended(const struct scope *s, const struct chains *all,
    const struct chain *c)
{
	const struct call *last = chain_call(all, c, c->length - 1);
	const struct window *w = scope_window(s, last->start_us);
	int64_t pause_us = c->length > 1
	    ? pause_before(all, c, c->length - 1)
	    : 0;

	return w != NULL && call_failed(last) &&
	    last->end_us + MAX(3 * pause_us, 1000000) <= w->to_us;
}

/* It may do something twice if it is sent twice. */
static bool
is_change(const struct call *first)
{
	return first->method != NULL &&
	    (strcmp(first->method, "POST") == 0 ||
		strcmp(first->method, "PATCH") == 0);
}

static bool
is_unsafe(const struct call *first)
{
	return is_change(first) && !first->keyed && first->bytes_up > 0;
}

static bool
in_scope(const struct scope *s, const struct chains *all,
    const struct chain *c)
{
	const struct call *first = chain_call(all, c, 0);

	return scope_window(s, first->start_us) != NULL && call_failed(first);
}

static void
count_ended(struct tally *t, size_t retries)
{
	if (t->ended == 0 || retries < t->ended_min)
		t->ended_min = retries;
	t->ended_max = MAX(t->ended_max, retries);
	t->ended++;
}

static void
tally(const struct scope *s, const struct chains *all, struct tally *t)
{
	*t = (struct tally){.line_first = SIZE_MAX};
	for (size_t i = 0; i < all->count; i++) {
		const struct chain *c = &all->items[i];
		const struct call *first = chain_call(all, c, 0);
		const struct call *last = chain_call(all, c, c->length - 1);

		if (!in_scope(s, all, c))
			continue;
		t->failed++;
		t->changes += is_change(first);
		t->line_first = MIN(t->line_first, first->line);
		t->line_last = MAX(t->line_last, last->line);
		t->attempts += c->length - 1;
		t->longest = MAX(t->longest, c->length - 1);
		if (has_ended(s, all, c))
			count_ended(t, c->length - 1);
		if (c->length == 1)
			continue;
		t->retried++;
		t->changes_retried += is_change(first);
		t->saved += last->outcome == CALL_OK;
		t->unsafe += is_unsafe(first);
		t->spent_us += (double)(last->end_us - first->start_us);
	}
}

/* --- verdicts ------------------------------------------------------------- */

/* The chains are not to be told apart: nothing can be said. */
static bool
is_blind(const struct chains *all, struct verdict *v)
{
	if (all->level < LEVEL_RATIO)
		return false;
	verdict_say(v, STATE_INCONCLUSIVE,
	    "attempts cannot be told from new requests: %.0f %% of %zu "
	    "requests before the fault repeat, and too few carry an id",
	    all->repeats * 100, all->baseline);
	verdict_wants(v, "at least %d different requests (or an x-request-id) "
			 "before the fault, or --edge", ABSENT_MIN);
	return true;
}

/* Clients that never send a POST or PATCH again do well: only what may be
 * repeated is asked of them. */
static void
say_share(const struct tally *t, const char *bound, struct verdict *v)
{
	size_t spared = t->changes_retried == 0 ? t->changes : 0;
	double due = (double)(t->failed - spared);
	char others[64] = "";

	if (spared > 0)
		snprintf(others, sizeof(others),
		    "; none of %zu POST or PATCH was", spared);
	verdict_say(v,
	    (double)t->retried >= 0.9 * due ? STATE_CONFIRMED
		: t->failed >= ABSENT_MIN   ? STATE_PARTIAL
					    : STATE_INCONCLUSIVE,
	    "%zu of %zu failed requests were retried%s%s", t->retried,
	    t->failed, bound, others);
}

static void
say_retries(const struct tally *t, struct verdict *v)
{
	char bound[96];

	verdict_number(v, "retries_max", (double)t->longest);
	verdict_number(v, "retried_share",
	    (double)t->retried / (double)t->failed);
	verdict_number(v, "retries_per_original",
	    (double)t->attempts / (double)t->failed);
	verdict_number(v, "saved_share",
	    t->retried > 0 ? (double)t->saved / (double)t->retried : 0);
	verdict_number(v, "spent_mean_s",
	    t->retried > 0 ? t->spent_us / (double)t->retried / 1e6 : 0);
	if (t->ended >= BOUND_MIN && t->ended_min == t->ended_max) {
		verdict_number(v, "bound", (double)t->ended_max);
		snprintf(bound, sizeof(bound), "; %zu gave up after %zu each",
		    t->ended, t->ended_max);
		say_share(t, bound, v);
		return;
	}
	snprintf(bound, sizeof(bound),
	    ", up to %zu times; no common bound was seen", t->longest);
	say_share(t, bound, v);
	verdict_wants(v, "a fault that outlasts the retries of %d requests",
	    BOUND_MIN);
}

/* Faults under which the kernel answers in our place: attempts are not seen. */
static bool
is_hidden(const char *kind, struct verdict *v)
{
	if (strcmp(kind, "refuse") != 0 &&
	    strcmp(kind, "connect_timeout") != 0)
		return false;
	verdict_say(v, STATE_NOT_OBSERVABLE,
	    "the kernel turned connections away: attempts were not seen");
	verdict_wants(v, "a fault of kind down, which takes connections and "
			 "resets them");
	return true;
}

static void
judge_retries(const struct scope *s, const struct chains *all,
    const struct tally *t, struct verdicts *to)
{
	struct verdict *v = scope_verdict(s, to, "retries", "chains/1");

	v->n = t->failed;
	if (is_hidden(s->kind, v))
		return;
	if (t->failed == 0) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no request failed while the fault was armed");
		return;
	}
	verdict_line(v, t->line_first);
	verdict_line(v, t->line_last);
	verdict_word(v, "identity", identity_name(all->level));
	if (all->hedges > 0)
		verdict_number(v, "hedges", (double)all->hedges);
	if (is_blind(all, v))
		return;
	/* Fewer than the share of requests that are alike by chance. */
	if ((double)t->retried > 0.02 * (double)t->failed) {
		say_retries(t, v);
	} else if (t->failed >= ABSENT_MIN) {
		verdict_say(v, STATE_ABSENT, "none in %zu failed requests",
		    t->failed);
	} else {
		verdict_say(v, STATE_INCONCLUSIVE,
		    "none in %zu failed requests, which are too few",
		    t->failed);
		verdict_wants(v, "%d failed requests", ABSENT_MIN);
	}
}

static void
say_backoff(const struct backoff *b, double noise_us, struct verdict *v)
{
	backoff_put_facts(b, v);
	if (b->first_immediate)
		verdict_word(v, "first", "immediate");
	verdict_say(v, STATE_CONFIRMED, "%s pauses, jitter %s, from %zu chains",
	    backoff_shape_name(b->shape), backoff_jitter_name(b->jitter),
	    b->chains);
	if (b->shape > BACKOFF_IMMEDIATE &&
	    verdict_is_too_fine(v, b->first_us, noise_us, "pauses"))
		return;
	if (b->shape == BACKOFF_UNKNOWN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu requests with %zu "
		    "pauses each do not tell how pauses grow", b->chains,
		    b->steps);
		verdict_wants(v, "a fault that outlasts several retries of %d "
				 "requests",
		    b->jitter == JITTER_FULL ? 60 : 20);
	} else if (b->shape == BACKOFF_INCREASING) {
		verdict_wants(v, "%d chains with %d growing pauses",
		    b->jitter == JITTER_NONE ? 2 : 60,
		    b->jitter == JITTER_FULL ? 4 : 3);
	}
}

static void
judge_backoff(const struct scope *s, const struct chains *all,
    const struct tally *t, struct verdicts *to)
{
	struct verdict *v = scope_verdict(s, to, "backoff", "pauses/2");
	size_t *at = xcalloc(all->count + 2, sizeof(*at)), rows = 0, used = 0;
	double *pauses = xcalloc(s->route->calls.count + 1, sizeof(*pauses));
	struct backoff b;

	for (size_t i = 0; i < all->count; i++) {
		const struct chain *c = &all->items[i];

		if (c->length < 2 || !in_scope(s, all, c))
			continue;
		at[rows++] = used;
		for (size_t n = 1; n < c->length; n++)
			pauses[used++] = (double)pause_before(all, c, n);
		verdict_line(v, chain_call(all, c, 0)->line);
		verdict_line(v, chain_call(all, c, c->length - 1)->line);
	}
	at[rows] = used;
	v->n = rows;
	if (is_hidden(s->kind, v) || (t->failed > 0 && is_blind(all, v))) {
		v->n = 0;
	} else if (t->retried == 0) {
		verdict_say(v, STATE_NOT_EXERCISED, "no retries were seen");
	} else {
		backoff_classify(&(struct stat_rows){pauses, at, rows},
		    (double)s->record->noise_us, SEED, &b);
		say_backoff(&b, (double)s->record->noise_us, v);
	}
	free(at);
	free(pauses);
}

static void
judge_unsafe(const struct scope *s, const struct chains *all,
    const struct tally *t, struct verdicts *to)
{
	struct verdict *v;

	if (all->level == LEVEL_RATIO || t->retried == 0)
		return;
	v = scope_verdict(s, to, "unsafe_retry", "chains/1");
	v->n = t->retried;
	verdict_number(v, "unsafe", (double)t->unsafe);
	if (t->unsafe > 0)
		verdict_say(v, STATE_CONFIRMED,
		    "%zu requests that are not idempotent, and have no key, "
		    "were sent again after their bytes had gone upstream",
		    t->unsafe);
	else
		verdict_say(v, STATE_ABSENT, "none in %zu retried requests",
		    t->retried);
}

/* Retries behind answers that said when to come back. */
static void
judge_retry_after(const struct scope *s, const struct chains *all,
    struct verdicts *to)
{
	struct verdict *v;
	size_t asked = 0, honoured = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct chain *c = &all->items[i];

		for (size_t n = 1; n < c->length && in_scope(s, all, c); n++) {
			int64_t us = chain_call(all, c, n - 1)->retry_after_s *
			    (int64_t)1000000;

			asked += us > 0;
			honoured += us > 0 && pause_before(all, c, n) +
				s->record->noise_us >= us;
		}
	}
	if (asked == 0)
		return;
	v = scope_verdict(s, to, "retry_after", "chains/1");
	v->n = asked;
	verdict_number(v, "honoured_share", (double)honoured / (double)asked);
	verdict_say(v, asked < BOUND_MIN ? STATE_INCONCLUSIVE
		: honoured == asked	 ? STATE_CONFIRMED
		: honoured * 20 > asked	 ? STATE_PARTIAL
					 : STATE_ABSENT,
	    "%zu of %zu retries came no earlier than Retry-After had asked",
	    honoured, asked);
	if (asked < BOUND_MIN)
		verdict_wants(v, "%d retries behind such an answer",
		    BOUND_MIN);
}

void
retry_judge(const struct scope *s, struct verdicts *to)
{
	struct chains all;
	struct tally t;

	chains_build(s, &all);
	if (all.count == 0) { /* no requests: only connections */
		chains_fini(&all);
		return;
	}
	tally(s, &all, &t);
	judge_retries(s, &all, &t, to);
	judge_backoff(s, &all, &t, to);
	judge_unsafe(s, &all, &t, to);
	judge_retry_after(s, &all, to);
	if (t.failed > 0 && all.level < LEVEL_RATIO)
		storm_judge(s, &all, to);
	chains_fini(&all);
}
