/* SPDX-License-Identifier: Apache-2.0 */
/* Making one context (tls_context.c decides when). */
#ifndef PROXY_TLS_MAKE_H
#define PROXY_TLS_MAKE_H

#include "proxy/tls_context.h"

/* From a route's `tls`; `old` (NULL: none) lends its ticket keys, so that
 * tickets given out before stay good. Returns owned, or NULL and err. */
struct tls_server *tls_server_new(const struct conf_route *route,
    const struct tls_server *old, struct error *err) WARN_UNUSED;
/* From a route's `upstream_tls`. Returns as above. */
struct tls_client *tls_client_new(const struct conf_route *route,
    struct error *err) WARN_UNUSED;
/* Sessions that the upstream gives to `ssl` are kept by the client, for that
 * worker; `ssl` borrows it. */
void tls_client_bind(SSL *ssl, struct tls_client *c, unsigned worker);

#endif
