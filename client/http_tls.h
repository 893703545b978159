/* SPDX-License-Identifier: Apache-2.0 */
/* TLS below http_client: one context for many connections, and one connection
 * on a socket that does not block. The peer's certificate must be good for the
 * name that was asked for. */
#ifndef CLIENT_HTTP_TLS_H
#define CLIENT_HTTP_TLS_H

#include <openssl/types.h>
#include <sys/types.h>

#include "base/error.h"

/* Trusts the certificates in ca_file (PEM; NULL: the system's). Any thread may
 * use it. Returns owned (SSL_CTX_free), or NULL and err. */
SSL_CTX *http_tls_new(const char *ca_file, struct error *err);
/* A connection on `fd` (borrowed, never closed here) to `host`, a name or an
 * address. Returns owned, or NULL and err. */
SSL *http_tls_open(SSL_CTX *ctx, int fd, const char *host,
    struct error *err);
/* Frees it, after a close_notify if that needs no waiting. NULL is accepted. */
void http_tls_close(SSL *ssl);

/* These return 1 or how many bytes, 0 once the peer has said that it ends
 * (close_notify), or -1 with *wait what poll(2) is to wait for, 0: it failed,
 * err says why. */
int http_tls_handshake(SSL *ssl, short *wait, struct error *err);
ssize_t http_tls_send(SSL *ssl, const void *data, size_t len, short *wait,
    struct error *err);
ssize_t http_tls_recv(SSL *ssl, void *data, size_t len, short *wait,
    struct error *err);

#endif
