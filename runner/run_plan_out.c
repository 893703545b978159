/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people and for programs. */
#include <string.h>

#include "config/units.h"
#include "runner/run_plan.h"

static const char *
state_name(enum run_plan_state state)
{
	static const char *const names[] = {"decides", "partly", "undecided"};

	return names[state];
}

/* "1m05.5s" at tenths of a second. */
static void
add_time(struct str *to, int64_t us)
{
	long long tenths = (us + 50000) / 100000;

	str_printf(to, "%3lld:%02lld.%lld", tenths / 600, tenths / 10 % 60,
		   tenths % 10);
}

static void
add_item(struct str *to, const struct run_plan_item *item)
{
	struct str length = {0};

	units_print_duration(&length, item->to_us - item->from_us);
	add_time(to, item->from_us);
	str_add(to, " ");
	add_time(to, item->to_us);
	str_printf(to, "  %-10s", item->what);
	if (item->step == NULL)
		str_printf(to, " %s", length.text);
	else if (item->step->fault != NULL)
		str_printf(to, " %s on %s for %s",
			   item->step->fault->kind->name, item->step->route,
			   length.text);
	else
		str_printf(to, " %s for %s", item->step->partition,
			   length.text);
	str_add_char(to, '\n');
	str_fini(&length);
}

static void
add_findings(struct str *to, const struct run_plan *p,
	     const struct conf_scenario *s)
{
	static const char *const words[] = {"can tell", "can tell in part",
					    "CANNOT TELL"};

	for (size_t i = 0; i < p->findings_count; i++) {
		const struct run_plan_finding *f = &p->findings[i];

		if (f->scenario != s)
			continue;
		str_printf(to, "    %s: %s", words[f->state], f->mech);
		if (f->step != NULL)
			str_printf(to, " of %s under %s", f->step->route,
				   f->step->fault->kind->name);
		str_printf(to, " (%s)\n", f->text);
	}
}

void
run_plan_text(const struct run_plan *p, struct str *to)
{
	const struct conf_scenario *last = NULL;
	struct str length = {0};

	units_print_duration(&length, p->length_us);
	str_printf(to, "%s: %s, if the services recover in time\n",
		   p->model->experiment->name, length.text);
	for (size_t i = 0; i < p->items_count; i++) {
		const struct run_plan_item *item = &p->items[i];

		if (item->scenario != last && item->scenario != NULL)
			str_printf(to, "\nscenario %s\n", item->scenario->name);
		add_item(to, item);
		if (i + 1 == p->items_count ||
		    p->items[i + 1].scenario != item->scenario)
			add_findings(to, p, item->scenario);
		last = item->scenario;
	}
	str_fini(&length);
}

static void
put_item(struct jsonw *w, const struct run_plan_item *item)
{
	jsonw_object(w);
	jsonw_put_string(w, "what", item->what);
	jsonw_put_double(w, "from", (double)item->from_us / 1e6);
	jsonw_put_double(w, "to", (double)item->to_us / 1e6);
	if (item->scenario != NULL)
		jsonw_put_string(w, "scenario", item->scenario->name);
	if (item->step != NULL && item->step->route != NULL)
		jsonw_put_string(w, "route", item->step->route);
	if (item->step != NULL && item->step->fault != NULL) {
		jsonw_put_string(w, "type", item->step->fault->kind->name);
		jsonw_put_string(w, "fault", item->step->fault->name);
	}
	if (item->step != NULL && item->step->partition != NULL)
		jsonw_put_string(w, "partition", item->step->partition);
	jsonw_object_end(w);
}

void
run_plan_json(const struct run_plan *p, struct jsonw *w)
{
	jsonw_put_string(w, "experiment", p->model->experiment->name);
	jsonw_put_double(w, "seconds", (double)p->length_us / 1e6);
	jsonw_key(w, "timeline");
	jsonw_array(w);
	for (size_t i = 0; i < p->items_count; i++)
		put_item(w, &p->items[i]);
	jsonw_array_end(w);
	jsonw_key(w, "findings");
	jsonw_array(w);
	for (size_t i = 0; i < p->findings_count; i++) {
		const struct run_plan_finding *f = &p->findings[i];

		jsonw_object(w);
		jsonw_put_string(w, "state", state_name(f->state));
		jsonw_put_string(w, "mech", f->mech);
		if (f->scenario != NULL)
			jsonw_put_string(w, "scenario", f->scenario->name);
		if (f->step != NULL) {
			jsonw_put_string(w, "route", f->step->route);
			jsonw_put_string(w, "fault", f->step->fault->name);
		}
		jsonw_put_string(w, "text", f->text);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}
