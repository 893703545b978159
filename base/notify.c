/* SPDX-License-Identifier: Apache-2.0 */
/* The datagrams of sd_notify(3), without its library. */
#include "base/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

/* "/path", or "@name" for one without a file. */
static bool
set_address(struct sockaddr_un *to, socklen_t *len, const char *name,
    struct error *err)
{
	size_t size = strlen(name);

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || size < 2 ||
	    size >= sizeof(to->sun_path))
		return error_set(err, 0,
		    "NOTIFY_SOCKET is \"%.120s\"; expected /path or @name",
		    name);
	memcpy(to->sun_path, name, size);
	if (name[0] == '@')
		to->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size +
	    (name[0] == '/'));
	return true;
}

static bool
open_socket(struct notify *n, const char *name, struct error *err)
{
	struct sockaddr_un address;
	socklen_t len = 0;
	int fd;

	if (!set_address(&address, &len, name, err))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, len) == 0) {
		n->socket = fd + 1;
		return true;
	}
	error_set(err, errno, "NOTIFY_SOCKET %.120s: %s", name,
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* The variable as a number above 0, else 0. */
static int64_t
number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long long n;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? n : 0;
}

bool
notify_init(struct notify *n, struct error *err)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int64_t pid = number_of("WATCHDOG_PID");
	bool ok = true;

	*n = (struct notify){0};
	if (name != NULL)
		ok = open_socket(n, name, err);
	if (n->socket != 0 && (pid == 0 || pid == getpid()))
		n->watchdog_us = number_of("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	return ok;
}

void
notify_fini(struct notify *n)
{
	if (n->socket != 0)
		close(n->socket - 1);
	*n = (struct notify){0};
}

/* A manager that takes none right now misses it: nothing is worth a wait. */
static void
send_text(const struct notify *n, const char *text)
{
	if (n->socket != 0 &&
	    send(n->socket - 1, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

void
notify_state(const struct notify *n, const char *state, const char *status, ...)
{
	char *line = NULL, *text;
	va_list args;
	int len;

	va_start(args, status);
	len = vasprintf(&line, status, args);
	va_end(args);
	if (len < 0)
		return;
	text = xasprintf("%s\nSTATUS=%s", state, line);
	send_text(n, text);
	free(text);
	free(line);
}

void
notify_reloading(const struct notify *n, int64_t now_us)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now_us);
	send_text(n, text);
}

void
notify_alive(const struct notify *n)
{
	send_text(n, "WATCHDOG=1");
}
