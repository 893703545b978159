/* SPDX-License-Identifier: Apache-2.0 */
/* A target made ready to be dialled: its addresses, and a TLS context. */
#ifndef LOAD_ENDPOINT_H
#define LOAD_ENDPOINT_H

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "load/target.h"

struct load_address {
	struct sockaddr_storage to;
	socklen_t len;
};

struct load_endpoint {
	struct load_address *addresses; /* owned; one at least */
	size_t count;
	size_t good;	   /* the one that answered last: tried first */
	SSL_CTX *tls;	   /* owned; NULL: plain */
	char *server_name; /* owned; for TLS; NULL: none (a unix socket) */
	char *authority;   /* owned; "host:port", of HTTP; "localhost" for a
			      unix socket */
};

/* Resolves and loads; blocks as the resolver does. `alpn` is what connections
 * by TLS must agree on ("h2"); NULL: nothing is offered. False: err says what
 * failed. To be finished in both cases. */
bool load_endpoint_init(struct load_endpoint *e,
			const struct load_target *target, const char *alpn,
			struct error *err) WARN_UNUSED;
void load_endpoint_fini(struct load_endpoint *e);
/* A client's layer over the socket (borrowed), before its handshake; owned.
 * NULL if OpenSSL refuses. The endpoint must have `tls`. */
SSL *load_endpoint_secure(const struct load_endpoint *e, int fd);

#endif
