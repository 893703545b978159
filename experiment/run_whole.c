/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks beside requests, stored writes beside acknowledged ones, and
 * routes beside those that faults were armed on. */
#include "experiment/run_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "experiment/spread.h"
#include "experiment/totals.h"

#define PROBES_MIN 5   /* health checks */
#define MOST	   0.5 /* share of requests */

/* The part's first route with a window. */
static const struct route *
faulted_route(const struct record *part)
{
	for (size_t i = 0; i < part->routes_count; i++) {
		if (part->routes[i].windows_count > 0)
			return &part->routes[i];
	}
	return NULL;
}

static struct verdict *
add(struct run *run, const struct record *part, const char *mech,
    const char *method)
{
	const struct route *r = faulted_route(part);
	struct verdict *v = verdicts_add(&run->verdicts, mech, method);

	v->route = r->name;
	v->fault = r->windows[0].kind;
	for (size_t i = 0; i < r->windows_count; i++)
		verdict_window(v, &r->windows[i]);
	return v;
}

/* --- health checks -------------------------------------------------------- */

/* All health checks together; false: there are none. */
static bool
count_probes(const struct run *run, const struct periods *during, size_t *n,
	     size_t *failed)
{
	bool any = false;

	*n = *failed = 0;
	for (size_t i = 0; i < run->asked->loads_count; i++) {
		struct totals t;

		if (run->asked->loads[i].probe == NULL)
			continue;
		any = true;
		totals_samples(run, i, during, &t);
		*n += t.n;
		*failed += t.failed;
		totals_fini(&t);
	}
	return any;
}

static void
say_health(struct verdict *v, const struct totals *t, size_t n, size_t failed)
{
	struct range requests = stat_wilson(t->failed, t->n);
	struct range checks = stat_wilson(failed, n);
	bool down = requests.lo > MOST, told = checks.lo > MOST;

	v->n = n;
	if (n < PROBES_MIN || t->n < COMPARE_MIN) {
		verdict_say(v, STATE_INCONCLUSIVE,
			    "%zu health checks and %zu "
			    "requests are too few",
			    n, t->n);
		verdict_wants(v,
			      "%d health checks and %d requests while "
			      "faults are armed",
			      PROBES_MIN, COMPARE_MIN);
		return;
	}
	verdict_number(v, "failed_share", (double)failed / (double)n);
	verdict_number(v, "requests_failed_share",
		       (double)t->failed / (double)t->n);
	if ((!down && requests.hi >= MOST) || (!told && checks.hi >= MOST)) {
		verdict_say(
		    v, STATE_INCONCLUSIVE,
		    "%zu of %zu health checks "
		    "failed and %zu of %zu requests, which is about half",
		    failed, n, t->failed, t->n);
		verdict_wants(v, "a fault by which most requests fail");
		return;
	}
	if (!down && !told) {
		verdict_say(v, STATE_NOT_EXERCISED,
			    "%zu of %zu requests "
			    "failed: health checks were not put to the test",
			    t->failed, t->n);
		verdict_wants(v, "a fault by which most requests fail");
		return;
	}
	verdict_word(v, "health",
		     down && told ? "honest"
		     : down	  ? "blind"
				  : "tied");
	verdict_say(v, down == told ? STATE_CONFIRMED : STATE_ABSENT,
		    "%zu of %zu health checks failed, and %zu of %zu requests",
		    failed, n, t->failed, t->n);
}

static void
judge_health(struct run *run, const struct run_scenario *s,
	     const struct record *part)
{
	struct periods during;
	struct totals t;
	size_t n, failed;

	periods_of_scenario(s, &during);
	totals_samples(run, TOTALS_ALL, &during, &t);
	if (count_probes(run, &during, &n, &failed))
		say_health(add(run, part, "health_honesty", "load/1"), &t, n,
			   failed);
	totals_fini(&t);
	periods_fini(&during);
}

/* --- writes --------------------------------------------------------------- */

static void
judge_writes(struct run *run, const struct run_scenario *s,
	     const struct record *part)
{
	const struct run_verify *r = &s->verify;
	struct verdict *v;

	if (s->asked->verify.read == NULL)
		return;
	v = add(run, part, "read_back", "set/2");
	v->n = r->acked + r->ambiguous;
	if (!r->done || v->n == 0) {
		verdict_say(
		    v, r->done ? STATE_NOT_EXERCISED : STATE_INCONCLUSIVE, "%s",
		    r->done	     ? "nothing was written"
		    : r->why != NULL ? r->why
				     : "what was written was not read back");
		verdict_wants(v, r->done
				     ? "writes while the fault is armed"
				     : "a `read` that prints all stored ids");
		return;
	}
	verdict_number(v, "lost", (double)r->lost);
	verdict_number(v, "duplicates", (double)r->duplicates);
	verdict_number(v, "ambiguous", (double)r->ambiguous);
	verdict_number(v, "applied_in_doubt", (double)r->applied_in_doubt);
	verdict_say(
	    v, r->lost + r->duplicates > 0 ? STATE_CONFIRMED : STATE_ABSENT,
	    "of %llu writes acknowledged so far %llu are missing; of this "
	    "scenario's %llu are stored twice, and %llu were in doubt, %llu of "
	    "them stored",
	    (unsigned long long)r->acked, (unsigned long long)r->lost,
	    (unsigned long long)r->duplicates, (unsigned long long)r->ambiguous,
	    (unsigned long long)r->applied_in_doubt);
}

/* --- routes that should not care
 * ------------------------------------------------------------- */

static void
judge_cascade(struct run *run, const struct record *part)
{
	struct spread *all;
	size_t n = spread_find(part, &all), seen = 0, worse = 0, few = 0;
	struct str names = {0};
	struct verdict *v;

	for (size_t i = 0; i < n; i++) {
		if (!all[i].sibling)
			continue;
		seen += all[i].observed;
		few += !all[i].observed;
		if (all[i].worse)
			str_printf(&names, "%s%s", worse++ > 0 ? ", " : "",
				   all[i].route);
	}
	free(all);
	if (seen + few == 0)
		return; /* no route is a sibling */
	v = add(run, part, "cascade", "routes/2");
	v->n = seen;
	if (worse > 0) {
		verdict_word(v, "routes", intern(names.text));
		verdict_say(v, STATE_CONFIRMED,
			    "routes that need none of the "
			    "faulted ones got worse: %s",
			    names.text);
	} else if (few > 0) {
		verdict_say(
		    v, STATE_INCONCLUSIVE,
		    "%zu routes that need none of the faulted ones had too "
		    "few calls",
		    few);
		verdict_wants(v, "%d calls on them before and during the fault",
			      COMPARE_MIN);
	} else {
		verdict_say(v, STATE_ABSENT,
			    "none of %zu routes that need "
			    "none of the faulted ones got worse",
			    seen);
	}
	str_fini(&names);
}

void
run_judge_whole(struct run *run, size_t scenario, const struct record *part)
{
	const struct run_scenario *s = &run->scenarios[scenario];

	if (faulted_route(part) == NULL)
		return;
	judge_health(run, s, part);
	judge_writes(run, s, part);
	judge_cascade(run, part);
}
