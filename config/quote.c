/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting, and its way back as far as libconfig does not do it. */
#include "config/quote.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Dollars before another dollar or a brace would be read as something else:
 * doubles a whole run of them. Returns the length of the run. */
static size_t
add_dollars(struct str *to, const char *p)
{
	size_t run = strspn(p, "$"), i;
	bool special = run > 1 || p[run] == '{';

	for (i = 0; i < run; i++)
		str_add(to, special ? "$$" : "$");
	return run;
}

void
quote_add(struct str *to, const char *text)
{
	const char *p = text;

	str_add_char(to, '"');
	while (*p != '\0') {
		unsigned char c = (unsigned char)*p;

		if (c == '$') {
			p += add_dollars(to, p);
			continue;
		}
		if (c == '"' || c == '\\')
			str_printf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			str_printf(to, "\\x%02x", c);
		else
			str_add_char(to, (char)c);
		p++;
	}
	str_add_char(to, '"');
}

static size_t
name_len(const char *p)
{
	size_t n = 0;

	if (isalpha((unsigned char)p[0]) || p[0] == '_') {
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
	}
	return n;
}

/* Expands the reference whose name begins at p; moves *end behind its brace. */
static bool
expand_one(const char *p, const char **end, struct str *to, struct error *err)
{
	size_t len = name_len(p);
	const char *value, *close = strchr(p, '}');
	char *name;

	if (close == NULL || len == 0 ||
	    (p + len != close && strncmp(p + len, ":-", 2) != 0))
		return error_set(
		    err, 0,
		    "\"${%.30s\" is not a variable; "
		    "expected ${NAME} or ${NAME:-default}, or $${ for ${",
		    p);
	name = xmemdup0(p, len);
	value = getenv(name);
	*end = close + 1;
	if (p + len == close && value == NULL) {
		error_set(err, 0,
			  "the environment has no %.100s; expected "
			  "it to be set, or ${%.60s:-default}",
			  name, name);
		free(name);
		return false;
	}
	free(name);
	if (p + len != close && (value == NULL || *value == '\0'))
		str_add_bytes(to, p + len + 2, (size_t)(close - p) - len - 2);
	else
		str_add(to, value);
	return true;
}

bool
env_expand(const char *text, struct str *to, struct error *err)
{
	const char *p = text;

	while (*p != '\0') {
		if (p[0] == '$' && p[1] == '{') {
			if (!expand_one(p + 2, &p, to, err))
				return false;
			continue;
		}
		if (p[0] == '$' && p[1] == '$')
			p++;
		str_add_char(to, *p++);
	}
	return true;
}
