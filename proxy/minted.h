/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that one worker minted, kept for the next client that asks for
 * the same name: at most 4096, the least recently used go. */
#ifndef PROXY_MINTED_H
#define PROXY_MINTED_H

#include "proxy/ca.h"

struct minted;

/* Returns owned. */
struct minted *minted_new(void);
/* NULL is accepted. */
void minted_free(struct minted *m);
/* The certificate for that name with that flaw, minted now if need be.
 * Borrows until the next call; NULL if OpenSSL fails. */
const struct ca_leaf *minted_get(struct minted *m, const struct ca *ca,
    const char *name, enum tls_flaw flaw);

#endif
