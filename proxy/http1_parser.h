/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1 message as it comes in: where its head ends, where its body ends,
 * whether it is well-formed. It observes: bytes are never changed nor kept.
 *
 *	http1_parser_head()	with all bytes of the head so far
 *	http1_parser_body()	with every byte behind it, once
 *
 * A connection's next message needs a parser set up anew. */
#ifndef PROXY_HTTP1_PARSER_H
#define PROXY_HTTP1_PARSER_H

#include <llhttp.h>
#include <sys/types.h>

#include "base/error.h"
#include "proxy/http1_head.h"

enum http1_framing {
	HTTP1_NONE, /* no body */
	HTTP1_LENGTH,
	HTTP1_CHUNKED,
	HTTP1_UNTIL_CLOSE, /* responses: the connection's end is the body's */
	HTTP1_TUNNEL, /* responses: 101, or 2xx to CONNECT: bytes follow */
};

struct http1_parser {
	llhttp_t llhttp;
	struct http1_head head;
	/* Bytes of the body without its framing; NULL: nobody asks. */
	void (*on_body)(void *arg, const void *data, size_t len);
	void *arg;
	/* Gets the trailers' lines ("Name: value\r\n"), once they are
	 * there; borrowed, NULL: nobody asks. */
	struct str *trailer_lines;
	uint32_t fed;	   /* bytes of the head that llhttp saw */
	uint32_t trailers; /* bytes of the chunked body's end */
	uint8_t framing;   /* enum http1_framing, once the head is done */
	bool to_head, to_connect; /* responses: what they answer */
	bool headed, ended, trailing; /* said by llhttp */
	bool in_value; /* of a trailer */
	bool done; /* the message is complete */
};

/* For a request with a head of at most `max` bytes. */
void http1_parser_request(struct http1_parser *p, size_t max);
/* For the response to a request of that method. */
void http1_parser_response(struct http1_parser *p, struct view method,
    size_t max);

/* `data`: all bytes of the message so far. HTTP1_DONE: the head is complete,
 * p->head.len bytes long, p->framing is known; p->done if nothing follows.
 * HTTP1_BAD: p->head.error and .why. */
enum http1_result http1_parser_head(struct http1_parser *p, const char *data,
    size_t len);
/* How many of these bytes belong to the message (then p->done may be set), or
 * -1: malformed, p->head.why says how. */
ssize_t http1_parser_body(struct http1_parser *p, const char *data,
    size_t len);

/* Content-Length, 0: no body, -1: not known in advance. */
int64_t http1_parser_body_length(const struct http1_parser *p);

/* Proves on a list of messages that the llhttp at hand is as strict as this
 * proxy relies on; false and err if it is not. */
bool http1_parser_self_test(struct error *err);

#endif
