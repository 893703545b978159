/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines about single flows, written by the worker: the log never waits. */
#include "proxy/flow_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "faults/flow_trace.h"
#include "proxy/route_log.h"
#include "proxy/worker.h"

/* How much of a path a line shows. */
#define PATH_SHOWN 1024

static double
seconds(int64_t us)
{
	return (double)us / 1e6;
}

/* NULL: it belongs to none that is sampled. */
static const char *
trace_text(const struct flow *f, char buf[TRACE_ID_TEXT])
{
	struct trace_context trace;

	if (!flow_trace_context(f, &trace) || !(trace.flags & TRACE_SAMPLED))
		return NULL;
	trace_id_text(trace.trace_id, buf);
	return buf;
}

/* Our span in it; NULL: there is none, or nobody keeps it. */
static const char *
span_text(const struct flow *f, const char *trace, char buf[SPAN_ID_TEXT])
{
	const unsigned char *span = flow_trace_span(f);

	if (trace == NULL || span == NULL)
		return NULL;
	trace_hex(span, SPAN_ID_SIZE, buf);
	return buf;
}

/* Amounts carry their unit in the key. */
static struct log_field
amount_field(const struct injection *i)
{
	if (strcmp(i->unit, "us") == 0)
		return LOG_DOUBLE("delay_s", i->amount / 1e6);
	if (strcmp(i->unit, "bytes") == 0)
		return LOG_UINT("effect_bytes", (uint64_t)i->amount);
	return i->amount != 0 ? LOG_DOUBLE("amount", i->amount)
			      : LOG_STR("amount", NULL);
}

void
flow_log_injection(const struct injection *i, struct log_sample *lines)
{
	const struct flow *f = i->flow;
	char trace_buf[TRACE_ID_TEXT], span_buf[SPAN_ID_TEXT];
	const char *trace;

	if (!log_enabled(LOG_INFO) ||
	    !log_sample_take(lines, clock_now(f->engine->clock)))
		return;
	trace = trace_text(f, trace_buf);
	log_line(LOG_INFO, "fault_injected", "fault injected",
	    LOG_STR("route", f->route_name), LOG_STR("fault", i->fault->name),
	    LOG_STR("type", i->fault->ops->kind.name),
	    LOG_UINT("session", f->session), LOG_UINT("flow", f->number),
	    LOG_STR("effect", i->effect), amount_field(i),
	    LOG_STR("trace_id", trace),
	    LOG_STR("span_id", span_text(f, trace, span_buf)), LOG_END);
}

/* Where the client wanted to go; owned. NULL: it did not say. */
static char *
destination_of(const struct flow *f)
{
	struct view to = {"", 0};

	if (f->ops->fact == NULL || !f->ops->fact(f, FACT_DESTINATION, &to))
		return NULL;
	return xmemdup0(to.at, to.len);
}

void
flow_log_upstream(const struct flow *f, const char *error)
{
	char trace[TRACE_ID_TEXT], *destination;

	if (!route_log_due(f->counts, LINE_UPSTREAM,
		clock_now(f->engine->clock)))
		return;
	destination = destination_of(f);
	log_line(LOG_WARN, "upstream_error", "the upstream failed",
	    LOG_STR("route", f->route_name),
	    LOG_STR("upstream",
		f->route != NULL ? f->route->conf->upstream.text : NULL),
	    LOG_STR("destination", destination),
	    LOG_UINT("session", f->session), LOG_UINT("flow", f->number),
	    LOG_STR("error_type", error),
	    LOG_STR("trace_id", trace_text(f, trace)), LOG_END);
	free(destination);
}

bool
flow_log_access(const struct worker *w)
{
	return w->plan != NULL && w->plan->model->log.access &&
	       log_enabled(LOG_INFO);
}

void
flow_log_session(
    const struct session *s, const struct flow *f, enum close_reason reason)
{
	char client[INET6_ADDRSTRLEN], trace[TRACE_ID_TEXT];
	char *destination = destination_of(f);

	log_line(LOG_INFO, "session", "session ended",
	    LOG_STR("route", f->route_name),
	    LOG_STR("client", event_address(&s->client, client)),
	    LOG_STR("destination", destination),
	    LOG_UINT("session", s->number), LOG_UINT("flow", f->number),
	    LOG_STR("reason", close_reason_name(reason)),
	    LOG_BOOL("faulted", f->faulted),
	    LOG_DOUBLE("duration_s",
		seconds(clock_now(f->engine->clock) - f->start_us)),
	    LOG_UINT("bytes_in", f->links[LINK_UP].fed),
	    LOG_UINT("bytes_out", f->links[LINK_DOWN].taken),
	    LOG_STR("trace_id", trace_text(f, trace)), LOG_END);
	free(destination);
}

static char *
text_of(struct view v, size_t most)
{
	return v.len > 0 ? xmemdup0(v.at, MIN(v.len, most)) : NULL;
}

void
flow_log_request(const struct request_log *r)
{
	const struct flow *f = r->flow;
	char client[INET6_ADDRSTRLEN], trace[TRACE_ID_TEXT];
	char *method = text_of(r->method, PATH_SHOWN);
	char *path = text_of(r->path, PATH_SHOWN);
	char *destination = destination_of(f);

	log_line(LOG_INFO, "request", "request ended",
	    LOG_STR("route", f->route_name),
	    LOG_STR("client",
		event_address(&r->session->client, client)),
	    LOG_STR("destination", destination),
	    LOG_UINT("session", f->session), LOG_UINT("flow", f->number),
	    LOG_STR("method", method), LOG_STR("path", path),
	    r->code != 0 ? LOG_INT("code", r->code) : LOG_STR("code", NULL),
	    LOG_STR("reason", r->reason), LOG_BOOL("faulted", r->faulted),
	    LOG_DOUBLE("duration_s",
		seconds(clock_now(f->engine->clock) - f->start_us)),
	    LOG_UINT("bytes_in", f->links[LINK_UP].fed),
	    LOG_UINT("bytes_out", f->links[LINK_DOWN].taken),
	    LOG_STR("trace_id", trace_text(f, trace)), LOG_END);
	free(method);
	free(path);
	free(destination);
}
