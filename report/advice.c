/* SPDX-License-Identifier: Apache-2.0 */
/* R1 to R18. Each looks at verdicts of one mechanism; a number in a text is
 * one that was measured, or is said to be what would have been. */
#include "report/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define LONG_OPEN_S   60.0
#define MANY_FAILURES 250 /* then ABSENT is certain for a breaker */
#define PROBES_FLOOD  5

/* --- what rules ask ------------------------------------------------------- */

static double
number(const struct finding *f, const char *key, double otherwise)
{
	const struct fact *fact = verdict_fact(f->verdict, key);

	return fact != NULL && fact->word == NULL ? fact->value.hi : otherwise;
}

static bool
has_word(const struct finding *f, const char *key, const char *word)
{
	return verdict_has_word(f->verdict, key, word);
}

static bool
is_absent(const struct finding *f)
{
	return f->verdict->state == STATE_ABSENT;
}

static bool
is_seen(const struct finding *f)
{
	return f->verdict->state == STATE_CONFIRMED ||
	       f->verdict->state == STATE_PARTIAL;
}

/* The service that calls it, as far as routes tell. */
static const char *
caller(const struct report *r, const struct finding *f)
{
	const struct record *all = &r->run->record;
	size_t at = record_find(all, f->verdict->route);

	if (at == RECORD_NONE)
		return "its caller";
	if (all->routes[at].from != NULL)
		return all->routes[at].from;
	at = all->routes[at].edge;
	return at != RECORD_NONE ? all->routes[at].name : "its caller";
}

/* Calls on the route while the scenario's faults were armed, and failures. */
static size_t
calls_during(const struct report *r, const struct finding *f, double *seconds,
	     size_t *failed)
{
	size_t at = record_find(&r->run->record, f->verdict->route), n;
	struct periods during;
	struct totals t;

	periods_of_scenario(&r->run->scenarios[f->scenario], &during);
	*seconds = periods_seconds(&during);
	*failed = 0;
	if (at == RECORD_NONE) {
		periods_fini(&during);
		return 0;
	}
	totals_calls(&r->run->record.routes[at].calls, &during, &t);
	n = t.n;
	*failed = t.failed;
	totals_fini(&t);
	periods_fini(&during);
	return n;
}

/* The finding of that mechanism in the same scenario; or NULL. */
static const struct finding *
beside(const struct report *r, const struct finding *f, const char *mech)
{
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *other = &r->findings[i];

		if (other->scenario == f->scenario &&
		    strcmp(other->verdict->mech, mech) == 0)
			return other;
	}
	return NULL;
}

/* Did anybody give up waiting on the same route in any scenario? */
static bool
has_left_elsewhere(const struct report *r, const struct finding *f)
{
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *other = &r->findings[i];

		if (strcmp(other->verdict->mech, f->verdict->mech) == 0 &&
		    strcmp(other->verdict->route, f->verdict->route) == 0 &&
		    (is_seen(other) || other->verdict->n > 0))
			return true;
	}
	return false;
}

/* --- rules ---------------------------------------------------------------- */

static bool
no_breaker(const struct report *r, const struct finding *f, struct str *text)
{
	double seconds;
	size_t failed, n = calls_during(r, f, &seconds, &failed);

	if (!is_absent(f) || failed < MANY_FAILURES)
		return false;
	str_printf(text,
		   "Put a circuit breaker before %s: %s sent %zu calls "
		   "in %.0f s, of which %zu failed; a breaker of 5 "
		   "failures and 30 s would have sent about %.0f.",
		   f->verdict->route, caller(r, f), n, seconds, failed,
		   5 + seconds / 30);
	return true;
}

static bool
long_open(const struct report *r, const struct finding *f, struct str *text)
{
	double open_s = number(f, "open_s", 0);

	(void)r;
	if (!is_seen(f) || open_s <= LONG_OPEN_S)
		return false;
	str_printf(text,
		   "Let the breaker before %s try again sooner: it stays "
		   "open for up to %.1f s.",
		   f->verdict->route, open_s);
	return true;
}

static bool
client_wait(const struct report *r, const struct finding *f, struct str *text)
{
	double wait_s = number(f, "client_wait_s", 0);
	double first_s = number(f, "first_success_s", 0);

	if (first_s <= 1 || wait_s <= first_s / 2)
		return false;
	str_printf(text,
		   "Shorten the pauses by which %s comes back to %s: "
		   "%.2f of the %.2f s from the end of the fault to the "
		   "first success were its own wait.",
		   caller(r, f), f->verdict->route, wait_s, first_s);
	return true;
}

static bool
no_timeout(const struct report *r, const struct finding *f, struct str *text)
{
	/* One that a drip defeats is there. */
	if (!is_absent(f) || has_left_elsewhere(r, f))
		return false;
	str_printf(text,
		   "Give calls on %s a time-out: %s waited for all of "
		   "the %.1f s that were looked at.",
		   f->verdict->route, caller(r, f), number(f, "horizon_s", 0));
	return true;
}

static bool
idle_timeout(const struct report *r, const struct finding *f, struct str *text)
{
	(void)r;
	if (!has_word(f, "kind", "idle"))
		return false;
	str_printf(text,
		   "Give calls on %s a deadline for the whole answer: "
		   "its time-out of %.3f s is for silence only, a drip "
		   "keeps callers waiting.",
		   f->verdict->route, number(f, "after_s", 0));
	return true;
}

static bool
leaks(const struct report *r, const struct finding *f, struct str *text)
{
	if (!is_seen(f))
		return false;
	str_printf(text,
		   "Cancel calls on %s when %s gives up: %.0f went on "
		   "after their caller had been answered or had left.",
		   f->verdict->route, caller(r, f), number(f, "leaked", 0));
	return true;
}

static bool
inverted(const struct report *r, const struct finding *f, struct str *text)
{
	if (!is_absent(f))
		return false;
	str_printf(text,
		   "Let callers wait longer than calls on %s with all "
		   "their retries take: %.0f %% left before %s had given "
		   "up.",
		   f->verdict->route, 100 * number(f, "edge_left_share", 0),
		   caller(r, f));
	return true;
}

static bool
in_step(const struct report *r, const struct finding *f, struct str *text)
{
	if (f->mechanism->is_flawed == NULL || !is_seen(f) ||
	    !f->mechanism->is_flawed(f->verdict))
		return false;
	str_printf(text,
		   "Let pauses of %s before %s grow, and spread them at "
		   "random: they are %s, %.3f s, without jitter.",
		   caller(r, f), f->verdict->route,
		   has_word(f, "shape", "constant") ? "constant"
						    : "none at all",
		   number(f, "first_s", 0));
	return true;
}

static bool
over_budget(const struct report *r, const struct finding *f, struct str *text)
{
	/* So many were said to be all right. */
	if (f->verdict->state != STATE_CONFIRMED ||
	    (f->expect != NULL && f->expect->state == EXPECT_MET))
		return false;
	str_printf(text,
		   "Limit retries of %s on %s to a budget: there were "
		   "%.2f attempts per request, and up to %.0f %% of the "
		   "requests of 10 s were retries.",
		   caller(r, f), f->verdict->route, number(f, "factor", 0),
		   100 * number(f, "peak_share", 0));
	return true;
}

static bool
unsafe(const struct report *r, const struct finding *f, struct str *text)
{
	if (!is_seen(f))
		return false;
	str_printf(text,
		   "Give an idempotency key to requests that %s sends "
		   "again to %s, or do not send them again: %.0f were "
		   "that are not idempotent.",
		   caller(r, f), f->verdict->route, number(f, "unsafe", 0));
	return true;
}

static bool
ignores_retry_after(const struct report *r, const struct finding *f,
		    struct str *text)
{
	if (!is_absent(f) && f->verdict->state != STATE_PARTIAL)
		return false;
	str_printf(text,
		   "Wait as long as Retry-After asks: %s did so for "
		   "%.0f %% of %zu answers of %s.",
		   caller(r, f), 100 * number(f, "honoured_share", 0),
		   f->verdict->n, f->verdict->route);
	return true;
}

static bool
reconnects(const struct report *r, const struct finding *f, struct str *text)
{
	double per_s = number(f, "per_s", 0);

	if (!is_seen(f) || !(per_s > 10 || f->mechanism->is_flawed(f->verdict)))
		return false;
	str_printf(text,
		   "Let %s pause before it connects to %s again, longer "
		   "each time and at random: it did %.1f times a second, "
		   "%.0f times in all.",
		   caller(r, f), f->verdict->route, per_s,
		   number(f, "attempts", 0));
	return true;
}

static bool
cascades(const struct report *r, const struct finding *f, struct str *text)
{
	const struct fact *names = verdict_fact(f->verdict, "routes");

	(void)r;
	if (!is_seen(f))
		return false;
	str_printf(text,
		   "Find out what %s share with %s: they got worse, "
		   "though they do not need it (%s).",
		   names != NULL && names->word != NULL ? names->word
							: "endpoints",
		   f->verdict->route, f->verdict->why);
	return true;
}

static bool
fails_slowly(const struct report *r, const struct finding *f, struct str *text)
{
	if (!has_word(f, "class", "fail_slow"))
		return false;
	str_printf(text,
		   "Let %s fail fast while %s is faulted: %.0f %% of its "
		   "calls failed, and slowly.",
		   caller(r, f), f->verdict->route,
		   100 * number(f, "failed_share", 0));
	return true;
}

static bool
unhealthy(const struct report *r, const struct finding *f, struct str *text)
{
	bool blind = has_word(f, "health", "blind");

	(void)r;
	if (!is_absent(f) && f->verdict->state != STATE_PARTIAL)
		return false;
	str_printf(text, "%s: as %s was faulted, %s.",
		   blind ? "Let health checks see what requests see"
			 : "Untie the health check from its dependency",
		   f->verdict->route, f->verdict->why);
	return true;
}

static bool
loses_writes(const struct report *r, const struct finding *f, struct str *text)
{
	double lost = number(f, "lost", 0), twice = number(f, "duplicates", 0);
	double doubt = number(f, "ambiguous", 0);

	(void)r;
	if (f->verdict->state > STATE_PARTIAL || lost + twice + doubt == 0)
		return false;
	str_printf(text,
		   "Make writes on %s safe to repeat, by a key that is "
		   "unique in the store: ",
		   f->verdict->route);
	if (lost + twice > 0)
		str_printf(text,
			   "%.0f acknowledged ones are missing, %.0f are "
			   "stored twice, %.0f were left in doubt.",
			   lost, twice, doubt);
	else
		str_printf(text,
			   "none is missing or stored twice, but %.0f were "
			   "left in doubt.",
			   doubt);
	return true;
}

static bool
stays_down(const struct report *r, const struct finding *f, struct str *text)
{
	if (!is_absent(f) && f->verdict->state != STATE_PARTIAL)
		return false;
	str_printf(text, "Find out what keeps %s down: %s (scenario %s).",
		   f->verdict->route, f->verdict->why, finding_scenario(r, f));
	return true;
}

static bool
stays_up(const struct report *r, const struct finding *f, struct str *text)
{
	if (f->verdict->state != STATE_CONFIRMED)
		return false;
	str_printf(text, "Shed load of %s on %s, or limit its retries: %s.",
		   caller(r, f), f->verdict->route, f->verdict->why);
	return true;
}

static bool
in_waves(const struct report *r, const struct finding *f, struct str *text)
{
	if (f->verdict->state != STATE_CONFIRMED)
		return false;
	str_printf(text, "Spread the pauses of %s before %s at random: %s.",
		   caller(r, f), f->verdict->route, f->verdict->why);
	return true;
}

static bool
no_bulkhead(const struct report *r, const struct finding *f, struct str *text)
{
	const struct finding *siblings = beside(r, f, "isolation");
	const struct finding *cascade = beside(r, f, "cascade");
	const struct finding *radius = beside(r, f, "blast_radius");
	bool spread = (siblings != NULL && is_absent(siblings)) ||
		      (cascade != NULL && is_seen(cascade)) ||
		      (radius != NULL && is_seen(radius));

	if (!is_absent(f) || !spread)
		return false;
	str_printf(text,
		   "Limit how many calls of %s are under way on %s: %.0f "
		   "were at a time, and other routes got worse.",
		   caller(r, f), f->verdict->route, number(f, "peak", 0));
	return true;
}

static bool
floods(const struct report *r, const struct finding *f, struct str *text)
{
	double probes = number(f, "probes", 0);
	bool open = has_word(f, "half_open", "does_not_reopen");

	(void)r;
	if (!is_seen(f) || !(open || probes > PROBES_FLOOD))
		return false;
	str_printf(text, "Let the breaker before %s try with one call: ",
		   f->verdict->route);
	if (open)
		str_add(text, "it does not open again while calls still fail.");
	else
		str_printf(text, "it lets up to %.0f through.", probes);
	return true;
}

static const struct advice_rule rules[] = {
    {"R1", "No circuit breaker", "breaker", RISK_HIGH, no_breaker,
     "breaker ABSENT, 250 failures or more"},
    {"R2", "Slow to come back", "breaker", RISK_MEDIUM, long_open,
     "open for more than 60 s"},
    {"R2", "Slow to come back", "recovery", RISK_MEDIUM, client_wait,
     "first success after more than 1 s, more than half of it "
     "the client's wait"},
    {"R3", "No time-out", "timeout", RISK_HIGH, no_timeout,
     "time-out ABSENT within the horizon, and nobody left under another "
     "fault"},
    {"R4", "Time-out for silence only", "timeout", RISK_MEDIUM, idle_timeout,
     "kind idle: a drip defeats it"},
    {"R5", "Calls outlive their caller", "leaked_calls", RISK_MEDIUM, leaks,
     "leaked calls CONFIRMED"},
    {"R6", "Time-outs in the wrong order", "timeout_order", RISK_MEDIUM,
     inverted, "timeout_order ABSENT: inverted"},
    {"R7", "Retries in step", "backoff", RISK_MEDIUM, in_step,
     "pauses immediate or constant, without jitter"},
    {"R7", "Retries in step", "synchronised_retries", RISK_MEDIUM, in_waves,
     "synchronised_retries CONFIRMED: they come in waves"},
    {"R8", "Retries over budget", "amplification", RISK_HIGH, over_budget,
     "retries above 20 % of the requests of 10 s, or 3 attempts per "
     "request, and no amplification_max that is met"},
    {"R9", "Unsafe retries", "unsafe_retry", RISK_HIGH, unsafe,
     "POST or PATCH without a key sent again"},
    {"R10", "Retry-After ignored", "retry_after", RISK_LOW, ignores_retry_after,
     "retry_after ABSENT or PARTIAL"},
    {"R11", "Reconnects without pause", "reconnect", RISK_MEDIUM, reconnects,
     "pauses immediate or constant without jitter, or more than 10 a "
     "second"},
    {"R12", "Fault spreads to siblings", "cascade", RISK_HIGH, cascades,
     "cascade CONFIRMED"},
    {"R13", "Edge fails slowly", "fallback", RISK_HIGH, fails_slowly,
     "fallback class fail_slow"},
    {"R14", "Health checks not honest", "health_honesty", RISK_MEDIUM,
     unhealthy,
     "health_honesty ABSENT or PARTIAL: blind, or tied to a dependency"},
    {"R15", "Writes lost or in doubt", "read_back", RISK_HIGH, loses_writes,
     "writes missing, stored twice or left in doubt"},
    {"R16", "Not recovered", "recovery", RISK_HIGH, stays_down,
     "recovery ABSENT or PARTIAL", true},
    {"R16", "Not recovered", "metastable", RISK_HIGH, stays_up,
     "metastable CONFIRMED: overload outlasts the fault"},
    {"R17", "No bulkhead", "bulkhead", RISK_MEDIUM, no_bulkhead,
     "bulkhead ABSENT, and other routes got worse"},
    {"R18", "Half-open flood", "breaker", RISK_MEDIUM, floods,
     "more than 5 probes, or it does not open again"},
};

const struct advice_rule *
advice_rule_at(size_t n)
{
	return n < COUNT_OF(rules) ? &rules[n] : NULL;
}
