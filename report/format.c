/* SPDX-License-Identifier: Apache-2.0 */
/* Figures and facts as text. */
#include "report/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/fault.h"

const char *
format_us(struct format *to, int64_t us)
{
	if (us == RUN_NEVER)
		snprintf(to->text, sizeof(to->text), "–");
	else if (us > 0 && us < 100000)
		snprintf(to->text, sizeof(to->text), "%.1f ms",
			 (double)us / 1e3);
	else
		snprintf(to->text, sizeof(to->text), "%.2f s",
			 (double)us / 1e6);
	return to->text;
}

const char *
format_ms(struct format *to, double us)
{
	snprintf(to->text, sizeof(to->text), "%.1f ms", us / 1e3);
	return to->text;
}

const char *
format_time(struct format *to, int64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;

	if (wall_us == 0 || gmtime_r(&seconds, &tm) == NULL ||
	    strftime(to->text, sizeof(to->text), "%Y-%m-%d %H:%M:%S UTC",
		     &tm) == 0)
		snprintf(to->text, sizeof(to->text), "–");
	return to->text;
}

const char *
format_score(struct format *to, const struct score *s)
{
	double value;

	if (score_value(s, &value))
		snprintf(to->text, sizeof(to->text), "%.1f", value);
	else
		snprintf(to->text, sizeof(to->text), "no score");
	return to->text;
}

void
format_step(struct str *to, const struct conf_step *step)
{
	if (step->partition != NULL)
		str_printf(to, "partition %s", step->partition);
	else
		str_printf(to, "%s: %s", step->route,
			   step->fault != NULL && step->fault->kind != NULL
			       ? step->fault->kind->name
			       : "fault");
}

void
format_asked(struct str *to, const struct conf_expect *e)
{
	if (e->values.count == 0) {
		str_add(to, e->value);
		return;
	}
	str_add(to, "[");
	for (size_t i = 0; i < e->values.count; i++)
		str_printf(to, "%s%s", i > 0 ? ", " : "", e->values.items[i]);
	str_add(to, "]");
}

/* Ends of keys, and what they become: a unit, and a factor, for values below a
 * limit. */
static const struct {
	const char *end, *unit;
	double factor, below;
	const char *name; /* instead of the key; NULL: the key without end */
} units[] = {{"per_s", "/s", 1, HUGE_VAL, "rate"},
	     {"_s", " ms", 1e3, 0.1, NULL},
	     {"_s", " s", 1, HUGE_VAL, NULL},
	     {"_share", " %", 100, HUGE_VAL, NULL},
	     {"", "", 1, HUGE_VAL, NULL}};

/* The row of the fact; the last one fits all. */
static size_t
unit_of(const struct fact *f)
{
	size_t i = 0, len = strlen(f->key);

	for (; i + 1 < COUNT_OF(units); i++) {
		size_t end = strlen(units[i].end);

		if (len >= end && f->value.hi < units[i].below &&
		    strcmp(f->key + len - end, units[i].end) == 0)
			return i;
	}
	return i;
}

static void
add_key(struct str *to, const struct fact *f, size_t unit)
{
	const char *end = f->word != NULL ? "" : units[unit].end;
	const char *name = units[unit].name;
	size_t len = strlen(f->key) - strlen(end);

	if (name != NULL) {
		str_add(to, name);
		return;
	}
	for (size_t i = 0; i < len; i++)
		str_add_char(to, f->key[i] == '_' ? ' ' : f->key[i]);
}

static void
add_facts(struct str *to, const struct verdict *v)
{
	for (size_t i = 0; i < v->facts_count; i++) {
		const struct fact *f = &v->facts[i];
		size_t unit = unit_of(f);
		double by = units[unit].factor;

		str_add(to, i > 0 ? ", " : "");
		add_key(to, f, unit);
		if (f->word != NULL)
			str_printf(to, " %s", f->word);
		else if (f->value.lo < f->value.hi)
			str_printf(to, " %.4g to %.4g%s", f->value.lo * by,
				   f->value.hi * by, units[unit].unit);
		else
			str_printf(to, " %.4g%s", f->value.lo * by,
				   units[unit].unit);
	}
}

void
format_verdict(struct str *to, const struct verdict *v)
{
	str_add(to, verdict_state_name(v->state));
	str_add(to, v->facts_count > 0 ? ": " : "");
	add_facts(to, v);
}

void
format_evidence(struct str *to, const struct report *r, const struct finding *f)
{
	const struct verdict *v = f->verdict;

	str_printf(to, "n %zu, scenario %s", v->n, finding_scenario(r, f));
	if (v->line_first > 0)
		str_printf(to, ", events %zu to %zu", v->line_first,
			   v->line_last);
}

/* The fact in words, and how it stands to what was expected of it. */
static void
add_fact(struct str *to, const struct finding *f)
{
	const struct mechanism *m = f->mechanism;
	bool good = f->verdict->state ==
		    (m->good_if_absent ? STATE_ABSENT : STATE_CONFIRMED);
	const struct run_expect *e = f->expect;

	if (m->is_flawed != NULL && m->is_flawed(f->verdict))
		good = false;
	str_add(to, good ? m->good : m->bad);
	if (e == NULL || (good == (e->state == EXPECT_MET)))
		return;
	str_add(to, e->state == EXPECT_MET ? ", within what is expected ("
					   : ", but not "
					     "as expected (");
	str_printf(to, "%s = ", e->asked->key);
	format_asked(to, e->asked);
	str_add(to, ")");
}

void
format_finding(struct str *to, const struct report *r, const struct finding *f)
{
	const struct verdict *v = f->verdict;

	str_printf(to, "%s: ", v->route);
	add_fact(to, f);
	str_add(to, " — ");
	if (v->facts_count > 0) {
		add_facts(to, v);
		str_add(to, "; ");
	}
	str_printf(to, "%s (", v->why);
	format_evidence(to, r, f);
	str_add(to, ")");
}

enum doc_tone
format_expect_tone(enum expect_state state)
{
	static const enum doc_tone tones[] = {[EXPECT_MET] = TONE_GOOD,
					      [EXPECT_VIOLATED] = TONE_BAD,
					      [EXPECT_UNDECIDED] = TONE_OPEN};

	return tones[state];
}
