/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics and the access log say about exchanges of HTTP/1. */
#include "proxy/flow_log.h"
#include "proxy/http1.h"
#include "proxy/http_tell.h"

void
http1_count_upstream(struct http1_exchange *x)
{
	int64_t since_us = x->sent_us != 0 ? x->sent_us : x->flow.start_us;

	http_count_upstream(&x->flow, since_us);
}

void
http1_count_exchange(struct http1_exchange *x, const char *reason)
{
	const struct http1 *s = x->s;
	bool replied = http1_link(x, LINK_DOWN)->taken > 0 || x->bypass;

	http_count_exchange(&(struct http_end){
	    .session = &s->session,
	    .flow = &x->flow,
	    .request = &http1_request(x)->head,
	    .head = x->head.text,
	    .code = replied ? x->status : 0,
	    .faulted = x->flow.faulted ||
		(s->has_conn && s->conn.faulted && s->reason == CLOSE_FAULT),
	    /* A tunnel's life says nothing about how long requests take. */
	    .untimed = x->tunnel,
	    .reason = reason,
	});
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
