/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up telemetry and taking it down. */
#include "control/telemetry.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/worker.h"
#include "telemetry/settings.h"
#include "telemetry/span_queue.h"
#include "telemetry/spans.h"

struct telemetry {
	struct feed *feed;
	struct server *server;
	struct log_push *log;
	struct telemetry_counts *counts;
	struct trace_settings trace; /* in force */
	struct span_queue *queue;    /* NULL: no traces */
	struct spans *spans;
	struct fault_windows *windows;
};

/* --- traces --- */

static int64_t
wall_of(int64_t monotonic_us)
{
	return monotonic_us - clock_now(&clock_real) + clock_wall_us();
}

static void
on_span(void *arg, const struct otlp_span *span)
{
	span_queue_add(arg, span);
}

static const char *
experiment_of(const void *windows, const struct event_record *close)
{
	return fault_windows_experiment(windows, close);
}

static void
ask_trace(struct worker *w, void *policy)
{
	engine_trace(&w->engine, policy);
}

static void
set_policy(struct telemetry *t, struct trace_policy policy)
{
	server_ask(t->server, ask_trace, &policy);
}

/* Spans are no longer made; those that wait are sent. */
static void
end_traces(struct telemetry *t, int64_t wait_us)
{
	if (t->queue == NULL)
		return;
	feed_leave(t->feed, t->spans);
	spans_free(t->spans);
	t->spans = NULL;
	span_queue_end(t->queue, wait_us);
	t->queue = NULL;
}

static bool
begin_traces(struct telemetry *t, const struct trace_settings *s,
    struct error *err)
{
	t->queue = span_queue_new(&(struct span_queue_settings){
	    .receiver = {.url = s->url,
		.token = s->token,
		.headers = s->headers,
		.ca_file = s->ca_file,
		.timeout_us = s->timeout_us,
		.signal = "traces"},
	    .form = s->form,
	    .every_us = s->every_us,
	    .resource = &s->resource}, t->counts, err);
	if (t->queue == NULL)
		return false;
	t->spans = spans_new(&(struct spans_settings){
	    .add = on_span,
	    .arg = t->queue,
	    .experiment = experiment_of,
	    .of = t->windows,
	    .run = fault_windows_run(t->windows),
	    .wall_us = wall_of});
	feed_join(t->feed, (struct event_wish){.kept = SPANS_EVENTS},
	    spans_consume, t->spans);
	set_policy(t, s->policy);
	log_line(LOG_INFO, "tracing", "spans go to a collector",
	    LOG_STR("url", s->url), LOG_DOUBLE("ratio", s->policy.ratio),
	    LOG_BOOL("propagate", s->policy.propagate), LOG_END);
	return true;
}

static void
tell_notes(const struct trace_settings *s)
{
	if (s->notes.len > 0)
		log_line(LOG_WARN, "trace_settings",
		    "variables of the environment disagree with the file, or "
		    "say what is not known",
		    LOG_STR("variables", s->notes.text), LOG_END);
}

static void
apply_traces(struct telemetry *t, const struct conf_trace *conf)
{
	struct trace_settings s;
	struct error err = {0};
	bool ok = trace_settings_init(&s, conf, getenv, &err);

	tell_notes(&s);
	if (ok && trace_settings_equal(&s, &t->trace)) {
		trace_settings_fini(&s);
		return;
	}
	if (t->queue != NULL)
		set_policy(t, (struct trace_policy){0});
	end_traces(t, 0);
	if (ok && s.url != NULL)
		ok = begin_traces(t, &s, &err);
	if (!ok) {
		log_line(LOG_ERROR, "tracing_failed", "there are no traces",
		    LOG_STR("error", err.text), LOG_END);
		trace_settings_fini(&s);
	}
	trace_settings_fini(&t->trace);
	t->trace = s;
}

/* --- all of it --- */

/* All but the log. */
static void
apply(struct telemetry *t, const struct conf_model *model)
{
	apply_traces(t, &model->trace);
	fault_windows_apply(t->windows, model, t->counts);
}

struct telemetry *
telemetry_new(struct feed *feed, struct server *server, struct log_push *log,
    const struct conf_model *model)
{
	struct telemetry *t = xcalloc(1, sizeof(*t));

	t->feed = feed;
	t->server = server;
	t->log = log;
	t->counts = telemetry_counts_ref(log_push_counts(log));
	t->windows = fault_windows_new(feed, server);
	apply(t, model);
	return t;
}

void
telemetry_apply(struct telemetry *t, const struct conf_model *model)
{
	log_push_apply(t->log, model);
	apply(t, model);
}

struct fault_windows *
telemetry_windows(const struct telemetry *t)
{
	return t->windows;
}

const struct telemetry_counts *
telemetry_counts(const struct telemetry *t)
{
	return t->counts;
}

void
telemetry_detach(struct telemetry *t)
{
	if (t != NULL)
		fault_windows_detach(t->windows);
}

void
telemetry_free(struct telemetry *t)
{
	if (t == NULL)
		return;
	end_traces(t, TELEMETRY_FAREWELL_US); /* spans ask the windows */
	fault_windows_free(t->windows, TELEMETRY_FAREWELL_US);
	trace_settings_fini(&t->trace);
	telemetry_counts_unref(t->counts);
	free(t);
}
