/* SPDX-License-Identifier: Apache-2.0 */
/* What the groups `tls` and `upstream_tls` of a route become: contexts of
 * OpenSSL, made on the control thread before anything changes, then shared by
 * all workers and read only. They belong to the plan, counted; a route whose
 * groups and files did not change keeps its own. */
#ifndef PROXY_TLS_CONTEXT_H
#define PROXY_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/diag.h"
#include "proxy/ca.h"
#include "proxy/tls_file.h"

struct plan;

/* Sessions with an upstream that may be resumed; a worker has one of them. */
#define TLS_SESSIONS 32

/* Both begin with this. */
struct tls_context {
	atomic_uint refs;
	SSL_CTX *ctx;	  /* owned */
	uint64_t groups;  /* hash of what the configuration says */
	uint64_t files;	  /* hash of what the files say */
	unsigned char *alpn; /* owned; names with their lengths; NULL: none */
	unsigned alpn_len;
};

/* Names with their lengths. */
#define TLS_ALPN_HTTP1 "\x08http/1.1"
#define TLS_ALPN_HTTP2 "\x02h2"

struct tls_server {
	struct tls_context base;
	struct tls_pair *pairs; /* owned; the first is the default */
	size_t pairs_count;
	struct ca *ca; /* owned; who mints; NULL: nobody was needed */
	bool intercepts;
};

struct tls_client {
	struct tls_context base;
	_Atomic(SSL_SESSION *) sessions[TLS_SESSIONS]; /* owned */
};

/* Makes the contexts of all routes of `plan`, taking over those of `before`
 * (NULL: nothing) that still fit. A file that cannot be used is an error, or,
 * where contexts of the same groups are in force, a warning and these stay.
 * False: diag says why. */
bool tls_contexts_load(struct plan *plan, const struct plan *before,
    struct conf_diag *diag) WARN_UNUSED;
/* The same only to see whether it would work, warnings included. */
void tls_contexts_check(struct conf_model *model, struct conf_diag *diag);
/* Appends the paths of all files that the model's TLS groups name to `to`,
 * owned by its caller. */
void tls_contexts_files(const struct conf_model *model,
    struct conf_strings *to);

/* --- tls_make.c --- */

/* Each takes one more reference, of what it is given. Any thread. */
struct tls_server *tls_server_ref(struct tls_server *s);
struct tls_client *tls_client_ref(struct tls_client *c);
/* Each drops one reference; NULL is accepted. Any thread. */
void tls_server_unref(struct tls_server *s);
void tls_client_unref(struct tls_client *c);

/* A session to resume for that worker, owned by the caller (SSL_SESSION_free);
 * NULL: none. Any thread. */
SSL_SESSION *tls_client_session(struct tls_client *c, unsigned worker);

#endif
