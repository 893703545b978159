/* SPDX-License-Identifier: Apache-2.0 */
/* What callers on the edge notice of a dependency's fault. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/compare.h"
#include "experiment/endpoints.h"

#define SLO	     0.01 /* share of failures that is still good */
#define SLOW	     2.0
#define FAST_US	     1e6
#define SMALL	     0.5  /* of the smallest answers before: degraded */
#define DEGRADED     0.05

/* Good answers that bear a mark, or are much smaller than any before. */
static double
degraded_share(const struct scope *s, const struct calls *edge,
    const struct digest *base)
{
	size_t n = 0, degraded = 0;

	for (size_t i = 0; i < edge->count; i++) {
		const struct call *c = &edge->items[i];

		if (c->outcome != CALL_OK ||
		    scope_window(s, c->start_us) == NULL)
			continue;
		n++;
		degraded += c->degraded ||
		    (double)c->bytes_down < SMALL * base->size_p05;
	}
	return n > 0 ? (double)degraded / (double)n : 0;
}

/* The 95th percentile of how long failures took. */
static double
failures_p95(const struct scope *s, const struct calls *edge)
{
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
class_of(const struct digest *base, const struct digest *now, double degraded,
    double failures_us)
{
	struct range d = stat_newcombe(base->failed, base->n, now->failed,
	    now->n);
	double share = (double)now->failed / (double)now->n;

	if (d.lo > 0 && share > SLO) {
		double limit = MAX(FAST_US, 2 * base->p95_us);

		return failures_us <= limit ? "fail_fast" : "fail_slow";
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

/* Callers notice all faults at once. */
static void
note_other(const struct scope *s, struct verdict *v)
{
	const struct route *other = scope_other_fault(s);

	if (other != NULL)
		verdict_say_more(v, "; %s was faulted, too", other->name);
}

static void
judge(const struct scope *s, const struct calls *edge, struct verdict *v)
{
	struct digest base, now;
	const char *class;
	double degraded;

	digest_take(edge, 0, s->baseline_to_us, &base);
	digest_during(s, edge, &now);
	v->n = now.n;
	if (now.n < COMPARE_MIN || base.n < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu calls on the edge "
		    "before the fault and %zu during it are too few",
		    base.n, now.n);
		verdict_wants(v, "%d calls before and during it", COMPARE_MIN);
		return;
	}
	degraded = degraded_share(s, edge, &base);
	class = class_of(&base, &now, degraded, failures_p95(s, edge));
	verdict_word(v, "class", class);
	verdict_number(v, "failed_share", (double)now.failed / (double)now.n);
	verdict_number(v, "degraded_share", degraded);
	verdict_number(v, "p95_ratio", now.p95_us / MAX(base.p95_us, 1));
	verdict_say(v, state_of(class), "%zu of %zu calls on the edge failed, "
	    "%zu of %zu before; p95 %.3f s, %.3f s before", now.failed, now.n,
	    base.failed, base.n, now.p95_us / 1e6, base.p95_us / 1e6);
	note_other(s, v);
}

void
fallback_judge(const struct scope *s, struct verdicts *to)
{
	struct endpoints e;

	if (s->edge == NULL)
		return;
	endpoints_init(&e, s);
	judge(s, &e.dependent, scope_verdict(s, to, "fallback", "classes/3"));
	endpoints_fini(&e);
}
