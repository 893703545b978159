/* SPDX-License-Identifier: Apache-2.0 */
/* The front from the inside, for its own files: front.c (events, PROXY
 * header), front_tls.c (hello, handshake), front_destination.c (where the
 * client wants to go, the route), front_end.c (what becomes of the
 * connection). */
#ifndef PROXY_FRONT_PARTS_H
#define PROXY_FRONT_PARTS_H

#include "proxy/asking.h"
#include "proxy/end.h"
#include "proxy/front.h"
#include "proxy/route_log.h"
#include "proxy/worker.h"

/*   PREFACE ──► DESTINATION ──► HELLO ──► HANDSHAKE ──► handed over
 *   (accept_    (connect,       (tls,     (tls)  │
 *    proxy)      socks5)         sni)            └────► SILENT (a fault)
 *
 * A state that the listener has no use for is left out, and DESTINATION takes
 * no time where the kernel knows it (redirect, tproxy); every one of them may
 * end in CLOSED. All together must be done within the header time-out. */
enum front_state {
	FRONT_PREFACE,
	FRONT_DESTINATION,
	FRONT_HELLO,
	FRONT_HANDSHAKE,
	FRONT_SILENT,
	FRONT_CLOSED,
};

struct front {
	struct session session; /* first */
	struct end client;
	struct deadline timer;
	struct accepted from; /* what the protocol will get */
	const struct plan_listener *listener; /* of the plan in force */
	struct asking asking; /* DESTINATION */
	struct str in; /* read, and used up to in_at */
	size_t in_at;
	uint8_t state; /* enum front_state */
};

/* --- front_end.c --- */

/* Ends it (with RST if `reset`); counted on its route, or the listener's
 * first. Nothing if it ended before. */
void front_close(struct front *f, enum close_reason reason, bool reset);
/* True if a log line of that sort about it is to be written; sampled where it
 * is counted. */
bool front_log_due(const struct front *f, enum route_line line);
/* The protocol takes over. */
void front_hand_over(struct front *f);
/* What was learnt of the client so far; made when first asked for. Borrowed. */
struct client_facts *front_facts(struct front *f);

/* --- front_destination.c --- */

/* Begins, and goes on with what was read. */
void front_destination(struct front *f);
void front_look_destination(struct front *f);
/* Chooses the route by all that is known of the client; none may fit. */
void front_choose(struct front *f, const char *sni, bool is_tls);

/* --- front_tls.c --- */

/* HELLO: looks whether what was read is a hello, and goes on with it. */
void front_look_hello(struct front *f);
/* No hello came in time. */
void front_no_hello(struct front *f);
/* The handshake is over. */
void front_secured(struct front *f);
/* A fault on the wire ended it. */
void front_cut(struct front *f);
/* Says why TLS with the client came to nothing. */
void front_log_tls(const struct front *f, const char *why);

#endif
