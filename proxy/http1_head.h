/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an HTTP/1 message, looked at line by line as its bytes arrive.
 * It finds the head's end and the few facts that a proxy needs, and refuses
 * what two readers could understand differently: bare LF, folded lines, two
 * lengths, no or two hosts, versions other than 1.0 and 1.1, endless heads.
 * llhttp judges the rest (http1_parser.h). Nothing is copied: all places are
 * offsets from the head's first byte. */
#ifndef PROXY_HTTP1_HEAD_H
#define PROXY_HTTP1_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The most header lines of one head. */
#define HTTP1_FIELDS_MAX 256
/* What is said of one beyond its bound. */
#define HTTP1_HEAD_TOO_LARGE "the whole head is larger than max_header"

enum http1_result {
	HTTP1_MORE, /* good so far */
	HTTP1_DONE,
	HTTP1_BAD,
};

struct http1_span {
	uint32_t at, len;
};

struct http1_head {
	uint32_t max;  /* bytes allowed */
	uint32_t line; /* where the first incomplete line begins */
	uint32_t len;  /* of the whole head; 0: not complete yet */
	uint16_t fields;
	uint16_t error;	     /* HTTP1_BAD: the status that says so */
	const char *why;     /* HTTP1_BAD: constant text */
	int64_t length;	     /* Content-Length; -1: none */
	struct http1_span method, target; /* requests */
	struct http1_span host; /* without port; of the target if it has one */
	struct http1_span path, query; /* of the target */
	struct http1_span traceparent; /* value; len 0: none, or several */
	int status;	     /* responses */
	uint8_t minor;	     /* HTTP/1.minor */
	bool is_request, has_first, has_host;
	bool coded;	     /* Transfer-Encoding is there */
	bool chunked;	     /* … and ends in chunked */
	bool close, keep_alive, upgrade; /* said by Connection */
	bool expects;	     /* Expect: 100-continue */
	bool has_traceparent, has_tracestate;
};

/* Prepares for a message of at most `max` bytes of head. */
void http1_head_init(struct http1_head *h, bool is_request, size_t max);
/* Looks on. `data` holds all bytes of the message so far, `len` of them.
 * HTTP1_DONE: h->len says where the head ends. HTTP1_BAD: h->error, h->why. */
enum http1_result http1_head_scan(struct http1_head *h, const char *data,
    size_t len);

/* True if the connection may live on behind this message, by its own words
 * and version; framing is not looked at. */
bool http1_head_keeps_alive(const struct http1_head *h);

/* The bytes of a span. */
static inline struct view
http1_span(const char *data, struct http1_span s)
{
	return (struct view){data + s.at, s.len};
}

/* n-th value of a header in the text of a head (its first line is passed
 * over); borrows. */
bool http1_head_find(struct view head, const char *name, size_t n,
    struct view *value);
/* All of them, one after the other: *at is 0 at first, and moves on. False:
 * there is no more. Borrows. */
bool http1_head_next(struct view head, size_t *at, struct view *name,
    struct view *value);

#endif
