/* SPDX-License-Identifier: Apache-2.0 */
/* Making and freeing what an experiment file says. */
#include "config/experiment.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/build.h"
#include "config/tables.h"

struct conf_experiment *
conf_experiment_new(void)
{
	struct conf_experiment *e = xcalloc(1, sizeof(*e));

	conf_fields_default(conf_experiment_fields, e);
	conf_fields_default(conf_guards_fields, &e->guards);
	conf_fields_default(conf_phases_fields, &e->phases);
	conf_fields_default(conf_report_fields, &e->report);
	conf_fields_default(conf_schedule_fields, &e->schedule);
	conf_fields_default(conf_monkey_fields, &e->schedule);
	return e;
}

static void
load_fini(struct conf_load *l)
{
	size_t i;

	for (i = 0; i < l->requests_count; i++)
		conf_fields_fini(conf_request_fields, &l->requests[i]);
	for (i = 0; i < l->degraded_count; i++)
		conf_fields_fini(conf_mark_fields, &l->degraded_when[i]);
	free(l->requests);
	free(l->degraded_when);
	free(l->steps);
	conf_fields_fini(conf_load_fields, l);
}

static void
step_fini(struct conf_step *s)
{
	if (s->fault != NULL)
		conf_fault_fini(s->fault);
	free(s->fault);
	if (s->cut != NULL)
		conf_partition_fini(s->cut);
	free(s->cut);
	free(s->partition);
	conf_fields_fini(conf_step_fields, s);
}

static void
expect_fini(struct conf_expect *x)
{
	conf_strings_fini(&x->values);
	free(x->key);
	free(x->value);
}

static void
scenario_fini(struct conf_scenario *s)
{
	size_t i;

	for (i = 0; i < s->steps_count; i++)
		step_fini(&s->steps[i]);
	for (i = 0; i < s->expects_count; i++)
		expect_fini(&s->expects[i]);
	free(s->steps);
	free(s->expects);
	free(s->load_scale);
	conf_fields_fini(conf_verify_fields, s);
	conf_fields_fini(conf_hook_fields, s);
	conf_fields_fini(conf_scenario_fields, s);
}

static void
guards_fini(struct conf_guards *g)
{
	size_t i;

	for (i = 0; i < g->aborts_count; i++)
		conf_fields_fini(conf_abort_fields, &g->aborts[i]);
	for (i = 0; i < g->never_together_count; i++)
		conf_strings_fini(&g->never_together[i]);
	free(g->aborts);
	free(g->never_together);
	conf_fields_fini(conf_guards_fields, g);
}

void
conf_experiment_free(struct conf_experiment *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < e->loads_count; i++)
		load_fini(&e->loads[i]);
	for (i = 0; i < e->steady_count; i++)
		conf_fields_fini(conf_steady_fields, &e->steady[i]);
	for (i = 0; i < e->scenarios_count; i++)
		scenario_fini(&e->scenarios[i]);
	free(e->loads);
	free(e->steady);
	free(e->scenarios);
	guards_fini(&e->guards);
	conf_fields_fini(conf_phases_fields, &e->phases);
	conf_fields_fini(conf_report_fields, &e->report);
	conf_fields_fini(conf_schedule_fields, &e->schedule);
	conf_fields_fini(conf_monkey_fields, &e->schedule);
	conf_fields_fini(conf_experiment_fields, e);
	free(e);
}

size_t
conf_experiment_load(const struct conf_experiment *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->loads_count; i++) {
		if (e->loads[i].name != NULL &&
		    strcmp(e->loads[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t
conf_experiment_scenario(const struct conf_experiment *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->scenarios_count; i++) {
		if (e->scenarios[i].name != NULL &&
		    strcmp(e->scenarios[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool
conf_step_made(const struct conf_step *step, const char *fault)
{
	if (fault == NULL)
		return false;
	return step->fault != NULL
		   ? strcmp(fault, step->fault->name) == 0
		   : conf_partition_made(fault, step->partition);
}

int64_t
conf_scenario_length(const struct conf_scenario *s)
{
	int64_t end_us = 0;
	size_t i;

	for (i = 0; i < s->steps_count; i++)
		end_us = MAX(end_us, s->steps[i].at_us + s->steps[i].for_us);
	return end_us;
}
