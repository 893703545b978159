/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics and the access log say about requests: how many, with which
 * status, how long they took for the client and for the upstream. */
#include "proxy/flow_log.h"
#include "proxy/http1.h"
#include "proxy/http1_match.h"

void
http1_count_upstream(struct http1_exchange *x)
{
	int64_t since_us = x->sent_us != 0 ? x->sent_us : x->flow.start_us;

	histogram_add(&counters_http(x->flow.counts)->upstream,
	    &histogram_durations, worker_now(x->s->session.worker) - since_us);
}

static void
count_duration(struct http1_exchange *x, struct http_counts *http, bool faulted)
{
	int64_t us = worker_now(x->s->session.worker) - x->flow.start_us;
	unsigned bucket = histogram_add(&http->duration[faulted],
	    &histogram_durations, us);
	struct trace_context trace;

	if (http1_request(x)->head.traceparent.len > 0 &&
	    http1_exchange_ops.trace(&x->flow, &trace) &&
	    (trace.flags & TRACE_SAMPLED))
		exemplar_set(&http->traced[faulted][bucket], trace.trace_id,
		    MAX(us, 0), clock_wall_us());
}

static void
log_request(struct http1_exchange *x, int code, bool faulted,
    const char *reason)
{
	const struct http1_head *h = &http1_request(x)->head;

	flow_log_request(&(struct request_log){
	    .session = &x->s->session,
	    .flow = &x->flow,
	    .method = http1_span(x->head.text, h->method),
	    .path = http1_match_path(h, x->head.text),
	    .code = code,
	    .reason = reason,
	    .faulted = faulted,
	});
}

void
http1_count_exchange(struct http1_exchange *x, const char *reason)
{
	struct http_counts *http = counters_http(x->flow.counts);
	const struct http1 *s = x->s;
	bool replied = http1_link(x, LINK_DOWN)->taken > 0 || x->bypass;
	bool faulted = x->flow.faulted ||
	    (s->has_conn && s->conn.faulted && s->reason == CLOSE_FAULT);

	counter_add(
	    &http->requests[faulted][counters_code(replied ? x->status : 0)],
	    1);
	/* A tunnel's life says nothing about how long requests take. */
	if (!x->tunnel)
		count_duration(x, http, faulted);
	if (flow_log_access(s->session.worker))
		log_request(x, replied ? x->status : 0, faulted, reason);
}

void
http1_count_refused(struct http1 *s, int status)
{
	counter_add(&counters_http(s->conn.counts)
			 ->requests[false][counters_code(status)],
	    1);
	if (flow_log_access(s->session.worker))
		flow_log_request(&(struct request_log){
		    .session = &s->session,
		    .flow = &s->conn,
		    .code = status,
		    .reason = "refused",
		});
}
