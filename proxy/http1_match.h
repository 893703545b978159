/* SPDX-License-Identifier: Apache-2.0 */
/* Which route of a listener a request belongs to. */
#ifndef PROXY_HTTP1_MATCH_H
#define PROXY_HTTP1_MATCH_H

#include "proxy/client_facts.h"
#include "proxy/http1_head.h"
#include "proxy/plan.h"

/* The path that conditions see: "/" for an empty one (but with CONNECT, which
 * has none). `data` holds the head. Borrows. */
struct view http1_match_path(const struct http1_head *h, const char *data);
/* What the head (`data` holds it) and the connection say about the request;
 * facts may be NULL. False: nothing. Borrows. */
bool http1_match_fact(const struct http1_head *h, const char *data,
    const struct client_facts *facts, enum fact fact, struct view *to);
/* The first route whose patterns of host (without port), path and server name
 * all fit, or NULL. facts may be NULL. Borrows. */
const struct armed_route *http1_match_route(const struct plan_listener *l,
    const struct http1_head *h, const char *data,
    const struct client_facts *facts);

#endif
