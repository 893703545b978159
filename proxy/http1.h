/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 sessions from the inside, for their own files.
 *
 *	http1_session.c		the client's connection: life, states, time
 *	http1_conn_flow.c	the same as a flow: what faults ask of it
 *	http1_client.c		its socket, and what follows from events
 *	http1_request.c		its bytes: heads, routes, bodies
 *	http1_exchange.c	one request and its response: their bytes
 *	http1_flow.c		the same as a flow: what faults ask of it
 *	http1_count.c		what metrics and the access log say about it
 *	http1_upstream.c	reaching the upstream, sending, trying again
 *	http1_response.c	the upstream's bytes
 *	http1_pool.c		idle upstream connections, spare memory
 *
 * A client that speaks HTTP/2 has its connection here as well, up to the
 * preface and again at the end; in between http2_*.c serves it.
 *
 * Requests of one connection are served one after the other; what a client
 * sends ahead waits in the session's buffer, and beyond one read in the
 * kernel. An exchange exists from the first byte of a request until its
 * response is delivered; in between a session has no buffers.
 *
 * Faults may end or answer a flow from within any call into the engine.
 * Nothing is freed there: a session is freed by the reaper, an exchange by
 * http1_leave() once an event was handled, or by a deadline (http1_poke). */
#ifndef PROXY_HTTP1_H
#define PROXY_HTTP1_H

#include "faults/ws.h"
#include "proxy/client_facts.h"
#include "proxy/dial.h"
#include "proxy/http1_message.h"
#include "proxy/http1_parser.h"
#include "proxy/http1_pool.h"
#include "proxy/http1_reply.h"
#include "proxy/session.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

/*   OPENING ─► IDLE ◄──────────────┐
 *   (a fault    │  first byte      │ response delivered
 *    may hold)  ▼                  │
 *  preface of   │                  │
 *  HTTP/2: ◄────┤                  │
 *  STREAMS      │                  │
 *             HEAD ─► EXCHANGE ────┤
 *               │        │         └─► LINGER ─► CLOSED
 *               │        ├─► FLUSH ─► CLOSED
 *  malformed, ──┘        └─► SILENT ─► CLOSED
 *  late: LINGER
 * OPENING may also follow HEAD, when several routes share a listener and the
 * first request has chosen one. Every state may go to CLOSED at once. */
enum http1_state {
	HTTP1_OPENING,
	HTTP1_IDLE,
	HTTP1_HEAD,
	HTTP1_EXCHANGE,
	HTTP1_STREAMS, /* the client speaks HTTP/2: http2.h */
	HTTP1_LINGER,  /* the last reply is out; input is thrown away */
	HTTP1_FLUSH,   /* a fault: deliver, then FIN or RST */
	HTTP1_SILENT,
	HTTP1_CLOSED,
};

struct http1 {
	struct session session; /* first */
	struct end client;
	struct flow conn;		      /* FLOW_CONNECTION, if has_conn */
	struct http1_exchange *x;	      /* HEAD and later */
	struct http2 *h2;		      /* owned; STREAMS and later */
	const struct plan_listener *listener; /* of the plan; NULL: gone */
	struct route_shared *shared; /* counted in there; NULL: not yet */
	struct client_facts *facts;     /* owned; NULL: nobody looked */
	struct deadline timer;
	struct deadline later;	  /* http1_leave on a fresh stack */
	struct turn_end turn_end; /* http1_leave for all of this turn */
	bool gathering; /* what comes out of links now is left to it */
	bool late;	/* there is such */
	int64_t due_us;		  /* when the state's time is over */
	int64_t flush_us;	  /* FLUSH: since */
	int64_t arrived_us;	  /* of the bytes being looked at; 0: now */
	struct str in;		  /* from the client, from in_at not yet used */
	struct str out; /* for the client, past all faults; from out_at */
	size_t in_at, out_at;
	uint8_t state;	/* enum http1_state */
	uint8_t reason; /* enum close_reason, the first one given */
	uint8_t depth;	/* of our own handlers on the stack */
	bool has_conn;
	bool spoke;	 /* HTTP/1: nothing else may follow */
	bool client_fin; /* the client's end of stream was read */
	bool fin_timed;	 /* … and for how long yet it is believed */
	bool leaving;	 /* ends behind the current exchange */
	bool rst_after;	 /* FLUSH ends by RST */
};

struct http1_exchange {
	struct flow flow; /* if begun */
	struct http1 *s;
	struct http1_upstream *upstream; /* owned while it is at work */
	struct dial *dial;
	struct plan *dial_plan; /* counted: holds the address being dialled */
	struct http1_exchange *next;	/* spare */
	struct http1_parser parsers[2]; /* by link: request, response */
	struct http1_message *edits[2]; /* owned; NULL: bytes pass as is */
	struct ws_scan frames[2];	/* websocket: what entered, by link */
	struct str edited[2];		/* what they send, by link */
	struct str head;		/* the request's head as received */
	struct str sent;  /* what a reused connection got, to send again */
	struct str in;	  /* an incomplete head of a response */
	size_t resend_at; /* of `sent`, while resend */
	int64_t dialed_us;
	int64_t sent_us;    /* last write to the upstream; 0: straight from the
			       client */
	int status;	    /* what the client gets; 0: not known */
	uint8_t end_how;    /* enum flow_end behind the response, if ends */
	bool begun;	    /* the flow exists */
	bool request_done;  /* it was read to its end */
	bool responded;	    /* the final response's head came */
	bool response_done; /* nothing more will enter LINK_DOWN */
	bool ends;	    /* the connection ends as end_how says */
	bool close;	    /* the connection ends in good order behind it */
	bool answered;	    /* the response is the proxy's own */
	bool bypass;	    /* … and does not go through LINK_DOWN */
	bool discard;	    /* the request's bytes go nowhere any more */
	bool tells;	    /* its final head is to name faults: it is on its
			       way through LINK_DOWN */
	bool mute;	    /* the upstream takes no more bytes */
	bool tunnel;	    /* bytes in both directions, no messages */
	bool websocket;	    /* … and these are its frames */
	bool replayable;    /* `sent` holds all that was sent */
	bool retried, resend;
};

static inline struct http1_parser *
http1_request(struct http1_exchange *x)
{
	return &x->parsers[LINK_UP];
}
static inline struct http1_parser *
http1_response(struct http1_exchange *x)
{
	return &x->parsers[LINK_DOWN];
}
static inline struct link *
http1_link(struct http1_exchange *x, enum link_dir dir)
{
	return &x->flow.links[dir];
}
/* Bytes from the client that wait to be looked at. */
static inline size_t
http1_waiting(const struct http1 *s)
{
	return s->in.len - s->in_at;
}

/* What so many bytes were read of leaves at the turn's end. */
#define HTTP1_FEW_BYTES 4096

/* --- http1_session.c --- */

/* Ends the session at once; the reaper frees it. The first reason stays. */
void http1_close(struct http1 *s, enum close_reason reason, bool reset);
/* A fault ends it. */
void http1_end(struct http1 *s, enum flow_end how);
/* No further exchange: what is for the client is delivered, what it still
 * sends is thrown away for a while, so that it can read the reply. */
void http1_linger(struct http1 *s, enum close_reason reason);
/* When the state's time is over (DEADLINE_NEVER: never). */
void http1_due(struct http1 *s, int64_t at_us);
/* FLUSH: delivers more; ends the session when all is, or time is over. */
void http1_flush(struct http1 *s, int64_t now_us);
/* Nothing is under way: waits for the next request, or leaves. */
void http1_rest(struct http1 *s);

/* --- http1_conn_flow.c --- */

extern const struct flow_ops http1_connection_ops;

/* --- http1_client.c --- */

/* Around everything that a handler of a socket or timer does: leaving draws
 * the conclusions (requests begin, exchanges and sessions end, reading and
 * writing are reconciled). */
void http1_enter(struct http1 *s);
void http1_leave(struct http1 *s);
/* A link has something for its sink: it is written now, or, while a small
 * read is taken in, at the end of this turn of the loop, with what all other
 * sessions read. */
void http1_output(struct http1_exchange *x, enum link_dir dir);
/* Writes what was left to the turn's end. It may end the session. */
void http1_write_late(struct http1 *s);
/* Leaves; the conclusions are drawn at the end of this turn of the loop, so
 * that what many upstreams answer goes to the client in one piece. */
void http1_leave_late(struct http1 *s);
/* Has conclusions drawn soon, unless the caller stands under a handler that
 * will. Safe within the engine. */
void http1_poke(struct http1 *s);
/* There was traffic: the exchange is not idle. */
void http1_active(struct http1 *s);
void http1_on_client(struct end *e, unsigned what);
void http1_on_later(struct deadline *d, int64_t now_us);
void http1_on_turn_end(struct turn_end *t);
/* Posts what that will write first. */
void http1_post(struct turn_end *t);
/* Reads from one of the session's ends into the worker's scratch memory;
 * stamps the bytes exactly where a fault may want to know. */
ssize_t http1_read(struct http1 *s, struct end *from, bool exact);

/* --- http1_request.c --- */

/* Looks at bytes of the client; returns how many are used up. */
size_t http1_input(struct http1 *s, const char *data, size_t len);
/* The head did not arrive in time. */
void http1_request_late(struct http1 *s);
/* True if every request names its destination by a whole URL. */
bool http1_asks_by_url(const struct http1 *s);
/* Makes the flow of the connection, on that route. False: it is held or
 * ended. */
bool http1_open_connection(struct http1 *s, const struct armed_route *route,
			   uint64_t number);

/* --- http1_exchange.c --- */

/* For a request whose first byte came. */
struct http1_exchange *http1_exchange_new(struct http1 *s);
/* Takes it apart: the flow ends with `reason` (constant), the upstream
 * connection is closed if it is still there. */
void http1_exchange_free(struct http1_exchange *x, const char *reason,
			 bool reset);
/* Frees the memory of a spare one. */
void http1_exchange_release(struct http1_exchange *x);
/* Begins the flow. The request's head is at `head`. */
void http1_exchange_begin(struct http1_exchange *x,
			  const struct armed_route *route, const char *head);
/* Sends bytes of a message, the first `head` of them its head, into its link.
 * Returns how many belong to the message, or -1: malformed. */
ssize_t http1_exchange_feed(struct http1_exchange *x, enum link_dir dir,
			    const char *data, size_t len, size_t head);
/* Lets the faults see and edit a head that is about to be fed. */
void http1_exchange_edit(struct http1_exchange *x, enum link_dir dir,
			 const char *data);
/* Sends bytes as they are into a link. */
void http1_exchange_forward(struct http1_exchange *x, enum link_dir dir,
			    const char *data, size_t len);
/* The source of the link has no more. */
void http1_exchange_eof(struct http1_exchange *x, enum link_dir dir);
/* Writes what is ready for the client. */
void http1_write_client(struct http1 *s);
/* True if everything is done and delivered. */
bool http1_exchange_over(struct http1_exchange *x);

/* --- http1_flow.c --- */

/* The proxy's own error instead of a response; or, when that began, the end
 * of the connection. Its texts are constant. */
void http1_exchange_error(struct http1_exchange *x,
			  const struct http_error *error);
/* While somebody listens: keeps what a final response's head asks of the
 * client. */
void http1_note_response(struct http1_exchange *x, struct view head);
extern const struct flow_ops http1_exchange_ops;

/* --- http1_count.c --- */

/* The response's head is there: how long did the upstream take? */
void http1_count_upstream(struct http1_exchange *x);
/* An exchange that began is over; `reason` (constant) says why. */
void http1_count_exchange(struct http1_exchange *x, const char *reason);
/* A request never became an exchange. */
void http1_count_refused(struct http1 *s, int status);

/* --- http1_upstream.c --- */

/* Sends request bytes straight to the upstream if it can be reached without
 * waiting; returns how many went. */
size_t http1_send(struct http1_exchange *x, const char *data, size_t len);
/* Posts what http1_write_upstream() will write, if it can be reached without
 * waiting. */
void http1_post_upstream(struct http1_exchange *x);
/* Writes what LINK_UP has; dials if need be. */
void http1_write_upstream(struct http1_exchange *x);
/* Before any byte of a response came, the connection was lost. */
void http1_upstream_lost(struct http1_exchange *x);
/* The exchange is through with its connection; keep it for others? */
void http1_upstream_release(struct http1_exchange *x, bool keep, bool reset);
/* Forgets upstream and dial. */
void http1_upstream_drop(struct http1_exchange *x, bool reset);

/* --- http1_response.c --- */

/* The upstream's socket has something. */
void http1_on_upstream(void *exchange, unsigned what);
/* May the upstream be read? */
bool http1_reads_upstream(struct http1_exchange *x);

#endif
