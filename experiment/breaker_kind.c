/* SPDX-License-Identifier: Apache-2.0 */
/* How a breaker counts. One window cannot tell; several can:
 *
 *	all calls fail, at two rates	as many failures	by number
 *					in proportion		within a time
 *	a share of them fails		opens with fewer in a
 *					row than if all do	by their share
 *					does not		in a row
 */
#include "experiment/breaker.h"

#define RATES_DIFFER 1.5
#define EVEN	     1.4
#define PROPORTION   1.35 /* how far off it may be */
#define MIXED_MIN    50	  /* failures that did not open it */
#define OPENINGS_MIN 2	  /* or openings that went by the number */

/* Did all attempts of the window fail? */
static bool
is_all(const struct breaker_trace *t)
{
	return t->tried > 0 && t->failed == t->tried;
}

/* Was the rate the same before it? Else what is still in its memory tells of
 * another. */
static bool
is_even(const struct breaker_trace *t)
{
	return t->rate_before * EVEN > t->rate &&
	    t->rate * EVEN > t->rate_before;
}

/* Two windows in which all failed, at rates that differ; false: none. */
static bool
find_pair(const struct breaker_trace *t, size_t count,
    const struct breaker_trace *pair[2])
{
	pair[0] = pair[1] = NULL;
	for (size_t i = 0; i < count; i++) {
		if (t[i].runs_count == 0 || !is_all(&t[i]) || !is_even(&t[i]))
			continue;
		if (pair[0] == NULL || t[i].rate < pair[0]->rate)
			pair[0] = &t[i];
		if (pair[1] == NULL || t[i].rate > pair[1]->rate)
			pair[1] = &t[i];
	}
	return pair[0] != NULL &&
	    pair[1]->rate >= RATES_DIFFER * pair[0]->rate;
}

/* "number", "time", or NULL. */
static const char *
window_of(const struct breaker_trace *const pair[2])
{
	const struct breaker_trace *slow = pair[0], *fast = pair[1];
	double rates = fast->rate / slow->rate;
	double lo = (double)fast->threshold_lo / (double)slow->threshold_hi;
	double hi = (double)fast->threshold_hi / (double)slow->threshold_lo;

	if (lo <= 1 && hi >= 1)
		return rates / PROPORTION > hi ? "number" : NULL;
	return lo <= rates * PROPORTION && hi >= rates / PROPORTION ? "time"
								    : NULL;
}

/* "ratio", "consecutive", or NULL; `all`: what opens it if all fail. */
static const char *
kind_of(const struct breaker_trace *t, size_t count,
    const struct breaker_trace *all)
{
	const char *kind = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t fresh = 0;

		if (is_all(&t[i]) || t[i].failed == 0)
			continue;
		for (size_t k = 0; k < t[i].runs_count; k++) {
			const struct breaker_run *r = &t[i].runs[k];

			if (r->fresh && r->row_hi < all->threshold_lo)
				return "ratio";
			fresh += r->fresh;
		}
		/* As many in a row always opened it, and fewer never did. */
		if (t[i].row < all->threshold_hi &&
		    (t[i].failed >= MIXED_MIN || fresh >= OPENINGS_MIN))
			kind = "consecutive";
	}
	return kind;
}

void
breaker_say_kind(const struct breaker_trace *traces, size_t count,
    struct verdict *v)
{
	const struct breaker_trace *pair[2];
	bool two = find_pair(traces, count, pair);
	const char *kind, *window;

	window = two ? window_of(pair) : NULL;
	kind = pair[0] != NULL
	    ? kind_of(traces, count, pair[0])
	    : NULL;
	if (kind == NULL)
		kind = window != NULL ? "unknown" : NULL;
	verdict_word(v, "kind", kind != NULL ? kind : "unknown");
	if (window != NULL)
		verdict_word(v, "window", window);
	if (window != NULL && window[0] == 't')
		verdict_bracket(v, "window_s",
		    (double)pair[0]->threshold_lo / pair[0]->rate,
		    (double)pair[0]->threshold_hi / pair[0]->rate);
	if (v->decide[0] == '\0' && (kind == NULL || window == NULL))
		verdict_wants(v, "its kind: three faults, of all calls at one "
				 "rate and at twice it, and of three quarters "
				 "of them");
}
