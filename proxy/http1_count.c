/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics say about requests: how many, with which status, how long they
 * took for the client and for the upstream. */
#include "proxy/http1.h"

void
http1_count_upstream(struct http1_exchange *x)
{
	int64_t since_us = x->sent_us != 0 ? x->sent_us : x->flow.start_us;

	histogram_add(&counters_http(x->flow.counts)->upstream,
	    &histogram_durations, worker_now(x->s->session.worker) - since_us);
}

void
http1_count_exchange(struct http1_exchange *x)
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
		histogram_add(&http->duration[faulted], &histogram_durations,
		    worker_now(s->session.worker) - x->flow.start_us);
}

void
http1_count_refused(struct http1 *s, int status)
{
	counter_add(&counters_http(s->conn.counts)
			 ->requests[false][counters_code(status)],
	    1);
}
