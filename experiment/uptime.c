/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a second, by the time a request should have started in. */
#include "experiment/uptime.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

struct second {
	size_t asked, failed;
};

static bool
is_bad(const struct second *s)
{
	return s->failed * 2 > s->asked;
}

static struct second *
count(const struct run *run, struct uptime *to)
{
	size_t n = (size_t)(MAX(run->duration_us, 0) / UPTIME_WINDOW_US) + 1;
	struct second *all = xcalloc(n, sizeof(*all));

	for (size_t i = 0; i < run->samples.count; i++) {
		const struct sample *s = &run->samples.items[i];
		int64_t at = s->intended_us / UPTIME_WINDOW_US;

		if (run->asked->loads[s->load].probe != NULL ||
		    s->outcome == SAMPLE_LOST || s->outcome == SAMPLE_OPEN)
			continue;
		to->requests++;
		to->good += s->outcome == SAMPLE_OK;
		if (at < 0 || at >= (int64_t)n)
			continue;
		all[at].asked++;
		all[at].failed += s->outcome != SAMPLE_OK;
	}
	to->windows = n;
	return all;
}

static void
add_outage(struct uptime *to, const struct outage *o)
{
	to->outages = xrealloc(to->outages,
			       (to->outages_count + 1) * sizeof(*to->outages));
	to->outages[to->outages_count++] = *o;
}

/* A second in which nothing was asked changes nothing. */
static void
find_outages(const struct second *all, struct uptime *to)
{
	struct outage now = {0};
	size_t asked = 0;
	bool down = false;

	for (size_t i = 0; i < to->windows; i++) {
		int64_t at = (int64_t)i * UPTIME_WINDOW_US;

		if (all[i].asked == 0)
			continue;
		asked++;
		to->bad += is_bad(&all[i]);
		if (is_bad(&all[i]) && !down)
			now = (struct outage){at, 0, true};
		else if (!is_bad(&all[i]) && down)
			add_outage(to,
				   &(struct outage){now.from_us, at, false});
		down = is_bad(&all[i]);
	}
	if (down)
		add_outage(to, &(struct outage){now.from_us,
						(int64_t)to->windows *
						    UPTIME_WINDOW_US,
						true});
	to->windows = asked;
}

static void
find_longest(struct uptime *to)
{
	to->longest_s = UPTIME_NONE;
	for (size_t i = 0; i < to->outages_count; i++) {
		const struct outage *o = &to->outages[i];
		double s = (double)(o->to_us - o->from_us) / 1e6;

		to->longest_s = MAX(to->longest_s, s);
	}
}

void
uptime_measure(const struct run *run, double slo, struct uptime *to)
{
	double allowed = MAX(1 - slo, 1e-9);
	struct second *all;

	*to = (struct uptime){0};
	all = count(run, to);
	find_outages(all, to);
	find_longest(to);
	free(all);
	to->ci = stat_wilson(to->good, to->requests);
	if (to->requests == 0)
		return;
	to->budget_burn =
	    (double)(to->requests - to->good) / (double)to->requests / allowed;
	to->burn_ci = (struct range){(1 - to->ci.hi) / allowed,
				     (1 - to->ci.lo) / allowed};
}

void
uptime_fini(struct uptime *a)
{
	free(a->outages);
	*a = (struct uptime){0};
}
