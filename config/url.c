/* SPDX-License-Identifier: Apache-2.0 */
/* URLs, as far as we follow them. */
#include "config/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static bool
wrong(const char *text, const char *why, struct error *err)
{
	return error_set(err, 0, "\"%.200s\" %s; expected a URL such as "
			 "http://host:port or https://host/path", text, why);
}

/* Only what may stand in the head of a request. */
static bool
is_clean(const char *text)
{
	for (const unsigned char *c = (const void *)text; *c != '\0'; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return false;
	}
	return strchr(text, '#') == NULL;
}

bool
conf_url_parse(const char *text, struct conf_url *to, struct error *err)
{
	const char *at = text;
	char *full;
	size_t len;
	bool ok;

	*to = (struct conf_url){0};
	to->tls = strncmp(text, "https://", 8) == 0;
	if (!to->tls && strncmp(text, "http://", 7) != 0)
		return wrong(text, "begins with neither http:// nor https://",
		    err);
	at += to->tls ? 8 : 7;
	len = strcspn(at, "/?");
	if (!is_clean(text))
		return wrong(text, "has bytes that no URL has", err);
	if (memchr(at, '@', len) != NULL)
		return wrong("it", "has a name or password, which belong in "
			     "a token file", err);
	if (len == 0)
		return wrong(text, "names no host", err);
	full = xasprintf("%.*s%s", (int)len, at,
	    conf_address_has_port(at, len) ? ""
		: to->tls		       ? ":443"
					       : ":80");
	/* What begins so is a path in an address, also with our port. */
	ok = strncmp(full, "unix:", 5) == 0
		? wrong(text, "names a unix socket", err)
		: conf_address_parse(full, false, &to->address, err);
	free(full);
	to->path = xasprintf("%s%s", at[len] == '?' ? "/" : "", at + len);
	return ok;
}

void
conf_url_fini(struct conf_url *u)
{
	conf_address_fini(&u->address);
	free(u->path);
	*u = (struct conf_url){0};
}
