/* SPDX-License-Identifier: Apache-2.0 */
/* From windows to annotations: texts, tags, and where to send them. */
#include "control/fault_windows.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intern.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "config/tables.h"
#include "telemetry/annotations.h"
#include "telemetry/grafana.h"
#include "telemetry/token.h"

#define TIMEOUT_US     INT64_C(10000000)
#define RUN_TEXT       24

struct fault_windows {
	struct feed *feed;
	struct server *server; /* NULL: it is about to end */
	const struct leases *leases; /* borrowed; NULL: none */
	struct windows *windows;
	struct annotations *annotations; /* NULL: none */
	struct conf_grafana conf;	 /* in force */
	char *token;			 /* likewise */
	char run[RUN_TEXT];
};

/* --- what is configured --- */

static const char *
experiment_of(const struct fault_windows *f, const struct conf_leased *leased)
{
	const char *name = leases_experiment(f->leases, leased);

	return name != NULL ? intern(name) : NULL;
}

/* Who is part of it: those named, else all. */
static const char *
services_of(const struct conf_model *model, const struct conf_partition *p)
{
	bool all = p->groups_count == 0 && p->members.count == 0;
	struct str text = {0};
	const char *made;

	for (size_t i = 0; i < p->groups_count; i++) {
		for (size_t k = 0; k < p->groups[i].count; k++)
			str_printf(&text, "\n%s\n", p->groups[i].items[k]);
	}
	for (size_t i = 0; i < p->members.count; i++)
		str_printf(&text, "\n%s\n", p->members.items[i]);
	for (size_t i = 0; all && i < model->services_count; i++)
		str_printf(&text, "\n%s\n", model->services[i].name);
	str_add(&text, "");
	made = intern(text.text);
	str_fini(&text);
	return made;
}

static void
partition_facts(const struct fault_windows *f, const struct conf_model *model,
    const char *name, struct window_facts *to)
{
	for (size_t i = 0; i < model->partitions_count; i++) {
		const struct conf_partition *p = &model->partitions[i];

		if (strcmp(p->name, name) != 0)
			continue;
		to->enabled = p->enabled;
		to->for_us = p->for_us;
		to->flaps = p->on_us > 0 && p->off_us > 0;
		to->services = services_of(model, p);
		to->experiment = experiment_of(f, &p->leased);
	}
}

static void
fault_facts(const struct fault_windows *w, const struct armed_route *r,
    const char *name, struct window_facts *to)
{
	to->from = r->conf->from != NULL ? intern(r->conf->from) : NULL;
	to->to = r->conf->to != NULL ? intern(r->conf->to) : NULL;
	for (size_t i = 0; i < r->faults_count; i++) {
		const struct conf_fault *f = r->faults[i].conf;

		if (strcmp(r->faults[i].name, name) != 0)
			continue;
		to->enabled = f->enabled;
		to->for_us = f->conditions.for_us;
		to->flaps = f->conditions.on_us > 0 && f->conditions.off_us > 0;
		to->experiment = experiment_of(w, &f->leased);
	}
}

static void
on_facts(void *arg, const char *route, const char *fault,
    struct window_facts *to)
{
	const struct fault_windows *f = arg;
	const struct plan *plan =
	    f->server != NULL ? server_plan(f->server) : NULL;
	const struct armed_route *r;

	if (plan == NULL)
		return;
	if (route == NULL) {
		partition_facts(f, plan->model, fault, to);
		return;
	}
	r = plan_route(plan, route);
	if (r != NULL)
		fault_facts(f, r, fault, to);
}

/* --- annotations --- */

static int64_t
wall_ms(int64_t monotonic_us)
{
	return (monotonic_us - clock_now(&clock_real) + clock_wall_us()) /
	    1000;
}

static void
annotate(struct fault_windows *f, const struct fault_window *w)
{
	char *route = xasprintf("route:%s", w->route != NULL ? w->route : "");
	char *fault = xasprintf("%s:%s",
	    w->route != NULL ? "fault" : "partition", w->fault);
	char *kind = xasprintf("kind:%s", w->kind != NULL ? w->kind : "");
	char *experiment = xasprintf("experiment:%s",
	    w->experiment != NULL ? w->experiment : "");
	char *text = w->route != NULL
	    ? xasprintf("%s \"%s\" on route %s", w->kind, w->fault, w->route)
	    : xasprintf("partition %s", w->fault);

	annotations_open(f->annotations, &(struct annotation){
	    .number = w->number,
	    .start_ms = wall_ms(w->start_us),
	    .end_ms = w->planned_us != 0 ? wall_ms(w->planned_us) : 0,
	    .text = text,
	    .tags = {fault, w->route != NULL ? route : NULL,
		w->kind != NULL ? kind : NULL,
		w->experiment != NULL ? experiment : NULL},
	});
	free(route);
	free(fault);
	free(kind);
	free(experiment);
	free(text);
}

static void
on_changed(void *arg, const struct fault_window *w)
{
	struct fault_windows *f = arg;

	if (f->annotations == NULL)
		return;
	if (w->end_us == 0)
		annotate(f, w);
	else
		annotations_close(f->annotations, w->number,
		    wall_ms(w->end_us));
}

static void
on_open_window(void *arg, const struct fault_window *w)
{
	annotate(arg, w);
}

static void
set_run(struct fault_windows *f, const struct conf_model *model)
{
	char host[256] = "";
	char *all;

	gethostname(host, sizeof(host) - 1);
	all = xasprintf("%s %s %s", host,
	    model->control.listen != NULL ? model->control.listen : "",
	    model->files_count > 0 ? model->files[0] : "");
	snprintf(f->run, sizeof(f->run), "%016llx",
	    (unsigned long long)rng_hash(all));
	free(all);
}

static bool
begin(struct fault_windows *f, const struct conf_grafana *c,
    struct telemetry_counts *counts, struct error *err)
{
	f->annotations = annotations_new(&(struct annotations_settings){
	    .receiver = {.url = c->url,
		.token = f->token,
		.ca_file = c->ca_file,
		.timeout_us = TIMEOUT_US,
		.signal = "annotations"},
	    .run = f->run,
	    .tags = (const char *const *)c->tags.items,
	    .tags_count = c->tags.count}, counts, err);
	if (f->annotations == NULL)
		return false;
	log_line(LOG_INFO, "annotating", "windows of faults go to Grafana",
	    LOG_STR("url", c->url), LOG_STR("run", f->run), LOG_END);
	windows_each(f->windows, on_open_window, f);
	return true;
}

/* --- settings --- */

void
fault_windows_apply(struct fault_windows *f, const struct conf_model *model,
    struct telemetry_counts *counts)
{
	const struct conf_grafana *c = &model->grafana;
	struct error err = {0};
	char *token = NULL;
	bool ok = c->url == NULL || grafana_token(c, &token, &err);

	set_run(f, model);
	if (ok && token_equal(token, f->token) &&
	    conf_fields_equal(conf_grafana_fields, c, &f->conf)) {
		token_free(token);
		return;
	}
	annotations_end(f->annotations, 0);
	f->annotations = NULL;
	token_free(f->token);
	f->token = token;
	conf_fields_fini(conf_grafana_fields, &f->conf);
	f->conf = (struct conf_grafana){0};
	conf_fields_copy(conf_grafana_fields, &f->conf, c);
	if (ok && c->url != NULL)
		ok = begin(f, c, counts, &err);
	if (!ok)
		log_line(LOG_ERROR, "annotating_failed",
		    "there are no annotations", LOG_STR("error", err.text),
		    LOG_END);
}

/* --- life --- */

struct fault_windows *
fault_windows_new(struct feed *feed, struct server *server)
{
	struct fault_windows *f = xcalloc(1, sizeof(*f));

	f->feed = feed;
	f->server = server;
	f->windows = windows_new(&(struct windows_settings){
	    .clock = &clock_real,
	    .facts = on_facts,
	    .changed = on_changed,
	    .arg = f});
	feed_join(feed, (struct event_wish){.all = WINDOWS_EVENTS},
	    windows_consume, f->windows);
	return f;
}

const struct fault_window *
fault_windows_match(const struct fault_windows *f, const char *route,
    const char *service, int64_t at_us)
{
	const struct plan *plan =
	    f->server != NULL ? server_plan(f->server) : NULL;
	struct window_place place = {.route = route, .service = service};
	const struct armed_route *r = plan != NULL && route != NULL
	    ? plan_route(plan, route)
	    : NULL;

	if (r != NULL) {
		place.from = r->conf->from;
		place.to = r->conf->to;
	}
	return windows_match(f->windows, &place, at_us);
}

const char *
fault_windows_experiment(const struct fault_windows *f,
    const struct event_record *close)
{
	const struct fault_window *w = windows_of(f->windows, close);

	return w != NULL ? w->experiment : NULL;
}

const char *
fault_windows_run(const struct fault_windows *f)
{
	return f->run;
}

void
fault_windows_say(struct fault_windows *f, const struct fault_window *w,
    const char *line)
{
	if (f->annotations != NULL)
		annotations_say(f->annotations, w->number, line);
}

void
fault_windows_leases(struct fault_windows *f, const struct leases *leases)
{
	f->leases = leases;
}

void
fault_windows_detach(struct fault_windows *f)
{
	f->server = NULL;
}

static void
on_last(void *arg, const struct fault_window *w)
{
	annotations_close(arg, w->number, clock_wall_us() / 1000);
}

void
fault_windows_free(struct fault_windows *f, int64_t wait_us)
{
	if (f == NULL)
		return;
	feed_leave(f->feed, f->windows);
	if (f->annotations != NULL)
		windows_each(f->windows, on_last, f->annotations);
	annotations_end(f->annotations, wait_us);
	windows_free(f->windows);
	conf_fields_fini(conf_grafana_fields, &f->conf);
	token_free(f->token);
	free(f);
}
