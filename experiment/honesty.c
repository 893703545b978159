/* SPDX-License-Identifier: Apache-2.0 */
/* Do health checks of the edge tell the truth while a dependency is broken?
 *
 *				checks are good		checks fail
 *	most calls fail		blind			honest
 *	most calls are good	(nothing to be told)	tied to the dependency
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "experiment/identity.h"
#include "experiment/scope.h"

#define PROBES_MIN 3
#define MOST	   0.5

struct health {
	size_t calls, failed;	 /* of callers */
	size_t probes, negative; /* health checks, that failed */
	size_t all_probes;	 /* before the fault, too */
	size_t line_first, line_last;
};

static void
add(struct health *h, const struct call *c, bool probe)
{
	if (!probe) {
		h->calls++;
		h->failed += call_failed(c);
		return;
	}
	h->probes++;
	h->negative += call_failed(c);
	if (h->line_first == 0)
		h->line_first = c->line;
	h->line_last = c->line;
}

static void
measure(const struct scope *s, struct health *h)
{
	const struct calls *edge = &s->edge->calls;
	bool *probe = xcalloc(edge->count + 1, sizeof(*probe));

	*h = (struct health){0};
	h->all_probes = identity_checks(edge, probe);
	for (size_t i = 0; i < edge->count; i++) {
		const struct call *c = &edge->items[i];

		if (c->outcome != CALL_OPEN &&
		    scope_window(s, c->start_us) != NULL)
			add(h, c, probe[i]);
	}
	free(probe);
}

static void
say(const struct health *h, struct verdict *v)
{
	struct range failing = stat_wilson(h->failed, h->calls);
	bool most_fail = failing.lo > MOST;
	bool negative = (double)h->negative > MOST * (double)h->probes;

	if (!most_fail && failing.hi >= MOST) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu of %zu calls failed, "
		    "which is about half; %zu of %zu checks did", h->failed,
		    h->calls, h->negative, h->probes);
		verdict_wants(v, "a fault by which most calls fail");
		return;
	}
	verdict_word(v, "health", most_fail ? negative ? "honest" : "blind"
		: negative		    ? "tied"
					    : "good");
	if (most_fail && negative)
		verdict_say(v, STATE_CONFIRMED, "%zu of %zu checks failed "
		    "while %zu of %zu calls did", h->negative, h->probes,
		    h->failed, h->calls);
	else if (most_fail)
		verdict_say(v, STATE_ABSENT, "%zu of %zu checks were good "
		    "while %zu of %zu calls failed",
		    h->probes - h->negative, h->probes, h->failed, h->calls);
	else if (negative)
		verdict_say(v, STATE_PARTIAL, "%zu of %zu checks failed "
		    "while %zu of %zu calls were good",
		    h->negative, h->probes, h->calls - h->failed, h->calls);
	else
		verdict_say(v, STATE_NOT_EXERCISED, "checks are good, and so "
		    "were %zu of %zu calls", h->calls - h->failed, h->calls);
}

void
honesty_judge(const struct scope *s, struct verdicts *to)
{
	struct health h;
	struct verdict *v;

	if (s->edge == NULL)
		return;
	measure(s, &h);
	if (h.all_probes == 0)
		return; /* nobody checks */
	v = scope_verdict(s, to, "health_honesty", "probes/2");
	v->n = h.probes;
	if (h.line_first > 0) {
		verdict_line(v, h.line_first);
		verdict_line(v, h.line_last);
	}
	if (h.probes < PROBES_MIN || h.calls < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu health checks and %zu "
		    "calls during the fault are too few", h.probes, h.calls);
		verdict_wants(v, "%d health checks and %d calls during it",
		    PROBES_MIN, COMPARE_MIN);
		return;
	}
	say(&h, v);
}
