/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of two durations: no clock is compared with another. */
#include "experiment/added.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/pairs.h"

struct early {
	struct run *run;
	int64_t until_us;
};

static bool
is_good(const struct run *run, const struct sample *s)
{
	(void)run;
	return s->outcome == SAMPLE_OK && s->first_us > s->start_us;
}

static void
take(void *arg, const struct sample *s, struct call *c)
{
	const struct early *e = arg;
	int64_t us = s->first_us - s->start_us - c->upstream_us;

	if (s->end_us < e->until_us && c->upstream_us > 0 && c->kind == NULL &&
	    c->outcome == CALL_OK)
		e->run->added_us[e->run->added_n++] = (double)MAX(us, 0);
}

void
added_measure(struct run *run)
{
	struct early e = {run, run_baseline_end(run)};

	free(run->added_us);
	run->added_us = xcalloc(run->samples.count + 1, sizeof(double));
	run->added_n = 0;
	pairs_visit(run, is_good, take, &e);
	stat_sort(run->added_us, run->added_n);
}

struct totals_quantile
added_at(const struct run *run, double p)
{
	struct totals all = {.n = run->added_n, .us = run->added_us};

	return totals_at(&all, p);
}
