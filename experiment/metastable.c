/* SPDX-License-Identifier: Apache-2.0 */
/* A failure that feeds itself: the fault is gone, and retries keep up the load
 * under which calls go on failing. */
#include "base/attr.h"
#include "experiment/identity.h"
#include "experiment/steady.h"

#define WATCH_US  60000000 /* or thrice the longest pause */
#define LOADED	  1.2	   /* times the attempts per second before */
#define FAILURES  10

/* The longest pause that any request was given between attempts. */
static int64_t
longest_pause(const struct scope *s)
{
	int64_t longest_us = 0;
	struct chains all;

	chains_build(s, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct chain *c = &all.items[i];

		for (size_t n = 1; n < c->length; n++)
			longest_us = MAX(longest_us,
			    chain_call(&all, c, n)->start_us -
				chain_call(&all, c, n - 1)->end_us);
	}
	chains_fini(&all);
	return longest_us;
}

/* What came behind one lift. */
struct aftermath {
	struct digest digest; /* of callers */
	double load;	      /* attempts beside the baseline's */
	int64_t watched_us;
};

static void
look(const struct scope *s, const struct steady *t, int64_t lift_us,
    int64_t for_us, struct aftermath *a)
{
	const struct calls *own = &s->route->calls;
	int64_t to_us = MIN(steady_horizon(s->record, lift_us),
	    lift_us + for_us);
	int64_t begin_us = own->count > 0 ? own->items[0].start_us : 0;
	double before = calls_rate(own, begin_us, s->baseline_to_us);

	a->watched_us = to_us - lift_us;
	digest_take(t->calls, lift_us, to_us, &a->digest);
	a->load = before > 0 ? calls_rate(own, lift_us, to_us) / before : 0;
}

static bool
is_bad(const struct steady *t, const struct aftermath *a)
{
	double usual = stat_wilson(t->base.failed, t->base.n).hi;

	return a->digest.failed >= FAILURES &&
	    (double)a->digest.failed > usual * (double)a->digest.n;
}

/* The worst of all lifts says it. */
static void
judge(const struct scope *s, const struct steady *t, struct verdict *v)
{
	int64_t for_us = MAX(WATCH_US, 3 * longest_pause(s));
	size_t lifts = 0, steady = 0;

	for (size_t i = 0; i < s->windows_count; i++) {
		int64_t lift_us = s->windows[i].to_us;
		struct aftermath a;

		if (s->windows[i].lasts || lift_us >= s->record->end_us)
			continue;
		lifts++;
		look(s, t, lift_us, for_us, &a);
		if (steady_find(t, lift_us, lift_us + a.watched_us) >= 0) {
			steady++;
			continue;
		}
		if (!is_bad(t, &a) || a.watched_us < for_us)
			continue;
		verdict_number(v, "load", a.load);
		verdict_number(v, "failed_share",
		    (double)a.digest.failed / (double)a.digest.n);
		v->n = a.digest.n;
		/* Else it is just not recovered: nothing keeps it up. */
		verdict_say(v, a.load > LOADED ? STATE_CONFIRMED
					       : STATE_ABSENT,
		    "%zu of %zu calls failed in %.0f s behind the fault, "
		    "under %.2f times the usual load", a.digest.failed,
		    a.digest.n, (double)for_us / 1e6, a.load);
		return;
	}
	v->n = lifts;
	if (lifts == 0) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "the fault was not lifted while the run lasted");
	} else if (steady == lifts) {
		verdict_say(v, STATE_ABSENT,
		    "steady again after each outage (%zu)", lifts);
	} else {
		verdict_say(v, STATE_INCONCLUSIVE, "not steady after %zu of "
		    "%zu outages, and not watched for long enough",
		    lifts - steady, lifts);
		verdict_wants(v, "traffic for %.0f s behind the fault",
		    (double)for_us / 1e6);
	}
}

void
metastable_judge(const struct scope *s, struct verdicts *to)
{
	struct steady t;

	if (s->route->calls.count == 0)
		return;
	steady_init(&t, s);
	if (t.base.n >= COMPARE_MIN)
		judge(s, &t, scope_verdict(s, to, "metastable", "load/1"));
	steady_fini(&t);
}
