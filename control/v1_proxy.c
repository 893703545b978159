/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy as a whole: how it is, what it knows, its configuration. */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/describe.h"
#include "config/json_out.h"
#include "config/print.h"
#include "control/v1_call.h"
#include "faults/fault.h"

bool
v1_root(struct v1_call *call)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_put_string(&w, "name", "faultwire");
	jsonw_put_string(&w, "version", FAULTWIRE_VERSION);
	jsonw_key(&w, "links");
	jsonw_array(&w);
	for (const struct v1_endpoint *e = v1_endpoints; e->method; e++) {
		if (strcmp(e->method, "GET") == 0 &&
		    strchr(e->path, '{') == NULL)
			jsonw_string(&w, e->path);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	return true;
}

/* --- status --- */

static void
put_time(struct jsonw *w, const char *key, int64_t wall_us)
{
	struct str text = {0};

	log_time(&text, wall_us);
	jsonw_put_string(w, key, text.text);
	str_fini(&text);
}

static void
put_messages(struct jsonw *w, const char *key, const struct conf_diag *diag,
	     bool warnings)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < diag->count; i++) {
		if (diag->messages[i].warning != warnings)
			continue;
		jsonw_object(w);
		jsonw_put_string(w, "where", diag->messages[i].where);
		jsonw_put_string(w, "error", diag->messages[i].text);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_config(struct jsonw *w, const struct v1 *v1)
{
	struct reload_report report = reload_report(v1->parts.reload);

	jsonw_key(w, "config");
	jsonw_object(w);
	jsonw_put_string(w, "file", report.file);
	if (report.file != NULL) {
		put_time(w, "loaded_at", report.loaded_wall_us);
		jsonw_put_string(w, "last_reload",
				 report.ok ? "ok" : "rejected");
		put_messages(w, "errors", report.diag, false);
	}
	jsonw_object_end(w);
}

static void
put_faults(struct jsonw *w, struct v1 *v1)
{
	const struct conf_model *model = state_model(v1->parts.state);
	const struct plan *plan = server_plan(state_server(v1->parts.state));
	int64_t now_us = clock_now(v1->parts.clock), next = INT64_MAX;
	size_t enabled = 0, in_force = 0;

	for (size_t i = 0; i < model->routes_count; i++) {
		for (size_t k = 0; k < model->routes[i].faults_count; k++)
			enabled += model->routes[i].faults[k].enabled;
	}
	for (size_t i = 0; plan != NULL && i < plan->routes_count; i++) {
		const struct armed_route *r = &plan->routes[i];

		for (size_t k = 0; r->conf->enabled && k < r->faults_count; k++)
			in_force +=
			    condition_in_force(&r->faults[k], now_us, &next);
	}
	jsonw_key(w, "faults");
	jsonw_object(w);
	jsonw_put_uint(w, "enabled", enabled);
	jsonw_put_uint(w, "in_force", in_force);
	jsonw_object_end(w);
}

static void
put_partitions(struct jsonw *w, struct v1 *v1)
{
	const struct conf_model *model = state_model(v1->parts.state);
	int64_t ends_us;

	jsonw_key(w, "partitions");
	jsonw_object(w);
	jsonw_key(w, "active");
	jsonw_array(w);
	for (size_t i = 0; i < model->partitions_count; i++) {
		if (v1_partition_active(v1, &model->partitions[i], &ends_us))
			jsonw_string(w, model->partitions[i].name);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void
put_events(struct jsonw *w, const struct v1 *v1)
{
	const struct feed *feed = v1->parts.feed;

	jsonw_key(w, "events");
	jsonw_object(w);
	jsonw_put_uint(w, "listeners", feed_listeners(feed));
	jsonw_put_uint(w, "dropped", feed_dropped(feed));
	jsonw_object_end(w);
}

bool
v1_status(struct v1_call *call)
{
	struct v1 *v1 = call->v1;
	struct server *server = state_server(v1->parts.state);
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_put_string(&w, "version", FAULTWIRE_VERSION);
	v1_put_seconds(&w, "uptime", clock_now(v1->parts.clock) - v1->start_us);
	jsonw_put_int(&w, "pid", getpid());
	jsonw_put_uint(&w, "seed", server_seed(server));
	jsonw_put_uint(&w, "workers", server_workers(server));
	jsonw_put_uint(&w, "generation", state_generation(v1->parts.state));
	put_config(&w, v1);
	jsonw_put_bool(&w, "ready", !v1->draining);
	jsonw_put_bool(&w, "draining", v1->draining);
	jsonw_put_uint(&w, "sessions", server_sessions(server));
	jsonw_put_uint(&w, "routes",
		       state_model(v1->parts.state)->routes_count);
	put_faults(&w, v1);
	put_partitions(&w, v1);
	jsonw_put_uint(&w, "leases", v1->leases.count);
	put_events(&w, v1);
	jsonw_object_end(&w);
	return true;
}

/* --- what it knows --- */

bool
v1_kinds(struct v1_call *call)
{
	str_add(&call->out, "{\"kinds\":");
	describe_kinds_json(&call->out, &fault_kinds);
	str_add_char(&call->out, '}');
	return true;
}

bool
v1_kind(struct v1_call *call)
{
	const char *name = call->names[0];
	struct str hint = {0};
	const struct conf_kind *kind =
	    conf_kind_find(&fault_kinds, name, &hint);

	if (kind != NULL)
		describe_kind_json(&call->out, kind);
	else
		v1_fail(call, 404, NULL, "there is no fault kind \"%.80s\"; %s",
			name, hint.text);
	str_fini(&hint);
	return kind != NULL;
}

bool
v1_services(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	struct conf_writer to = {0};

	if (!v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	jsonw_object(&to.w);
	jsonw_key(&to.w, "services");
	jsonw_array(&to.w);
	for (size_t i = 0; i < model->services_count; i++) {
		jsonw_object(&to.w);
		conf_put_service(&to, &model->services[i]);
		jsonw_object_end(&to.w);
	}
	jsonw_array_end(&to.w);
	jsonw_object_end(&to.w);
	return true;
}

/* --- the configuration --- */

static bool
config_text(struct v1_call *call)
{
	struct state *state = call->v1->parts.state;

	str_printf(&call->out, "# faultwire %s, generation %llu, seed %llu%s\n",
		   FAULTWIRE_VERSION,
		   (unsigned long long)state_generation(state),
		   (unsigned long long)server_seed(state_server(state)),
		   state_model(state)->has_seed ? "" : " (drawn at start)");
	conf_model_print(&call->out, state_model(state));
	call->reply->type = call->endpoint->type;
	return true;
}

bool
v1_config(struct v1_call *call)
{
	const char *format = v1_query(call, "format");
	struct conf_writer to = {0};

	if (!v1_query_bool(call, "defaults", &to.defaults))
		return false;
	if (format == NULL || strcmp(format, "text") == 0)
		return config_text(call);
	if (strcmp(format, "json") != 0)
		return v1_fail(
		    call, 400, "format",
		    "format: \"%.40s\" is unknown; expected text or json",
		    format);
	jsonw_init(&to.w, &call->out);
	conf_put_model(&to, v1_model(call));
	return true;
}

bool
v1_reset(struct v1_call *call)
{
	conf_model_unref(call->edit->draft);
	call->edit->draft = state_draft_file(call->v1->parts.state);
	return true;
}

static void
put_reloaded(struct v1_call *call, const struct conf_diag *diag)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_put_uint(&w, "generation",
		       state_generation(call->v1->parts.state));
	jsonw_put_uint(&w, "routes",
		       state_model(call->v1->parts.state)->routes_count);
	put_messages(&w, "warnings", diag, true);
	jsonw_object_end(&w);
}

/* The findings of a file are the reply's: each with its file and line. */
static bool
rejected(struct v1_call *call, const struct conf_diag *diag)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_put_string(&w, "error",
			 "the file was rejected, nothing has changed");
	put_messages(&w, "errors", diag, false);
	jsonw_object_end(&w);
	call->status = 400;
	return true;
}

/* A dry run goes as far as it can without an effect. */
static bool
try_reload(struct v1_call *call)
{
	struct state *state = call->v1->parts.state;
	struct conf_model *file =
	    reload_read(call->v1->parts.reload, call->diag);
	struct v1_edit edit = {0};
	bool ok = file != NULL;

	if (ok) {
		edit.draft = state_draft_reload(state, file);
		call->edit = &edit;
		ok = v1_dry_run(call);
		call->edit = NULL;
		conf_model_unref(edit.draft);
	}
	conf_model_unref(file);
	return ok || rejected(call, call->diag);
}

bool
v1_reload(struct v1_call *call)
{
	struct reload *reload = call->v1->parts.reload;

	if (reload_report(reload).file == NULL)
		return v1_fail(
		    call, 409, NULL,
		    "there is no configuration file; expected a proxy that was "
		    "started with -c FILE");
	if (call->v1->draining)
		return v1_fail(
		    call, 409, NULL,
		    "the proxy is about to stop; expected one that runs");
	if (call->dry_run)
		return try_reload(call);
	if (!reload_run(reload))
		return rejected(call, reload_report(reload).diag);
	put_reloaded(call, reload_report(reload).diag);
	return true;
}
