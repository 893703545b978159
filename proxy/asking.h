/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that ask for their destination before their first byte: by a
 * CONNECT request of HTTP (RFC 9110, 9.3.6) or by SOCKS version 5 (RFC 1928,
 * RFC 1929). Pure: bytes in, a wish and bytes to answer out.
 *
 *   asking_look() ─► MORE … ─► DONE: host, port ─► asking_answer()
 *                                                  asking_deny()
 */
#ifndef PROXY_ASKING_H
#define PROXY_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proxy/dial.h"
#include "proxy/http1_head.h"

enum asking_result {
	ASKING_MORE, /* good so far */
	ASKING_DONE,
	ASKING_BAD, /* the client gets what is in reply, and is closed */
};

/* What one client said so far. */
struct asking {
	const struct asking_ops *ops;
	struct http1_head head; /* connect */
	uint8_t step;		/* socks5: enum socks5_step */
	bool requests; /* connect: requests with a whole URL will do, too */
	bool per_request; /* DONE: that was one, and is left where it is */
	size_t used;	  /* bytes of the last look that are dealt with */
	struct str reply; /* owned: to be sent now; the caller clears it */
	char *host;	  /* owned; DONE: a name or an address */
	uint16_t port;
	const char *why; /* BAD: constant text */
};

/* How one kind of proxy is spoken to. */
struct asking_ops {
	enum asking_result (*look)(struct asking *, const char *data,
	    size_t len);
	void (*answer)(struct str *to, enum dial_result result);
	void (*deny)(struct str *to);
};
extern const struct asking_ops connect_ops, socks5_ops;

/* The client of a route with that accept (enum conf_accept); at most
 * max_head bytes are taken for its wish. `requests`: it may also ask by
 * requests of HTTP whose target is a whole URL. */
void asking_init(struct asking *a, int accept, bool requests,
    size_t max_head);
void asking_fini(struct asking *a);
/* Looks at all bytes that were read and not used. a->used of them may go. */
enum asking_result asking_look(struct asking *a, const char *data,
    size_t len);
/* Host and port (80 if there is none) of a target such as http://host/path;
 * false: it is none. *host is owned. */
bool asking_url(struct view target, char **host, uint16_t *port);
/* Appends what the client hears of the dial for its wish. */
void asking_answer(int accept, enum dial_result result, struct str *to);
/* Appends what it hears if no route takes its destination. */
void asking_deny(int accept, struct str *to);

#endif
