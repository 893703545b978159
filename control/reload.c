/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the configuration file of a running proxy again. */
#include "control/reload.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/watch.h"

struct reload {
	const struct run_options *opt; /* borrowed */
	struct state *state;	       /* borrowed */
	struct watch *watch;	       /* NULL without a file */
	const struct notify *notify; /* borrowed; NULL: none */
	struct telemetry *telemetry; /* likewise */
	uint64_t loaded; /* hash of the file before it was last read */
	bool stopped;
	bool (*check)(void *arg, const struct conf_model *model,
		      struct conf_diag *diag);
	void (*applied)(void *arg, const struct conf_model *model);
	void *arg;
	struct conf_diag diag; /* of the last try */
};

static void
on_changed(void *arg)
{
	struct reload *r = arg;

	if (!r->stopped)
		reload_run(r);
}

/* The file, what it includes, and the certificates that it names. */
static void
watch_all(struct reload *r, const struct conf_model *model)
{
	struct conf_strings files = {0};

	run_files(model, &files);
	watch_files(r->watch, &files, model->files_count, r->loaded);
	for (size_t i = 0; i < files.count; i++)
		free(files.items[i]);
	free(files.items);
}

struct reload *
reload_new(struct event_base *base, const struct run_options *opt,
	   struct state *state, uint64_t loaded)
{
	const struct conf_model *model = state_model(state);
	struct reload *r = xcalloc(1, sizeof(*r));

	r->opt = opt;
	r->state = state;
	r->loaded = loaded;
	if (opt->config == NULL)
		return r;
	r->watch = watch_new(base, on_changed, r);
	watch_all(r, model);
	return r;
}

void
reload_notify(struct reload *r, const struct notify *notify)
{
	r->notify = notify;
}

void
reload_telemetry(struct reload *r, struct telemetry *telemetry)
{
	r->telemetry = telemetry;
}

void
reload_attach(struct reload *r,
	      bool (*check)(void *, const struct conf_model *,
			    struct conf_diag *),
	      void (*applied)(void *, const struct conf_model *), void *arg)
{
	r->check = check;
	r->applied = applied;
	r->arg = arg;
}

struct conf_model *
reload_read(const struct reload *r, struct conf_diag *diag)
{
	struct conf_model *model = run_load(r->opt, diag);
	struct error err;

	if (model == NULL)
		return NULL;
	if (!run_override(r->opt, model, &err))
		conf_error(diag, NULL, "%s", err.text);
	else if (r->check == NULL || r->check(r->arg, model, diag))
		return model;
	conf_model_unref(model);
	return NULL;
}

static void
log_applied(const struct reload *r, const struct conf_model *model)
{
	log_line(LOG_INFO, "config_reload", "configuration reloaded",
		 LOG_STR("file", r->opt->config),
		 LOG_UINT("generation",
			  server_plan(state_server(r->state))->generation),
		 LOG_UINT("routes", model->routes_count), LOG_END);
}

/* Rejected or not: what is in force now is served. */
static void
notify_reloaded(const struct reload *r, bool ok)
{
	if (r->notify != NULL)
		notify_state(r->notify, NOTIFY_READY, "serving; routes: %zu%s",
			     state_model(r->state)->routes_count,
			     ok ? "" : "; the configuration was rejected");
}

bool
reload_run(struct reload *r)
{
	struct conf_model *model;
	bool ok;

	if (r->notify != NULL)
		notify_reloading(r->notify, clock_now(&clock_real));
	conf_diag_fini(&r->diag);
	r->loaded = watch_hash(r->opt->config);
	model = reload_read(r, &r->diag);
	ok = model != NULL && state_reload(r->state, model, &r->diag);
	state_note_reload(r->state, ok);
	run_log_diag(&r->diag);
	if (ok) {
		if (r->applied != NULL)
			r->applied(r->arg, model);
		run_setup_log(model);
		if (r->telemetry != NULL)
			telemetry_apply(r->telemetry, model);
		watch_all(r, model);
		log_applied(r, model);
	} else {
		log_line(LOG_ERROR, "config_rejected",
			 "configuration rejected, nothing has changed",
			 LOG_STR("file", r->opt->config),
			 LOG_UINT("errors", r->diag.errors), LOG_END);
	}
	notify_reloaded(r, ok);
	return ok;
}

struct reload_report
reload_report(const struct reload *r)
{
	const struct state_reload *last = state_last_reload(r->state);

	return (struct reload_report){
	    .file = r->opt->config,
	    .loaded_wall_us = last->good_wall_us,
	    .ok = last->ok,
	    .diag = &r->diag,
	};
}

void
reload_stop(struct reload *r)
{
	r->stopped = true;
}

void
reload_free(struct reload *r)
{
	if (r == NULL)
		return;
	watch_free(r->watch);
	conf_diag_fini(&r->diag);
	free(r);
}
