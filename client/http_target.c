/* SPDX-License-Identifier: Apache-2.0 */
/* Whom http_client asks: addresses as people write them, and paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "client/http_client.h"

#define DEFAULT_PORT 8474
#define TIMEOUT_US   10000000

/* Host and port, whatever stands for them: "", host, [v6], host:port. */
static bool
parse_host(struct http_client_target *t, const char *text, struct error *err)
{
	size_t len = strcspn(text, "/?#");
	const char *local = text[0] == ':' || len == 0 ? "localhost" : "";
	char *full;
	bool ok;

	if (conf_address_has_port(text, len))
		full = xasprintf("%s%.*s", local, (int)len, text);
	else
		full = xasprintf("%s%.*s:%d", local, (int)len, text,
		    DEFAULT_PORT);
	ok = conf_address_parse(full, false, &t->address, err);
	free(full);
	return ok;
}

bool
http_client_target_init(struct http_client_target *t, const char *url,
    struct error *err)
{
	*t = (struct http_client_target){.timeout_us = TIMEOUT_US,
	    .cancel_fd = -1};
	if (strncmp(url, "https://", 8) == 0)
		return error_set(err, 0, "%s: the control API speaks plain "
					 "HTTP; expected http://", url);
	if (strncmp(url, "unix:", 5) == 0)
		return conf_address_parse(url, false, &t->address, err);
	if (strncmp(url, "http://", 7) == 0)
		url += 7;
	return parse_host(t, url, err);
}

void
http_client_target_fini(struct http_client_target *t)
{
	conf_address_fini(&t->address);
}

void
http_client_escape(struct str *path, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			str_add_char(path, *text);
		else
			str_printf(path, "%%%02X", (unsigned char)*text);
	}
}
