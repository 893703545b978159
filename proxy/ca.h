/* SPDX-License-Identifier: Apache-2.0 */
/* The local certificate authority: made by `faultwire ca init`, trusted by
 * clients, and used to mint certificates on the fly. Immutable. */
#ifndef PROXY_CA_H
#define PROXY_CA_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "faults/tls_turn.h"

struct ca;

/* A certificate that was minted. */
struct ca_leaf {
	X509 *cert;   /* owned */
	X509 *issuer; /* sent along; owned; NULL: none is */
};

/* In the folder `dir`; NULL: the default one. */

/* Makes a CA (EC P-256, ten years) in the folder, which is made as well, its
 * key for the owner's eyes only. False and err if there is one, or no way. */
bool ca_init(const char *dir, struct error *err) WARN_UNUSED;
/* Appends the CA's certificate, PEM. False: err says why it cannot be read. */
bool ca_export(const char *dir, struct str *to, struct error *err) WARN_UNUSED;
/* Reads the CA of the folder. Returns owned, or NULL and err. */
struct ca *ca_load(const char *dir, struct error *err) WARN_UNUSED;
/* A CA that nobody knows, for certificates with flaws where there is none on
 * disk. Returns as ca_load. */
struct ca *ca_new(struct error *err) WARN_UNUSED;
/* NULL is accepted. */
void ca_free(struct ca *ca);
/* A number that no other CA of this process has. */
uint64_t ca_id(const struct ca *ca) PURE;
/* The file that holds the certificate. Returns owned. */
char *ca_cert_path(const char *dir) WARN_UNUSED;

/* Mints a certificate for a host name or a numeric address, with the flaw.
 * Any thread. False if OpenSSL fails. */
bool ca_mint(const struct ca *ca, const char *name, enum tls_flaw flaw,
    struct ca_leaf *to) WARN_UNUSED;
/* The key of every minted certificate. Borrows. */
EVP_PKEY *ca_leaf_key(const struct ca *ca);
/* Frees what it owns. Zeroed memory is accepted. */
void ca_leaf_fini(struct ca_leaf *leaf);

#endif
