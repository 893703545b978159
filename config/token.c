/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens in files. */
#include "config/token.h"

#include <ctype.h>
#include <errno.h>

#include "config/source.h"

#define TOKEN_MAX 4096

bool
conf_token_read(const char *path, const char *key, struct str *to,
    struct error *err)
{
	struct error why;

	if (!source_read(path, TOKEN_MAX, to, &why))
		return error_set(err, why.code, "%s: %s %s", key, path,
		    why.code == EFBIG
			? "is too large; expected a token on one line"
			: why.text);
	while (to->len > 0 && isspace((unsigned char)to->text[to->len - 1]))
		to->text[--to->len] = '\0';
	if (to->len == 0)
		return error_set(err, 0, "%s: %s is empty; expected a token "
				 "on one line", key, path);
	for (size_t i = 0; i < to->len; i++) {
		if (!isgraph((unsigned char)to->text[i]))
			return error_set(err, 0,
			    "%s: %s holds blanks or control characters; "
			    "expected a token on one line", key, path);
	}
	return true;
}
