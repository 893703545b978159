/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 from the inside, for its own files: a client's connection, once it is
 * known to speak it (until then, and at its end, it is http1.h's).
 *
 *	http2_session.c		the client's connection: life, time, goodbyes
 *	http2_peer.c		one connection of HTTP/2, client's or upstream's
 *	http2_frames.c		what nghttp2 calls back
 *	http2_fields.c		heads as text and as fields
 *	http2_stream.c		one request and its response: life, decisions
 *	http2_flow.c		the same as a flow: what faults ask of it
 *	http2_input.c		from frames into links
 *	http2_output.c		from links into frames
 *	http2_upstream.c	upstream connections of HTTP/2
 *	http2_over1.c		upstream connections of HTTP/1: requests
 *	http2_over1_answer.c	… and their answers
 *
 *	client ─frames─► input ─► LINK_UP ─► output ─frames─► upstream
 *	client ◄─frames─ output ◄─ LINK_DOWN ◄─ input ◄─frames─ upstream
 *
 * What a link carries: heads in the syntax of HTTP/1, behind them the body's
 * bytes without any framing. So faults meet the same message whatever its
 * version. Trailers wait beside the link for its end of stream.
 *
 * Flow control: bytes that came are given back to their sender's window when
 * they left for the other side; where a fault sits in the link, already when
 * it takes them, as long as the link is not full: what a fault holds of one
 * stream takes nothing from the window of all.
 *
 * Callbacks of nghttp2, of sockets and of the engine only note what happened
 * and mark streams; http2_settle() does the rest when none of them is on the
 * stack, and frees what is over. */
#ifndef PROXY_HTTP2_H
#define PROXY_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "proxy/http1.h"

/* RFC 9113, 3.4 */
#define HTTP2_PREFACE	  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define HTTP2_PREFACE_LEN 24

/* A connection of HTTP/2, from where frames come and whereto they go. */
struct http2_peer {
	struct http2 *c;
	struct end *end;     /* borrowed */
	nghttp2_session *ng; /* owned */
	struct str out;	     /* frames not yet written, from out_at */
	size_t out_at;
	uint32_t useless; /* frames in a row that bring nothing */
	enum link_dir dir; /* the link that it feeds */
	bool over;  /* it broke the rules, or said goodbye: nothing is read */
	bool gone;  /* its socket is of no use any more */
};

/* An upstream connection of HTTP/2; it serves one client connection. */
struct http2_up {
	struct http2_peer peer; /* first */
	struct end end;
	TAILQ_ENTRY(http2_up) entry;
	struct plan *plan;   /* counted */
	const struct armed_route *route; /* of it: how it was reached */
	struct dial *dial;   /* while it is reached */
	int64_t dialed_us;
	const struct http_error *error; /* it could not be reached */
	unsigned users; /* streams */
	bool connected;
	bool leaving; /* no new streams: it said so */
	bool translates; /* it agreed on HTTP/1: streams have connections of
			    their own, this is none */
};
TAILQ_HEAD(http2_up_list, http2_up);

TAILQ_HEAD(http2_stream_list, http2_stream);

struct http2 {
	struct http1 *s; /* the client's connection */
	struct http2_peer client;
	struct http2_stream_list streams, dirty;
	struct http2_up_list ups;
	size_t streams_count;
	int64_t head_us; /* a request's head is incomplete since; 0: none */
	uint32_t max_streams; /* as announced */
	size_t max_head;      /* bytes of a head */
	int64_t idle_us, header_us; /* time-outs; idle 0: none */
	bool said_goodbye;
};

static inline struct worker *
http2_worker(const struct http2 *c)
{
	return c->s->session.worker;
}

/* --- http2_session.c --- */

/* The client speaks HTTP/2: takes over. `conf`: whose limits hold for its
 * connection. */
void http2_start(struct http1 *s, const struct conf_route *conf);
/* Frees it, and every stream; called by the reaper. NULL is accepted. */
void http2_free(struct http2 *c, const char *reason);
/* Closes all sockets but the client's. */
void http2_shut(struct http2 *c, bool reset);
/* All of them are dead, and their peers are not told. */
void http2_silence(struct http2 *c);
/* Takes the client's bytes. */
void http2_input(struct http2 *c, const char *data, size_t len);
/* Does what handlers left to be done; may end the session. */
void http2_settle(struct http2 *c);
/* Reconciles what is read and written. */
void http2_update(struct http2 *c);
/* A fault on the connection let go of it. */
void http2_resume(struct http2 *c);
/* The plan changed. `route_now` finds a route by its name. */
void http2_reconcile(struct http2 *c,
    const struct armed_route *(*route_now)(const struct http1 *, const char *));
/* Serves no more streams than there are: GOAWAY; closes behind them. */
void http2_goodbye(struct http2 *c, uint32_t code);
/* Ends the connection with GOAWAY, at once. */
void http2_terminate(struct http2 *c, int32_t last, uint32_t code,
    enum close_reason reason);
/* The connection's time is over. */
void http2_late(struct http2 *c);
/* The connection's flow was opened: streams that waited for it begin. */
void http2_opened(struct http2 *c);
/* Its oldest flows, at most `max`; returns how many. Borrowed. */
size_t http2_flows(const struct http2 *c, const struct flow **to, size_t max);
/* True if everything was delivered. */
bool http2_delivered(const struct http2 *c);

/* --- http2_peer.c --- */

/* Makes a connection of HTTP/2 that feeds links of `dir`. */
void http2_peer_init(struct http2_peer *p, struct http2 *c, struct end *end,
    enum link_dir dir, const struct conf_route *conf);
void http2_peer_fini(struct http2_peer *p);
/* Takes bytes from its socket. */
void http2_peer_input(struct http2_peer *p, const void *data, size_t len);
/* Makes frames and writes them, as far as the socket takes them. */
void http2_peer_flush(struct http2_peer *p);
/* True if there is something to write. */
bool http2_peer_wants_write(const struct http2_peer *p);
/* True if it may be read: it keeps up with what it caused us to say. */
bool http2_peer_wants_read(const struct http2_peer *p);

/* --- http2_frames.c --- */

/* Returned owned. */
nghttp2_session_callbacks *http2_callbacks_new(void);

/* --- http2_upstream.c --- */

/* Closes its socket, or forgets its dial. */
void http2_up_shut(struct http2_up *up, bool reset);
/* The same, and frees it; it serves no stream. */
void http2_up_close(struct http2_up *up, bool reset);
void http2_up_update(struct http2_up *up);
/* True if it leads where that route's upstream is; by TLS only if it was made
 * for the same route, as the plan has it. */
bool http2_up_serves(const struct http2_up *up,
    const struct armed_route *route);
/* Looks after connections: those that ended or serve nobody are closed. */
void http2_ups_settle(struct http2 *c);

#endif
