/* SPDX-License-Identifier: Apache-2.0 */
/* The client's bytes: heads of requests, their bodies. */
#include <stdlib.h>
#include <string.h>

#include "proxy/asking.h"
#include "proxy/destination.h"
#include "proxy/http1_match.h"
#include "proxy/http1_reply.h"
#include "proxy/http2.h"
#include "proxy/http_tell.h"

/* Nobody was reached: a short error, and the connection ends. The method is
 * that of the request, as far as it is known. */
static size_t
refuse(struct http1 *s, int status, struct view method, const char *why,
    enum close_reason reason)
{
	const struct armed_route *route =
	    s->listener != NULL ? s->listener->routes[0] : NULL;
	struct http_error error = {status,
	    status == 503 ? "connection_limit_reached"
		: status == 404 ? "destination_not_found"
		: status == 408 ? NULL
				: "http_request_error",
	    why};

	if (s->has_conn)
		http1_count_refused(s, status);
	if (s->h2 != NULL) {
		http2_terminate(s->h2, 0, NGHTTP2_ENHANCE_YOUR_CALM, reason);
		s->state = HTTP1_STREAMS;
		return SIZE_MAX;
	}
	http1_reply_error(&s->out, &error, method,
	    http_announces(route, false), true);
	http1_linger(s, reason);
	return SIZE_MAX;
}

void
http1_request_late(struct http1 *s)
{
	refuse(s, 408, (struct view){0}, "the request took too long",
	    CLOSE_HEADER_TIMEOUT);
}

/* --- the connection's flow --- */

bool
http1_open_connection(struct http1 *s, const struct armed_route *route,
    uint64_t number)
{
	struct route_counts *counts = counters_of(&route->shared->counters,
	    s->session.worker->index);

	counter_add(&counts->accepted, 1);
	if (!route_shared_enter(route)) {
		counter_add(&counts->closed[CLOSED_BY_PROXY], 1);
		refuse(s, 503, (struct view){0}, "too many connections",
		    CLOSE_LIMIT);
		return false;
	}
	s->shared = route->shared;
	flow_init(&s->conn, &http1_connection_ops,
	    &s->session.worker->engine, route, FLOW_CONNECTION, number);
	session_own(&s->session, &s->conn);
	s->session.route = route->name;
	s->has_conn = true;
	s->state = HTTP1_OPENING;
	flow_open(&s->conn);
	return s->state != HTTP1_OPENING && s->state != HTTP1_CLOSED;
}

/* --- HTTP/2 --- */

static void
become_http2(struct http1 *s)
{
	const struct armed_route *r =
	    s->has_conn ? s->conn.route : s->listener->routes[0];

	s->state = HTTP1_STREAMS;
	http2_start(s, (r != NULL ? r : s->listener->routes[0])->conf);
}

enum speech { SPEAKS_HTTP1, SPEAKS_HTTP2, SPEAKS_UNCLEARLY };

/* A client that begins with the preface of HTTP/2 speaks that. */
static enum speech
speech_of(const struct http1 *s, const char *data, size_t len)
{
	if (s->spoke || memcmp(data, HTTP2_PREFACE,
			    MIN(len, HTTP2_PREFACE_LEN)) != 0)
		return SPEAKS_HTTP1;
	return len < HTTP2_PREFACE_LEN ? SPEAKS_UNCLEARLY : SPEAKS_HTTP2;
}

/* --- bodies --- */

static void
request_done(struct http1_exchange *x)
{
	x->request_done = true;
	/* Only the answer tells whether a tunnel follows. */
	if (!http1_request(x)->head.upgrade && !http1_response(x)->to_connect)
		http1_exchange_eof(x, LINK_UP);
}

static size_t
malformed_body(struct http1_exchange *x)
{
	struct http1 *s = x->s;

	s->reason = CLOSE_BAD_INPUT;
	x->discard = true;
	if (x->responded) {
		http1_close(s, CLOSE_BAD_INPUT, true);
		return SIZE_MAX;
	}
	s->leaving = true;
	x->request_done = true;
	http1_upstream_drop(x, true);
	http1_exchange_error(x,
	    &(struct http_error){400, "http_request_error",
		http1_request(x)->head.why});
	return SIZE_MAX;
}

/* Bytes of the request behind its head, or of a tunnel. */
static size_t
body(struct http1_exchange *x, const char *data, size_t len, size_t head)
{
	ssize_t n;

	if (x->tunnel) {
		http1_exchange_forward(x, LINK_UP, data, len);
		return len;
	}
	n = http1_exchange_feed(x, LINK_UP, data, len, head);
	if (n < 0)
		return malformed_body(x);
	if (http1_request(x)->done && !x->request_done &&
	    x->s->state == HTTP1_EXCHANGE)
		request_done(x);
	return (size_t)n;
}

/* --- heads --- */

/* The flow's stages may hold the connection: then the head is read again. */
static bool
ready_to_begin(struct http1 *s, const struct armed_route *route)
{
	if (s->has_conn)
		return true;
	if (http1_open_connection(s, route,
		atomic_fetch_add(&route->shared->next_connection, 1))) {
		s->state = HTTP1_HEAD;
		return true;
	}
	return false;
}

bool
http1_asks_by_url(const struct http1 *s)
{
	return s->facts != NULL && s->facts->destination != NULL &&
	    s->facts->destination->per_request;
}

/* Where this request wants to go; false: it does not say so. */
static bool
take_destination(struct http1 *s, struct view target)
{
	struct destination *old, *new;
	uint16_t port;
	char *host;

	if (!http1_asks_by_url(s))
		return true;
	if (!asking_url(target, &host, &port))
		return false;
	old = s->facts->destination;
	new = destination_new(host, port, old->listener_port);
	new->per_request = true;
	s->facts->destination = new;
	destination_free(old);
	free(host);
	return true;
}

/* The head is complete: the exchange begins. */
static size_t
begin(struct http1 *s, const char *data, size_t len)
{
	struct http1_exchange *x = s->x;
	const struct http1_head *h = &http1_request(x)->head;
	struct view method = http1_span(data, h->method);
	const struct armed_route *route;

	if (!take_destination(s, http1_span(data, h->target)))
		return refuse(s, 400, method,
		    "the target is no whole http:// URL", CLOSE_BAD_INPUT);
	route = http1_match_route(s->listener, h, data, s->facts);
	if (route == NULL)
		return refuse(s, 404, method,
		    "no route for this host and path", CLOSE_NO_ROUTE);
	if (route->conf->upstream_protocol == UPSTREAM_HTTP2)
		return refuse(s, 505, method,
		    "this route's upstream speaks HTTP/2", CLOSE_BAD_INPUT);
	if (!ready_to_begin(s, route)) {
		if (s->state != HTTP1_OPENING)
			return SIZE_MAX;
		http1_exchange_free(x, "", false);
		return 0;
	}
	s->state = HTTP1_EXCHANGE;
	s->due_us = DEADLINE_NEVER;
	s->fin_timed = false;
	http1_exchange_begin(x, route, data);
	if (s->state != HTTP1_EXCHANGE)
		return SIZE_MAX;
	http1_exchange_edit(x, LINK_UP, data);
	if (s->state != HTTP1_EXCHANGE)
		return SIZE_MAX;
	return body(x, data, len, http1_request(x)->head.len);
}

static size_t
head(struct http1 *s, const char *data, size_t len)
{
	struct http1_parser *p = http1_request(s->x);

	switch (http1_parser_head(p, data, len)) {
	case HTTP1_MORE:
		return 0;
	case HTTP1_BAD:
		return refuse(s, p->head.error, (struct view){0}, p->head.why,
		    CLOSE_BAD_INPUT);
	case HTTP1_DONE:
		break;
	}
	return begin(s, data, len);
}

/* A new request: empty lines in front of it are not its own. */
static size_t
first(struct http1 *s, const char *data, size_t len)
{
	size_t skip = 0, used;

	switch (speech_of(s, data, len)) {
	case SPEAKS_UNCLEARLY:
		return 0;
	case SPEAKS_HTTP2:
		become_http2(s);
		return http1_input(s, data, len);
	case SPEAKS_HTTP1:
		s->spoke = true;
		break;
	}
	while (skip < len && (data[skip] == '\r' || data[skip] == '\n'))
		skip++;
	if (skip == len)
		return len;
	if (s->listener == NULL) {
		http1_close(s, CLOSE_NO_ROUTE, false);
		return len;
	}
	s->x = http1_exchange_new(s);
	s->state = HTTP1_HEAD;
	used = head(s, data + skip, len - skip);
	if (s->state == HTTP1_HEAD)
		http1_due(s, worker_now(s->session.worker) +
			s->listener->routes[0]->conf->header_timeout_us);
	return used > len - skip ? len : used + skip;
}

size_t
http1_input(struct http1 *s, const char *data, size_t len)
{
	size_t used = 0;

	switch ((enum http1_state)s->state) {
	case HTTP1_IDLE:
		used = first(s, data, len);
		break;
	case HTTP1_HEAD:
		used = head(s, data, len);
		break;
	case HTTP1_EXCHANGE:
		if (!s->x->request_done || s->x->tunnel)
			used = body(s->x, data, len, 0);
		break;
	case HTTP1_STREAMS:
		http2_input(s->h2, data, len);
		used = len;
		break;
	case HTTP1_LINGER:
	case HTTP1_FLUSH:
	case HTTP1_SILENT:
	case HTTP1_CLOSED:
		used = len;
		break;
	case HTTP1_OPENING:
		break;
	}
	return MIN(used, len);
}
