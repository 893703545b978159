/* SPDX-License-Identifier: Apache-2.0 */
/* What a protocol is to the driver: a table of ops, and the verbs by which it
 * acts. A protocol sees neither sockets nor time; the scheduler and the pool
 * know no protocol. Nothing that runs within an op frees the connection or an
 * exchange that has not ended: both are freed on a later turn. */
#ifndef LOAD_PROTOCOL_H
#define LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "experiment/run.h"

struct load_conn;
struct load_exchange;
struct load_request;

struct load_protocol {
	const char *alpn; /* what TLS must agree on; NULL: nothing */
	struct view ask;  /* what asks for TLS before its handshake, and is
			     answered by `S` if it may begin; empty: nothing */
	size_t conn_size; /* state of a connection; zeroed */
	size_t streams;	  /* exchanges at once on one connection */

	/* Is the request one that can be sent? May prepare it. */
	bool (*check)(struct load_request *, struct error *);
	/* What all connections share: secrets. Owned; NULL and err: failed.
	 * Slot NULL: nothing. */
	void *(*setup)(const struct conf_load *, struct error *);
	void (*teardown)(void *shared);

	/* The transport is up: say what comes first, and then
	 * load_conn_ready(), now or later. NULL: ready at once. */
	void (*open)(struct load_conn *);
	/* Appends the request to load_conn_out(). */
	void (*send)(struct load_conn *, struct load_exchange *);
	/* Bytes came, perhaps without any exchange. False: they make no sense,
	 * or the connection is of no use any more. */
	bool (*data)(struct load_conn *, struct view);
	/* The peer ended its side: what that makes whole is to be ended. NULL:
	 * nothing is. */
	void (*eof)(struct load_conn *);
	/* Gives the exchange up. False: the connection is lost with it. NULL:
	 * always. */
	bool (*cancel)(struct load_conn *, struct load_exchange *);
	/* A connection that served well goes: say so. True: the peer will
	 * close it, and is given a second. NULL: it is just closed. */
	bool (*leave)(struct load_conn *);
	/* Frees what the state owns. NULL: nothing. */
	void (*close)(struct load_conn *);
};

/* That of enum conf_load_protocol, or NULL. */
const struct load_protocol *load_protocol_of(int protocol);

extern const struct load_protocol load_http1, load_http2, load_postgres,
    load_raw, load_redis;

/* --- verbs about the connection ------------------------------------------- */

/* The state, and what setup() returned. */
void *load_conn_state(struct load_conn *c);
void *load_conn_shared(struct load_conn *c);
/* "host:port" of the target. */
const char *load_conn_authority(const struct load_conn *c);
/* Does the target ask for TLS? */
bool load_conn_is_secured(const struct load_conn *c);
/* A new connection is made for every request. */
bool load_conn_is_fresh(const struct load_conn *c);
/* Is it open for exchanges? False once it was closed, too. */
bool load_conn_is_ready(const struct load_conn *c);
/* Bytes to be sent; what is appended goes once the op returns. */
struct str *load_conn_out(struct load_conn *c);
/* open() is over: exchanges are sent from now on. */
void load_conn_ready(struct load_conn *c);
/* Takes no more exchanges; closed when those on it ended. */
void load_conn_retire(struct load_conn *c);
/* No more than so many exchanges at once. */
void load_conn_limit(struct load_conn *c, size_t streams);
/* The first of its exchanges, in order of sending; NULL: none. */
struct load_exchange *load_conn_exchange(const struct load_conn *c);
/* Ends all of its exchanges so; an answer to the connection as a whole. */
void load_conn_end_all(struct load_conn *c, enum sample_outcome outcome);

/* --- verbs about an exchange -----------------------------------------------
 */

/* What is asked for; borrowed. */
const struct load_request *load_exchange_asked(const struct load_exchange *x);
/* For template_render(). */
struct load_vars *load_exchange_vars(struct load_exchange *x);
/* A number of the protocol's own, -1 at first. */
int64_t *load_exchange_tag(struct load_exchange *x);
/* Something of its answer is there; the first call counts. */
void load_exchange_heard(struct load_exchange *x);
/* What was heard was not the answer yet (100 Continue). */
void load_exchange_unhear(struct load_exchange *x);
/* What its answer consists of: status, headers one by one, pieces of the
 * body. */
void load_exchange_status(struct load_exchange *x, int status);
void load_exchange_header(struct load_exchange *x, struct view name,
			  struct view value);
void load_exchange_body(struct load_exchange *x, struct view data);
/* Is what came so far as expected? */
bool load_exchange_expected(const struct load_exchange *x);
/* It is over; the exchange is gone afterwards. SAMPLE_OK becomes
 * SAMPLE_FAILED if the answer is not as expected. */
void load_exchange_end(struct load_exchange *x, enum sample_outcome outcome);
/* The peer never took it up: once more on another connection (the second time
 * it ends as SAMPLE_BROKEN). Gone from this one afterwards. */
void load_exchange_again(struct load_exchange *x);

#endif
