/* SPDX-License-Identifier: Apache-2.0 */
/* Heads in the syntax of HTTP/1 as the fields of HTTP/2. What only concerns
 * one hop of HTTP/1 (Connection and what it names, Transfer-Encoding, …) is
 * left out. */
#ifndef PROXY_HTTP2_FIELDS_H
#define PROXY_HTTP2_FIELDS_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>

#include "base/str.h"
#include "proxy/http1_head.h"

#define HTTP2_FIELDS_MAX (HTTP1_FIELDS_MAX + 8)

struct http2_fields {
	nghttp2_nv nv[HTTP2_FIELDS_MAX]; /* borrowed from the text */
	size_t count;
	int status; /* of a response */
};

/* Reads a request's head; names in `text` become lower case, and `to` borrows
 * from it. False: it is not one that HTTP/2 could carry. */
bool http2_fields_request(struct http2_fields *to, struct str *text,
    struct view scheme);
/* The same of a response's. */
bool http2_fields_response(struct http2_fields *to, struct str *text);
/* The same of lines alone, as trailers have them. */
bool http2_fields_lines(struct http2_fields *to, struct str *text);

#endif
