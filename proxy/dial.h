/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching an upstream: resolve its name, try its addresses in turn within
 * one time-out, shake hands by TLS, and hand over a connected socket. Never
 * blocks a worker. */
#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/model.h"

struct armed_route;
struct dial;
struct flow;
struct route_counts;
struct tls;
struct client_facts;
struct worker;

/* X(enum, word in events and metrics, RFC 9209's word for the error) */
#define DIAL_RESULTS(X)                                                        \
	X(DIAL_OK, "ok", NULL)                                                 \
	X(DIAL_REFUSED, "refused", "connection_refused")                       \
	/* accepted, and reset at once */                                      \
	X(DIAL_RESET, "reset", "connection_terminated")                        \
	X(DIAL_TIMEOUT, "timeout", "connection_timeout")                       \
	X(DIAL_UNREACHABLE, "unreachable", "destination_ip_unroutable")        \
	X(DIAL_DNS, "dns", "dns_error")                                        \
	X(DIAL_TLS, "tls", "tls_protocol_error")                               \
	/* the destination is the listener that the client came by */          \
	X(DIAL_LOOP, "loop", "proxy_loop_detected")

enum dial_result {
#define X(id, word, error) id,
	DIAL_RESULTS(X)
#undef X
};

/* What an errno of connecting amounts to. */
enum dial_result dial_result_of(int error);
/* "connection_refused", …; NULL for DIAL_OK. */
const char *dial_result_error(enum dial_result result);

/* Counts a dial that ended, after `us`. */
void dial_count(struct route_counts *counts, enum dial_result result,
    int64_t us);

/* Tells of a dial for `f` that ended now and began at since_us. */
void dial_tell(struct flow *f, enum dial_result result,
    int64_t since_us);

/* fd is owned by the callee, connected, non-blocking, TCP_NODELAY; -1 unless
 * result is DIAL_OK. tls: owned likewise, the secured layer to be put below
 * the end that gets fd; NULL where the route has no upstream_tls. */
typedef void (*dial_done_fn)(void *arg, enum dial_result result, int fd,
    struct tls *tls);

/* Where to, for whom. All but the flow is borrowed until done or cancelled. */
struct dial_request {
	const struct armed_route *route; /* upstream, time-out, TLS, PROXY */
	const struct flow *flow; /* that needs it; not used after the call */
	int client_fd;		 /* for a PROXY header, with client_port */
	uint16_t client_port;
	const struct client_facts *facts; /* of the client; may be NULL */
	/* By TLS: versions of HTTP that can be spoken, bits of enum tls_http;
	 * an upstream that agrees on none of them counts as DIAL_TLS. */
	unsigned speaks;
	dial_done_fn done;
	void *arg;
};

/* Begins; when it is done, a PROXY header was sent and the TLS handshake is
 * over where the route asks for them. The callback runs once, from the event
 * loop or (when the answer is there at once) before dial_start returns; then
 * the return value is NULL. Otherwise the handle is valid until the callback
 * or dial_cancel. */
struct dial *dial_start(struct worker *worker,
    const struct dial_request *request);
/* Forgets a dial under way; its callback never runs. NULL is accepted. */
void dial_cancel(struct dial *dial);

#endif
