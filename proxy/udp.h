/* SPDX-License-Identifier: Apache-2.0 */
/* UDP from the inside, for its own files.
 *
 *   port ── recvmmsg ──► path? ─► session ─► flow ─ link up ──► upstream socket
 *   (one worker owns it)          (one a client and address)          │
 *   port ◄── sendmmsg ─────────────────────── flow ─ link down ◄──────┘
 *
 * udp.c: the worker's ports; udp_port.c: a listening socket; udp_table.c: its
 * sessions by path; udp_session.c: the life of one; udp_relay.c: datagrams
 * under way; udp_upstream.c: the socket to the server; udp_query.c: what
 * makes a flow of every DNS query. */
#ifndef PROXY_UDP_H
#define PROXY_UDP_H

#include <event2/event_struct.h>

#include "base/dns.h"
#include "proxy/listener.h"
#include "proxy/session.h"
#include "proxy/udp_io.h"
#include "proxy/worker.h"

struct udp_session;

/* A client's sessions are found by the path of their datagrams. Zeroed memory
 * plus a key is an empty table. */
struct udp_table {
	struct udp_session **slots; /* owned; chained by ->next */
	size_t room, count;	    /* room: 0 or a power of two */
	uint64_t key; /* so that nobody can choose which slots fill up */
};

/* The session with that path, or NULL. Borrowed. */
struct udp_session *udp_table_find(const struct udp_table *t,
				   const struct udp_path *path);
/* Adds one (borrowed), whose path is not there yet. */
void udp_table_add(struct udp_table *t, struct udp_session *s);
/* Takes one out, which is there. */
void udp_table_remove(struct udp_table *t, struct udp_session *s);
/* Frees the table, not the sessions. */
void udp_table_fini(struct udp_table *t);

/* A listening socket at work on one worker, and the sessions behind it. */
struct udp_port {
	TAILQ_ENTRY(udp_port) entry;
	struct worker *worker;
	struct opened_listener opened;
	const struct plan_listener *plan; /* of the plan in force */
	struct event ev;
	struct deadline change; /* of what faults do to the port */
	struct udp_table sessions;
	int effect;    /* enum listener_effect in force */
	uint32_t lost; /* by the kernel, as last heard */
	bool stamped;
	int64_t warned_us;
};
TAILQ_HEAD(udp_port_list, udp_port);

/* What a worker keeps for UDP. */
struct udp {
	struct udp_port_list ports;
	struct udp_batch *batch;
};

/*   OPENING ─► DIALING ─► RELAY ─┐      (the first flow that is open dials)
 *      │          │         │    ├─► CLOSED
 *      └──────────┴─────────┴─► SILENT
 *                    (a fault ended the flow without a word: dead until its
 *                     client has been quiet for the idle time-out) */
enum udp_state { UDP_OPENING, UDP_DIALING, UDP_RELAY, UDP_SILENT, UDP_CLOSED };

/* A flow and its datagrams: all that a client exchanges, or one query. */
struct udp_flow {
	struct flow flow;
	TAILQ_ENTRY(udp_flow) entry;
	struct udp_session *session;
	struct deadline timer;	      /* dns: the end of waiting, or of all */
	struct dns_question question; /* dns; its name is owned */
	bool answered;		      /* dns: an answer came */
	bool over;	/* nothing more happens; freed on a fresh turn */
	uint8_t reason; /* enum close_reason, once over */
	char type[DNS_TYPE_TEXT]; /* dns: of the question */
};
TAILQ_HEAD(udp_flow_list, udp_flow);

struct udp_session {
	struct session session;
	struct udp_session *next; /* in its port's table */
	struct udp_port *port;	  /* NULL: closed */
	struct udp_path path;
	struct udp_flow_list flows;
	const struct armed_route *route; /* of the plan in force, or NULL */
	struct route_shared *shared;	 /* counted in there */
	struct route_counts *counts;
	/* The upstream (udp_upstream.c). */
	struct event ev;
	int fd; /* -1: none yet */
	union udp_address to;
	struct resolve *resolve;
	struct deadline dial; /* the end of waiting for the name */
	int64_t dialed_us;
	int64_t look_us; /* when to look whether the name moved */
	uint8_t untried; /* addresses left, until one is known to work */
	bool refused;	 /* nobody listens at `to` */
	bool stamped;
	/* Life. */
	struct deadline timer;
	int64_t active_us; /* last datagram */
	uint8_t state;	   /* enum udp_state */
	uint8_t reason;	   /* enum close_reason */
	bool dns;
};

/* --- udp_port.c --- */

/* Puts the socket to work; takes `opened`. */
struct udp_port *udp_port_new(struct worker *w,
			      const struct opened_listener *opened);
/* Finds its listener in the worker's plan anew. False: there is none. */
bool udp_port_reconcile(struct udp_port *port);
/* Ends its sessions and frees it. */
void udp_port_free(struct udp_port *port);

/* --- udp_session.c --- */

/* Begins a session; NULL: the route is full. */
struct udp_session *udp_session_new(struct udp_port *port,
				    const struct udp_path *path);
/* Ends it now; the first reason stays. Freed by the reaper. */
void udp_session_close(struct udp_session *s, enum close_reason reason);
/* A flow of it, in order of arrival; not opened. */
struct udp_flow *udp_flow_new(struct udp_session *s);
/* A query's flow whose answer came and that holds nothing is over. */
void udp_flow_settle(struct udp_flow *f);

/* --- udp_relay.c --- */

/* What flows do with a datagram (struct flow_ops). */
void udp_relay_output(struct flow *flow, struct link *l);
/* Datagrams on their way past the engine, gathered as long as they go the
 * same way; begins empty. */
struct udp_gather {
	struct udp_session *session;
	enum link_dir dir;
	struct udp_sending out;
	struct link *links[UDP_BATCH];
};
/* A datagram of the client's, or one for it, enters its flow. */
void udp_relay_datagram(struct udp_gather *g, struct udp_session *s,
			enum link_dir dir, const struct udp_datagram *d);
/* Sends what was gathered. */
void udp_relay_flush(struct udp_gather *g);
/* What waited for the upstream goes on. */
void udp_relay_resume(struct udp_session *s);

/* --- udp_upstream.c --- */

/* Sees to it that there is a socket to where the route leads now; it may
 * come later, and the session may be closed when it returns. */
void udp_upstream_ensure(struct udp_session *s);
/* The server's host says that nobody listens there. */
void udp_upstream_refused(struct udp_session *s, int error);
/* The first datagram went to the first of several addresses: true if nobody
 * listens there and there is another one now, to send it to again. */
bool udp_upstream_try_next(struct udp_session *s);
/* Nothing is read any more, and the server is told nothing. */
void udp_upstream_silence(struct udp_session *s);
/* Closes the socket and forgets the name that is looked up; nothing if there is
 * neither. */
void udp_upstream_close(struct udp_session *s);

/* --- udp_query.c --- */

/* The flow of a new query, opened; perhaps already over. */
struct udp_flow *udp_query_begin(struct udp_session *s,
				 const struct udp_datagram *d);
/* The flow that this answer belongs to, or NULL. */
struct udp_flow *udp_query_find(struct udp_session *s,
				const struct udp_datagram *d);
/* Facts for `when` (struct flow_ops). */
bool udp_query_fact(const struct flow *flow, enum fact fact, struct view *to);

#endif
