/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP (or Unix stream) session from the inside, for its own files: tcp.c
 * (life), tcp_relay.c (bytes), tcp_flush.c (its last bytes), splice.c (bytes
 * that nobody looks at). */
#ifndef PROXY_TCP_H
#define PROXY_TCP_H

#include "proxy/client_facts.h"
#include "proxy/dial.h"
#include "proxy/end.h"
#include "proxy/session.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

struct splice_pipe;

/*   OPENING ─► DIALING ─► RELAY ─► FLUSH ──► CLOSED
 *   (a fault   (connect,    │       (FIN or RST once all is
 *    may hold)  TLS)        │        delivered)
 *                           └────► SILENT ─► CLOSED
 * Every state may go to CLOSED at once. */
enum tcp_state {
	TCP_OPENING,
	TCP_DIALING,
	TCP_RELAY,
	TCP_FLUSH,
	TCP_SILENT,
	TCP_CLOSED,
};

struct tcp {
	struct session session;
	struct flow flow;
	struct end ends[2]; /* the source of LINK_UP: client; of LINK_DOWN:
			       upstream. The sink of a link is ends[!dir]. */
	struct dial *dial;
	struct plan *plan; /* counted while the dial borrows from it */
	struct deadline timer; /* idle, flush or silence, by state */
	struct turn_end turn_end; /* writes what is late */
	int64_t dialed_us, flush_us;
	int64_t active_us; /* last event; 0: no idle time-out */
	struct splice_pipe *pipes[2]; /* borrowed while they hold bytes */
	struct route_shared *shared; /* counted in there; NULL: not yet */
	struct client_facts *facts; /* owned; NULL: nobody looked */
	struct turn_end update; /* tcp_update() to come */
	uint8_t state; /* enum tcp_state */
	uint8_t large_reads[2]; /* in a row: time to splice? */
	bool gathering;	   /* what comes out of links now may be late */
	bool late[2];	   /* the link's bytes leave at the turn's end */
	bool reset_in[2];  /* the source was reset: RST follows the bytes */
	bool dead[2];	   /* nothing can be written to this end any more */
	bool rst_after;	   /* TCP_FLUSH ends by RST */
	uint8_t reason;	   /* enum close_reason, the first one given */
	uint8_t owes; /* enum conf_accept: the client waits to hear of the
			 dial; ACCEPT_PLAIN: it does not, or no more */
};

/* Reads the source of the link as far as allowed and moves the bytes on. */
void tcp_read(struct tcp *t, enum link_dir dir);
/* Writes what the link has for its sink; carries FIN and RST over. */
void tcp_write(struct tcp *t, enum link_dir dir);
/* The link has something for its sink: writes it, or, while small reads are
 * gathered, leaves it to the end of this turn of the loop. */
void tcp_output(struct tcp *t, enum link_dir dir);
/* Writes what was left to the turn's end. It may end the session. */
void tcp_write_late(struct tcp *t);
/* The `run` of turn_end: the same, and reconciles. */
void tcp_on_turn_end(struct turn_end *e);
/* Posts what that will write first. */
void tcp_post(struct turn_end *e);
/* Reconciles both ends' events with what the links want. */
void tcp_update(struct tcp *t);
/* The same, but where it lets a source be read that was not, in one of the next
 * turns of the loop: when a change does so to thousands of sessions that were
 * blocked, whoever asked for it is not to wait for all of them. */
void tcp_update_later(struct tcp *t);
/* Ends the session: sockets are closed (FIN) or reset, the rest is freed by
 * the reaper. The first reason stays. */
void tcp_close(struct tcp *t, enum close_reason reason, bool reset);
/* Delivers what was passed, then ends with FIN or RST; soon, not now. */
void tcp_flush(struct tcp *t, bool rst);
/* TCP_FLUSH: writes what can be written; ends the session once all was
 * delivered, or its time is up. */
void tcp_flush_step(struct tcp *t, int64_t now_us);
/* An end failed: its error becomes an RST behind the bytes it sent. */
void tcp_end_failed(struct tcp *t, enum link_dir source);

#endif
