/* SPDX-License-Identifier: Apache-2.0 */
/* Schemes, and what they stand for. */
#include "config/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const struct {
	const char *prefix;
	bool tls;
	unsigned port;
} schemes[] = {
    {"http://", false, 80},
    {"https://", true, 443},
    {"tls://", true, 0},
};

static bool
is_unix(const char *text)
{
	return strncmp(text, "unix:", 5) == 0;
}

bool
conf_target_parse(const char *text, struct conf_address *to, bool *tls,
    struct error *err)
{
	unsigned port = 0;
	bool ok, url = false;
	char *full;

	*to = (struct conf_address){0};
	*tls = false;
	for (size_t i = 0; i < COUNT_OF(schemes) && !url; i++) {
		size_t len = strlen(schemes[i].prefix);

		url = strncmp(text, schemes[i].prefix, len) == 0;
		if (!url)
			continue;
		text += len;
		*tls = schemes[i].tls;
		port = schemes[i].port;
	}
	if (url && !is_unix(text) && text[strcspn(text, "/?#")] != '\0')
		return error_set(err, 0, "%s: paths belong to the requests; "
		    "expected host:port", text);
	full = port != 0 && !conf_address_has_port(text, strlen(text))
	    ? xasprintf("%s:%u", text, port)
	    : xstrdup(text);
	ok = conf_address_parse(full, false, to, err);
	free(full);
	return ok;
}
