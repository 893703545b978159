/* SPDX-License-Identifier: Apache-2.0 */
/* A dial from the inside, for its own files: dial.c (names, addresses, the
 * connection, the end), dial_tls.c (TLS on it). */
#ifndef PROXY_DIAL_PARTS_H
#define PROXY_DIAL_PARTS_H

#include <event2/event_struct.h>

#include "base/deadline.h"
#include "proxy/dial.h"
#include "proxy/end.h"
#include "proxy/resolve.h"
#include "proxy/route_log.h"
#include "proxy/tls.h"

struct dial {
	struct worker *worker;
	struct dial_request request;
	struct tls_start start;
	const struct conf_address *to; /* the upstream; NULL: unknown */
	struct end secure; /* the socket amid its TLS handshake */
	struct resolve *resolve;
	struct resolve_list list;
	size_t next; /* address to try */
	int fd;
	int error; /* of the last address that failed */
	int64_t end_us;
	struct deadline deadline;
	struct event ev;
	bool waiting; /* ev is registered */
	bool starting; /* dial_start() has not returned yet */
	bool asking; /* the upstream was asked whether it takes TLS */
	bool finished;
};

/* --- dial.c --- */

/* True if a log line of that sort about it is to be written. */
bool dial_log_due(const struct dial *d, enum route_line line);

/* --- dial_tls.c --- */

/* Each true: the dial is over, with that result; why it failed is logged. */

/* The connection at d->secure is there; TLS is to follow. */
bool dial_secure(struct dial *d, enum dial_result *result);
/* What the end at d->secure has to say: bits of END_*. */
bool dial_heard(struct dial *d, unsigned what, enum dial_result *result);
/* Logs that the time for it is over. */
void dial_late(const struct dial *d);

#endif
