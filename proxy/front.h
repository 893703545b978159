/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before a protocol, on listeners that ask for it: a PROXY header,
 * the destination, a look at the client's TLS hello, the route, the TLS
 * handshake. Then the connection is handed over to the protocol. */
#ifndef PROXY_FRONT_H
#define PROXY_FRONT_H

#include "proxy/session.h"

/* True if connections of this listener pass here first. */
static inline bool
front_needed(const struct plan_listener *l)
{
	return l->preface || l->hello || l->accept != ACCEPT_PLAIN;
}

/* Takes from->fd. The protocol's accept is called once all is known, perhaps
 * before this returns, unless the connection ends before. */
void front_accept(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from);

#endif
