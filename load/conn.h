/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the target, and the exchanges on it.
 *
 *	DIALLING ─► SECURING ─► GREETING ─► READY ─► LEAVING ─► CLOSED
 *	   next address   TLS      open()      │ ▲
 *	                                       exchanges
 */
#ifndef LOAD_CONN_H
#define LOAD_CONN_H

#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

#include "base/deadline.h"
#include "load/marks.h"
#include "load/protocol.h"
#include "load/template.h"

struct load_pool;

enum load_conn_state {
	LOAD_CONN_DIALLING,
	LOAD_CONN_SECURING,
	LOAD_CONN_GREETING,
	LOAD_CONN_READY,
	LOAD_CONN_LEAVING,
	LOAD_CONN_CLOSED, /* freed when the pool settles */
};

TAILQ_HEAD(load_exchanges, load_exchange);

/* A request under way. Its owner (the driver) embeds it, fills in what is
 * marked so, and gets it back by load_pool.on_end. */
struct load_exchange {
	TAILQ_ENTRY(load_exchange) entry; /* of its connection, or `again` */
	struct load_conn *conn;		  /* NULL: waits to be sent again */
	struct load_pool *pool;
	const struct load_request *request; /* owner's */
	struct load_vars vars;		    /* owner's */
	struct sample sample; /* owner's: load, request, seq, intended, start */
	int64_t timeout_us;   /* owner's */
	struct deadline timeout;
	struct load_seen seen;
	int64_t tag; /* the protocol's */
	bool sent, resent;
	bool waiting; /* among the pool's `again` */
};

struct load_conn {
	TAILQ_ENTRY(load_conn) entry; /* of one of the pool's lists */
	struct load_pool *pool;
	enum load_conn_state state;
	bool keep;   /* good for more exchanges */
	bool listed; /* stands among those that have room */
	int fd;
	size_t tries;	 /* addresses that were dialled */
	SSL *ssl;	 /* owned; NULL: plain */
	bool want_write; /* OpenSSL waits for that */
	int write_error; /* an errno: nothing more can be written */
	struct event event;
	short watched;
	struct str out;
	size_t out_at;
	size_t sent_bytes; /* of the request that went last */
	struct load_exchanges exchanges;
	size_t count, limit;
	uint64_t served;  /* exchanges that were answered on it */
	int64_t heard_us; /* when something came last */
	struct deadline leaving;
	void *protocol_state; /* owned */
};

/* Begins to dial. One that nobody accepts is closed already. Owned by the pool.
 * NULL: there is no descriptor, port or memory left for it. */
struct load_conn *load_conn_new(struct load_pool *pool);
/* Puts the exchange on it; sends it now, or once it is ready. It may have
 * ended when this returns. */
void load_conn_add(struct load_conn *c, struct load_exchange *x);
/* Looks whether the peer has closed an idle connection, or said something.
 * True: it is still good for an exchange. */
bool load_conn_check(struct load_conn *c);
/* Sends what waits, as far as that goes. */
void load_conn_flush(struct load_conn *c);
/* Closes it at once; what is on it is ended by the caller. */
void load_conn_close(struct load_conn *c);
/* Takes an exchange off, as it ended or is to be sent again elsewhere;
 * `answered`: the peer answered it. */
void load_conn_remove(struct load_conn *c, struct load_exchange *x,
		      bool answered);
/* Frees a closed one. */
void load_conn_free(struct load_conn *c);

#endif
