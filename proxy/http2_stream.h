/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of HTTP/2 from the inside: one request and its response, and what
 * their own files do with them; see http2.h. */
#ifndef PROXY_HTTP2_STREAM_H
#define PROXY_HTTP2_STREAM_H

#include "proxy/http2.h"

/* A connection of HTTP/1 that serves one stream. */
struct http2_over1 {
	struct http1_upstream *upstream; /* owned; NULL: not reached yet */
	struct dial *dial;
	struct plan *plan;
	int64_t dialed_us;
	struct http1_parser parser;
	struct str in;	/* an incomplete head */
	struct str out; /* for the upstream, from out_at */
	size_t out_at;
	bool chunked;	/* the request's body */
	bool sent;	/* the request is complete in `out` */
	bool replayable; /* `out` holds all that was sent, from its beginning */
	bool busy;	/* its bytes are being looked at */
	bool dead;	/* … and it was freed meanwhile */
};

/* One direction of a stream. */
struct http2_way {
	struct http2_peer *peer; /* source; NULL: none yet, or HTTP/1 */
	int32_t id;		 /* the stream's number there */
	size_t owed;	 /* bytes not given back to the stream's window */
	size_t owed_all; /* … and to the connection's */
	struct str lines; /* of the head or trailers that are coming in */
	struct str trailers; /* complete; sent behind the body */
	struct http1_message *edit; /* owned; NULL: as it came */
	struct str edited; /* what it sends */
	bool headed; /* the (final) head came in */
	bool ended;  /* END_STREAM came in */
	bool sent_head; /* the (final) head went out */
	bool sent_all;	/* END_STREAM went out, or will */
	bool waits;	/* the output has no bytes and waits for resume */
	bool too_large; /* `lines` */
	bool own_trailers; /* a fault said what they are */
};

struct http2_stream {
	struct flow flow; /* if begun */
	struct http2 *c;
	TAILQ_ENTRY(http2_stream) entry;
	TAILQ_ENTRY(http2_stream) dirty_entry;
	struct http2_way ways[2]; /* by link */
	struct http2_up *up;	  /* borrowed; NULL: none, or HTTP/1 */
	struct http2_over1 *over1; /* owned */
	struct http1_head request; /* of `head` */
	struct str pseudo;	   /* text of method, path, … */
	struct http1_span method, path, authority, scheme;
	struct str head; /* the request's, in the syntax of HTTP/1 */
	struct str own;	 /* an answer that does not go through LINK_DOWN */
	size_t own_at;
	int64_t sent_us; /* the request's head left */
	int status;	 /* what the client gets; 0: not known */
	int interim;	 /* of the response's head that is coming in */
	uint32_t end_code; /* with which it is reset */
	bool begun;	 /* the flow exists */
	bool dirty;
	bool waiting;	/* for its connection to be opened */
	bool responded; /* the final response's head came */
	bool answered;	/* the response is the proxy's own */
	bool bypass;	/* … and lies in `own` */
	bool discard;	/* the request goes nowhere any more */
	bool ends;	/* by RST_STREAM with end_code, not END_STREAM */
	bool cut;	/* a fault ended the flow: what it passed is delivered,
			   and then the end */
	bool silent;	/* a fault: what it passed is delivered, and then
			   nothing more is said */
	bool closed;	/* the client's stream is */
	bool is_reset;	/* we sent RST_STREAM to the client */
};

static inline struct link *
http2_link(struct http2_stream *st, enum link_dir dir)
{
	return &st->flow.links[dir];
}

/* --- http2_stream.c --- */

/* For a request that begins to arrive. */
struct http2_stream *http2_stream_new(struct http2 *c, int32_t id);
/* Takes it apart. */
void http2_stream_free(struct http2_stream *st, const char *reason);
/* Has http2_settle() look at it. Safe within the engine. */
void http2_stream_mark(struct http2_stream *st);
/* The request's head is complete. */
void http2_stream_begin(struct http2_stream *st);
/* Does what is to be done about it. True: it is over. */
bool http2_stream_run(struct http2_stream *st);
/* The proxy's own error in the place of a response; when that began, the end
 * of the stream. */
void http2_stream_error(struct http2_stream *st,
    const struct http_error *error);
/* RST_STREAM to both sides now. */
void http2_stream_reset(struct http2_stream *st, uint32_t code);
/* RST_STREAM behind what was passed to the client. */
void http2_stream_break(struct http2_stream *st, uint32_t code);
/* The upstream's part is over: its stream is reset if it still lives. */
void http2_stream_drop_upstream(struct http2_stream *st, uint32_t code);
/* Sends these bytes (a head in the syntax of HTTP/1 and a body) as the whole
 * response, as if they came from the upstream. */
void http2_stream_reply(struct http2_stream *st, const struct str *reply,
    int status);

extern const struct flow_ops http2_stream_ops;

/* --- http2_input.c --- */

/* How many of a message's bytes are its head; 0: it has none. */
size_t http2_head_len(const struct str *message);
/* A head came in whose lines are in way->lines; `ended` if nothing follows. */
void http2_input_head(struct http2_stream *st, enum link_dir dir, bool ended);
/* Sends the request's head, composed in st->head, on its way. */
void http2_input_request(struct http2_stream *st);
/* A response's head in st's LINK_DOWN lines, status st->interim. */
void http2_input_response(struct http2_stream *st, bool ended);
/* Bytes of a body came from the link's source; and its end of stream, behind
 * trailers if there are any. */
void http2_input_data(struct http2_stream *st, enum link_dir dir,
    const void *data, size_t len);
void http2_input_end(struct http2_stream *st, enum link_dir dir);
/* Gives bytes that left back to their sender's windows. */
void http2_give_back(struct http2_stream *st, enum link_dir dir);
/* Gives all of them back to the connection's: the stream is over. */
void http2_give_up(struct http2_stream *st, enum link_dir dir);

/* --- http2_output.c --- */

/* Turns what came out of a link into frames. */
void http2_output(struct http2_stream *st, enum link_dir dir);
/* Takes the next head out of a link, if it is complete there. */
bool http2_take_head(struct http2_stream *st, enum link_dir dir,
    struct str *to);

/* --- http2_upstream.c --- */

/* Finds or makes the connection for a stream that has something to send. */
void http2_reach(struct http2_stream *st);
/* The stream has no use for it any more. */
void http2_leave_up(struct http2_stream *st);

/* --- http2_over1.c --- */

/* `made`: the connection to use, taken; NULL: finds one. */
void http2_over1_start(struct http2_stream *st, struct http1_upstream *made);
/* Closes the connection (with RST if `reset`), or gives up reaching it; nothing
 * if the stream has none. */
void http2_over1_free(struct http2_stream *st, bool reset);
/* The connection is dead, and its upstream not told; likewise. */
void http2_over1_silence(struct http2_stream *st);
/* Sends what LINK_UP has. */
void http2_over1_output(struct http2_stream *st);
/* Gives the connection back; kept for others? */
void http2_over1_release(struct http2_over1 *o, bool keep, bool reset);
/* The connection was lost before it said anything: sends the request once
 * more, if that may be. */
bool http2_over1_again(struct http2_stream *st);
/* Bytes that wait to be written. */
static inline size_t
http2_over1_waiting(const struct http2_over1 *o)
{
	return o->out.len - o->out_at;
}

/* --- http2_over1_answer.c --- */

/* Reconciles what is read and written. */
void http2_over1_update(struct http2_stream *st);
/* What the connection has to say, bits of END_*; `owner` is the stream. */
void http2_over1_on_event(void *owner, unsigned what);

#endif
