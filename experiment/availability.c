/* SPDX-License-Identifier: Apache-2.0 */
/* Calls by the second that they began in. */
#include "experiment/availability.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define SECOND_US 1000000
#define HOUR	  3600 /* seconds */

/* Sums up to the end of each second. */
struct second {
	size_t calls, failed;
};

static size_t
fill(const struct calls *calls, int64_t from_us, int64_t to_us,
    struct second **to)
{
	size_t n = (size_t)((to_us - from_us + SECOND_US - 1) / SECOND_US);
	struct second *s = xcalloc(n + 1, sizeof(*s));

	for (size_t i = calls_from(calls, from_us); i < calls->count &&
	     calls->items[i].start_us < to_us; i++) {
		const struct call *c = &calls->items[i];
		size_t at = (size_t)((c->start_us - from_us) / SECOND_US);

		if (c->outcome == CALL_OPEN)
			continue;
		s[at + 1].calls++;
		s[at + 1].failed += call_failed(c);
	}
	*to = s;
	return n;
}

/* Bad seconds and runs of them. s[i + 1] is second i. */
static void
find_outages(const struct second *s, size_t n, struct availability *to)
{
	size_t first = 0, last = 0, sum = 0;
	bool out = false;

	for (size_t i = 0; i <= n; i++) {
		bool known = i < n && s[i + 1].calls > 0;
		bool bad = known && 2 * s[i + 1].failed > s[i + 1].calls;

		to->seconds += known;
		to->bad_seconds += bad;
		if (bad) {
			first = out ? first : i;
			last = i;
			out = true;
		} else if (out && (known || i == n)) {
			to->outages++;
			sum += last + 1 - first;
			to->longest_s =
			    MAX(to->longest_s, (double)(last + 1 - first));
			out = false;
		}
	}
	if (to->outages > 0)
		to->mttr_s = (double)sum / (double)to->outages;
}

/* Failed share of the seconds from .. to, as sums. */
static double
failed_share(const struct second *sums, size_t from, size_t to)
{
	size_t calls = sums[to].calls - sums[from].calls;

	return calls > 0 ? (double)(sums[to].failed - sums[from].failed) /
		    (double)calls
			 : 0;
}

/* The most of any window whose last part burns as well. */
static double
burn_of(const struct second *sums, size_t n, size_t window, double budget)
{
	double most = 0;

	for (size_t to = window; to <= n; to++) {
		double all = failed_share(sums, to - window, to);
		double part = failed_share(sums, to - window / 12, to);

		most = MAX(most, MIN(all, part) / budget);
	}
	return most;
}

void
availability_measure(const struct calls *calls, int64_t from_us,
    int64_t to_us, double slo, struct availability *to)
{
	struct second *s;
	size_t n;

	*to = (struct availability){.share = 1, .time_share = 1};
	to->share_ci = stat_wilson(0, 0);
	if (to_us <= from_us)
		return;
	n = fill(calls, from_us, to_us, &s);
	find_outages(s, n, to);
	for (size_t i = 0; i < n; i++) {
		s[i + 1].calls += s[i].calls;
		s[i + 1].failed += s[i].failed;
	}
	to->calls = s[n].calls;
	to->good = s[n].calls - s[n].failed;
	if (to->calls > 0)
		to->share = (double)to->good / (double)to->calls;
	to->share_ci = stat_wilson(to->good, to->calls);
	if (to->seconds > 0)
		to->time_share =
		    1 - (double)to->bad_seconds / (double)to->seconds;
	to->burn = (1 - to->share) / (1 - slo);
	to->burn_fast = burn_of(s, n, HOUR, 1 - slo);
	to->burn_slow = burn_of(s, n, (size_t)6 * HOUR, 1 - slo);
	free(s);
}
