/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the control API. Loopback and Unix sockets are trusted; any
 * other address needs a token. A web page must never reach it, whatever name
 * it made its browser resolve to us (DNS rebinding). */
#ifndef CONTROL_GUARD_H
#define CONTROL_GUARD_H

#include <stdbool.h>

#include "base/error.h"
#include "config/model.h"
#include "control/web_server.h"

struct guard {
	char *token;   /* owned; NULL: none is asked for */
	bool loopback; /* only this host can reach the listener */
};

/* Reads the token file, if there is one. False: err says what is wrong. */
bool guard_init(struct guard *g, const struct conf_control *control,
    const struct conf_address *address, struct error *err);
void guard_fini(struct guard *g);
/* True if the request may pass; else the reply is made. */
bool guard_admits(const struct guard *g, const struct web_request *request,
    struct web_reply *reply);

#endif
