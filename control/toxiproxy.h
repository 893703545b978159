/* SPDX-License-Identifier: Apache-2.0 */
/* Toxiproxy's HTTP API (version 2.12, its README and api.go), as its clients
 * know it: a proxy is a route, a toxic is a fault on it. docs/toxiproxy.md
 * lists where we differ on purpose. */
#ifndef CONTROL_TOXIPROXY_H
#define CONTROL_TOXIPROXY_H

#include <stdbool.h>

#include "control/state.h"
#include "control/web_server.h"

/* What /version says: a Toxiproxy that clients accept, not ourselves. */
#define TOXIPROXY_VERSION "2.12.0"

/* Creates the proxies of a file, by the rules of POST /populate: *done of them.
 * False: err says what is wrong; those before it are there. */
bool toxiproxy_load(struct state *state, const char *path, size_t *done,
    struct error *err);
/* Answers the request if its path is one of Toxiproxy's, or has doubled slashes
 * (which are redirected, as there); else false. */
bool toxiproxy_handle(struct state *state, const struct web_request *request,
    struct web_reply *reply);

#endif
