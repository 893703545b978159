/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are open, as a stair over time. */
#include "experiment/pool.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define REFILLED 0.9
#define POOL_MIN 2.0 /* fewer are not called a pool */
#define LOOKS	 1001 /* at the baseline */

static int
by_time(const void *a, const void *b)
{
	const struct pool_step *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return (x->open > y->open) - (x->open < y->open);
}

static long
open_at(const struct pool *p, int64_t at_us)
{
	size_t lo = 0, hi = p->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->steps[mid].at_us <= at_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 ? p->steps[lo - 1].open : 0;
}

/* The median over the time before the faults. */
static double
usual(const struct pool *p, int64_t to_us)
{
	double seen[LOOKS], step_us;
	int64_t from_us;

	if (p->count == 0 || p->steps[0].at_us >= to_us)
		return 0;
	from_us = p->steps[0].at_us;
	step_us = (double)(to_us - from_us) / LOOKS;
	for (size_t i = 0; i < LOOKS; i++)
		seen[i] = (double)open_at(p,
		    from_us + (int64_t)(step_us * (double)i));
	stat_sort(seen, LOOKS);
	return stat_quantile(seen, LOOKS, 0.5);
}

void
pool_init(struct pool *p, const struct scope *s)
{
	const struct calls *all = &s->route->connections;
	long open = 0;

	*p = (struct pool){.steps =
		xcalloc(2 * all->count + 1, sizeof(*p->steps))};
	for (size_t i = 0; i < all->count; i++) {
		const struct call *c = &all->items[i];

		p->steps[p->count++] = (struct pool_step){c->start_us, 1};
		if (c->outcome != CALL_OPEN)
			p->steps[p->count++] =
			    (struct pool_step){c->closed_us, -1};
	}
	if (p->count > 1)
		qsort(p->steps, p->count, sizeof(*p->steps), by_time);
	for (size_t i = 0; i < p->count; i++) {
		open += p->steps[i].open;
		p->steps[i].open = open;
	}
	p->usual = s->baseline_to_us != INT64_MAX ? usual(p, s->baseline_to_us)
						  : 0;
	if (p->usual < POOL_MIN)
		p->usual = 0;
}

void
pool_fini(struct pool *p)
{
	free(p->steps);
	*p = (struct pool){0};
}

int64_t
pool_refilled(const struct pool *p, int64_t lift_us, int64_t to_us)
{
	double want = REFILLED * p->usual;

	if ((double)open_at(p, lift_us) >= want)
		return lift_us;
	for (size_t i = 0; i < p->count; i++) {
		if (p->steps[i].at_us >= to_us)
			break;
		if (p->steps[i].at_us > lift_us &&
		    (double)p->steps[i].open >= want)
			return p->steps[i].at_us;
	}
	return -1;
}
