/* SPDX-License-Identifier: Apache-2.0 */
/* Responses that no server sent: what faults answer, and the proxy's own
 * errors. */
#ifndef PROXY_HTTP1_REPLY_H
#define PROXY_HTTP1_REPLY_H

#include "faults/fault.h"

/* Builds a whole response to a request of that method into `to`. `close`: say
 * that the connection ends behind it. A body is announced but left out where
 * the method is HEAD. */
void http1_reply_build(struct str *to, const struct stage_reply *reply,
    struct view method, bool close);
/* The proxy's own error, with a line of text and a Proxy-Status header
 * (RFC 9209) whose error type is `error` (NULL: none). */
void http1_reply_error(struct str *to, int status, const char *error,
    const char *text, struct view method, bool close);

#endif
