/* SPDX-License-Identifier: Apache-2.0 */
/* How long after the fault was lifted until all is as before, and whose part
 * of it that was.
 *
 *	lifted ── client waits ──► first attempt ── service ──► first success
 *	   ├──────────────────────────────────────► connections are back
 *	   └──────────────────────────────────────────────────────────► steady
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "experiment/pool.h"
#include "experiment/steady.h"

struct recovery {
	size_t lifts, succeeded, steady, too_short;
	double wait_s, success_s, steady_s; /* the longest of all lifts */
	double steady_sum_s;
	double period_s; /* that must be good */
	size_t drained, refilled; /* pools */
	double refill_s;
};

static void
find_success(const struct scope *s, int64_t lift_us, int64_t to_us,
    struct recovery *r)
{
	const struct calls *calls = &s->route->calls;
	size_t i = calls_from(calls, lift_us);

	if (i < calls->count && calls->items[i].start_us < to_us)
		r->wait_s = MAX(r->wait_s,
		    (double)(calls->items[i].start_us - lift_us) / 1e6);
	for (; i < calls->count && calls->items[i].start_us < to_us; i++) {
		const struct call *c = &calls->items[i];

		if (c->outcome != CALL_OK)
			continue;
		r->succeeded++;
		r->success_s = MAX(r->success_s,
		    (double)(c->end_us - lift_us) / 1e6);
		return;
	}
}

static void
find_steady(const struct steady *t, int64_t lift_us, int64_t to_us,
    struct recovery *r)
{
	int64_t at_us = steady_find(t, lift_us, to_us);
	double after_s = (double)(at_us - lift_us) / 1e6;

	if (at_us < 0) {
		r->too_short += to_us - lift_us < STEADY_GIVE_UP_US;
		return;
	}
	r->steady++;
	r->steady_s = MAX(r->steady_s, after_s);
	r->steady_sum_s += after_s;
}

static void
find_pool(const struct pool *p, int64_t lift_us, int64_t to_us,
    struct recovery *r)
{
	int64_t at_us = pool_refilled(p, lift_us, to_us);

	if (at_us == lift_us) /* it was full all the time */
		return;
	r->drained++;
	if (at_us < 0)
		return;
	r->refilled++;
	r->refill_s = MAX(r->refill_s, (double)(at_us - lift_us) / 1e6);
}

static void
say_facts(const struct recovery *r, const struct pool *p, struct verdict *v)
{
	if (r->succeeded > 0) {
		verdict_number(v, "first_success_s", r->success_s);
		verdict_number(v, "client_wait_s", r->wait_s);
		verdict_number(v, "service_s",
		    MAX(r->success_s - r->wait_s, 0));
	}
	if (r->steady > 0) {
		verdict_number(v, "steady_s", r->steady_s);
		verdict_number(v, "mean_s",
		    r->steady_sum_s / (double)r->steady);
	}
	if (r->drained > 0) {
		verdict_number(v, "pool", p->usual);
		verdict_number(v, "pool_refilled_share",
		    (double)r->refilled / (double)r->drained);
	}
	if (r->refilled > 0)
		verdict_number(v, "pool_refill_s", r->refill_s);
}

static void
say(const struct recovery *r, struct verdict *v)
{
	char pools[96] = "";

	if (r->refilled < r->drained)
		snprintf(pools, sizeof(pools),
		    ", with fewer connections than usual after %zu",
		    r->drained - r->refilled);
	if (r->steady == r->lifts)
		verdict_say(v, STATE_CONFIRMED, "steady again after each outage"
		    " (%zu)%s", r->lifts, pools);
	else if (r->too_short > 0) {
		verdict_say(v, STATE_INCONCLUSIVE, "after %zu of %zu "
		    "outages it was not steady yet when the time to look was "
		    "over", r->too_short, r->lifts);
		verdict_wants(v, "traffic for %d s behind the fault, %d calls "
				 "in %g s", STEADY_GIVE_UP_US / 1000000,
		    COMPARE_MIN, r->period_s);
	} else
		verdict_say(v, r->steady > 0 ? STATE_PARTIAL : STATE_ABSENT,
		    "not recovered after %zu of %zu outages",
		    r->lifts - r->steady, r->lifts);
}

static void
look(const struct scope *s, const struct steady *t, const struct pool *p,
    struct recovery *r)
{
	for (size_t i = 0; i < s->windows_count; i++) {
		int64_t lift_us = s->windows[i].to_us;
		int64_t to_us = steady_horizon(s->record, lift_us);

		if (s->windows[i].lasts || lift_us >= s->record->end_us)
			continue;
		r->lifts++;
		find_success(s, lift_us, to_us, r);
		if (t->base.n >= COMPARE_MIN)
			find_steady(t, lift_us, to_us, r);
		if (p->usual > 0)
			find_pool(p, lift_us, to_us, r);
	}
}

void
recovery_judge(const struct scope *s, struct verdicts *to)
{
	struct recovery r = {0};
	struct steady steady;
	struct pool pool;
	struct verdict *v = scope_verdict(s, to, "recovery", "windows/2");

	steady_init(&steady, s);
	r.period_s = (double)steady.period_us / 1e6;
	pool_init(&pool, s);
	look(s, &steady, &pool, &r);
	v->n = r.lifts;
	if (r.lifts > 0)
		say_facts(&r, &pool, v);
	if (r.lifts == 0) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "the fault was not lifted while the run lasted");
	} else if (steady.base.n < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu calls before the "
		    "fault do not tell what steady is", steady.base.n);
		verdict_wants(v, "%d calls before the fault", COMPARE_MIN);
	} else {
		say(&r, v);
	}
	pool_fini(&pool);
	steady_fini(&steady);
}
