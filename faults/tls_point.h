/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a handshake the records (RFC 8446, 5.1) of one link are: finds the
 * first byte of a flight, however reads part the records. For kinds that act at
 * such a point; zeroed memory is the state of a link of which nothing was
 * seen. */
#ifndef FAULTS_TLS_POINT_H
#define FAULTS_TLS_POINT_H

#include "faults/fault.h"

enum tls_at {
	TLS_AT_CLIENT_HELLO,	/* the client's first record */
	TLS_AT_SERVER_HELLO,	/* the server's first record */
	TLS_AT_CLIENT_FINISHED, /* the client's second flight */
	TLS_AT_SERVER_FINISHED, /* what follows the server's hello in secret
				   (TLS 1.3), or its second flight */
};

/* Their words, for CONF_ENUM; ended by NULL. */
extern const char *const tls_at_choices[];

struct tls_point {
	size_t left;  /* bytes of the record under way */
	bool reached; /* held input begins at the point, or is behind it */
	bool other;   /* this is not TLS, or the point was passed over */
};

#define TLS_RECORD_HEAD 5

/* The link in which the point is, as LINK_MASK_*. */
unsigned tls_at_links(enum tls_at at) PURE;
/* Looks on; returns how many of the held bytes stand before the point and may
 * pass. The rest waits for more bytes, or for the caller if `reached`. */
size_t tls_point_before(struct tls_point *p, enum tls_at at,
    const struct bytes *in);

#endif
