/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of those whom we tell something: http:// or https://, a host, perhaps a
 * port and a path. */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "config/model.h"

struct conf_url {
	struct conf_address address; /* owned; port 80 or 443 unless given */
	bool tls;
	char *path; /* owned; "" or "/…", its query included */
};

/* Reads a URL; `to` is to be finished in any case. Somebody's name and password
 * in it are refused: files and the environment hold tokens. False: err says
 * what was expected. */
bool conf_url_parse(const char *text, struct conf_url *to,
    struct error *err) WARN_UNUSED;
/* Zeroed memory is accepted. */
void conf_url_fini(struct conf_url *u);

#endif
