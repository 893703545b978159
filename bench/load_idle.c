/* SPDX-License-Identifier: Apache-2.0 */
/* Opens connections, makes one exchange on each so that the upstream side
 * stands too, says so, and holds them until stdin ends. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench/load.h"

#define EXCHANGE_TIMEOUT_MS 5000
#define HTTP_REPLY_MIN	    1024

/* Sends, and reads until at least `want` bytes came. */
static void
idle_exchange(int fd, const char *request, size_t len, size_t want)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char buf[8192];
	size_t got = 0;

	if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		load_die("send");
	while (got < want) {
		ssize_t n;

		if (poll(&wait, 1, EXCHANGE_TIMEOUT_MS) != 1) {
			errno = ETIMEDOUT;
			load_die("idle: no answer");
		}
		n = recv(fd, buf, sizeof(buf), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			load_die("the connection ended early");
		if (n > 0)
			got += (size_t)n;
	}
}

void
idle_run(const struct load_options *o)
{
	size_t count = (size_t)o->conns;
	int *fds = xcalloc(count, sizeof(*fds));
	char byte = 'i';

	for (size_t i = 0; i < count; i++) {
		fds[i] = net_connect(o->port);
		if (o->http)
			idle_exchange(fds[i], load_http_request,
				      strlen(load_http_request),
				      HTTP_REPLY_MIN);
		else
			idle_exchange(fds[i], &byte, 1, 1);
	}
	printf("{\"ready\": %zu}\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	free(fds);
}
