/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to upstreams. */
#include "runner/preflight.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* True: it accepted. Else errno says why not. */
static bool
accepts(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int code = 0;
	socklen_t size = sizeof(code);

	if (fd < 0)
		return false;
	if (connect(fd, address, len) < 0)
		code = errno;
	if (code == EINPROGRESS || code == EAGAIN) {
		code = ETIMEDOUT;
		if (poll(&p, 1, (int)(PREFLIGHT_US / 1000)) > 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
	}
	close(fd);
	errno = code;
	return code == 0;
}

static const char *
try_unix(const struct conf_address *a)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(a->path) >= sizeof(at.sun_path))
		return "the path is too long";
	strcpy(at.sun_path, a->path);
	return accepts((const struct sockaddr *)&at, sizeof(at))
		   ? NULL
		   : strerror(errno);
}

/* Any of its addresses will do. */
static const char *
try_host(const struct conf_address *a)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *i;
	const char *why = "no address";
	char port[8];
	int code;

	snprintf(port, sizeof(port), "%u", a->port);
	code = getaddrinfo(a->host, port, &hints, &list);
	if (code != 0)
		return gai_strerror(code);
	for (i = list; i != NULL && why != NULL; i = i->ai_next)
		why =
		    accepts(i->ai_addr, i->ai_addrlen) ? NULL : strerror(errno);
	freeaddrinfo(list);
	return why;
}

bool
preflight_upstreams(const struct conf_model *model, struct str *problems)
{
	bool all = true;

	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];
		const char *why;

		if (!r->enabled || conf_protocol_is_datagram(r->protocol) ||
		    r->upstream.is_destination)
			continue;
		why = r->upstream.is_unix ? try_unix(&r->upstream)
					  : try_host(&r->upstream);
		if (why == NULL)
			continue;
		all = false;
		str_printf(problems, "%sroute \"%s\": upstream %s: %s",
			   problems->len > 0 ? "\n" : "", r->name,
			   r->upstream_text, why);
	}
	return all;
}
