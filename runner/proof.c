/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the steps' faults, summed up step by step. */
#include "runner/proof.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/fault.h"

/* A step and what was counted for it. */
struct sum {
	struct run_step *step;
	uint64_t decided, effects; /* flows it acted on, as either tells */
	double asked, achieved, delays;
	bool armed; /* the journal told when */
};

struct sums {
	struct sum *items; /* owned */
	size_t count;
	int64_t shift_us;
};

static bool
is_of(const struct conf_step *s, const char *route, const char *fault)
{
	return conf_step_made(s, fault) &&
	       (s->fault == NULL ||
		(route != NULL && strcmp(route, s->route) == 0));
}

/* The step that was armed last before that time, of those whose fault it is:
 * scenarios may use one name again. */
static struct sum *
find(const struct sums *all, const json_t *e, int64_t at_us)
{
	const char *route = json_string_value(json_object_get(e, "route"));
	const char *fault = json_string_value(json_object_get(e, "fault"));
	struct sum *found = NULL;

	for (size_t i = 0; i < all->count; i++) {
		struct sum *s = &all->items[i];

		if (s->step->armed_us != RUN_NEVER &&
		    is_of(s->step->asked, route, fault) &&
		    (found == NULL ||
		     (s->step->armed_us <= at_us + (int64_t)PROOF_US &&
		      s->step->armed_us > found->step->armed_us)))
			found = s;
	}
	return found;
}

static double
number(const json_t *e, const char *key)
{
	return json_number_value(json_object_get(e, key));
}

static void
on_decision(struct sum *s, const json_t *e, int64_t at_us)
{
	const char *verdict = json_string_value(json_object_get(e, "verdict"));

	(void)at_us;
	s->step->matched += json_is_true(json_object_get(e, "matched"));
	s->decided += verdict != NULL && strcmp(verdict, "applied") == 0;
}

static void
on_effect(struct sum *s, const json_t *e, int64_t at_us)
{
	(void)e;
	(void)at_us;
	s->effects++;
}

static void
on_measure(struct sum *s, const json_t *e, int64_t at_us)
{
	double count = number(e, "count");

	(void)at_us;
	s->delays += count;
	s->asked += count * number(e, "asked_us");
	s->achieved += count * number(e, "achieved_us");
}

/* The journal knows better when than whoever asked for it. Of a partition's
 * faults the first arming and the last clearing count. */
static void
on_armed(struct sum *s, const json_t *e, int64_t at_us)
{
	(void)e;
	if (!s->armed)
		s->step->armed_us = at_us;
	s->armed = true;
}

static void
on_cleared(struct sum *s, const json_t *e, int64_t at_us)
{
	(void)e;
	if (s->armed)
		s->step->lifted_us = at_us;
}

static const struct {
	const char *type;
	void (*take)(struct sum *s, const json_t *e, int64_t at_us);
} handlers[] = {
    {"decision", on_decision},	   {"effect", on_effect},
    {"measure", on_measure},	   {"fault_armed", on_armed},
    {"fault_cleared", on_cleared},
};

static void
take(const struct sums *all, const json_t *e)
{
	const char *type = json_string_value(json_object_get(e, "type"));
	int64_t at_us = (int64_t)number(e, "ts_us") - all->shift_us;
	struct sum *s;

	for (size_t i = 0; type != NULL && i < COUNT_OF(handlers); i++) {
		if (strcmp(type, handlers[i].type) != 0)
			continue;
		s = find(all, e, at_us);
		if (s != NULL)
			handlers[i].take(s, e, at_us);
	}
}

static void
conclude(struct sum *s)
{
	struct run_step *step = s->step;
	double off;

	step->applied = MAX(s->decided, s->effects);
	step->matched = MAX(step->matched, step->applied);
	if (s->delays > 0) {
		step->asked_value = s->asked / s->delays / 1e6;
		step->achieved_value = s->achieved / s->delays / 1e6;
		step->unit = "s";
	}
	if (step->armed_us == RUN_NEVER) {
		step->proof = PROOF_NONE;
		return;
	}
	step->proof = PROOF_MATCHED;
	if (step->applied < (uint64_t)step->asked->expect_hits)
		step->proof = PROOF_NO_HIT;
	off = fabs(step->achieved_value - step->asked_value) * 1e6;
	if (step->proof == PROOF_MATCHED && off > PROOF_US &&
	    off > PROOF_SHARE * step->asked_value * 1e6)
		step->proof = PROOF_WRONG_EFFECT;
}

static struct sums
sums_of(struct run *run, int64_t shift_us)
{
	struct sums all = {.shift_us = shift_us};

	for (size_t i = 0; i < run->asked->scenarios_count; i++)
		all.count += run->asked->scenarios[i].steps_count;
	all.items = xcalloc(all.count + 1, sizeof(*all.items));
	all.count = 0;
	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		for (size_t k = 0; k < run->asked->scenarios[i].steps_count;
		     k++)
			all.items[all.count++].step =
			    &run->scenarios[i].steps[k];
	}
	return all;
}

void
proof_read(FILE *journal, int64_t shift_us, struct run *run)
{
	struct sums all = sums_of(run, shift_us);
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, journal)) > 0) {
		json_t *e =
		    json_loadb(line, (size_t)n, JSON_DECODE_INT_AS_REAL, NULL);

		run->events++;
		if (json_is_object(e))
			take(&all, e);
		json_decref(e);
	}
	for (size_t i = 0; i < all.count; i++)
		conclude(&all.items[i]);
	free(line);
	free(all.items);
}
