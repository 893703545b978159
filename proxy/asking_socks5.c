/* SPDX-License-Identifier: Apache-2.0 */
/* SOCKS version 5.
 *
 *   GREETING ─► [PASSWORD] ─► REQUEST ─► done
 *
 * Names and passwords are taken as they come: clients that insist on telling
 * some are served, and nobody is kept out by it. */
#include <arpa/inet.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/asking.h"

enum socks5_step { GREETING, PASSWORD, REQUEST };

enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_NO_FIT = 0xff };
enum { COMMAND_CONNECT = 1 };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };
enum reply {
	REPLY_OK = 0,
	REPLY_FAILURE = 1,
	REPLY_NOT_ALLOWED = 2,
	REPLY_NET_UNREACHABLE = 3,
	REPLY_HOST_UNREACHABLE = 4,
	REPLY_REFUSED = 5,
	REPLY_EXPIRED = 6,
	REPLY_NO_COMMAND = 7,
	REPLY_NO_TYPE = 8,
};

static void
say(struct str *to, enum reply reply)
{
	/* The address that we dialled from is nobody's business. */
	const unsigned char text[] = {5, (unsigned char)reply, 0, TYPE_IPV4,
	    0, 0, 0, 0, 0, 0};

	str_add_bytes(to, text, sizeof(text));
}

static enum asking_result
bad(struct asking *a, const char *why)
{
	a->why = why;
	return ASKING_BAD;
}

static enum asking_result
refuse(struct asking *a, enum reply reply, const char *why)
{
	say(&a->reply, reply);
	return bad(a, why);
}

/* Each step reads from p, `len` bytes; it returns how many it used, 0: they
 * are not all there, or a->why says what is wrong. */

static size_t
greeting(struct asking *a, const unsigned char *p, size_t len)
{
	unsigned char chosen[2] = {5, METHOD_NO_FIT};

	if (p[0] != 5) {
		bad(a, "the client does not speak SOCKS 5");
		return 0;
	}
	if (len < 2 || len < 2 + (size_t)p[1])
		return 0;
	if (memchr(p + 2, METHOD_NONE, p[1]) != NULL)
		chosen[1] = METHOD_NONE;
	else if (memchr(p + 2, METHOD_PASSWORD, p[1]) != NULL)
		chosen[1] = METHOD_PASSWORD;
	str_add_bytes(&a->reply, chosen, sizeof(chosen));
	if (chosen[1] == METHOD_NO_FIT)
		bad(a, "the client offers no way to sign in that is known");
	a->step = chosen[1] == METHOD_PASSWORD ? PASSWORD : REQUEST;
	return 2 + (size_t)p[1];
}

static size_t
password(struct asking *a, const unsigned char *p, size_t len)
{
	const unsigned char welcome[] = {1, 0};
	size_t need;

	if (p[0] != 1) {
		bad(a, "the client does not sign in as it agreed to");
		return 0;
	}
	need = len < 2 ? 2 : 3 + (size_t)p[1];
	if (len >= need && len >= 3)
		need += p[need - 1];
	if (len < need)
		return 0;
	str_add_bytes(&a->reply, welcome, sizeof(welcome));
	a->step = REQUEST;
	return need;
}

/* Bytes of the address, its length byte included; 0: no such type. */
static size_t
address_len(const unsigned char *p)
{
	switch (p[3]) {
	case TYPE_IPV4:
		return 4;
	case TYPE_IPV6:
		return 16;
	case TYPE_NAME:
		return 1 + (size_t)p[4];
	default:
		return 0;
	}
}

static bool
take_host(struct asking *a, const unsigned char *p)
{
	char text[INET6_ADDRSTRLEN];

	if (p[3] == TYPE_NAME) {
		const char *name = (const char *)p + 5;

		if (!conf_host_valid(name, p[4]))
			return false;
		a->host = xmemdup0(name, p[4]);
		return true;
	}
	inet_ntop(p[3] == TYPE_IPV4 ? AF_INET : AF_INET6, p + 4, text,
	    sizeof(text));
	a->host = xstrdup(text);
	return true;
}

static size_t
request(struct asking *a, const unsigned char *p, size_t len)
{
	size_t host_len;

	if (p[0] != 5) {
		refuse(a, REPLY_FAILURE, "the request is not one of SOCKS 5");
		return 0;
	}
	if (len < 5)
		return 0;
	host_len = address_len(p);
	if (host_len == 0)
		refuse(a, REPLY_NO_TYPE, "the address is of no known type");
	else if (p[1] != COMMAND_CONNECT)
		refuse(a, REPLY_NO_COMMAND, "the command is not CONNECT");
	if (a->why != NULL || len < 4 + host_len + 2)
		return 0;
	a->port = (uint16_t)(p[4 + host_len] << 8 | p[5 + host_len]);
	if (a->port == 0 || !take_host(a, p)) {
		refuse(a, REPLY_FAILURE, "the address is no host and port");
		return 0;
	}
	return 4 + host_len + 2;
}

static enum asking_result
look(struct asking *a, const char *data, size_t len)
{
	static size_t (*const steps[])(struct asking *, const unsigned char *,
	    size_t) = {
	    [GREETING] = greeting,
	    [PASSWORD] = password,
	    [REQUEST] = request,
	};
	size_t n;

	while (a->used < len && a->host == NULL && a->why == NULL) {
		n = steps[a->step](a, (const unsigned char *)data + a->used,
		    len - a->used);
		if (n == 0)
			break;
		a->used += n;
	}
	if (a->why != NULL)
		return ASKING_BAD;
	return a->host != NULL ? ASKING_DONE : ASKING_MORE;
}

static void
answer(struct str *to, enum dial_result result)
{
	static const enum reply replies[] = {
	    [DIAL_OK] = REPLY_OK,
	    [DIAL_REFUSED] = REPLY_REFUSED,
	    [DIAL_RESET] = REPLY_REFUSED,
	    [DIAL_TIMEOUT] = REPLY_EXPIRED,
	    [DIAL_UNREACHABLE] = REPLY_NET_UNREACHABLE,
	    [DIAL_DNS] = REPLY_HOST_UNREACHABLE,
	    [DIAL_TLS] = REPLY_FAILURE,
	    [DIAL_LOOP] = REPLY_NOT_ALLOWED,
	};

	say(to, replies[result]);
}

static void
deny(struct str *to)
{
	say(to, REPLY_NOT_ALLOWED);
}

const struct asking_ops socks5_ops = {
    .look = look,
    .answer = answer,
    .deny = deny,
};
