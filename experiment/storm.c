/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts per request, and attempts per tenth of a second. */
#include "experiment/storm.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define BUDGET	     0.2 /* retries per original in any 10 s */
#define BUDGET_US    10000000
#define STORM	     3.0
#define BUCKET_US    100000
#define PEAKED	     5.0 /* times the mean of all buckets */
#define PEAK_MIN     5	 /* retries in one bucket */
#define PEAK_BY_LOAD 2.0 /* times as peaked as what is retried */
#define RETRIES_MIN  30

enum start_of {
	START_REQUEST, /* that was not retried */
	START_RETRIED, /* one that was */
	START_RETRY,
};

struct start {
	int64_t at_us;
	enum start_of of;
};

static int
by_time(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

/* All attempts within the windows, by time. Returns their number. */
static size_t
starts_of(const struct scope *s, const struct chains *all,
    struct start *starts)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct chain *c = &all->items[i];

		for (size_t k = 0; k < c->length; k++) {
			int64_t at_us = chain_call(all, c, k)->start_us;

			if (scope_window(s, at_us) != NULL)
				starts[n++] = (struct start){at_us,
				    k > 0		? START_RETRY
					: c->length > 1 ? START_RETRIED
							: START_REQUEST};
		}
	}
	if (n > 1)
		qsort(starts, n, sizeof(*starts), by_time);
	return n;
}

/* The largest share of retries among originals in any 10 s of the windows. */
static double
peak_share(const struct scope *s, const struct chains *all)
{
	struct start *starts = xcalloc(s->route->calls.count + 1,
	    sizeof(*starts));
	size_t n = starts_of(s, all, starts), from = 0, again = 0;
	double peak = 0;

	for (size_t i = 0; i < n; i++) {
		size_t originals;

		again += starts[i].of == START_RETRY;
		while (starts[i].at_us - starts[from].at_us > BUDGET_US)
			again -= starts[from++].of == START_RETRY;
		originals = i + 1 - from - again;
		if (originals >= 10)
			peak = MAX(peak, (double)again / (double)originals);
	}
	free(starts);
	return peak;
}

static void
judge_amplification(const struct scope *s, const struct chains *all,
    struct verdicts *to)
{
	struct verdict *v;
	size_t originals = 0, attempts = 0, before = 0, before_attempts = 0;
	double a, peak;

	for (size_t i = 0; i < all->count; i++) {
		const struct chain *c = &all->items[i];
		int64_t at_us = chain_call(all, c, 0)->start_us;
		bool during = scope_window(s, at_us) != NULL;
		bool base = at_us < s->baseline_to_us;

		originals += during;
		attempts += during ? c->length : 0;
		before += base;
		before_attempts += base ? c->length : 0;
	}
	v = scope_verdict(s, to, "amplification", "chains/1");
	v->n = originals;
	a = (double)attempts / (double)MAX(originals, 1);
	if (before > 0)
		a /= (double)before_attempts / (double)before;
	peak = peak_share(s, all);
	verdict_number(v, "factor", a);
	verdict_number(v, "peak_share", peak);
	verdict_word(v, "load", a >= STORM ? "storm"
		: peak > BUDGET		   ? "over_budget"
					   : "within_budget");
	if (peak > BUDGET || a >= STORM)
		verdict_say(v, STATE_CONFIRMED,
		    "%.2f attempts per request; retries were up to %.0f %% of "
		    "the requests of 10 s", a, peak * 100);
	else
		verdict_say(v, STATE_ABSENT,
		    "%.2f attempts per request, within a budget of %.0f %%",
		    a, BUDGET * 100);
}

/* --- all at a time -------------------------------------------------------- */

struct peak {
	size_t count; /* starts in all */
	size_t most;  /* in one bucket */
	double mean;  /* over all buckets of the windows */
};

/* Of the retries, or of the requests that they repeat: those may fail all at a
 * time, as when a breaker lets some through. */
static struct peak
peak_of(const struct scope *s, const struct start *starts, size_t n,
    enum start_of of)
{
	struct peak p = {0};
	int64_t bucket = -1;
	size_t in_it = 0;

	for (size_t i = 0; i < n; i++) {
		if (starts[i].of != of)
			continue;
		p.count++;
		in_it = starts[i].at_us / BUCKET_US == bucket ? in_it + 1 : 1;
		bucket = starts[i].at_us / BUCKET_US;
		p.most = MAX(p.most, in_it);
	}
	p.mean = (double)p.count /
	    MAX(scope_seconds(s) * 1e6 / BUCKET_US, 1);
	return p;
}

static double
ratio(const struct peak *p)
{
	return p->count > 0 ? (double)p->most / p->mean : 0;
}

static void
judge_together(const struct scope *s, const struct chains *all,
    struct verdicts *to)
{
	struct start *starts = xcalloc(s->route->calls.count + 1,
	    sizeof(*starts));
	size_t n = starts_of(s, all, starts);
	struct peak retries = peak_of(s, starts, n, START_RETRY);
	struct peak requests = peak_of(s, starts, n, START_RETRIED);
	struct verdict *v;

	free(starts);
	if (retries.count == 0)
		return;
	v = scope_verdict(s, to, "synchronised_retries", "buckets/1");
	v->n = retries.count;
	verdict_number(v, "peak", (double)retries.most);
	verdict_number(v, "peak_ratio", ratio(&retries));
	verdict_number(v, "requests_peak_ratio", ratio(&requests));
	if (retries.count < RETRIES_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE,
		    "%zu retries are too few", retries.count);
		verdict_wants(v, "%d retries", RETRIES_MIN);
	} else if (ratio(&retries) >= PEAKED && retries.most >= PEAK_MIN &&
	    ratio(&retries) >= PEAK_BY_LOAD * ratio(&requests)) {
		verdict_say(v, STATE_CONFIRMED, "%zu of %zu retries came "
		    "within a tenth of a second, %.1f times the mean; what "
		    "they repeat %.1f times", retries.most,
		    retries.count, ratio(&retries), ratio(&requests));
	} else {
		verdict_say(v, STATE_ABSENT, "at most %zu of %zu retries came "
		    "within a tenth of a second", retries.most,
		    retries.count);
	}
}

void
storm_judge(const struct scope *s, const struct chains *all,
    struct verdicts *to)
{
	judge_amplification(s, all, to);
	judge_together(s, all, to);
}
