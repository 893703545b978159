/* SPDX-License-Identifier: Apache-2.0 */
/* Responses that no server sent: what faults answer, and the proxy's own
 * errors. */
#ifndef PROXY_HTTP1_REPLY_H
#define PROXY_HTTP1_REPLY_H

#include "faults/fault.h"

/* An answer of the proxy's own. */
struct http_error {
	int status;
	const char *error; /* RFC 9209's word; NULL: there is none */
	const char *text;  /* a line for people */
};

/* Builds a whole response to a request of that method into `to`. `close`: say
 * that the connection ends behind it. A body is announced but left out where
 * the method is HEAD. With reply->by a Proxy-Status header names the fault. */
void http1_reply_build(struct str *to, const struct stage_reply *reply,
    struct view method, bool close);
/* The proxy's own error, with its line of text; `announce`: and a Proxy-Status
 * header (RFC 9209) with its error type and the text as details. */
void http1_reply_error(struct str *to, const struct http_error *error,
    struct view method, bool announce, bool close);
/* Adds a string of structured fields: in quotes, and what is not printable
 * ASCII as "?" (RFC 9651, 3.3.3). */
void http1_reply_quote(struct str *to, const char *text);

#endif
