/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS ClientHello says, read without answering it: the server name and
 * the protocols offered (RFC 8446, 4.1.2; RFC 6066, 3; RFC 7301, 3.1). Pure:
 * bytes in, facts out. */
#ifndef PROXY_CLIENT_HELLO_H
#define PROXY_CLIENT_HELLO_H

#include <stddef.h>

#include "base/attr.h"

/* No hello is longer than this, record headers included. */
#define CLIENT_HELLO_MAX (64 * 1024)

enum client_hello_result {
	CLIENT_HELLO_MORE,    /* the bytes so far may begin one */
	CLIENT_HELLO_DONE,    /* the facts are there */
	CLIENT_HELLO_NOT_TLS, /* the first bytes begin something else */
	CLIENT_HELLO_BAD,     /* it is one, and broken; error says how */
};

struct client_hello {
	char sni[256];	/* lower case; empty: no name was sent */
	char alpn[256]; /* the names offered, with commas between them, as many
			   as fit; empty: none */
	const char *error; /* constant; with BAD only */
};

/* Reads the hello at the front of `data`, the first `len` bytes of a
 * connection, parted into records as it may be. Fills `to`. */
enum client_hello_result client_hello_parse(const void *data, size_t len,
    struct client_hello *to) WARN_UNUSED;

#endif
