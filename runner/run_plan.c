/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline of a run. */
#include "runner/run_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "runner/run_plan_find.h"

static struct run_plan_item *
add_item(struct run_plan *p, const char *what, int64_t from_us, int64_t to_us)
{
	p->items = xrealloc(p->items, (p->items_count + 1) * sizeof(*p->items));
	p->items[p->items_count] = (struct run_plan_item){
	    .from_us = from_us, .to_us = to_us, .what = what};
	return &p->items[p->items_count++];
}

static int64_t
add_scenario(struct run_plan *p, const struct conf_scenario *s, int64_t at_us)
{
	int64_t length_us = conf_scenario_length(s);
	int64_t recover_us = p->model->experiment->phases.recover_us;

	for (size_t i = 0; i < s->steps_count; i++) {
		const struct conf_step *step = &s->steps[i];
		struct run_plan_item *item = add_item(
		    p, step->fault != NULL ? "fault" : "partition",
		    at_us + step->at_us, at_us + step->at_us + step->for_us);

		item->scenario = s;
		item->step = step;
	}
	at_us += length_us;
	add_item(p, "recovery", at_us, at_us + recover_us)->scenario = s;
	return at_us + recover_us;
}

bool
run_plan_has(const struct conf_scenario *s, const char *only)
{
	return only != NULL ? strcmp(s->name, only) == 0 : s->enabled;
}

void
run_plan_make(struct run_plan *to, const struct conf_model *model,
	      const char *only)
{
	const struct conf_experiment *e = model->experiment;
	int64_t at_us = e->phases.baseline_us;

	*to = (struct run_plan){.model = model};
	add_item(to, "baseline", 0, at_us);
	run_plan_find_run(to);
	for (size_t i = 0; i < e->scenarios_count; i++) {
		const struct conf_scenario *s = &e->scenarios[i];

		if (!run_plan_has(s, only))
			continue;
		at_us = add_scenario(to, s, at_us);
		run_plan_find_scenario(to, s);
	}
	to->length_us = at_us;
}

void
run_plan_fini(struct run_plan *p)
{
	for (size_t i = 0; i < p->findings_count; i++)
		free(p->findings[i].text);
	free(p->findings);
	free(p->items);
	*p = (struct run_plan){0};
}
