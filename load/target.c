/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a target. */
#include "load/target.h"

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
};

bool
load_target_parse(const char *text, struct load_target *to, struct error *err)
{
	const char *colon, *bracket;
	unsigned port = 0;
	char *full;
	bool ok;

	*to = (struct load_target){0};
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, len) != 0)
			continue;
		text += len;
		to->tls = schemes[i].tls;
		port = schemes[i].port;
		break;
	}
	if (port != 0 && strncmp(text, "unix:", 5) != 0 &&
	    text[strcspn(text, "/?#")] != '\0')
		return error_set(err, 0,
				 "%s: paths belong to the requests; "
				 "expected host:port",
				 text);
	colon = strrchr(text, ':');
	bracket = strchr(text, ']');
	if (port != 0 &&
	    (colon == NULL || (bracket != NULL && bracket > colon)))
		full = xasprintf("%s:%u", text, port);
	else
		full = xstrdup(text);
	ok = conf_address_parse(full, false, &to->address, err);
	free(full);
	return ok;
}

void
load_target_fini(struct load_target *t)
{
	conf_address_fini(&t->address);
	free(t->ca_file);
	free(t->server_name);
	*t = (struct load_target){0};
}
