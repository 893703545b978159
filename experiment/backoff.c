/* SPDX-License-Identifier: Apache-2.0 */
/* Noise of schedulers is one-sided: it only delays. So the lower half of the
 * samples decides: the first quartile where there is no jitter, the median
 * where there is. In order: how much jitter; does it grow at all; where does
 * it stop; by which of two laws does it grow, if one is clearly better. */
#include "experiment/backoff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/growth.h"

#define IMMEDIATE_US	10000.0
#define CONSTANT_RATIO	1.10
#define NOISY		3 /* of our lateness: a busy client's may be so */
#define GROWN		1.8 /* the longest pause, so many times the shortest */
#define WIDER		0.05 /* of what it is longer, its spread is wider */
#define GROWTH_P	0.005
#define PERMUTATIONS	999
#define SURE		0.95
#define BETTER		1.5  /* the other law's error must be so much larger */
#define FITS		0.03 /* a law's error, relative */
#define CORRELATED	0.35 /* pauses that hang on the one before */
#define CHAINS_EQUAL	20   /* to tell laws under such jitter */
#define CHAINS_FULL	60
#define CHAINS_FEW	10

/* The pauses by step, sorted. */
struct steps {
	double *values[BACKOFF_STEPS]; /* owned */
	size_t n[BACKOFF_STEPS];
	size_t count;
};

static void
steps_fini(struct steps *s)
{
	for (size_t k = 0; k < s->count; k++)
		free(s->values[k]);
}

/* Steps that too few chains reached say nothing. */
static void
steps_init(struct steps *s, const struct stat_rows *rows, size_t skip,
    size_t chains)
{
	*s = (struct steps){0};
	for (size_t k = 0; k < BACKOFF_STEPS; k++) {
		double *v = xcalloc(rows->count + 1, sizeof(*v));
		size_t n = 0;

		for (size_t r = 0; r < rows->count; r++) {
			size_t at = rows->at[r] + k + skip;

			if (at < rows->at[r + 1])
				v[n++] = rows->values[at];
		}
		if (n == 0 || n * 3 < chains) {
			free(v);
			return;
		}
		stat_sort(v, n);
		s->values[k] = v;
		s->n[k] = n;
		s->count = k + 1;
	}
}

static size_t
chains_in(const struct stat_rows *rows, size_t skip)
{
	size_t n = 0;

	for (size_t r = 0; r < rows->count; r++)
		n += rows->at[r + 1] - rows->at[r] > skip;
	return n;
}

/* --- jitter --------------------------------------------------------------- */

/* By the fifth percentile's share of the median. */
static enum backoff_jitter
jitter_class(double ratio)
{
	static const struct {
		double at_least;
		enum backoff_jitter jitter;
	} classes[] = {{0.95, JITTER_NONE}, {0.78, JITTER_BOUNDED},
	    {0.5, JITTER_EQUAL}, {-1, JITTER_FULL}};
	size_t i = 0;

	while (ratio < classes[i].at_least)
		i++;
	return classes[i].jitter;
}

struct spread {
	double mid, width; /* median, and how far below it the fifth
			      percentile is, µs */
	size_t n;
};

/* Jitter grows with the pause, a client's lateness is the same at every step.
 * Returns the class unless it is lateness that looks so. */
static enum backoff_jitter
less_lateness(enum backoff_jitter class, const struct spread *shortest,
    const struct spread *longest)
{
	double grown = longest->mid - shortest->mid;
	double wider = longest->width - shortest->width;

	if (longest->mid < GROWN * shortest->mid || wider >= WIDER * grown)
		return class;
	if (class == JITTER_BOUNDED && wider < WIDER / 2 * grown &&
	    MIN(shortest->n, longest->n) >= CHAINS_EQUAL)
		return JITTER_NONE;
	return JITTER_UNKNOWN;
}

static enum backoff_jitter
jitter_of(const struct steps *s, double noise_us)
{
	struct spread shortest = {.mid = INFINITY}, longest = {0};
	double ratios[BACKOFF_STEPS];
	size_t quiet = 0, noisy = 0;
	enum backoff_jitter jitter;

	for (size_t k = 0; k < s->count; k++) {
		double mid = stat_quantile(s->values[k], s->n[k], 0.5);
		double low = stat_quantile(s->values[k], s->n[k], 0.05);
		struct spread own = {mid, mid - low, s->n[k]};

		ratios[k] = mid > 0 ? low / mid : 1;
		quiet += own.width <= 2 * noise_us;
		noisy += own.width <= NOISY * noise_us;
		if (mid < shortest.mid)
			shortest = own;
		if (mid > longest.mid)
			longest = own;
	}
	if (quiet * 2 > s->count)
		return JITTER_NONE;
	stat_sort(ratios, s->count);
	jitter = jitter_class(stat_quantile(ratios, s->count, 0.5));
	if (jitter != JITTER_NONE)
		jitter = less_lateness(jitter, &shortest, &longest);
	/* A client may be later than we are, at every step, and have none. */
	if (jitter != JITTER_NONE && noisy == s->count)
		return JITTER_UNKNOWN;
	if (jitter > JITTER_BOUNDED && s->n[0] < CHAINS_FEW)
		return JITTER_UNKNOWN;
	return jitter;
}

static void
find_levels(const struct steps *s, struct backoff *to)
{
	double p = to->jitter == JITTER_NONE ? 0.25 : 0.5;

	to->steps = s->count;
	for (size_t k = 0; k < s->count; k++) {
		to->levels_us[k] = stat_quantile(s->values[k], s->n[k], p);
		to->lows_us[k] = stat_quantile(s->values[k], s->n[k], 0.05);
	}
}

/* --- growth --------------------------------------------------------------- */

static bool
is_constant(const struct stat_rows *rows, const struct backoff *b,
    double noise_us, uint64_t seed)
{
	size_t n = rows->at[rows->count];
	double lo = b->levels_us[0], hi = lo, *logs, p;
	struct stat_rows log_rows = *rows;

	for (size_t k = 1; k < b->steps; k++) {
		lo = MIN(lo, b->levels_us[k]);
		hi = MAX(hi, b->levels_us[k]);
	}
	if (b->jitter == JITTER_NONE)
		return hi <= lo * CONSTANT_RATIO + noise_us;
	logs = xcalloc(n + 1, sizeof(*logs));
	for (size_t i = 0; i < n; i++)
		logs[i] = log(MAX(rows->values[i], 1));
	log_rows.values = logs;
	p = stat_growth_p(&log_rows, PERMUTATIONS, seed);
	free(logs);
	return p > GROWTH_P;
}

/* How many of the first levels still grow; those behind stay at the cap. */
static size_t
find_cap(struct backoff *b, double noise_us)
{
	static const double near[] = {[JITTER_NONE] = 0.03,
	    [JITTER_BOUNDED] = 0.08, [JITTER_EQUAL] = 0.15,
	    [JITTER_FULL] = 0.25, [JITTER_UNKNOWN] = 0.25};
	double last = b->levels_us[b->steps - 1];
	size_t n = b->steps;

	while (n > 1 && fabs(b->levels_us[n - 2] - last) <=
		last * near[b->jitter] + noise_us)
		n--;
	if (n == b->steps)
		return n;
	b->cap_us = last;
	return n - 1;
}

/* Do pauses hang on the one before them (decorrelated jitter)? Then no law of
 * steps is behind them. */
static bool
is_correlated(const struct stat_rows *rows, const struct backoff *b)
{
	double sxy = 0, sxx = 0, syy = 0;

	for (size_t r = 0; r < rows->count; r++) {
		size_t from = rows->at[r];
		size_t n = MIN(rows->at[r + 1] - from, b->steps);

		for (size_t k = 0; k + 1 < n; k++) {
			double x = log(MAX(rows->values[from + k], 1) /
			    MAX(b->levels_us[k], 1));
			double y = log(MAX(rows->values[from + k + 1], 1) /
			    MAX(b->levels_us[k + 1], 1));

			sxy += x * y;
			sxx += x * x;
			syy += y * y;
		}
	}
	return sxx > 0 && syy > 0 && sxy / sqrt(sxx * syy) > CORRELATED;
}

/* Are there chains enough for this jitter? */
static bool
has_chains(const struct backoff *b)
{
	static const size_t chains[] = {[JITTER_NONE] = 1,
	    [JITTER_BOUNDED] = 5, [JITTER_EQUAL] = CHAINS_EQUAL,
	    [JITTER_FULL] = CHAINS_FULL, [JITTER_UNKNOWN] = SIZE_MAX};

	return b->chains >= chains[b->jitter];
}

/* May a law be told at all, by the number of samples and points? */
static bool
may_decide(const struct backoff *b, size_t points, double error)
{
	/* The medians of full jitter are too rough for three to tell. */
	if (points < (b->jitter == JITTER_FULL ? 4 : 3) || !has_chains(b))
		return false;
	if (b->chains > 1)
		return true;
	return error < (points >= 4 ? 0.05 : 0.01);
}

static void
decide(const struct stat_rows *rows, struct backoff *b, double noise_us,
    uint64_t seed)
{
	size_t points = find_cap(b, noise_us);
	double share, best, fits;
	struct growth law;

	b->shape = BACKOFF_INCREASING;
	if (points < 2)
		return;
	law = growth_fit(b->levels_us, points);
	b->factor = law.factor;
	best = MIN(law.linear, law.exponential);
	if (!may_decide(b, points, best))
		return;
	if (b->jitter == JITTER_NONE) {
		fits = FITS + noise_us / b->levels_us[0] / (double)b->chains;
		share = law.linear > BETTER * law.exponential ? 1
		    : law.exponential > BETTER * law.linear   ? 0
							      : 0.5;
	} else {
		fits = 0.25;
		share = is_correlated(rows, b)
		    ? 0.5
		    : growth_resample(rows, b->levels_us, points, seed);
	}
	if (best > fits)
		return;
	if (share >= SURE) {
		b->shape = BACKOFF_EXPONENTIAL;
	} else if (share <= 1 - SURE && law.step_us > 0) {
		b->shape = BACKOFF_LINEAR;
		b->factor = law.step_us;
	}
}

/* --- all of it ------------------------------------------------------------ */

/* The rows without the first pause of each. Returns owned. */
static size_t *
without_first(const struct stat_rows *rows, double **values)
{
	size_t *at = xcalloc(rows->count + 1, sizeof(*at)), used = 0;
	double *v = xcalloc(rows->at[rows->count] + 1, sizeof(*v));

	for (size_t r = 0; r < rows->count; r++) {
		at[r] = used;
		for (size_t i = rows->at[r] + 1; i < rows->at[r + 1]; i++)
			v[used++] = rows->values[i];
	}
	at[rows->count] = used;
	*values = v;
	return at;
}

static void
classify(const struct stat_rows *rows, double noise_us, uint64_t seed,
    struct backoff *to)
{
	struct steps steps;

	to->chains = chains_in(rows, 0);
	steps_init(&steps, rows, 0, to->chains);
	if (steps.count > 0) {
		to->jitter = jitter_of(&steps, noise_us);
		find_levels(&steps, to);
		to->first_us = to->levels_us[0];
	}
	steps_fini(&steps);
	if (to->steps == 0)
		return;
	if (to->steps == 1 || is_constant(rows, to, noise_us, seed))
		to->shape = to->steps > 1 && has_chains(to)
		    ? BACKOFF_CONSTANT
		    : BACKOFF_UNKNOWN;
	else
		decide(rows, to, noise_us, seed);
}

/* Is the pause none? Then lateness alone made it, and not always. */
static bool
is_at_once(const struct backoff *b, size_t k, double noise_us)
{
	return b->levels_us[k] <= MAX(IMMEDIATE_US, 3 * noise_us) &&
	    b->lows_us[k] <= IMMEDIATE_US;
}

void
backoff_classify(const struct stat_rows *pauses, double noise_us,
    uint64_t seed, struct backoff *to)
{
	double *values = NULL;
	struct stat_rows rest = *pauses;
	size_t *at, slow = 0;

	*to = (struct backoff){0};
	classify(pauses, noise_us, seed, to);
	for (size_t k = 0; k < to->steps; k++)
		slow += !is_at_once(to, k, noise_us);
	if (to->steps > 0 && slow == 0) {
		to->shape = BACKOFF_IMMEDIATE;
		to->jitter = JITTER_NONE;
		to->cap_us = 0;
		return;
	}
	if (to->steps < 2 || !is_at_once(to, 0, noise_us))
		return;
	at = without_first(pauses, &values);
	rest.at = at;
	rest.values = values;
	*to = (struct backoff){0};
	classify(&rest, noise_us, seed, to);
	to->first_immediate = true;
	free(at);
	free(values);
}

void
backoff_put_facts(const struct backoff *b, struct verdict *v)
{
	verdict_word(v, "shape", backoff_shape_name(b->shape));
	verdict_word(v, "jitter", backoff_jitter_name(b->jitter));
	verdict_number(v, "first_s", b->first_us / 1e6);
	if (b->shape == BACKOFF_LINEAR)
		verdict_number(v, "step_s", b->factor / 1e6);
	else if (b->shape >= BACKOFF_EXPONENTIAL && b->factor > 0)
		verdict_number(v, "factor", b->factor);
	if (b->cap_us > 0)
		verdict_number(v, "cap_s", b->cap_us / 1e6);
}

const char *
backoff_shape_name(enum backoff_shape shape)
{
	static const char *const names[] = {"unknown", "immediate",
	    "constant", "linear", "exponential", "increasing"};

	return names[shape];
}

const char *
backoff_jitter_name(enum backoff_jitter jitter)
{
	static const char *const names[] = {"none", "bounded", "equal", "full",
	    "unknown"};

	return names[jitter];
}
