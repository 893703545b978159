/* SPDX-License-Identifier: Apache-2.0 */
/* An identification becomes steps like any others: each of its runs is a fault
 * for a while, with a pause in which the service may recover. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/loader.h"
#include "config/units.h"

#define DRIP_US INT64_C(300000) /* between two pieces */

/* A run as it was written: "fail_ratio:0.75@2x". */
struct run_text {
	char *word, *ratio, *scale; /* ratio, scale: NULL if absent */
};

struct run_rule {
	const char *word;
	int identify;
	bool has_ratio;
	const char *http, *stream; /* kinds; stream NULL: http only */
};

static const struct run_rule rules[] = {
    {"fail_all", IDENTIFY_BREAKER, false, "abort", "reset_peer"},
    {"fail_ratio", IDENTIFY_BREAKER, true, "abort", "reset_peer"},
    {"hang", IDENTIFY_TIMEOUT, false, "hang", "blackhole"},
    {"drip", IDENTIFY_TIMEOUT, false, "drip", NULL},
};

static const char *const defaults[][4] = {
    [IDENTIFY_BREAKER] = {"fail_all", "fail_ratio:0.75", "fail_all@2x", NULL},
    [IDENTIFY_TIMEOUT] = {"hang", "drip", NULL},
};

/* Cuts `copy`, which the parts are borrowed from. */
static struct run_text
run_cut(char *copy)
{
	struct run_text t = {.word = copy};

	t.scale = strchr(copy, '@');
	if (t.scale != NULL)
		*t.scale++ = '\0';
	t.ratio = strchr(copy, ':');
	if (t.ratio != NULL)
		*t.ratio++ = '\0';
	return t;
}

static const struct run_rule *
run_find(const struct run_text *t, int identify)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rules); i++) {
		if (strcmp(rules[i].word, t->word) == 0 &&
		    rules[i].identify == identify &&
		    rules[i].has_ratio == (t->ratio != NULL))
			return &rules[i];
	}
	return NULL;
}

/* "2x" as a factor; false: it is none. */
static bool
run_scale(const struct run_text *t, double *factor)
{
	char *end;

	*factor = 1;
	if (t->scale == NULL)
		return true;
	*factor = strtod(t->scale, &end);
	return end != t->scale && strcmp(end, "x") == 0 && *factor > 0 &&
	       *factor <= 1000;
}

/* Sets a parameter if the kind has it. */
static void
set_param(struct conf_fault *f, const char *name, const char *value)
{
	const struct conf_field *field = conf_field_find(f->kind->fields, name);
	struct error err;

	if (field != NULL && !conf_field_parse(field, f->params, value, &err))
		assert(!"what a run sets is within bounds");
}

static struct conf_fault *
make_fault(const struct conf_kind *kind, const struct run_text *t,
	   int64_t observe_us)
{
	struct conf_fault *f = xcalloc(1, sizeof(*f));
	struct str text = {0};

	conf_fault_init(f, kind);
	if (strcmp(kind->name, "abort") == 0)
		set_param(f, "status", "503");
	if (strcmp(kind->name, "drip") == 0) {
		units_print_duration(&text, observe_us);
		set_param(f, "duration", text.text);
		str_clear(&text);
		str_printf(&text, "%lld",
			   (long long)MAX(observe_us / DRIP_US, 1));
		set_param(f, "pieces", text.text);
	}
	if (t->ratio != NULL)
		f->conditions.probability = strtod(t->ratio, NULL);
	str_fini(&text);
	return f;
}

/* Adds one factor of the load; the usual one again behind the run. */
static void
add_scale(struct conf_scenario *s, int64_t at_us, double factor)
{
	size_t count = s->load_scale_count;

	if (count > 0 && s->load_scale[count - 1].at_us == at_us) {
		s->load_scale[count - 1].rate = factor;
		return;
	}
	s->load_scale = xgrow(s->load_scale, &s->load_scale_count,
				   sizeof(*s->load_scale));
	s->load_scale[count] = (struct conf_load_step){at_us, factor};
}

static const struct conf_step *
add_run(struct conf_scenario *s, const struct conf_kind *kind,
	const struct run_text *t, const struct load_spot *at)
{
	struct conf_step *step = load_add_step(s);

	step->at_us =
	    (int64_t)(s->steps_count - 1) * (s->observe_us + s->observe_us / 2);
	step->for_us = s->observe_us;
	step->route = xstrdup(s->route);
	step->where = at->spot.where;
	step->fault = make_fault(kind, t, s->observe_us);
	step->fault->where = at->spot.where;
	load_name_step(s, step);
	return step;
}

static void
load_run(const struct loader *l, const char *text,
	 const struct conf_route *route, struct conf_scenario *s,
	 const struct load_spot *at)
{
	char *copy = xstrdup(text);
	struct run_text t = run_cut(copy);
	const struct run_rule *rule = run_find(&t, s->identify);
	const struct conf_kind *kind;
	struct str hint = {0};
	const char *name;
	double factor, ratio;

	if (rule == NULL || !run_scale(&t, &factor) ||
	    (t.ratio != NULL && !units_fraction(t.ratio, &ratio, NULL))) {
		conf_spot_error(&at->spot, "runs",
				"\"%.40s\" is no run of it; expected %s", text,
				s->identify == IDENTIFY_BREAKER
				    ? "fail_all or fail_ratio:0.75, perhaps "
				      "with @2x behind it"
				    : "hang or drip");
		free(copy);
		return;
	}
	name = route->protocol == PROTOCOL_HTTP || rule->stream == NULL
		   ? rule->http
		   : rule->stream;
	kind = conf_kind_find(l->kinds, name, &hint);
	if (kind != NULL) {
		const struct conf_step *step = add_run(s, kind, &t, at);

		conf_fault_compile(step->fault, route, &at->spot);
		if (t.scale != NULL) {
			add_scale(s, step->at_us, factor);
			add_scale(s, step->at_us + step->for_us, 1);
		}
	}
	str_fini(&hint);
	free(copy);
}

void
load_identify(const struct loader *l, config_setting_t *group,
	      struct conf_scenario *s)
{
	const struct conf_route *route =
	    load_find_route(l, group, "an identification");
	struct load_spot at = load_spot(l, group);
	size_t i;

	if (config_setting_get_member(group, "faults") != NULL)
		conf_spot_error(&at.spot, "faults",
				"an identification makes its own; expected "
				"runs, or none");
	if (config_setting_get_member(group, "load_scale") != NULL)
		conf_spot_error(&at.spot, "load_scale",
				"an identification scales the load by its "
				"runs; expected such as fail_all@2x");
	if (route == NULL)
		return;
	for (i = 0; s->runs.count == 0 && defaults[s->identify][i] != NULL; i++)
		load_run(l, defaults[s->identify][i], route, s, &at);
	for (i = 0; i < s->runs.count; i++)
		load_run(l, s->runs.items[i], route, s, &at);
}
