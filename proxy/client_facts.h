/* SPDX-License-Identifier: Apache-2.0 */
/* What was learnt about the client of a connection before its first byte: from
 * its ClientHello and handshake, from the kernel, or by what it asked for
 * (proxy/destination.h). Belongs to the client's side of a session; a TLS layer
 * keeps a copy of the names for its own connection. */
#ifndef PROXY_CLIENT_FACTS_H
#define PROXY_CLIENT_FACTS_H

#include <stdbool.h>

#include "faults/engine.h"

struct destination;

struct client_facts {
	char *sni;  /* owned; "": none was sent */
	char *alpn; /* owned; agreed on, or (no tls) offered; "": none */
	struct destination *destination; /* owned; NULL: none is known */
};

/* Returns owned; texts are copied (NULL: empty). */
struct client_facts *client_facts_new(const char *sni, const char *alpn);
/* What its hello says; texts are copied (NULL: empty). */
void client_facts_learn(struct client_facts *facts, const char *sni,
    const char *alpn);
/* NULL is accepted. */
void client_facts_free(struct client_facts *facts);
/* Answers FACT_SNI, FACT_ALPN and FACT_DESTINATION; false: unknown, or another
 * fact. Borrows; `facts` may be NULL. */
bool client_facts_answer(const struct client_facts *facts, enum fact fact,
    struct view *to);

#endif
