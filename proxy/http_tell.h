/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP of every version says about its exchanges: events, counts, the
 * access log, and the words of its own errors. */
#ifndef PROXY_HTTP_TELL_H
#define PROXY_HTTP_TELL_H

#include "faults/engine.h"
#include "proxy/dial.h"
#include "proxy/http1_head.h"
#include "proxy/http1_reply.h"
#include "proxy/session.h"

/* True for methods that may be sent twice without harm (RFC 9110, 9.2.2). */
bool http_is_idempotent(struct view method);
/* May a request of it change something? */
bool http_stores(struct view method);

/* The exchange began. */
void http_tell_request(struct flow *f, struct view method);
/* It is over: who answered, and how (status 0: nobody did). */
void http_tell_response(struct flow *f, bool own, int status);
/* The response's head is there; the request's left at `since_us`. */
void http_count_upstream(struct flow *f, int64_t since_us);
/* An exchange is over: metrics, and the access log. */
struct http_end {
	const struct session *session;
	struct flow *flow;
	const struct http1_head *request; /* of `head` */
	const char *head;
	int code; /* 0: the client got none */
	bool faulted;
	bool untimed; /* how long it took says nothing */
	const char *reason; /* constant: "done", or why not */
};
void http_count_exchange(const struct http_end *end);

/* True if the route (NULL: there is none) wants replies of our own to say so:
 * those to what went wrong, or those of faults (`injected`). */
bool http_announces(const struct armed_route *route, bool injected);
/* What a client hears of a dial that failed; NULL: it did not. Constant. */
const struct http_error *http_dial_error(enum dial_result result);

#endif
