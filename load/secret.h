/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that stand in files. */
#ifndef LOAD_SECRET_H
#define LOAD_SECRET_H

#include "base/attr.h"
#include "base/error.h"

/* The first line of the file, 1023 bytes of it at most; "" for NULL. Returns
 * owned; NULL: err says why it cannot be read. */
char *load_secret_read(const char *path, struct error *err) WARN_UNUSED;
/* Wipes and frees it; NULL is accepted. */
void load_secret_free(char *secret);

#endif
