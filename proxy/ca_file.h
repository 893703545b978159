/* SPDX-License-Identifier: Apache-2.0 */
/* The local CA on disk: ca.pem for everybody, ca.key for the owner alone. */
#ifndef PROXY_CA_FILE_H
#define PROXY_CA_FILE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/error.h"

/* Writes both files into the folder (NULL: the default one); false and err if
 * they exist or cannot be written. */
bool ca_file_write(const char *dir, X509 *cert, EVP_PKEY *key,
    struct error *err) WARN_UNUSED;
/* Reads both; they are returned owned. False and err if a file lacks, is
 * broken, does not fit the other, or others may read the key. */
bool ca_file_read(const char *dir, X509 **cert, EVP_PKEY **key,
    struct error *err) WARN_UNUSED;

#endif
