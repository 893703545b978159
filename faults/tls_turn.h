/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS layer asks the faults on its wire before it does it. */
#ifndef FAULTS_TLS_TURN_H
#define FAULTS_TLS_TURN_H

#include <stdbool.h>

/* What is wrong with a certificate. X(enum, word) */
#define TLS_FLAWS(X)                                                           \
	X(TLS_FLAW_NONE, "none")                                               \
	X(TLS_FLAW_EXPIRED, "expired")                                         \
	X(TLS_FLAW_NOT_YET_VALID, "not_yet_valid")                             \
	X(TLS_FLAW_WRONG_NAME, "wrong_name")                                   \
	X(TLS_FLAW_SELF_SIGNED, "self_signed")                                 \
	X(TLS_FLAW_UNKNOWN_CA, "unknown_ca")                                   \
	X(TLS_FLAW_MISSING_INTERMEDIATE, "missing_intermediate")

enum tls_flaw {
#define X(id, word) id,
	TLS_FLAWS(X)
#undef X
};

enum tls_question {
	TLS_CERTIFICATE, /* which certificate is shown to a client? */
	TLS_CLOSE,	 /* is the end announced (close_notify)? */
};

/* Stages change the answers. */
struct tls_turn {
	enum tls_question question;
	enum tls_flaw flaw; /* of the certificate */
	bool silent;	    /* the stream just ends */
};

#endif
