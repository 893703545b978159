/* SPDX-License-Identifier: Apache-2.0 */
/* What was concluded, with what it stands on. What was not exercised is never
 * good news: it has a state of its own. */
#ifndef EXPERIMENT_VERDICT_H
#define EXPERIMENT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/str.h"
#include "experiment/record.h"
#include "experiment/stat.h"

/* X(enum, word) */
#define VERDICT_STATES(X)                                                      \
	X(STATE_CONFIRMED, "CONFIRMED") /* seen, with its numbers */           \
	X(STATE_ABSENT, "ABSENT") /* looked for, under what `why` says */      \
	X(STATE_PARTIAL, "PARTIAL") /* seen, but not as it should be */        \
	X(STATE_NOT_EXERCISED, "NOT_EXERCISED")                                \
	X(STATE_NOT_OBSERVABLE, "NOT_OBSERVABLE")                              \
	X(STATE_INCONCLUSIVE, "INCONCLUSIVE")

enum verdict_state {
#define X(id, word) id,
	VERDICT_STATES(X)
#undef X
};

#define VERDICT_FACTS 16

/* A number, a bracket (lo < hi) or a word. */
struct fact {
	const char *key;  /* constant; its end tells the unit: _s, _ms */
	const char *word; /* constant or interned; NULL: numbers */
	struct range value;
	bool bracket; /* lo and hi are both told, if equal too */
};

struct verdict {
	const char *mech;   /* constant */
	const char *route;  /* interned */
	const char *fault;  /* kind, interned; NULL: none */
	const char *method; /* constant: how it was found, with a version */
	enum verdict_state state;
	struct fact facts[VERDICT_FACTS];
	size_t facts_count;
	size_t n;		       /* samples that it stands on */
	size_t line_first, line_last; /* of the journal; 0: none */
	char why[192], decide[160];
};

struct verdicts {
	struct verdict *items; /* owned */
	size_t count;
};

void verdicts_fini(struct verdicts *list);
/* A new one. Borrowed until the next one. */
struct verdict *verdicts_add(struct verdicts *list, const char *mech,
    const char *method);
const char *verdict_state_name(enum verdict_state state);
/* Sets the state and says why, in 191 bytes at most. */
void verdict_say(struct verdict *v, enum verdict_state state,
    const char *why, ...) PRINTF_LIKE(3, 4);
/* Goes on with why, as far as there is room. */
void verdict_say_more(struct verdict *v, const char *more, ...)
    PRINTF_LIKE(2, 3);
/* Is a time of `us` too short for our own lateness, which is more than a tenth
 * of it? Then the verdict is inconclusive; `what` it is says why. */
bool verdict_is_too_fine(struct verdict *v, double us, double noise_us,
    const char *what);
/* What would decide it, in 159 bytes at most. */
void verdict_wants(struct verdict *v, const char *decide, ...)
    PRINTF_LIKE(2, 3);
/* Adds a fact, of which there are VERDICT_FACTS at most; `key` and `word` are
 * constant or interned. */
void verdict_number(struct verdict *v, const char *key, double value);
void verdict_bracket(struct verdict *v, const char *key, double lo, double hi);
void verdict_word(struct verdict *v, const char *key, const char *word);
/* The line is evidence; 0: none. */
void verdict_line(struct verdict *v, size_t line);
/* All from a fault's beginning to its end is. */
void verdict_window(struct verdict *v, const struct window *w);
/* The fact of that key, or NULL. */
const struct fact *verdict_fact(const struct verdict *v, const char *key);
/* Is it that word? */
bool verdict_has_word(const struct verdict *v, const char *key,
    const char *word);

/* As an object of docs/verdicts.md; `w` expects a value. */
void verdict_put_json(struct jsonw *w, const struct verdict *v);
/* Appends its facts as text: "threshold 5..6, probes 1". */
void verdict_facts_text(struct str *to, const struct verdict *v);

#endif
