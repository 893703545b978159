/* SPDX-License-Identifier: Apache-2.0 */
/* What a scenario may expect: a table of keys, each with the type of its value
 * and how it is judged. The same table checks a file, judges a run and writes
 * the documents.
 *
 * In the file keys stand in groups or alone,
 *	expect: { breaker: { on = "db"; open_max = "60s"; };
 *		  recovery_max = "5s"; }
 * and are handed over flat: "breaker.on" = "db", "breaker.open_max" = "60s",
 * "recovery_max" = "5s"; flags as "true" or "false", numbers as written. `on`
 * says which route its group is about; without it, all that the scenario's
 * faults are on. */
#ifndef EXPERIMENT_EXPECT_H
#define EXPERIMENT_EXPECT_H

#include "base/attr.h"
#include "base/error.h"
#include "experiment/run.h"

enum expect_type {
	EXPECT_FLAG,	 /* true, false */
	EXPECT_COUNT,	 /* a whole number */
	EXPECT_NUMBER,	 /* a number */
	EXPECT_FRACTION, /* 0.99, "99%" */
	EXPECT_DURATION, /* "5s" */
	EXPECT_ROUTE,	 /* the name of a route */
	EXPECT_WORD,	 /* one of `words` */
	EXPECT_PLACE,	 /* the name of a route, or its upstream */
	EXPECT_TEXT,
};

/* The value, read. */
struct expect_value {
	double number; /* seconds, for a duration; 0 or 1, for a flag */
	const char *const *texts; /* words, routes; borrowed */
	size_t texts_count;
};

struct expect_case;
/* What a verdict says of an expectation. */
typedef enum expect_state expect_rule_fn(const struct expect_case *c,
					 const struct verdict *v);

struct expect_key {
	const char *name; /* "breaker.open_max" */
	enum expect_type type;
	bool list;		  /* or several of them */
	const char *const *words; /* of EXPECT_WORD; NULL-ended */
	const char *mech; /* of the verdicts it is judged by, separated by |;
			     or NULL */
	const char *fact; /* its fact that is compared, or NULL */
	expect_rule_fn *rule; /* of each of these verdicts; NULL: none is */
	const char *help;     /* one line: when it is met */
	/* Judges it without verdicts; where there is no rule. */
	void (*measure)(const struct expect_case *c, struct run_expect *to);
};

/* One expectation of one scenario, and what it is judged by. */
struct expect_case {
	const struct run *run;
	const struct run_scenario *scenario;
	const struct record *part; /* of the scenario */
	const struct expect_key *key;
	const struct conf_expect *asked;
	struct expect_value value;
	const char *on; /* route; NULL: all that faults are on */
};

/* All keys, in the order of the documents; NULL behind the last one. */
const struct expect_key *expect_key_at(size_t n);
/* The key of that name, or NULL. */
const struct expect_key *expect_find(const char *name);
/* "duration", "list of routes": for the documents. Constant. */
const char *expect_type_name(const struct expect_key *key);
/* Is this a key, and may it have this value (of a list: one of its values)?
 * False, with what was expected and a hint in err. Whether a route exists is
 * for the caller to see: types EXPECT_ROUTE and EXPECT_PLACE. */
bool expect_check(const char *key, const char *value,
		  struct error *err) WARN_UNUSED;
/* Judges to->asked, an expectation of that scenario (its index) whose verdicts
 * are there. `part`: the scenario's part of the record. */
void expect_judge(const struct run *run, size_t scenario,
		  const struct record *part, struct run_expect *to);

/* --- how (expect_judge.c, expect_measure.c) --------------------------------
 */

/* By the rule of the key, over all verdicts that it is about. */
void expect_by_verdicts(const struct expect_case *c, struct run_expect *to);
/* Rules. Siblings that stay well are the opposite of a cascade; a place is a
 * word that is a route, asked for by its name or its upstream. */
expect_rule_fn expect_rule_state, expect_rule_flag, expect_rule_siblings,
    expect_rule_max, expect_rule_word, expect_rule_place, expect_rule_jitter,
    expect_rule_retries, expect_rule_class, expect_rule_recovery,
    expect_rule_pool, expect_rule_failback;
/* Measures. */
void expect_by_success(const struct expect_case *c, struct run_expect *to);
void expect_by_spread(const struct expect_case *c, struct run_expect *to);
void expect_by_alert(const struct expect_case *c, struct run_expect *to);

/* The outcome of an expectation: found (NULL: nothing) and why; owned by `to`
 * from then on. */
void expect_say(struct run_expect *to, enum expect_state state, char *found,
		char *why);

#endif
