/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations that verdicts decide. Where several verdicts are about the same
 * mechanism (routes, kinds of faults) one that violates wins, then one that
 * meets; what nobody decided stays undecided. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "experiment/expect.h"

void
expect_say(struct run_expect *to, enum expect_state state, char *found,
	   char *why)
{
	free(to->found);
	free(to->why);
	to->state = (uint8_t)state;
	to->found = found != NULL ? found : xstrdup("nothing");
	to->why = why;
}

static const struct verdict *
find(const struct expect_case *c, const char *mech, const struct verdict *like)
{
	const struct verdict *all = c->run->verdicts.items;

	for (size_t i = 0; i < c->scenario->verdicts_count; i++) {
		const struct verdict *v = &all[c->scenario->verdicts_from + i];

		if (strcmp(v->mech, mech) == 0 &&
		    strcmp(v->route, like->route) == 0 &&
		    v->fault == like->fault)
			return v;
	}
	return NULL;
}

/* Is the mechanism one of the key's? */
static bool
is_named(const char *mech, const char *all)
{
	size_t len = strlen(mech);

	for (const char *at = all; at != NULL; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, mech, len) == 0 &&
		    (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool
is_about(const struct expect_case *c, const struct verdict *v)
{
	const char *on = c->on;

	if (c->key->type == EXPECT_ROUTE)
		on = c->asked->value;
	return is_named(v->mech, c->key->mech) &&
	       (on == NULL || strcmp(v->route, on) == 0);
}

static char *
found_text(const struct verdict *v)
{
	struct str s = {0};

	str_printf(&s, "%s", verdict_state_name(v->state));
	if (v->facts_count > 0) {
		str_add(&s, ": ");
		verdict_facts_text(&s, v);
	}
	return str_take(&s);
}

static char *
why_text(const struct verdict *v)
{
	return v->decide[0] != '\0'
		   ? xasprintf("%s; to decide: %s", v->why, v->decide)
		   : xstrdup(v->why);
}

void
expect_by_verdicts(const struct expect_case *c, struct run_expect *to)
{
	/* undecided < met < violated */
	static const int rank[] = {
	    [EXPECT_UNDECIDED] = 0, [EXPECT_MET] = 1, [EXPECT_VIOLATED] = 2};
	size_t from = c->scenario->verdicts_from;
	int best = -1;

	for (size_t i = 0; i < c->scenario->verdicts_count; i++) {
		const struct verdict *v = &c->run->verdicts.items[from + i];
		enum expect_state state;

		if (!is_about(c, v))
			continue;
		state = c->key->rule(c, v);
		if (rank[state] <= best)
			continue;
		best = rank[state];
		expect_say(to, state, found_text(v), why_text(v));
		to->verdict = from + i;
	}
	if (best < 0)
		expect_say(
		    to, EXPECT_UNDECIDED, NULL,
		    xasprintf("no verdict about %s was reached", c->key->mech));
}

/* --- rules ---------------------------------------------------------------- */

enum expect_state
expect_rule_state(const struct expect_case *c, const struct verdict *v)
{
	(void)c;
	if (v->state == STATE_CONFIRMED)
		return EXPECT_MET;
	return v->state == STATE_ABSENT || v->state == STATE_PARTIAL
		   ? EXPECT_VIOLATED
		   : EXPECT_UNDECIDED;
}

enum expect_state
expect_rule_flag(const struct expect_case *c, const struct verdict *v)
{
	enum verdict_state wanted =
	    c->value.number != 0 ? STATE_CONFIRMED : STATE_ABSENT;

	if (v->state > STATE_PARTIAL)
		return EXPECT_UNDECIDED;
	return v->state == wanted ? EXPECT_MET : EXPECT_VIOLATED;
}

/* Siblings that stay well are the opposite of a cascade. */
enum expect_state
expect_rule_siblings(const struct expect_case *c, const struct verdict *v)
{
	struct expect_case opposite = *c;

	opposite.value.number = c->value.number == 0;
	return expect_rule_flag(strcmp(v->mech, "cascade") == 0 ? &opposite : c,
				v);
}

/* A bracket decides only if all of it is on one side. */
static enum expect_state
compare(const struct range *value, double max)
{
	if (value->hi <= max)
		return EXPECT_MET;
	return value->lo > max ? EXPECT_VIOLATED : EXPECT_UNDECIDED;
}

enum expect_state
expect_rule_max(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *f = verdict_fact(v, c->key->fact);
	const struct fact *ci = verdict_fact(v, "ci_s");
	const struct fact *horizon = verdict_fact(v, "horizon_s");
	enum expect_state state;

	if (v->state > STATE_PARTIAL)
		return EXPECT_UNDECIDED;
	if (f != NULL) {
		state = compare(ci != NULL ? &ci->value : &f->value,
				c->value.number);
		return v->state == STATE_PARTIAL && state == EXPECT_MET
			   ? EXPECT_UNDECIDED
			   : state;
	}
	if (v->state != STATE_ABSENT ||
	    (horizon != NULL && horizon->value.lo < c->value.number))
		return EXPECT_UNDECIDED;
	return EXPECT_VIOLATED;
}

enum expect_state
expect_rule_retries(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *bound = verdict_fact(v, "bound");
	const struct fact *seen = verdict_fact(v, "retries_max");

	if (v->state == STATE_ABSENT)
		return EXPECT_MET;
	if (v->state > STATE_PARTIAL)
		return EXPECT_UNDECIDED;
	if (seen != NULL && seen->value.lo > c->value.number)
		return EXPECT_VIOLATED;
	return bound != NULL ? EXPECT_MET : EXPECT_UNDECIDED;
}

/* No retries at all: then there are no pauses that could be right. */
static bool
lacks_retries(const struct expect_case *c, const struct verdict *v)
{
	const struct verdict *retries = find(c, "retries", v);

	return strcmp(v->mech, "backoff") == 0 && retries != NULL &&
	       retries->state == STATE_ABSENT;
}

enum expect_state
expect_rule_word(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *f = verdict_fact(v, c->key->fact);

	if (v->state == STATE_ABSENT || lacks_retries(c, v))
		return EXPECT_VIOLATED;
	if (v->state > STATE_PARTIAL || f == NULL || f->word == NULL)
		return EXPECT_UNDECIDED;
	for (size_t i = 0; i < c->value.texts_count; i++) {
		const char *wanted = c->value.texts[i];

		if (strcmp(f->word, wanted) == 0)
			return EXPECT_MET;
		/* It grows, and how is not to be told. */
		if (strcmp(f->word, "increasing") == 0 &&
		    (strcmp(wanted, "exponential") == 0 ||
		     strcmp(wanted, "linear") == 0))
			return EXPECT_UNDECIDED;
	}
	return strcmp(f->word, "unknown") == 0 ? EXPECT_UNDECIDED
					       : EXPECT_VIOLATED;
}

static const char *
upstream_of(const struct run *run, const char *route)
{
	for (size_t i = 0; i < run->routes_count; i++) {
		if (strcmp(run->routes[i].name, route) == 0)
			return run->routes[i].upstream;
	}
	return NULL;
}

enum expect_state
expect_rule_place(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *f = verdict_fact(v, c->key->fact);
	const char *upstream = f != NULL ? upstream_of(c->run, f->word) : NULL;

	if (v->state <= STATE_PARTIAL && upstream != NULL &&
	    strcmp(upstream, c->value.texts[0]) == 0)
		return EXPECT_MET;
	return expect_rule_word(c, v);
}

enum expect_state
expect_rule_jitter(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *f = verdict_fact(v, "jitter");
	bool spread;

	if (lacks_retries(c, v))
		return EXPECT_VIOLATED;
	if (v->state > STATE_PARTIAL || f == NULL)
		return EXPECT_UNDECIDED;
	spread = strcmp(f->word, "none") != 0;
	return spread == (c->value.number != 0) ? EXPECT_MET : EXPECT_VIOLATED;
}

/* What callers notice, from better to worse; slow success and fast failure
 * are not comparable. */
enum expect_state
expect_rule_class(const struct expect_case *c, const struct verdict *v)
{
	static const struct {
		const char *word, *class;
		unsigned met_by; /* bits: rows whose class is good enough */
	} rows[] = {
	    {"transparent", "transparent", 0x01},
	    {"graceful", "degraded_graceful", 0x03},
	    {"slow", "slow", 0x07},
	    {"fail-fast", "fail_fast", 0x0b},
	    {"fail-slow", "fail_slow", 0x1f},
	};
	const struct fact *f = verdict_fact(v, "class");
	unsigned found = 0;

	if (v->state > STATE_PARTIAL || f == NULL || f->word == NULL)
		return EXPECT_UNDECIDED;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		found |= strcmp(rows[i].class, f->word) == 0 ? 1U << i : 0;
	for (size_t k = 0; k < c->value.texts_count; k++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			if (strcmp(rows[i].word, c->value.texts[k]) == 0 &&
			    (rows[i].met_by & found) != 0)
				return EXPECT_MET;
		}
	}
	return EXPECT_VIOLATED;
}

enum expect_state
expect_rule_recovery(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *steady = verdict_fact(v, "steady_s");
	const struct fact *first = verdict_fact(v, "first_success_s");

	if (v->state == STATE_ABSENT || v->state == STATE_PARTIAL)
		return EXPECT_VIOLATED;
	if (first != NULL && first->value.lo > c->value.number)
		return EXPECT_VIOLATED;
	if (v->state != STATE_CONFIRMED || steady == NULL)
		return EXPECT_UNDECIDED;
	return compare(&steady->value, c->value.number);
}

/* A pool that was never emptied says nothing. */
enum expect_state
expect_rule_pool(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *full = verdict_fact(v, "pool_refilled_share");
	const struct fact *time = verdict_fact(v, c->key->fact);

	if (full != NULL && full->value.lo < 1)
		return EXPECT_VIOLATED;
	return time != NULL ? compare(&time->value, c->value.number)
			    : EXPECT_UNDECIDED;
}

enum expect_state
expect_rule_failback(const struct expect_case *c, const struct verdict *v)
{
	const struct fact *flaps = verdict_fact(v, "flaps");
	bool back = verdict_fact(v, c->key->fact) != NULL &&
		    (flaps == NULL || flaps->value.lo == 0);

	if (v->state != STATE_CONFIRMED && v->state != STATE_PARTIAL)
		return EXPECT_UNDECIDED;
	return back == (c->value.number != 0) ? EXPECT_MET : EXPECT_VIOLATED;
}
