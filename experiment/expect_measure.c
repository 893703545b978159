/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations that the load, other routes, and alerts decide. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "experiment/expect.h"
#include "experiment/spread.h"
#include "experiment/totals.h"

/* --- success of the load -------------------------------------------------- */

/* How many good ones, without any other, would show that share? */
static size_t
needed(double share)
{
	return share < 1 ? (size_t)(3.8414588 * share / (1 - share)) + 1
			 : SIZE_MAX;
}

static enum expect_state
success_state(size_t good, size_t n, double wanted)
{
	if (n == 0)
		return EXPECT_UNDECIDED;
	if (stat_wilson(good, n).hi < wanted)
		return EXPECT_VIOLATED;
	/* No n shows that nothing ever fails: 1 asks for no failure. */
	if (n < needed(wanted) && (wanted < 1 || n < COMPARE_MIN))
		return EXPECT_UNDECIDED;
	return (double)good >= wanted * (double)n ? EXPECT_MET
						  : EXPECT_VIOLATED;
}

void
expect_by_success(const struct expect_case *c, struct run_expect *to)
{
	struct periods during;
	struct range ci;
	struct totals t;
	size_t good;

	periods_of_scenario(c->scenario, &during);
	totals_samples(c->run, TOTALS_ALL, &during, &t);
	good = t.n - t.failed;
	ci = stat_wilson(good, t.n);
	if (t.n == 0)
		expect_say(
		    to, EXPECT_UNDECIDED, NULL,
		    xstrdup("no request was sent while faults were armed"));
	else
		expect_say(
		    to, success_state(good, t.n, c->value.number),
		    xasprintf("%.2f %% of %zu requests",
			      100.0 * (double)good / (double)t.n, t.n),
		    xasprintf("%zu of %zu requests succeeded (95 %%: %.2f to "
			      "%.2f %%)%s",
			      good, t.n, ci.lo * 100, ci.hi * 100,
			      c->value.number < 1 &&
				      t.n < needed(c->value.number)
				  ? "; n too small to show the share asked for"
				  : ""));
	totals_fini(&t);
	periods_fini(&during);
}

/* --- other routes --------------------------------------------------------- */

/* Is the route one of those that may get worse? */
static bool
is_allowed(const struct expect_case *c, const struct spread *s)
{
	for (size_t i = 0; i < c->value.texts_count; i++) {
		if (strcmp(c->value.texts[i], s->route) == 0)
			return true;
	}
	return s->faulted;
}

void
expect_by_spread(const struct expect_case *c, struct run_expect *to)
{
	struct spread *all;
	size_t n = spread_find(c->part, &all), seen = 0, worse = 0, few = 0;
	struct str names = {0};

	for (size_t i = 0; i < n; i++) {
		if (is_allowed(c, &all[i]))
			continue;
		seen += all[i].observed;
		few += !all[i].observed;
		if (all[i].worse)
			str_printf(&names, "%s%s", worse++ > 0 ? ", " : "",
				   all[i].route);
	}
	if (worse > 0)
		expect_say(to, EXPECT_VIOLATED,
			   xasprintf("worse: %s", names.text),
			   xasprintf("%zu of %zu other routes got worse: %s",
				     worse, seen, names.text));
	else if (few > 0)
		expect_say(to, EXPECT_UNDECIDED, NULL,
			   xasprintf("%zu other routes did not get worse; %zu "
				     "had fewer than "
				     "%d calls before or during the faults",
				     seen, few, COMPARE_MIN));
	else
		expect_say(
		    to, EXPECT_MET, xasprintf("none of %zu", seen),
		    xasprintf("none of %zu other routes got worse", seen));
	str_fini(&names);
	free(all);
}

/* --- alerts --------------------------------------------------------------- */

static const char *
alert_name(const struct expect_case *c)
{
	const struct conf_scenario *s = c->scenario->asked;

	for (size_t i = 0; i < s->expects_count; i++) {
		if (strcmp(s->expects[i].key, "alert.name") == 0)
			return s->expects[i].value;
	}
	return NULL;
}

/* RUN_NEVER: it did not fire; of any name where none was given. */
static int64_t
alert_time(const struct expect_case *c, const char *name, int64_t from_us)
{
	for (size_t i = 0; i < c->run->alerts_count; i++) {
		const struct run_alert *a = &c->run->alerts[i];

		if (a->firing && a->at_us >= from_us &&
		    a->at_us < c->scenario->to_us &&
		    (name == NULL || strcmp(a->name, name) == 0))
			return a->at_us - from_us;
	}
	return RUN_NEVER;
}

void
expect_by_alert(const struct expect_case *c, struct run_expect *to)
{
	const char *name = alert_name(c);
	bool timed = c->key->type == EXPECT_DURATION;
	struct periods during;
	int64_t after = RUN_NEVER;

	periods_of_scenario(c->scenario, &during);
	if (during.count > 0)
		after = alert_time(c, name, during.items[0].from_us);
	if (during.count == 0)
		expect_say(to, EXPECT_UNDECIDED, NULL,
			   xstrdup("no fault was armed"));
	else if (c->run->alerts_count == 0)
		expect_say(
		    to, EXPECT_UNDECIDED, NULL,
		    xstrdup(
			"no alert of any name came in: is Alertmanager told "
			"where to send them?"));
	else if (after == RUN_NEVER)
		expect_say(to, EXPECT_VIOLATED, NULL,
			   xasprintf("%s did not fire",
				     name != NULL ? name : "an alert"));
	else
		expect_say(to,
			   !timed || (double)after / 1e6 <= c->value.number
			       ? EXPECT_MET
			       : EXPECT_VIOLATED,
			   xasprintf("after %.1f s", (double)after / 1e6),
			   xasprintf("%s fired %.1f s after the first fault",
				     name != NULL ? name : "an alert",
				     (double)after / 1e6));
	periods_fini(&during);
}
