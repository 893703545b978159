/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a layer of an end: own loop around OpenSSL, so that every record
 * passes through our hands. Owners of ends go on calling end_*(); only who
 * makes a connection secure (front_tls.c, dial_tls.c) calls what stands here.
 *
 *   tls_accept(), tls_connect() ─► handshake ─► END_SECURED ─► end_read, …
 *
 *	tls.c		life and handshake
 *	tls_io.c	bytes: end's calls, as they reach OpenSSL
 *	tls_wire.c	records: the flow below, and the socket
 *	tls_leave.c	what an end leaves behind when it is closed
 */
#ifndef PROXY_TLS_H
#define PROXY_TLS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "faults/engine.h"
#include "proxy/end.h"

struct client_facts;
struct tls;
struct tls_worker;
struct worker;

/* The versions of HTTP that ALPN tells apart; bits. */
enum tls_http { TLS_HTTP1 = 0x1, TLS_HTTP2 = 0x2 };

/* Whose connection it is, for faults on the wire and for logs. */
struct tls_start {
	const struct armed_route *route; /* with the context to use */
	uint64_t number, session;	 /* of the flow, of the session */
	struct in6_addr client;
	/* What the client said; borrowed. NULL: nothing. Towards an upstream
	 * the name and protocols to use unless the route says so itself. */
	const struct client_facts *facts;
	/* Towards an upstream: the versions that can be spoken with it, bits
	 * of enum tls_http; 0: it is not about HTTP. */
	unsigned speaks;
};

/* Puts the layer below the end and begins the handshake, as the server of a
 * client or as the client of an upstream. The end hears END_SECURED on a
 * fresh stack, when it succeeded or failed. False (and err): OpenSSL refuses;
 * the end is as before. */
bool tls_accept(struct end *e, const struct tls_start *start,
    struct error *err) WARN_UNUSED;
bool tls_connect(struct end *e, const struct tls_start *start,
    struct error *err) WARN_UNUSED;
/* Bytes that were read from the socket before the layer was there. */
void tls_early(struct tls *t, const void *data, size_t len);
/* NULL once the handshake succeeded; else why it failed, constant until the
 * end is closed. */
const char *tls_failure(const struct tls *t);
/* The protocol agreed on ("": none); borrowed. */
const char *tls_alpn(const struct tls *t);
/* Which of both versions that stands for. */
enum tls_http tls_http(const struct tls *t);
/* How a fault on the wire ended the connection (after END_CUT). */
enum flow_end tls_cut_how(const struct tls *t);
/* Takes the layer from an end whose socket was detached, and puts it below
 * another that has the socket by then (NULL: nothing). */
struct tls *tls_detach(struct end *from);
void tls_attach(struct tls *t, struct end *to);

/* --- for end.c ------------------------------------------------------------ */

/* What the calls of end.h do where there is a layer; see there. */
ssize_t tls_read(struct tls *t, void *to, size_t len);
ssize_t tls_write(struct tls *t, const void *from, size_t len);
ssize_t tls_write_bytes(struct tls *t, const struct bytes *q, size_t limit);
void tls_want(struct tls *t, bool read, bool write);
/* The socket is ready. */
void tls_ready(struct tls *t, unsigned what);
/* The owner has no more to say: close_notify, FIN behind it. */
void tls_shutdown(struct tls *t);
/* Records that the kernel does not have yet. */
size_t tls_held(const struct tls *t);
/* The end is closed: takes its socket away, delivers what is held, closes. */
void tls_leave(struct end *e);
/* The end was reset: its socket is closed already. */
void tls_drop(struct end *e);

/* --- for worker.c --------------------------------------------------------- */

/* The plan is in force, or a moment has come at which faults change: all
 * layers follow, whoever owns them. */
void tls_worker_reconcile(struct worker *w);
/* The worker ends: everything left is closed and freed. */
void tls_worker_fini(struct worker *w);

#endif
