/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS layer from the inside, for its own files. */
#ifndef PROXY_TLS_LAYER_H
#define PROXY_TLS_LAYER_H

#include <openssl/ssl.h>
#include <sys/queue.h>

#include "base/error.h"
#include "proxy/client_facts.h"
#include "proxy/tls.h"
#include "proxy/tls_context.h"
#include "proxy/worker.h"

/* One read of the socket; with what OpenSSL may hold of a record it is no
 * more than a whole slab of plain bytes. */
#define TLS_READ_MAX (48 * 1024)
/* Records that wait for a slow receiver before the owner feels it, where no
 * fault holds them. */
#define TLS_HELD_MAX (128 * 1024)

/*   WAITING ─► HANDSHAKE ─► OPEN ─► LEFT ─► DEAD
 *   (a fault       └──────► FAILED ──┘
 *    may hold) */
enum tls_state {
	TLS_WAITING,
	TLS_HANDSHAKE,
	TLS_OPEN,
	TLS_FAILED,
	TLS_LEFT, /* its end was closed; it delivers what it holds */
	TLS_DEAD, /* freed on a fresh stack */
};

TAILQ_HEAD(tls_list, tls);

struct tls {
	struct end *end; /* borrowed; `own` once it was left; NULL: dead */
	struct end own;
	struct worker *worker;
	SSL *ssl;
	struct flow wire;
	struct client_facts *facts; /* owned */
	struct tls_server *server; /* counted; one of these two */
	struct tls_client *client;
	struct deadline later; /* on a fresh stack; LEFT: the last moment */
	TAILQ_ENTRY(tls) entry; /* of the worker's layers */
	const unsigned char *input; /* records that OpenSSL may take now */
	size_t input_len;
	struct str kept; /* what it left of them; input points into it */
	int broken;	 /* errno of the socket; 0: it is sound */
	int64_t left_us; /* LEFT: until then */
	char why[160];	 /* FAILED */
	uint8_t state;	 /* enum tls_state */
	uint8_t cut_how; /* enum flow_end, if cut */
	bool upstream;	 /* we are the client */
	bool want_read, want_write; /* what the owner waits for */
	bool notified;	 /* the peer's close_notify came */
	bool cut;	 /* a fault ended it: nothing is said any more */
	bool cut_told, broken_told, secured_told;
	bool short_read; /* the socket has no more, as far as is known */
};

/* What the layers of one worker share. */
struct tls_worker {
	BIO_METHOD *bio;
	unsigned char *in; /* TLS_READ_MAX */
	struct str out;	   /* records on their way from OpenSSL to the wire */
	struct minted *minted;
	struct tls_list layers; /* all that are not freed yet */
};

enum tls_fill {
	TLS_FILL_BYTES,
	TLS_FILL_NOTHING,
	TLS_FILL_END,
	TLS_FILL_ERROR,
};

static inline struct link *
tls_in(struct tls *t)
{
	return &t->wire.links[t->upstream ? LINK_DOWN : LINK_UP];
}
static inline struct link *
tls_out(struct tls *t)
{
	return &t->wire.links[t->upstream ? LINK_UP : LINK_DOWN];
}

/* --- tls.c --- */

/* What the worker's layers share, made if there is nothing yet. Borrowed. */
struct tls_worker *tls_worker_of(struct worker *w);
/* No fault holds the handshake (any more). */
void tls_begin(struct tls *t);
/* Something is to be told on a fresh stack. */
void tls_poke(struct tls *t);
/* It is over; freed on a fresh stack. */
void tls_die(struct tls *t);

/* --- tls_choose.c --- */

/* Gives the SSL the certificate for the name that the client asked for, with
 * whatever flaws faults want. False: there is none. */
bool tls_choose_certificate(struct tls *t);
/* Sets name, protocols and the session to resume. */
void tls_choose_upstream(struct tls *t, const struct tls_start *start);

/* --- tls_io.c --- */

/* The BIO through which OpenSSL sees the wire. */
BIO_METHOD *tls_bio_new(void);
/* Input that OpenSSL left is kept: the worker's memory is for others now. */
void tls_keep(struct tls *t);
/* Is there something that a read would give? Has a write room? */
bool tls_has_input(struct tls *t);
bool tls_has_room(struct tls *t);
/* Sends records that OpenSSL has made onto the wire. */
void tls_emit(struct tls *t);

/* --- tls_wire.c --- */

extern const struct flow_ops tls_wire_ops;
/* More records for OpenSSL, at t->input. */
enum tls_fill tls_fill(struct tls *t);
/* Sends bytes, then what the wire holds; then FIN if that is due. */
void tls_send(struct tls *t, const void *data, size_t len);
void tls_flush(struct tls *t);
/* Reconciles the socket's event. */
void tls_update(struct tls *t);

/* --- tls_leave.c --- */

/* LEFT: delivers what can be delivered; the layer dies once all is, or its
 * time is up. */
void tls_leave_step(struct tls *t);

#endif
