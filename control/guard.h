/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the control API.
 *
 *	address reachable by      asked for
 *	this host (loopback)      a Host that only this host's names give
 *	who may open the socket   nothing: the file's mode has decided
 *	others                    the token (or nothing: `insecure`)
 *
 * A token, where there is one, is asked for in all cases, and lets any Host
 * pass. A web page must never get in, whatever name it made its browser
 * resolve to us (DNS rebinding): what a browser sends from another page is
 * refused everywhere. */
#ifndef CONTROL_GUARD_H
#define CONTROL_GUARD_H

#include <stdbool.h>

#include "base/error.h"
#include "config/model.h"
#include "control/web_server.h"

#define GUARD_DIGEST_SIZE 32

struct guard {
	/* SHA-256 of the token, so that a comparison takes the same time
	 * whatever is right of a wrong one, its length included. */
	unsigned char digest[GUARD_DIGEST_SIZE];
	bool has_token;
	bool loopback; /* only this host can reach the listener */
};

/* Reads the token file, if there is one; `address` is where it listens. False:
 * err says what is wrong. */
bool guard_init(struct guard *g, const struct conf_control *control,
    const struct conf_address *address, struct error *err);
/* Wipes it. */
void guard_fini(struct guard *g);
/* True if the request may pass; else the reply is made. */
bool guard_admits(const struct guard *g, const struct web_request *request,
    struct web_reply *reply);

#endif
