/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys from PEM files, with errors that name the file. */
#ifndef PROXY_TLS_FILE_H
#define PROXY_TLS_FILE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "config/model.h"

/* A certificate with its key and the chain that is sent along. */
struct tls_pair {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain; /* may be empty */
};

/* Reads a certificate and its key (key_path NULL: it stands in the same
 * file). False and err: a file lacks, is broken, or the two do not fit. */
bool tls_pair_read(const char *cert_path, const char *key_path,
    struct tls_pair *to, struct error *err) WARN_UNUSED;
/* Zeroed memory is accepted. */
void tls_pair_fini(struct tls_pair *pair);
/* All certificates of a file, at least one. Returns owned, or NULL and err. */
STACK_OF(X509) *tls_certificates_read(const char *path, struct error *err);
/* The file's bytes, read into `text` (empty before; its caller's), to be parsed
 * from there. Returns owned, or NULL and err. */
BIO *tls_file_open(const char *path, struct str *text,
    struct error *err) WARN_UNUSED;
/* True if others than its owner may read the file. */
bool tls_file_is_open(const char *path);
/* A hash that changes with the contents of the files, and their number. */
uint64_t tls_files_hash(const char *const *paths, size_t count);

#endif
