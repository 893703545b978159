/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts of a report together. */
#include "report/model.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* --- expectations, recovery ------------------------------------------------
 */

static void
count_expects(struct report *r)
{
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		for (size_t k = 0; k < s->asked->expects_count; k++) {
			r->met += s->expects[k].state == EXPECT_MET;
			r->violated += s->expects[k].state == EXPECT_VIOLATED;
			r->undecided += s->expects[k].state == EXPECT_UNDECIDED;
		}
	}
}

/* A scenario that ran and did not come back counts as one; one of which it is
 * not known does not. */
static bool
did_not_recover(const struct report *r, size_t scenario)
{
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *f = &r->findings[i];

		if (f->scenario == scenario && f->decided && f->score < 1 &&
		    f->mechanism == mechanism_find("recovery") &&
		    f->verdict->state != STATE_CONFIRMED)
			return true;
	}
	return false;
}

static void
mean_recovery(struct report *r)
{
	double sum_s = 0;

	r->mttr_s = UPTIME_NONE;
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		r->not_recovered += did_not_recover(r, i);
		r->ran += s->state == SCENARIO_RUN;
		if (s->state != SCENARIO_RUN || s->steady_us == RUN_NEVER)
			continue;
		sum_s += (double)s->steady_us / 1e6;
		r->mttr_of++;
	}
	if (r->mttr_of > 0)
		r->mttr_s = sum_s / (double)r->mttr_of;
}

/* --- performance -----------------------------------------------------------
 */

static void
add_times(struct report *r, const char *phase, size_t load,
	  const struct periods *within)
{
	struct phase_times *t = &r->times[r->times_count++];
	struct totals sums;

	totals_samples(r->run, load, within, &sums);
	*t = (struct phase_times){phase,
				  load,
				  sums.n,
				  sums.failed,
				  sums.degraded,
				  sums.lost,
				  totals_at(&sums, 0.5),
				  totals_at(&sums, 0.95),
				  totals_at(&sums, 0.99)};
	totals_fini(&sums);
}

/* What lies between and behind the faults; from the first one on. */
static void
periods_after(const struct periods *during, int64_t end_us, struct periods *to)
{
	*to = (struct periods){
	    .items = xcalloc(during->count + 1, sizeof(*to->items))};
	for (size_t i = 0; i < during->count; i++) {
		int64_t next = i + 1 < during->count
				   ? during->items[i + 1].from_us
				   : end_us;

		to->items[to->count++] =
		    (struct period){during->items[i].to_us, next};
	}
}

static void
measure_times(struct report *r)
{
	const struct run *run = r->run;
	struct period before = {INT64_MIN, run_baseline_end(run)};
	struct periods during, after;

	periods_of_run(run, &during);
	periods_after(&during, run->duration_us, &after);
	r->times = xcalloc(3 * run->asked->loads_count + 1, sizeof(*r->times));
	for (size_t i = 0; i < run->asked->loads_count; i++) {
		add_times(r, "baseline", i, &(struct periods){&before, 1});
		add_times(r, "faults", i, &during);
		add_times(r, "after", i, &after);
	}
	periods_fini(&after);
	periods_fini(&during);
}

static void
count_lost(struct report *r)
{
	const struct samples *all = &r->run->samples;

	for (size_t i = 0; i < all->count; i++)
		r->lost += all->items[i].outcome == SAMPLE_LOST;
	if (all->count > 0)
		r->lost_share = (double)r->lost / (double)all->count;
}

/* --- all of it -------------------------------------------------------------
 */

void
report_build(struct report *r, const struct run *run, const char *previous)
{
	*r = (struct report){.run = run};
	uptime_measure(run, run->asked->report.slo, &r->availability);
	report_find(r);
	report_score(r);
	count_expects(r);
	mean_recovery(r);
	measure_times(r);
	count_lost(r);
	report_advise(r);
	report_plan_next(r);
	if (previous != NULL)
		report_compare(r, previous);
}

void
report_fini(struct report *r)
{
	for (size_t i = 0; i < r->advice_count; i++)
		free(r->advice[i].text);
	for (size_t i = 0; i < r->changes_count; i++) {
		free(r->changes[i].what);
		free(r->changes[i].before);
		free(r->changes[i].now);
	}
	uptime_fini(&r->availability);
	free(r->findings);
	free(r->cells);
	free(r->times);
	free(r->advice);
	free(r->changes);
	free(r->previous);
	free(r->next);
	*r = (struct report){0};
}
