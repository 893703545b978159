/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages (RFC 1035, EDNS of RFC 6891), as far as a proxy needs them:
 * what a query asks, which answer belongs to it, and short answers of our
 * own. Every byte is checked against the message's length; names may be
 * compressed and never loop. */
#ifndef BASE_DNS_H
#define BASE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Room for any name as text: 255 bytes, each perhaps as \DDD. */
#define DNS_NAME_TEXT 1024
/* Room for any type as text. */
#define DNS_TYPE_TEXT 16
/* Room for any answer of our own. */
#define DNS_REPLY_MAX 512

/* Response codes. */
enum dns_code {
	DNS_NOERROR = 0,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_REFUSED = 5,
};

/* The first question of a message; without one, name is NULL. */
struct dns_question {
	bool is_answer;
	uint16_t id, type, class;
	/* In lower case, without a final dot ("." is the root); bytes that are
	 * not printable, blanks and dots within labels as \DDD. */
	const char *name; /* borrowed; NULL: none */
};

/* Reads header and first question; the name goes to `name`, and to->name is
 * that. False: this is no such message, and *to says nothing. */
bool dns_parse(const void *data, size_t len, struct dns_question *to,
	       char name[DNS_NAME_TEXT]) WARN_UNUSED;
/* True if `answer` answers `query`: same number, and the same question where
 * both of them name one. */
bool dns_answers(const struct dns_question *answer,
		 const struct dns_question *query);
/* "A", "AAAA", …, "TYPE65280". */
void dns_type_text(uint16_t type, char to[DNS_TYPE_TEXT]);

/* What an answer of our own says. */
struct dns_reply {
	enum dns_code code;
	bool truncated;
	/* The address it gives where that is asked for (A, AAAA); 0, 4 or 16
	 * bytes. */
	unsigned char address[16];
	size_t address_len;
	uint32_t ttl; /* seconds */
};

/* Writes the answer to a query: its number, question and EDNS are repeated as
 * a resolver expects. Returns its length, or 0 if this is no plain query. */
size_t dns_answer(const void *query, size_t len, const struct dns_reply *reply,
		  unsigned char to[DNS_REPLY_MAX]);

#endif
