/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of data protocols (Redis, PostgreSQL, MySQL) from the inside, for
 * their own files.
 *
 *	data_session.c	life: accepted, relaying, ended
 *	data_conn.c	the connection as a flow; reaching the upstream
 *	data_relay.c	bytes, from and to the sockets
 *	data_exchange.c	one command and its answer, as a flow
 *	data_walk.h	where commands and answers begin and end
 *
 *   client ─► walker ─► LINK_UP of its command ─► out[UP] ─► upstream
 *   client ◄─ out[DOWN] ◄─ LINK_DOWN of its command ◄─ walker ◄─ upstream
 *
 * One client, one upstream connection, any number of commands under way: they
 * stand in a queue in the order in which they came. Bytes leave in that order
 * in both directions, so a command that a fault holds holds those behind it,
 * as it would on one connection. Where the newest stops being understood, it
 * becomes a tunnel for the rest of the session.
 *
 * Faults may end a flow from within any call into the engine. Nothing is freed
 * there: exchanges go in data_leave(), once an event was handled, or by a
 * deadline (data_poke). */
#ifndef PROXY_DATA_H
#define PROXY_DATA_H

#include "proxy/client_facts.h"
#include "proxy/data_walk.h"
#include "proxy/dial.h"
#include "proxy/end.h"
#include "proxy/session.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

/*   OPENING ─► DIALING ─► RELAY ─► FLUSH ──► CLOSED
 *   (a fault   (connect,    │       (FIN or RST once all is
 *    may hold)  TLS)        │        delivered)
 *                           └────► SILENT ─► CLOSED
 * Every state may go to CLOSED at once. */
enum data_state {
	DATA_OPENING,
	DATA_DIALING,
	DATA_RELAY,
	DATA_FLUSH,
	DATA_SILENT,
	DATA_CLOSED,
};

struct data_exchange {
	struct flow flow; /* if begun */
	TAILQ_ENTRY(data_exchange) entry;
	struct data *s;
	struct data_command command;
	uint64_t from[2], to[2]; /* its bytes, as data.queued counts them */
	uint8_t how;	  /* enum flow_end, if it is data.ending */
	bool begun;	  /* the flow exists */
	bool done[2];	  /* nothing more enters that link */
	bool cut[2];	  /* … for its source ended amid the message */
	bool crowd;	  /* it stands for many commands */
};
TAILQ_HEAD(data_queue, data_exchange);

/* Bytes just read that go out as they are, with no copy in between. */
struct data_run {
	const char *at;
	size_t len;
};

/* Indexes are enum link_dir: [LINK_UP] is about what the client says. */
struct data {
	struct session session; /* first */
	struct flow conn;	/* FLOW_CONNECTION */
	struct end ends[2]; /* the source of that direction */
	const struct data_ops *ops;
	struct data_walk *walk; /* owned */
	struct data_queue queue;
	size_t count; /* in the queue */
	struct data_exchange *asking;	 /* its request is not whole */
	struct data_exchange *answering; /* the oldest without its answer */
	struct data_exchange *next[2]; /* the oldest with bytes to leave */
	struct data_exchange *ending;  /* the session ends behind it */
	struct data_exchange *tunnel;  /* takes all that comes; the newest */
	struct bytes out[2];	/* left the links, in order */
	struct data_run run[2]; /* behind `out` */
	uint64_t queued[2], sent[2]; /* bytes that came to out, and left it */
	uint64_t inside[2]; /* bytes fed to exchanges that have not left */
	struct dial *dial;
	struct plan *plan; /* counted: holds conn's route */
	struct deadline timer; /* idle, flush or silence, by state */
	struct deadline later; /* data_leave on a fresh stack */
	int64_t dialed_us, flush_us;
	int64_t active_us;  /* last event; 0: no idle time-out */
	int64_t arrived_us; /* of the bytes being looked at */
	struct route_shared *shared; /* counted in there; NULL: not yet */
	struct client_facts *facts; /* owned; NULL: nobody looked */
	struct str early; /* of the client, before the upstream is there */
	uint16_t deaf[2]; /* who wants that source to be */
	uint8_t state;	  /* enum data_state */
	uint8_t reason;	  /* enum close_reason, the first one given */
	uint8_t depth;	  /* of our own handlers on the stack */
	bool ended_in[2]; /* the source has no more */
	bool reset_in[2]; /* … it was reset: RST follows the bytes */
	bool dead[2];	  /* nothing can be written to this end any more */
	bool rst_after;	  /* FLUSH ends by RST */
};

/* --- data_session.c --- */

/* Ends the session at once; the reaper frees it. The first reason stays. */
void data_close(struct data *s, enum close_reason reason, bool reset);
/* A fault ends it. */
void data_end(struct data *s, enum flow_end how);
/* Delivers what was passed, then ends with FIN or RST; soon, not now. */
void data_flush(struct data *s, bool rst);
/* Around everything that a handler of a socket or timer does: leaving draws
 * the conclusions. */
void data_enter(struct data *s);
void data_leave(struct data *s);
/* Has conclusions drawn soon, unless the caller stands under a handler that
 * will. Safe within the engine. */
void data_poke(struct data *s);
/* Somebody wants the source of that direction to acknowledge nothing, or no
 * more. */
void data_deaf(struct data *s, enum link_dir dir, bool on);

/* --- data_conn.c --- */

extern const struct flow_ops data_connection_ops;

/* --- data_relay.c --- */

/* Reads the source of that direction as far as allowed. */
void data_read(struct data *s, enum link_dir dir);
/* Bytes of the client. */
void data_input(struct data *s, const char *data, size_t len);
/* Takes what links have ready, in order. Safe within the engine. */
void data_pull(struct data *s, enum link_dir dir);
/* Writes what is ready for the sink; carries FIN and RST over. */
void data_write(struct data *s, enum link_dir dir);
/* Reconciles both ends' events with what is wanted. */
void data_update(struct data *s);
/* An end failed: its error becomes an RST behind the bytes it sent. */
void data_end_failed(struct data *s, enum link_dir source);

/* --- data_exchange.c --- */

/* For a request whose first byte came, or a push; the last of the queue. */
struct data_exchange *data_exchange_new(struct data *s, bool push);
/* Feeds bytes to its link; they are behind those that were fed before. */
void data_exchange_feed(struct data_exchange *x, enum link_dir dir,
    const char *data, size_t len);
/* Nothing more enters its link. `cut`: for its source ended. */
void data_exchange_done(struct data_exchange *x, enum link_dir dir, bool cut);
/* True if all that will leave in that direction has. */
bool data_exchange_left(const struct data_exchange *x, enum link_dir dir);
/* It takes all that comes from now on; an event says why. */
void data_exchange_tunnel(struct data_exchange *x);
/* Takes it apart: the flow ends with `reason` (constant). */
void data_exchange_free(struct data_exchange *x, const char *reason);

static inline struct link *
data_link(struct data_exchange *x, enum link_dir dir)
{
	return &x->flow.links[dir];
}

#endif
