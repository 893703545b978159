/* SPDX-License-Identifier: Apache-2.0 */
/* Samples: shares by their counts, times by their order. */
#include "experiment/compare.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define WORSE_SHARE 0.01
#define WORSE_TIME  1.25
#define SLOWER_US   1000

struct sums {
	struct digest *to;
	double *times, *sizes;
	size_t good;
};

static void
add(struct sums *u, const struct call *c)
{
	if (c->outcome == CALL_OPEN)
		return;
	u->times[u->to->n++] = (double)(c->end_us - c->start_us);
	if (call_failed(c))
		u->to->failed++;
	else
		u->sizes[u->good++] = (double)c->bytes_down;
}

static void
finish(struct sums *u)
{
	struct digest *to = u->to;

	stat_sort(u->times, to->n);
	stat_sort(u->sizes, u->good);
	if (to->n > 0) {
		to->p50_us = stat_quantile(u->times, to->n, 0.5);
		to->p95_us = stat_quantile(u->times, to->n, 0.95);
		to->p95_ci_us = stat_quantile_range(u->times, to->n, 0.95);
	}
	if (u->good > 0)
		to->size_p05 = stat_quantile(u->sizes, u->good, 0.05);
	free(u->times);
	free(u->sizes);
}

static void
begin(struct sums *u, size_t count, struct digest *to)
{
	*to = (struct digest){0};
	*u = (struct sums){.to = to,
	    .times = xcalloc(count + 1, sizeof(*u->times)),
	    .sizes = xcalloc(count + 1, sizeof(*u->sizes))};
}

void
digest_take(const struct calls *calls, int64_t from_us, int64_t to_us,
    struct digest *to)
{
	size_t from = calls_from(calls, from_us);
	size_t end = calls_from(calls, to_us);
	struct sums u;

	begin(&u, end > from ? end - from : 0, to);
	for (size_t i = from; i < end; i++)
		add(&u, &calls->items[i]);
	finish(&u);
}

void
digest_during(const struct scope *s, const struct calls *calls,
    struct digest *to)
{
	struct sums u;

	begin(&u, calls->count, to);
	for (size_t i = 0; i < calls->count; i++) {
		if (scope_window(s, calls->items[i].start_us) != NULL)
			add(&u, &calls->items[i]);
	}
	finish(&u);
}

bool
digest_is_worse(const struct digest *base, const struct digest *now,
    int64_t noise_us)
{
	struct range d = stat_newcombe(base->failed, base->n, now->failed,
	    now->n);

	return d.lo > WORSE_SHARE ||
	    (now->p95_ci_us.lo > base->p95_ci_us.hi +
		    (double)MAX(noise_us, SLOWER_US) &&
		now->p95_us > WORSE_TIME * base->p95_us);
}
