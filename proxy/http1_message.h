/* SPDX-License-Identifier: Apache-2.0 */
/* A message that faults may edit: the calls of faults/message.h on a parsed
 * head, and what becomes of the body afterwards.
 *
 *	as it is	the bytes pass as they came, framing and all
 *	replaced	the source's body is read and forgotten
 *	filtered	decoded, through every filter, framed anew
 *	raw		the whole message is something else */
#ifndef PROXY_HTTP1_MESSAGE_H
#define PROXY_HTTP1_MESSAGE_H

#include "base/zone.h"
#include "faults/message.h"
#include "proxy/http1_parser.h"

#define HTTP1_FILTERS_MAX 8

enum http1_body {
	HTTP1_AS_IS,
	HTTP1_REPLACED,
	HTTP1_FILTERED,
	HTTP1_RAW,
};

struct http1_message {
	struct message message; /* first */
	struct zone *zone; /* borrowed: its memory's */
	struct str *out;   /* borrowed: the edited head (empty: nobody did),
			      then what is sent */
	int source_status; /* before anybody edited */
	struct str body; /* HTTP1_REPLACED, HTTP1_RAW: the bytes */
	struct message_filter filters[HTTP1_FILTERS_MAX]; /* owned args */
	uint8_t filters_count;
	uint8_t mode;	 /* enum http1_body */
	uint8_t raw_end; /* enum flow_end behind raw bytes */
	uint8_t framing; /* enum http1_framing, of the source */
	bool to_head;	 /* it answers HEAD */
	bool old_source; /* it came with HTTP/1.0 */
	bool bare;	 /* bodies have no framing: their end is told apart */
	bool old_peer;	 /* the receiver speaks HTTP/1.0: no chunks */
	bool chunks;	 /* the new body is sent in chunks */
	bool until_close; /* the new body ends with the connection */
};

/* Where a message lives: one zone for all; `out`, which is emptied, is its
 * alone, and stays its host's. Both are borrowed until it is freed. */
struct http1_message_memory {
	struct zone *zone;
	struct str *out;
};

/* `head` is the text that the parser saw; it is borrowed until the message is
 * freed. `old_peer`: who receives it speaks HTTP/1.0. Returns owned. */
struct http1_message *http1_message_new(
    const struct http1_message_memory *memory,
    const struct http1_parser *parser, struct view head, bool old_peer);
/* A message whose body has no framing, as HTTP/2 streams carry it; `about` says
 * what it is (its ops are set here). Returns owned. */
struct http1_message *http1_message_new_bare(
    const struct http1_message_memory *memory, const struct message *about,
    bool to_head);
/* NULL is accepted. */
void http1_message_free(struct http1_message *m);
/* Makes a request to a proxy one to a server: its target is that path and query
 * of the URL, and what was said to the proxy alone goes. */
void http1_message_to_server(struct http1_message *m, struct view path,
    struct view query);
/* True if an edit was made. */
bool http1_message_edited(const struct http1_message *m);
/* Settles framing: its `out` is the head (and a replaced body) to be sent, and
 * is cleared by who sent it. Returns the head's length; 0: all is raw. Call it
 * once. */
size_t http1_message_begin(struct http1_message *m);
/* Adds what becomes of some bytes of the source's decoded body. */
void http1_message_body(struct http1_message *m, const void *data, size_t len);
/* The source's body is complete: adds what is behind it. */
void http1_message_end(struct http1_message *m);

#endif
