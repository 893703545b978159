/* SPDX-License-Identifier: Apache-2.0 */
/* The table of expectations, and the values that they take. */
#include "experiment/expect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "config/units.h"

static const char *const shapes[] = {"immediate",   "constant",	  "linear",
				     "exponential", "increasing", NULL};
static const char *const classes[] = {"transparent", "graceful",  "slow",
				      "fail-fast",   "fail-slow", NULL};
static const char *const kinds[] = {"total", "idle", "low_speed", NULL};

static const struct expect_key keys[] = {
    {"retries.on", EXPECT_ROUTE, false, NULL, "retries", NULL,
     expect_rule_state, "callers of the route retry what fails"},
    {"retries.max", EXPECT_COUNT, false, NULL, "retries", "bound",
     expect_rule_retries,
     "no request is retried more often; none at all is "
     "within it"},
    {"retries.backoff", EXPECT_WORD, true, shapes, "backoff", "shape",
     expect_rule_word, "pauses between attempts follow one of these laws"},
    {"retries.jitter", EXPECT_FLAG, false, NULL, "backoff", "jitter",
     expect_rule_jitter, "pauses are spread at random (false: are not)"},
    {"retries.retry_after", EXPECT_FLAG, false, NULL, "retry_after", NULL,
     expect_rule_flag, "retries wait as long as Retry-After asks"},
    {"retries.unsafe", EXPECT_FLAG, false, NULL, "unsafe_retry", NULL,
     expect_rule_flag,
     "requests that are not idempotent are sent again; "
     "false forbids it"},
    {"amplification_max", EXPECT_NUMBER, false, NULL, "amplification", "factor",
     expect_rule_max, "attempts per request stay within this"},
    {"breaker.on", EXPECT_ROUTE, false, NULL, "breaker", NULL,
     expect_rule_state, "callers of the route have a circuit breaker"},
    {"breaker.threshold_max", EXPECT_COUNT, false, NULL, "breaker", "threshold",
     expect_rule_max, "it opens after so many failures at most"},
    {"breaker.open_max", EXPECT_DURATION, false, NULL, "breaker", "open_s",
     expect_rule_max, "it stays open for so long at most"},
    {"breaker.probes_max", EXPECT_COUNT, false, NULL, "breaker", "probes",
     expect_rule_max, "it lets so many calls through at most to try again"},
    {"timeout.on", EXPECT_ROUTE, false, NULL, "timeout", NULL,
     expect_rule_state, "callers of the route give up waiting"},
    {"timeout.max", EXPECT_DURATION, false, NULL, "timeout", "after_s",
     expect_rule_max, "they do after so long at most"},
    {"timeout.kind", EXPECT_WORD, true, kinds, "timeout", "kind",
     expect_rule_word, "their time-out is one of these kinds"},
    {"timeout_order", EXPECT_FLAG, false, NULL, "timeout_order", NULL,
     expect_rule_flag, "callers wait longer than the service behind them"},
    {"leaks", EXPECT_FLAG, false, NULL, "leaked_calls", NULL, expect_rule_flag,
     "calls go on after their caller has left; false forbids it"},
    {"bulkhead.on", EXPECT_ROUTE, false, NULL, "bulkhead", NULL,
     expect_rule_state, "calls under way on the route are limited"},
    {"bulkhead.max", EXPECT_COUNT, false, NULL, "bulkhead", "limit",
     expect_rule_max, "to so many at most"},
    {"fallback", EXPECT_WORD, true, classes, "fallback", "class",
     expect_rule_class, "callers notice no more than this"},
    {"edge_success_min", EXPECT_FRACTION, false, NULL, NULL, NULL, NULL,
     "this share of the load's requests succeeds while "
     "faults are armed",
     expect_by_success},
    {"blast_radius", EXPECT_ROUTE, true, NULL, NULL, NULL, NULL,
     "no other routes than these get worse", expect_by_spread},
    {"siblings_unaffected", EXPECT_FLAG, false, NULL, "cascade|isolation", NULL,
     expect_rule_siblings,
     "routes whose calls need none of the faulted routes "
     "do not get worse"},
    {"cascade", EXPECT_FLAG, false, NULL, "cascade", NULL, expect_rule_flag,
     "such routes get worse; false forbids it"},
    {"recovers", EXPECT_FLAG, false, NULL, "recovery", NULL, expect_rule_flag,
     "after the last fault all is again as before"},
    {"recovery_max", EXPECT_DURATION, false, NULL, "recovery", "steady_s",
     expect_rule_recovery, "it is within this time"},
    {"pool_recovery_max", EXPECT_DURATION, false, NULL, "recovery",
     "pool_refill_s", expect_rule_pool,
     "connections are there again within this time"},
    {"failover.on", EXPECT_ROUTE, false, NULL, "failover", NULL,
     expect_rule_state, "calls of the route go on elsewhere"},
    {"failover.to", EXPECT_PLACE, false, NULL, "failover", "to",
     expect_rule_place,
     "they do on this route to the same service (or: that with this upstream)"},
    {"failover.max", EXPECT_DURATION, false, NULL, "failover", "switch_s",
     expect_rule_max, "they do within this time"},
    {"failover.failback", EXPECT_FLAG, false, NULL, "failover", "failback_s",
     expect_rule_failback, "they come back after the fault, and stay"},
    {"lost_acked", EXPECT_COUNT, false, NULL, "read_back", "lost",
     expect_rule_max,
     "so many writes at most are missing although they were acknowledged"},
    {"duplicates", EXPECT_COUNT, false, NULL, "read_back", "duplicates",
     expect_rule_max, "so many writes at most are stored twice"},
    {"ambiguous_max", EXPECT_COUNT, false, NULL, "read_back", "ambiguous",
     expect_rule_max, "so many writes at most are left in doubt"},
    {"health_honest", EXPECT_FLAG, false, NULL, "health_honesty", NULL,
     expect_rule_flag,
     "health checks fail while most requests do, and only then"},
    {"alert.name", EXPECT_TEXT, false, NULL, NULL, NULL, NULL,
     "this alert fires while faults are armed", expect_by_alert},
    {"alert.within", EXPECT_DURATION, false, NULL, NULL, NULL, NULL,
     "it does within this time of the first one", expect_by_alert},
};

const struct expect_key *
expect_key_at(size_t n)
{
	return n < COUNT_OF(keys) ? &keys[n] : NULL;
}

const struct expect_key *
expect_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

const char *
expect_type_name(const struct expect_key *key)
{
	static const char *const names[][2] = {
	    [EXPECT_FLAG] = {"flag", "flags"},
	    [EXPECT_COUNT] = {"whole number", "whole numbers"},
	    [EXPECT_NUMBER] = {"number", "numbers"},
	    [EXPECT_FRACTION] = {"fraction", "fractions"},
	    [EXPECT_DURATION] = {"duration", "durations"},
	    [EXPECT_ROUTE] = {"route", "routes"},
	    [EXPECT_WORD] = {"word", "words"},
	    [EXPECT_PLACE] = {"route or upstream", "routes or upstreams"},
	    [EXPECT_TEXT] = {"text", "texts"},
	};

	return names[key->type][key->list];
}

/* --- values --------------------------------------------------------------- */

static bool
read_number(const char *text, double *number, struct error *err)
{
	char *end;

	errno = 0;
	*number = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 || !isfinite(*number) ||
	    *number < 0)
		return error_set(err, 0, "\"%s\" is no number from 0 on", text);
	return true;
}

static bool
read_count(const char *text, double *number, struct error *err)
{
	if (!read_number(text, number, NULL) || *number != floor(*number) ||
	    *number > 1e15)
		return error_set(err, 0, "\"%s\" is no whole number from 0 on",
				 text);
	return true;
}

static bool
read_flag(const char *text, double *number, struct error *err)
{
	*number = strcmp(text, "true") == 0;
	if (*number == 0 && strcmp(text, "false") != 0)
		return error_set(err, 0, "expected true or false, not \"%s\"",
				 text);
	return true;
}

static bool
read_duration(const char *text, double *number, struct error *err)
{
	int64_t us;

	if (!units_duration(text, 0, &us, err))
		return false;
	*number = (double)us / 1e6;
	return true;
}

static bool
read_word(const struct expect_key *key, const char *text, struct error *err)
{
	struct str all = {0};
	struct near near;

	near_start(&near, text);
	for (size_t i = 0; key->words[i] != NULL; i++) {
		if (strcmp(key->words[i], text) == 0) {
			str_fini(&all);
			return true;
		}
		near_offer(&near, key->words[i]);
		str_printf(&all, "%s%s", i > 0 ? ", " : "", key->words[i]);
	}
	error_set(err, 0, "\"%s\" is none of %s" NEAR_HINT, text, all.text,
		  NEAR_ARGS(&near));
	str_fini(&all);
	return false;
}

static bool
read_value(const struct expect_key *key, const char *text, double *number,
	   struct error *err)
{
	*number = 0;
	switch (key->type) {
	case EXPECT_FLAG:
		return read_flag(text, number, err);
	case EXPECT_COUNT:
		return read_count(text, number, err);
	case EXPECT_NUMBER:
		return read_number(text, number, err);
	case EXPECT_FRACTION:
		return units_fraction(text, number, err);
	case EXPECT_DURATION:
		return read_duration(text, number, err);
	case EXPECT_WORD:
		return read_word(key, text, err);
	case EXPECT_ROUTE:
	case EXPECT_PLACE:
	case EXPECT_TEXT:
		return text[0] != '\0' ||
		       error_set(err, 0, "expected a %s, not an empty text",
				 expect_type_name(key));
	}
	return false;
}

bool
expect_check(const char *key, const char *value, struct error *err)
{
	const struct expect_key *k = expect_find(key);
	struct error why = {0};
	struct near near;
	double number;

	if (k != NULL)
		return read_value(k, value, &number, &why) ||
		       error_set(err, 0, "%s: %s", key, why.text);
	near_start(&near, key);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		near_offer(&near, keys[i].name);
	return error_set(err, 0, "unknown expectation \"%s\"" NEAR_HINT, key,
			 NEAR_ARGS(&near));
}

/* --- one expectation ------------------------------------------------------ */

/* The route that the group of this key is about: its own `on`, or NULL. */
static const char *
group_route(const struct conf_scenario *s, const char *key)
{
	const char *dot = strchr(key, '.');
	size_t len = dot != NULL ? (size_t)(dot - key) + 1 : 0;

	for (size_t i = 0; len > 0 && i < s->expects_count; i++) {
		const struct conf_expect *e = &s->expects[i];

		if (strncmp(e->key, key, len) == 0 &&
		    strcmp(e->key + len, "on") == 0)
			return e->value;
	}
	return NULL;
}

void
expect_judge(const struct run *run, size_t scenario, const struct record *part,
	     struct run_expect *to)
{
	const struct run_scenario *s = &run->scenarios[scenario];
	const struct conf_expect *e = to->asked;
	struct expect_case c = {
	    run,
	    s,
	    part,
	    expect_find(e->key),
	    e,
	    {0, (const char *const *)e->values.items, e->values.count},
	    group_route(s->asked, e->key)};

	to->verdict = SIZE_MAX;
	if (e->values.count == 0) {
		c.value.texts = (const char *const *)&e->value;
		c.value.texts_count = 1;
	}
	/* The loader let nothing else in. */
	if (c.key == NULL ||
	    (e->values.count == 0 &&
	     !read_value(c.key, e->value, &c.value.number, NULL)))
		expect_say(to, EXPECT_UNDECIDED, NULL,
			   xstrdup("it cannot be read"));
	else if (c.key->rule != NULL)
		expect_by_verdicts(&c, to);
	else
		c.key->measure(&c, to);
}
