/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens in files. */
#ifndef CONFIG_TOKEN_H
#define CONFIG_TOKEN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

/* Reads the one word that a file holds, at most 4 KiB, into `to`, which comes
 * empty; blanks and line ends behind the word are dropped, others refused: what
 * does not fit into a header would never match. `key` is what names the file,
 * for err. The caller wipes `to`, also after a failure. */
bool conf_token_read(const char *path, const char *key, struct str *to,
    struct error *err) WARN_UNUSED;

#endif
