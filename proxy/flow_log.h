/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines about single flows: samples of injections and of upstreams that
 * failed, and, where the configuration asks for it, an access log. No line
 * holds a query, a header or a byte of a body. */
#ifndef PROXY_FLOW_LOG_H
#define PROXY_FLOW_LOG_H

#include "faults/engine.h"
#include "proxy/session.h"

/* An engine's `injected`. */
void flow_log_injection(const struct injection *i, struct log_sample *lines);
/* The flow's upstream failed; `error` is one of RFC 9209's words (constant).
 * A sample, too. */
void flow_log_upstream(const struct flow *f, const char *error);
/* True if the plan in force on that worker asks for an access log. */
bool flow_log_access(const struct worker *w);
/* Access: a session of TCP or of a data protocol is over. */
void flow_log_session(
    const struct session *s, const struct flow *f, enum close_reason reason);

/* A request, for flow_log_request(). */
struct request_log {
	const struct session *session;
	const struct flow *flow;
	struct view method, path; /* len 0: not known */
	int code;		  /* 0: no reply was sent */
	bool faulted;
	const char *reason; /* constant: "done", or why not */
};

/* Access: a request is over. */
void flow_log_request(const struct request_log *r);

#endif
