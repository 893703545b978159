/* SPDX-License-Identifier: Apache-2.0 */
/* Which route of a listener a request belongs to. */
#ifndef PROXY_HTTP1_MATCH_H
#define PROXY_HTTP1_MATCH_H

#include "proxy/http1_head.h"
#include "proxy/plan.h"

/* The path that conditions see: "/" for an empty one (but with CONNECT, which
 * has none). `data` holds the head. Borrows. */
struct view http1_match_path(const struct http1_head *h, const char *data);
/* What the head says about the request; `data` holds it. False: nothing.
 * Borrows. */
bool http1_match_fact(const struct http1_head *h, const char *data,
    enum fact fact, struct view *to);
/* The first route whose host (without port) and path patterns both fit, or
 * NULL. Borrows. */
const struct armed_route *http1_match_route(const struct plan_listener *l,
    const struct http1_head *h, const char *data);

#endif
