/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen and where to connect: host:port, [v6]:port, :port and
 * unix:/path; and ranges of addresses. Nothing is resolved here. */
#include "config/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/xalloc.h"

#define HOST_MAX 253
#define V4_BITS	 96 /* of ::ffff:0:0 */

bool
conf_host_valid(const char *host, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)host[i]) && host[i] != '.' &&
		    host[i] != '-' && host[i] != '_')
			return false;
	}
	return len > 0 && len <= HOST_MAX;
}

static bool
is_v6(const char *text, size_t len)
{
	struct in6_addr addr;
	char copy[INET6_ADDRSTRLEN];
	const char *zone = memchr(text, '%', len);

	if (zone != NULL)
		len = (size_t)(zone - text);
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &addr) == 1;
}

/* Digits alone, at most `digits` of them, and at most `most` in value. */
static bool
parse_number(const char *text, size_t digits, unsigned most, unsigned *value)
{
	if (strspn(text, "0123456789") != strlen(text) || *text == '\0' ||
	    strlen(text) > digits)
		return false;
	*value = (unsigned)strtoul(text, NULL, 10);
	return *value <= most;
}

static bool
parse_unix(const char *text, struct conf_address *to, struct error *err)
{
	const char *path = text + strlen("unix:");
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (*path == '\0' || strlen(path) > most)
		return error_set(
		    err, 0,
		    "\"%.40s\" is not a unix address; "
		    "expected unix: and a path of at most %zu bytes",
		    text, most);
	to->is_unix = true;
	to->path = xstrdup(path);
	to->text = xstrdup(text);
	return true;
}

/* The host before the colon that precedes the port; NULL if it is none. An
 * empty one gives len 0. */
static const char *
find_host(const char *text, const char *colon, size_t *len)
{
	*len = (size_t)(colon - text);
	if (*len == 0)
		return text;
	if (text[0] == '[' && colon[-1] == ']') {
		*len -= 2;
		return is_v6(text + 1, *len) ? text + 1 : NULL;
	}
	return conf_host_valid(text, *len) ? text : NULL;
}

bool
conf_address_parse(const char *text, bool listen, struct conf_address *to,
		   struct error *err)
{
	const char *colon = strrchr(text, ':'), *host;
	const char *expected = listen
				   ? "host:port, [v6]:port, :port or unix:/path"
				   : "host:port, [v6]:port or unix:/path";
	unsigned port;
	size_t len;

	*to = (struct conf_address){0};
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text, to, err);
	if (strstr(text, "://") != NULL)
		return error_set(err, 0, "\"%.40s\" is a URL; expected %s",
				 text, expected);
	if (colon == NULL)
		return error_set(err, 0, "\"%.40s\" has no port; expected %s",
				 text, expected);
	host = find_host(text, colon, &len);
	if (host == NULL && is_v6(text, strlen(text)))
		return error_set(
		    err, 0,
		    "\"%.40s\" leaves open where its "
		    "port begins; expected brackets: [address]:port",
		    text);
	if (host == NULL || (len == 0 && !listen))
		return error_set(err, 0,
				 "\"%.40s\" has no valid host; "
				 "expected %s",
				 text, expected);
	if (!parse_number(colon + 1, 5, UINT16_MAX, &port))
		return error_set(
		    err, 0,
		    "\"%.40s\" has no valid port; "
		    "expected a number up to 65535 behind the colon",
		    text);
	if (port == 0 && !listen)
		return error_set(err, 0,
				 "\"%.40s\" has port 0; expected "
				 "1 \xe2\x80\xa6 65535",
				 text);
	to->host = len > 0 ? xmemdup0(host, len) : NULL;
	to->port = (uint16_t)port;
	to->text = xstrdup(text);
	return true;
}

bool
conf_upstream_parse(const char *text, struct conf_address *to,
		    struct error *err)
{
	if (strcmp(text, CONF_DESTINATION_WORD) != 0)
		return conf_address_parse(text, false, to, err);
	*to = (struct conf_address){.is_destination = true};
	to->text = xstrdup(text);
	return true;
}

bool
conf_address_has_port(const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);
	const char *bracket = memrchr(text, ']', len);

	return colon != NULL && (bracket == NULL || bracket < colon);
}

void
conf_address_copy(struct conf_address *to, const struct conf_address *from)
{
	*to = *from;
	to->text = xstrdup(from->text);
	to->host = xstrdup(from->host);
	to->path = xstrdup(from->path);
}

void
conf_address_fini(struct conf_address *a)
{
	free(a->text);
	free(a->host);
	free(a->path);
	*a = (struct conf_address){0};
}

bool
conf_address_is_local(const struct conf_address *a)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (a->is_unix)
		return true;
	if (a->host == NULL)
		return false;
	if (strcasecmp(a->host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, a->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, a->host, &v6) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6);
}

/* --- ranges --- */

/* Sets the bits of `net` behind the first `bits` to 0. */
static void
mask(struct in6_addr *net, unsigned bits)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;

		if (keep < 8)
			net->s6_addr[i] &= (uint8_t)(0xff00u >> keep);
	}
}

bool
conf_cidr_parse(const char *text, struct conf_cidr *to, struct error *err)
{
	char copy[INET6_ADDRSTRLEN + 4];
	struct in6_addr exact;
	char *slash;
	bool v4;

	if (strlen(text) >= sizeof(copy))
		goto bad;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	memset(&to->net, 0, sizeof(to->net));
	v4 = inet_pton(AF_INET, copy, &to->net.s6_addr[12]) == 1;
	if (v4)
		memset(&to->net.s6_addr[10], 0xff, 2);
	else if (inet_pton(AF_INET6, copy, &to->net) != 1)
		goto bad;
	to->bits = v4 ? 32 : 128;
	if (slash != NULL && !parse_number(slash, 3, to->bits, &to->bits))
		goto bad;
	if (v4)
		to->bits += V4_BITS;
	exact = to->net;
	mask(&to->net, to->bits);
	if (memcmp(&exact, &to->net, sizeof(exact)) != 0)
		return error_set(err, 0,
				 "\"%.60s\" has bits behind its "
				 "prefix; expected 0 there",
				 text);
	return true;
bad:
	return error_set(err, 0,
			 "\"%.60s\" is not an address or a range; "
			 "expected such as 10.1.0.0/16 or ::1",
			 text);
}

bool
conf_cidr_meant(const char *text)
{
	return strchr(text, '/') != NULL || strchr(text, ':') != NULL ||
	       strspn(text, "0123456789.") == strlen(text);
}

bool
conf_cidr_contains(const struct conf_cidr *c, const struct in6_addr *a)
{
	struct in6_addr net = *a;

	mask(&net, c->bits);
	return memcmp(&net, &c->net, sizeof(net)) == 0;
}
