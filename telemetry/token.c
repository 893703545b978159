/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of receivers. */
#include "telemetry/token.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/token.h"

bool
token_get(const struct token_place *place, char **to, struct error *err)
{
	const char *from_env = getenv(place->variable);
	struct str text = {0};

	*to = NULL;
	if (place->file == NULL) {
		if (from_env != NULL && from_env[0] != '\0')
			*to = xstrdup(from_env);
		return true;
	}
	if (!conf_token_read(place->file, place->key, &text, err)) {
		token_free(str_take(&text));
		return false;
	}
	*to = str_take(&text);
	return true;
}

bool
token_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
token_free(char *token)
{
	if (token != NULL)
		OPENSSL_cleanse(token, strlen(token));
	free(token);
}
