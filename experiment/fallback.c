/* SPDX-License-Identifier: Apache-2.0 */
/* What callers on the edge notice of a dependency's fault, and how far it
 * spreads to other routes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/compare.h"

#define SLO	     0.01 /* share of failures that is still good */
#define SLOW	     2.0
#define FAST_US	     1e6
#define SMALL	     0.5  /* of the smallest answers before: degraded */
#define DEGRADED     0.05

/* --- what the edge answers ------------------------------------------------ */

/* Good answers that are much smaller than any before. */
static double
degraded_share(const struct scope *s, const struct digest *base)
{
	const struct calls *edge = &s->edge->calls;
	size_t n = 0, small = 0;

	for (size_t i = 0; i < edge->count; i++) {
		const struct call *c = &edge->items[i];

		if (c->outcome != CALL_OK ||
		    scope_window(s, c->start_us) == NULL)
			continue;
		n++;
		small += (double)c->bytes_down < SMALL * base->size_p05;
	}
	return n > 0 ? (double)small / (double)n : 0;
}

/* The 95th percentile of how long failures took. */
static double
failures_p95(const struct scope *s)
{
	const struct calls *edge = &s->edge->calls;
	double *times = xcalloc(edge->count + 1, sizeof(*times)), p95 = 0;
	size_t n = 0;

	for (size_t i = 0; i < edge->count; i++) {
		const struct call *c = &edge->items[i];

		if (call_failed(c) && scope_window(s, c->start_us) != NULL)
			times[n++] = (double)(c->end_us - c->start_us);
	}
	stat_sort(times, n);
	if (n > 0)
		p95 = stat_quantile(times, n, 0.95);
	free(times);
	return p95;
}

static const char *
class_of(const struct scope *s, const struct digest *base,
    const struct digest *now, double degraded)
{
	struct range d = stat_newcombe(base->failed, base->n, now->failed,
	    now->n);
	double share = (double)now->failed / (double)now->n;

	if (d.lo > 0 && share > SLO) {
		double limit = MAX(FAST_US, 2 * base->p95_us);

		return failures_p95(s) <= limit ? "fail_fast" : "fail_slow";
	}
	if (degraded > DEGRADED)
		return "degraded_graceful";
	return now->p95_us > SLOW * base->p95_us ? "slow" : "transparent";
}

static enum verdict_state
state_of(const char *class)
{
	static const struct {
		const char *class;
		enum verdict_state state;
	} states[] = {{"transparent", STATE_CONFIRMED},
	    {"degraded_graceful", STATE_CONFIRMED}, {"slow", STATE_PARTIAL}};

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		if (strcmp(states[i].class, class) == 0)
			return states[i].state;
	}
	return STATE_ABSENT;
}

void
fallback_judge(const struct scope *s, struct verdicts *to)
{
	struct digest base, now;
	struct verdict *v;
	const char *class;
	double degraded;

	if (s->edge == NULL)
		return;
	digest_take(&s->edge->calls, 0, s->baseline_to_us, &base);
	digest_during(s, &s->edge->calls, &now);
	v = scope_verdict(s, to, "fallback", "classes/1");
	v->n = now.n;
	if (now.n < COMPARE_MIN || base.n < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu calls on the edge "
		    "before the fault and %zu during it are too few",
		    base.n, now.n);
		verdict_wants(v, "%d calls before and during it", COMPARE_MIN);
		return;
	}
	degraded = degraded_share(s, &base);
	class = class_of(s, &base, &now, degraded);
	verdict_word(v, "class", class);
	verdict_number(v, "failed_share", (double)now.failed / (double)now.n);
	verdict_number(v, "degraded_share", degraded);
	verdict_number(v, "p95_ratio", now.p95_us / MAX(base.p95_us, 1));
	verdict_say(v, state_of(class), "%zu of %zu calls on the edge failed, "
	    "%zu of %zu before; p95 %.3f s, %.3f s before", now.failed, now.n,
	    base.failed, base.n, now.p95_us / 1e6, base.p95_us / 1e6);
}

/* --- how far it spreads --------------------------------------------------- */

struct radius {
	size_t observed, affected, few;
	size_t calls, calls_affected;
	char names[96];
};

static void
add_route(const struct scope *s, const struct route *r, struct radius *to)
{
	struct digest base, now;
	size_t used = strlen(to->names);

	digest_take(&r->calls, 0, s->baseline_to_us, &base);
	digest_during(s, &r->calls, &now);
	if (base.n < COMPARE_MIN || now.n < COMPARE_MIN) {
		to->few++;
		return;
	}
	to->observed++;
	to->calls += now.n;
	if (!digest_is_worse(&base, &now))
		return;
	to->affected++;
	to->calls_affected += now.n;
	snprintf(to->names + used, sizeof(to->names) - used, "%s%s",
	    used > 0 ? ", " : "", r->name);
}

void
blast_judge(const struct scope *s, struct verdicts *to)
{
	struct radius r = {0};
	struct verdict *v;

	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *other = &s->record->routes[i];

		if (other != s->route)
			add_route(s, other, &r);
	}
	if (r.observed == 0)
		return; /* there is nothing to compare with */
	v = scope_verdict(s, to, "blast_radius", "newcombe/1");
	v->n = r.calls;
	verdict_number(v, "affected", (double)r.affected);
	verdict_number(v, "observed", (double)r.observed);
	verdict_number(v, "calls_share",
	    (double)r.calls_affected / (double)r.calls);
	if (r.affected > 0)
		verdict_say(v, STATE_CONFIRMED, "it spread to %zu of %zu other "
		    "routes: %s", r.affected, r.observed, r.names);
	else
		verdict_say(v, STATE_ABSENT,
		    "none of %zu other routes got worse", r.observed);
	if (r.few > 0)
		verdict_wants(v, "%d calls before and during it on %zu more "
				 "routes", COMPARE_MIN, r.few);
}
