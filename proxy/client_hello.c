/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a ClientHello (RFC 8446, 4.1.2). Lengths are checked exactly, so
 * that no name is read from a message that a server would refuse; extensions
 * and values nobody knows (GREASE) are passed over.
 *
 *   record: 16 03 xx len len │ message: 01 len len len │ body │ … */
#include "proxy/client_hello.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define RECORD_HEAD    5
#define RECORD_MAX     16384
#define RECORDS_MAX    256 /* of one hello */
#define MESSAGE_HEAD   4
#define RECORD_TYPE    22
#define HELLO_TYPE     1
#define EXTENSIONS_MAX 256
#define EXT_SNI	       0
#define EXT_ALPN       16

/* Bytes that are still to be read; `bad` once something did not fit. */
struct reader {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static size_t
read_number(struct reader *r, size_t bytes)
{
	size_t n = 0;

	if (r->left < bytes) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | r->at[i];
	r->at += bytes;
	r->left -= bytes;
	return n;
}

/* The next `len` bytes as a reader of their own. */
static struct reader
read_part(struct reader *r, size_t len)
{
	struct reader part = {r->at, len, false};

	if (r->bad || r->left < len) {
		r->bad = true;
		return (struct reader){NULL, 0, true};
	}
	r->at += len;
	r->left -= len;
	return part;
}

/* A part behind its own length of so many bytes. */
static struct reader
read_vector(struct reader *r, size_t bytes)
{
	return read_part(r, read_number(r, bytes));
}

static const char *
read_sni(struct reader ext, struct client_hello *to)
{
	struct reader list = read_vector(&ext, 2), name;

	if (list.bad || ext.left > 0 || list.left == 0)
		return "the server name is malformed";
	while (list.left > 0) {
		size_t type = read_number(&list, 1);

		name = read_vector(&list, 2);
		if (name.bad)
			return "the server name is malformed";
		if (type != 0)
			continue;
		if (name.left == 0 || name.left >= sizeof(to->sni) ||
		    to->sni[0] != '\0')
			return "the server name is malformed";
		for (size_t i = 0; i < name.left; i++) {
			if (!isgraph(name.at[i])) {
				to->sni[0] = '\0';
				return "the server name is no text";
			}
			to->sni[i] = (char)tolower(name.at[i]);
		}
		to->sni[name.left] = '\0';
	}
	return NULL;
}

static const char *
read_alpn(struct reader ext, struct client_hello *to)
{
	struct reader list = read_vector(&ext, 2), name;
	size_t len = 0;

	if (list.bad || ext.left > 0 || list.left == 0)
		return "the list of protocols is malformed";
	while (list.left > 0) {
		bool text = true;

		name = read_vector(&list, 1);
		if (name.bad || name.left == 0)
			return "the list of protocols is malformed";
		for (size_t i = 0; i < name.left; i++)
			text &= isgraph(name.at[i]) && name.at[i] != ',';
		if (!text || len + name.left + 2 > sizeof(to->alpn))
			continue;
		if (len > 0)
			to->alpn[len++] = ',';
		memcpy(to->alpn + len, name.at, name.left);
		len += name.left;
		to->alpn[len] = '\0';
	}
	return NULL;
}

static const char *
read_extensions(struct reader list, struct client_hello *to)
{
	bool sni = false, alpn = false;

	for (unsigned n = 0; list.left > 0; n++) {
		size_t type = read_number(&list, 2);
		struct reader ext = read_vector(&list, 2);
		const char *error = NULL;

		if (ext.bad || n >= EXTENSIONS_MAX)
			return "the extensions are malformed";
		if ((type == EXT_SNI && sni) || (type == EXT_ALPN && alpn))
			return "an extension stands there twice";
		if (type == EXT_SNI)
			error = read_sni(ext, to);
		else if (type == EXT_ALPN)
			error = read_alpn(ext, to);
		sni |= type == EXT_SNI;
		alpn |= type == EXT_ALPN;
		if (error != NULL)
			return error;
	}
	return NULL;
}

/* The message behind its type and length. */
static const char *
read_body(struct reader body, struct client_hello *to)
{
	struct reader part;

	read_part(&body, 2 + 32); /* version, random */
	part = read_vector(&body, 1);
	if (part.bad || part.left > 32)
		return "the session's id is malformed";
	part = read_vector(&body, 2);
	if (part.bad || part.left < 2 || part.left % 2 != 0)
		return "the cipher suites are malformed";
	part = read_vector(&body, 1);
	if (part.bad || part.left == 0)
		return "the compression methods are malformed";
	if (body.left == 0)
		return NULL;
	part = read_vector(&body, 2);
	if (part.bad || body.left > 0)
		return "the extensions are malformed";
	return read_extensions(part, to);
}

static enum client_hello_result
bad(struct client_hello *to, const char *error)
{
	*to = (struct client_hello){.error = error};
	return CLIENT_HELLO_BAD;
}

static bool
is_length(size_t record)
{
	return record > 0 && record <= RECORD_MAX;
}

/* True if the bytes so far are not how a hello begins. A record that has no
 * good length is broken, whatever is in it. */
static bool
is_other(const unsigned char *p, size_t len)
{
	if (len >= RECORD_HEAD && p[0] == RECORD_TYPE && p[1] == 3) {
		size_t record = (size_t)p[3] << 8 | p[4];

		if (!is_length(record) || record < MESSAGE_HEAD)
			return false;
	}
	return (len > 0 && p[0] != RECORD_TYPE) || (len > 1 && p[1] != 3) ||
	    (len > RECORD_HEAD && p[RECORD_HEAD] != HELLO_TYPE);
}

/* Goes over the records; with `message` their contents are copied there.
 * *total is the message's length once known, *have how much of it is there. */
static const char *
walk(const unsigned char *p, size_t len, unsigned char *message, size_t *total,
    size_t *have)
{
	size_t at = 0;

	*total = SIZE_MAX;
	*have = 0;
	for (unsigned n = 0; len - at >= RECORD_HEAD && *have < *total; n++) {
		size_t record = (size_t)p[at + 3] << 8 | p[at + 4], part;

		if (p[at] != RECORD_TYPE || p[at + 1] != 3)
			return "other records stand amid the hello";
		if (!is_length(record) || n >= RECORDS_MAX)
			return "a record has a wrong length";
		if (n == 0 && record < MESSAGE_HEAD)
			return "the first record is too short";
		at += RECORD_HEAD;
		part = MIN(record, len - at);
		if (n == 0 && part >= MESSAGE_HEAD)
			*total = MESSAGE_HEAD + ((size_t)p[at + 1] << 16 |
			    (size_t)p[at + 2] << 8 | p[at + 3]);
		if (*total != SIZE_MAX && *have + record > *total)
			return "something follows the hello in its record";
		if (message != NULL)
			memcpy(message + *have, p + at, part);
		*have += part;
		at += part;
	}
	return NULL;
}

enum client_hello_result
client_hello_parse(const void *data, size_t len, struct client_hello *to)
{
	const unsigned char *p = data;
	unsigned char *message;
	size_t total, have;
	const char *error;

	*to = (struct client_hello){.error = NULL};
	if (is_other(p, len))
		return CLIENT_HELLO_NOT_TLS;
	error = walk(p, len, NULL, &total, &have);
	if (error != NULL)
		return bad(to, error);
	if (total != SIZE_MAX && total > CLIENT_HELLO_MAX - RECORD_HEAD)
		return bad(to, "the hello is too long");
	if (have < total)
		return len < CLIENT_HELLO_MAX
		    ? CLIENT_HELLO_MORE
		    : bad(to, "the hello is too long");
	message = xmalloc(total);
	error = walk(p, len, message, &total, &have);
	if (error == NULL)
		error = read_body((struct reader){message + MESSAGE_HEAD,
				      total - MESSAGE_HEAD, false},
		    to);
	free(message);
	return error != NULL ? bad(to, error) : CLIENT_HELLO_DONE;
}
