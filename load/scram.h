/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel
 * binding. Passwords are taken as they are: ASCII is its own SASLprep. */
#ifndef LOAD_SCRAM_H
#define LOAD_SCRAM_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#define SCRAM_KEY	 32
#define SCRAM_NONCE	 25	 /* letters and the NUL */
#define SCRAM_ITERATIONS 1000000 /* more would hold up everybody */

/* A password, and what a salt and a number of iterations made of it: costly,
 * so that is kept for the next connection. Zeroed but for the password. */
struct scram_cache {
	const char *password; /* borrowed */
	unsigned char salt[64], salted[SCRAM_KEY];
	size_t salt_len;
	int iterations;
};

struct scram {
	const char *user;	 /* borrowed; "" where the server knows */
	char nonce[SCRAM_NONCE]; /* ours */
	unsigned char server[SCRAM_KEY]; /* the signature it must show */
	bool proven;
};

/* A fresh nonce; borrows user. False: there is no randomness. */
bool scram_init(struct scram *s, const char *user) WARN_UNUSED;
/* Appends the client's first message. */
void scram_first(const struct scram *s, struct str *to);
/* Appends the client's final message, in answer to the server's first one.
 * False: err says what is wrong with that. */
bool scram_final(struct scram *s, struct scram_cache *cache, struct view server,
		 struct str *to, struct error *err) WARN_UNUSED;
/* Does the server's final message prove that it knows the password? */
bool scram_verify(const struct scram *s, struct view server) WARN_UNUSED;

#endif
