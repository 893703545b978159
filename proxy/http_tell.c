/* SPDX-License-Identifier: Apache-2.0 */
/* Events, counts, log lines and errors that all versions of HTTP share. */
#include "proxy/http_tell.h"

#include <llhttp.h>

#include "faults/flow_trace.h"
#include "proxy/flow_log.h"
#include "proxy/http1_match.h"

bool
http_is_idempotent(struct view method)
{
	static const char *const names[] = {"GET", "HEAD", "OPTIONS", "TRACE",
	    "PUT", "DELETE"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (view_is(method, names[i]))
			return true;
	}
	return false;
}

bool
http_stores(struct view method)
{
	static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < COUNT_OF(safe); i++) {
		if (view_is(method, safe[i]))
			return false;
	}
	return true;
}

/* Text in events is constant: a method that nobody knows is "OTHER". */
static const char *
method_name(struct view method)
{
	for (int i = HTTP_DELETE; i <= HTTP_SOURCE; i++) {
		const char *name = llhttp_method_name((llhttp_method_t)i);

		if (view_is(method, name))
			return name;
	}
	return "OTHER";
}

void
http_tell_request(struct flow *f, struct view method)
{
	struct event_record e;

	if (!flow_event(f, EVENT_REQUEST, &e))
		return;
	e.time_us = f->start_us;
	e.what = method_name(method);
	flow_emit(f, &e);
}

void
http_tell_response(struct flow *f, bool own, int status)
{
	struct event_record e;

	f->own_reply = own && status != 0;
	if (status == 0 || !flow_event(f, EVENT_RESPONSE, &e))
		return;
	e.what = own ? "proxy" : "upstream";
	e.status = status;
	e.duration_us = (double)(e.time_us - f->start_us);
	flow_emit(f, &e);
}

void
http_count_upstream(struct flow *f, int64_t since_us)
{
	int64_t now_us = clock_now(f->engine->clock);

	histogram_add(&counters_http(f->counts)->upstream,
	    &histogram_durations, now_us - since_us);
	if (!flow_is_watched(f))
		return;
	f->when.forwarded_us = since_us;
	f->when.answered_us = now_us;
}

static void
count_duration(const struct http_end *end, struct http_counts *http)
{
	const struct flow *f = end->flow;
	int64_t us = clock_now(f->engine->clock) - f->start_us;
	unsigned bucket = histogram_add(&http->duration[end->faulted],
	    &histogram_durations, us);
	struct trace_context trace;

	if ((f->trace != NULL || end->request->traceparent.len > 0) &&
	    flow_trace_context(f, &trace) && (trace.flags & TRACE_SAMPLED))
		exemplar_set(&http->traced[end->faulted][bucket],
		    trace.trace_id, MAX(us, 0), clock_wall_us());
}

void
http_count_exchange(const struct http_end *end)
{
	struct http_counts *http = counters_http(end->flow->counts);

	counter_add(&http->requests[end->faulted][counters_code(end->code)],
	    1);
	if (!end->untimed)
		count_duration(end, http);
	if (!flow_log_access(end->session->worker))
		return;
	flow_log_request(&(struct request_log){
	    .session = end->session,
	    .flow = end->flow,
	    .method = http1_span(end->head, end->request->method),
	    .path = http1_match_path(end->request, end->head),
	    .code = end->code,
	    .reason = end->reason,
	    .faulted = end->faulted,
	});
}

bool
http_announces(const struct armed_route *route, bool injected)
{
	int wish = route != NULL ? route->conf->proxy_status
				 : PROXY_STATUS_ERRORS;

	return wish == PROXY_STATUS_ALL ||
	    (!injected && wish == PROXY_STATUS_ERRORS);
}

const struct http_error *
http_dial_error(enum dial_result result)
{
	static const struct http_error errors[] = {
	    [DIAL_REFUSED] = {502, "connection_refused",
		"the upstream refused the connection"},
	    [DIAL_RESET] = {502, "connection_terminated",
		"the upstream reset the connection"},
	    [DIAL_TIMEOUT] = {504, "connection_timeout",
		"the upstream did not accept in time"},
	    [DIAL_UNREACHABLE] = {502, "destination_ip_unroutable",
		"the upstream cannot be reached"},
	    [DIAL_DNS] = {502, "dns_error",
		"the upstream's name has no address"},
	    [DIAL_TLS] = {502, "tls_protocol_error",
		"the TLS handshake with the upstream failed"},
	    [DIAL_LOOP] = {502, "proxy_loop_detected",
		"the destination is the proxy itself"},
	};

	return result == DIAL_OK ? NULL : &errors[result];
}
