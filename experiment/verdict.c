/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts as data and as text. */
#include "experiment/verdict.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void
verdicts_fini(struct verdicts *list)
{
	free(list->items);
	*list = (struct verdicts){0};
}

struct verdict *
verdicts_add(struct verdicts *list, const char *mech, const char *method)
{
	list->items = xrealloc(list->items,
	    (list->count + 1) * sizeof(*list->items));
	list->items[list->count] = (struct verdict){
	    .mech = mech, .method = method, .state = STATE_NOT_EXERCISED};
	return &list->items[list->count++];
}

const char *
verdict_state_name(enum verdict_state state)
{
	static const char *const words[] = {
#define X(id, word) [id] = word,
	    VERDICT_STATES(X)
#undef X
	};

	return words[state];
}

void
verdict_say(struct verdict *v, enum verdict_state state, const char *why, ...)
{
	va_list ap;

	v->state = state;
	va_start(ap, why);
	vsnprintf(v->why, sizeof(v->why), why, ap);
	va_end(ap);
}

void
verdict_say_more(struct verdict *v, const char *more, ...)
{
	size_t len = strlen(v->why);
	va_list ap;

	va_start(ap, more);
	vsnprintf(v->why + len, sizeof(v->why) - len, more, ap);
	va_end(ap);
}

bool
verdict_is_too_fine(struct verdict *v, double us, double noise_us,
    const char *what)
{
	if (noise_us <= 0.1 * us)
		return false;
	verdict_say(v, STATE_INCONCLUSIVE, "our own timers were late by up to "
	    "%.3f s, too much for %s of %.3f s", noise_us / 1e6, what,
	    us / 1e6);
	return true;
}

void
verdict_wants(struct verdict *v, const char *decide, ...)
{
	va_list ap;

	va_start(ap, decide);
	vsnprintf(v->decide, sizeof(v->decide), decide, ap);
	va_end(ap);
}

static struct fact *
add(struct verdict *v, const char *key)
{
	assert(v->facts_count < VERDICT_FACTS);
	v->facts[v->facts_count] = (struct fact){.key = key};
	return &v->facts[v->facts_count++];
}

void
verdict_number(struct verdict *v, const char *key, double value)
{
	add(v, key)->value = (struct range){value, value};
}

void
verdict_bracket(struct verdict *v, const char *key, double lo, double hi)
{
	struct fact *f = add(v, key);

	f->value = (struct range){lo, hi};
	f->bracket = true;
}

void
verdict_word(struct verdict *v, const char *key, const char *word)
{
	add(v, key)->word = word;
}

void
verdict_line(struct verdict *v, size_t line)
{
	if (line == 0)
		return;
	if (v->line_first == 0 || line < v->line_first)
		v->line_first = line;
	if (line > v->line_last)
		v->line_last = line;
}

void
verdict_window(struct verdict *v, const struct window *w)
{
	verdict_line(v, w->line);
	verdict_line(v, w->line_to);
}

const struct fact *
verdict_fact(const struct verdict *v, const char *key)
{
	for (size_t i = 0; i < v->facts_count; i++) {
		if (strcmp(v->facts[i].key, key) == 0)
			return &v->facts[i];
	}
	return NULL;
}

bool
verdict_has_word(const struct verdict *v, const char *key, const char *word)
{
	const struct fact *f = verdict_fact(v, key);

	return f != NULL && f->word != NULL && strcmp(f->word, word) == 0;
}

/* --- output --------------------------------------------------------------- */

/* Four significant digits: more would claim what nobody measured. */
static double
rounded(double value)
{
	char text[32];

	if (value == floor(value))
		return value;
	snprintf(text, sizeof(text), "%.4g", value);
	return strtod(text, NULL);
}

static void
put_fact(struct jsonw *w, const struct fact *f)
{
	jsonw_key(w, f->key);
	if (f->word != NULL) {
		jsonw_string(w, f->word);
	} else if (f->bracket) {
		jsonw_array(w);
		jsonw_double(w, rounded(f->value.lo));
		jsonw_double(w, rounded(f->value.hi));
		jsonw_array_end(w);
	} else {
		jsonw_double(w, rounded(f->value.lo));
	}
}

void
verdict_put_json(struct jsonw *w, const struct verdict *v)
{
	jsonw_object(w);
	jsonw_put_string(w, "mech", v->mech);
	jsonw_put_string(w, "route", v->route);
	if (v->fault != NULL)
		jsonw_put_string(w, "fault", v->fault);
	jsonw_put_string(w, "state", verdict_state_name(v->state));
	for (size_t i = 0; i < v->facts_count; i++)
		put_fact(w, &v->facts[i]);
	jsonw_put_uint(w, "n", v->n);
	jsonw_put_string(w, "method", v->method);
	if (v->line_first > 0) {
		jsonw_key(w, "events");
		jsonw_array(w);
		jsonw_uint(w, v->line_first);
		jsonw_uint(w, v->line_last);
		jsonw_array_end(w);
	}
	jsonw_put_string(w, "why", v->why);
	if (v->decide[0] != '\0')
		jsonw_put_string(w, "what_would_decide", v->decide);
	jsonw_object_end(w);
}

void
verdict_facts_text(struct str *to, const struct verdict *v)
{
	for (size_t i = 0; i < v->facts_count; i++) {
		const struct fact *f = &v->facts[i];

		str_add(to, i > 0 ? ", " : "");
		str_printf(to, "%s ", f->key);
		if (f->word != NULL)
			str_add(to, f->word);
		else if (f->bracket)
			str_printf(to, "%.4g..%.4g", f->value.lo, f->value.hi);
		else
			str_printf(to, "%.4g", f->value.lo);
	}
	str_add(to, "");
}
