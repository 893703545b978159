/* SPDX-License-Identifier: Apache-2.0 */
/* Where a proxy listens, in the words of Go's net package, which clients
 * compare literally. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "control/tox.h"
#include "proxy/acceptor.h"

/* Go prints errors of system calls in lower case. */
static const char *
go_error(int error, char *buf, size_t size)
{
	const char *text = strerror(error);
	size_t n = 0;

	for (; text[n] != '\0' && n + 1 < size; n++)
		buf[n] = text[n];
	buf[n] = '\0';
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

static bool
has_ipv6(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (void *)&any, sizeof(any)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Splits host:port as Go's SplitHostPort does. */
static bool
split(const char *listen, char **host, char **port, struct error *err)
{
	const char *colon = strrchr(listen, ':');
	const char *from = listen, *to = colon;

	if (colon == NULL)
		return error_set(err, 0,
		    "listen tcp: address %s: missing port in address", listen);
	if (*listen == '[') {
		to = strchr(listen, ']');
		if (to == NULL || to + 1 != colon)
			return error_set(err, 0,
			    "listen tcp: address %s: missing ']' in address",
			    listen);
		from++;
	} else if (memchr(listen, ':', (size_t)(colon - listen)) != NULL) {
		return error_set(err, 0,
		    "listen tcp: address %s: too many colons in address",
		    listen);
	}
	*host = xmemdup0(from, (size_t)(to - from));
	*port = xstrdup(colon + 1);
	return true;
}

static bool
parse_port(const char *text, unsigned *port, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0') {
		*port = 0;
		return true;
	}
	if (*end != '\0' || !isdigit((unsigned char)*text)) {
		const struct servent *service = getservbyname(text, "tcp");

		if (service == NULL)
			return error_set(err, 0, "listen tcp: lookup tcp/%s: "
						 "unknown port", text);
		n = ntohs((uint16_t)service->s_port);
	}
	if (n > 65535)
		return error_set(err, 0, "listen tcp: address %s: invalid port",
		    text);
	*port = (unsigned)n;
	return true;
}

static char *
print_host(const struct sockaddr_storage *at)
{
	char text[INET6_ADDRSTRLEN];

	if (at->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)at;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		return xasprintf("[%s]", text);
	}
	inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at)
				->sin_addr, text, sizeof(text));
	return xstrdup(text);
}

/* The numeric form of a host. As in Go every address means IPv6's, which
 * takes IPv4 in, wherever there is IPv6. */
static char *
numeric(const char *host, struct error *err)
{
	struct sockaddr_storage at = {0};
	struct sockaddr_in *in = (void *)&at;
	struct sockaddr_in6 *in6 = (void *)&at;

	if (*host == '\0' || strcmp(host, "0.0.0.0") == 0)
		return xstrdup(has_ipv6() ? "[::]" : "0.0.0.0");
	if (strcmp(host, "localhost") == 0)
		return xstrdup("127.0.0.1");
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1)
		at.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1)
		at.ss_family = AF_INET6;
	else if (!tox_lookup(host, &at, err))
		return NULL;
	return print_host(&at);
}

/* Opens and closes it; the address as bound, owned. */
static char *
bind_once(const char *address, struct error *err)
{
	struct conf_address a = {0};
	struct opened_listener l;
	struct error why;
	char buf[128], *bound = NULL;

	if (!conf_address_parse(address, true, &a, &why)) {
		error_set(err, 0, "listen tcp: address %s: %s", address,
		    why.text);
		return NULL;
	}
	if (listener_open("probe", &a, &l, &why)) {
		bound = xstrdup(l.address);
		listener_discard(&l);
	} else {
		error_set(err, why.code, "listen tcp %s: bind: %s", address,
		    go_error(why.code, buf, sizeof(buf)));
	}
	conf_address_fini(&a);
	return bound;
}

bool
tox_listen_probe(const char *resolved, struct error *err)
{
	char *bound = bind_once(resolved, err);

	free(bound);
	return bound != NULL;
}

const char *
tox_address_text(const struct error *err)
{
	static const char begin[] = "listen tcp: ";
	size_t len = sizeof(begin) - 1;

	return err->text + (strncmp(err->text, begin, len) == 0 ? len : 0);
}

char *
tox_listen_resolve(const char *listen, struct error *err)
{
	char *host = NULL, *port = NULL, *ip = NULL, *result = NULL;
	unsigned n = 0;

	if (strncmp(listen, "unix:", 5) == 0)
		return xstrdup(listen);
	if (*listen == '\0')
		listen = ":0";
	if (!split(listen, &host, &port, err) || !parse_port(port, &n, err))
		goto done;
	ip = numeric(host, err);
	if (ip == NULL)
		goto done;
	result = xasprintf("%s:%u", ip, n);
	if (n == 0) {
		char *bound = bind_once(result, err);

		free(result);
		result = bound;
	}
done:
	free(host);
	free(port);
	free(ip);
	return result;
}
