/* SPDX-License-Identifier: Apache-2.0 */
/* The token that a receiver wants to see: from a file, or from a variable of
 * the environment; never from arguments, which everybody may read. */
#ifndef TELEMETRY_TOKEN_H
#define TELEMETRY_TOKEN_H

#include "base/error.h"

/* Where it is. */
struct token_place {
	const char *file; /* NULL: none is named */
	const char *key;  /* what names the file, for err */
	const char *variable; /* that has it if there is no file */
};

/* *to is owned, NULL if there is none. False: the file cannot be read, err says
 * so. */
bool token_get(const struct token_place *place, char **to,
    struct error *err) WARN_UNUSED;
/* Both the same, or both NULL. */
bool token_equal(const char *a, const char *b);
/* Wipes and frees it; NULL is accepted. */
void token_free(char *token);

#endif
