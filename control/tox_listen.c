/* SPDX-License-Identifier: Apache-2.0 */
/* Where a proxy listens, in the words of Go's net package, which clients
 * compare literally. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "control/tox.h"
#include "proxy/listener.h"

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

/* What Go's SplitHostPort finds wrong; NULL: nothing, host and port are set
 * (borrowed from `listen`). */
static const char *
split(const char *listen, struct view *host, const char **port)
{
	const char *colon = strrchr(listen, ':'), *bracket;

	if (colon == NULL)
		return "missing port in address";
	*port = colon + 1;
	*host = (struct view){listen, (size_t)(colon - listen)};
	if (*listen != '[') {
		if (memchr(host->at, ':', host->len) != NULL)
			return "too many colons in address";
	} else {
		bracket = strchr(listen, ']');
		if (bracket == NULL)
			return "missing ']' in address";
		if (bracket[1] != ':')
			return "missing port in address";
		if (bracket + 1 != colon)
			return "too many colons in address";
		*host = (struct view){
		    listen + 1, (size_t)(bracket - listen - 1)};
	}
	if (memchr(host->at, '[', host->len) != NULL ||
	    strchr(colon, '[') != NULL)
		return "unexpected '[' in address";
	if (memchr(host->at, ']', host->len) != NULL ||
	    strchr(colon, ']') != NULL)
		return "unexpected ']' in address";
	return NULL;
}

/* A number with a sign or none, the name of a service, or nothing. */
static bool
parse_port(const char *text, unsigned *port, struct error *err)
{
	const char *digits = text + (*text == '-' || *text == '+');
	const struct servent *service;

	if (digits[strspn(digits, "0123456789")] == '\0') {
		unsigned long n = strtoul(digits, NULL, 10);

		*port = (unsigned)n;
		return (n <= 65535 && (n == 0 || *text != '-')) ||
		    error_set(err, 0, "listen tcp: address %s: invalid port",
			text);
	}
	service = getservbyname(text, "tcp");
	if (service == NULL)
		return error_set(err, 0, "listen tcp: lookup tcp/%s: unknown "
					 "port", text);
	*port = ntohs((uint16_t)service->s_port);
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
	if (listener_open("probe", &a, 0, &l, &why)) {
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

/* The numeric form, with the port as it was given. */
static char *
to_numeric(const char *listen, unsigned *port, struct error *err)
{
	struct view host;
	const char *port_text, *wrong = split(listen, &host, &port_text);
	char *name, *ip, *result = NULL;

	if (wrong != NULL) {
		error_set(err, 0, "listen tcp: address %s: %s", listen, wrong);
		return NULL;
	}
	if (!parse_port(port_text, port, err))
		return NULL;
	name = xmemdup0(host.at, host.len);
	ip = numeric(name, err);
	if (ip != NULL)
		result = xasprintf("%s:%u", ip, *port);
	free(ip);
	free(name);
	return result;
}

char *
tox_listen_resolve(const char *listen, struct error *err)
{
	unsigned port = 0;
	char *result, *bound;

	if (strncmp(listen, "unix:", 5) == 0)
		return xstrdup(listen);
	if (*listen == '\0')
		listen = TOX_ANY_PORT;
	result = to_numeric(listen, &port, err);
	if (result == NULL || port != 0)
		return result;
	bound = bind_once(result, err);
	free(result);
	return bound;
}
