/* SPDX-License-Identifier: Apache-2.0 */
/* One listening socket. Refusing is shutdown(2) on it: the port stays ours,
 * SYNs are answered with RST, and listen(2) takes it back. Ignoring is a
 * minimum TTL that no peer has: SYNs are discarded before TCP sees them. */
#include "proxy/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/kernel.h"

#define BACKLOG	     4096
#define ACCEPT_BATCH 64

/* --- opening --- */

static void
print_address(struct opened_listener *l, const struct sockaddr_storage *addr)
{
	char host[INET6_ADDRSTRLEN];

	if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)addr;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(l->address, sizeof(l->address), "[%s]:%u", host,
		    ntohs(in6->sin6_port));
	} else {
		const struct sockaddr_in *in = (const void *)addr;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(l->address, sizeof(l->address), "%s:%u", host,
		    ntohs(in->sin_port));
	}
}

static bool
bind_to(struct opened_listener *l, struct sockaddr_storage *addr,
    socklen_t len)
{
	int one = 1, zero = 0;

	l->fd = socket(addr->ss_family,
	    (l->is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK |
		SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return false;
	if (!l->is_datagram) {
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	if (addr->ss_family == AF_INET6)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero,
		    sizeof(zero));
	if (bind(l->fd, (struct sockaddr *)addr, len) == 0)
		return true;
	one = errno;
	close(l->fd);
	l->fd = -1;
	errno = one;
	return false;
}

/* A port that the system chose is bound again by its number, because a
 * refused listener would otherwise come back on another. */
static bool
open_inet(struct opened_listener *l, struct sockaddr_storage *addr,
    socklen_t len)
{
	in_port_t *port = addr->ss_family == AF_INET6
	    ? &((struct sockaddr_in6 *)(void *)addr)->sin6_port
	    : &((struct sockaddr_in *)(void *)addr)->sin_port;
	bool chosen = *port == 0;

	for (int tries = 0; tries < 10; tries++) {
		if (chosen)
			*port = 0;
		if (!bind_to(l, addr, len))
			return false;
		if (getsockname(l->fd, (struct sockaddr *)addr, &len) < 0)
			return false;
		if (!chosen)
			break;
		close(l->fd);
		if (bind_to(l, addr, len))
			break;
	}
	print_address(l, addr);
	l->port = ntohs(*port);
	return l->fd >= 0;
}

/* A socket that nobody serves is left over from a crash. What is no socket is
 * somebody's file, though connecting to it is refused as well. */
static void
remove_stale(const struct sockaddr_un *un)
{
	struct stat st;
	int probe;

	if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return;
	if (connect(probe, (const struct sockaddr *)un, sizeof(*un)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(un->sun_path);
	close(probe);
}

/* bind() makes the file with the socket's own mode, less the umask, so there
 * is no moment at which more may connect than should. */
static bool
bind_unix(const struct opened_listener *l, const struct sockaddr_un *un)
{
	if (l->mode != 0 && fchmod(l->fd, l->mode) < 0)
		return false;
	if (bind(l->fd, (const struct sockaddr *)un, sizeof(*un)) < 0)
		return false;
	return l->mode == 0 || chmod(un->sun_path, l->mode) == 0;
}

static bool
open_unix(struct opened_listener *l, const char *path, struct error *err)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(un.sun_path))
		return error_set(err, ENAMETOOLONG,
		    "unix:%s: the path is longer than %zu bytes", path,
		    sizeof(un.sun_path) - 1);
	strcpy(un.sun_path, path);
	remove_stale(&un);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || !bind_unix(l, &un)) {
		error_set(err, errno, "cannot listen on unix:%s: %s", path,
		    strerror(errno));
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
		return false;
	}
	snprintf(l->address, sizeof(l->address), "unix:%s", path);
	return true;
}

static bool
open_any(struct opened_listener *l, const struct conf_address *a,
    struct error *err)
{
	struct sockaddr_storage addr = {0};
	struct sockaddr_in6 *in6 = (void *)&addr;
	struct sockaddr_in *in = (void *)&addr;
	const char *host = a->host;

	if (host != NULL && strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (host == NULL || inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		if (open_inet(l, &addr, sizeof(*in6)))
			return true;
		/* A host without IPv6 still has every IPv4 address. */
		if (host != NULL || errno != EAFNOSUPPORT)
			goto failed;
		memset(&addr, 0, sizeof(addr));
	} else if (inet_pton(AF_INET, host, &in->sin_addr) != 1) {
		return error_set(err, EINVAL,
		    "cannot listen on %s: a listener needs an address of this "
		    "host, not a name", a->text);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(a->port);
	if (open_inet(l, &addr, sizeof(*in)))
		return true;
failed:
	return error_set(err, errno, "cannot listen on %s: %s%s", a->text,
	    strerror(errno), errno == EACCES && a->port < 1024
		? "; ports below 1024 are for root or CAP_NET_BIND_SERVICE"
		: "");
}

bool
listener_open(const char *id, const struct conf_address *address,
    unsigned mode, struct opened_listener *to, struct error *err)
{
	*to = (struct opened_listener){
	    .id = id, .fd = -1, .is_unix = address->is_unix, .mode = mode};
	if (address->is_unix ? !open_unix(to, address->path, err)
			     : !open_any(to, address, err))
		return false;
	if (listen(to->fd, BACKLOG) == 0)
		return true;
	error_set(err, errno, "cannot listen on %s: %s", address->text,
	    strerror(errno));
	listener_discard(to);
	return false;
}

/* TPROXY rules give connections to sockets that say so only. */
static bool
set_transparent(struct opened_listener *l, struct error *err)
{
	int one = 1;

	l->transparent = l->transparent ||
	    setsockopt(l->fd, IPPROTO_IP, IP_TRANSPARENT, &one,
		sizeof(one)) == 0;
	if (l->transparent)
		return true;
	return error_set(err, errno,
	    "cannot take connections by TPROXY on %s: %s%s", l->address,
	    strerror(errno), errno == EPERM
		? "; CAP_NET_ADMIN is missing, accept = \"redirect\" needs none"
		: "");
}

bool
listener_open_planned(const struct plan_listener *l,
    struct opened_listener *to, struct error *err)
{
	if (conf_protocol_is_datagram(l->protocol)) {
		*to = (struct opened_listener){
		    .id = l->id, .fd = -1, .is_datagram = true};
		return open_any(to, l->address, err);
	}
	if (!listener_open(l->id, l->address, 0, to, err))
		return false;
	if (l->accept != ACCEPT_TPROXY || set_transparent(to, err))
		return true;
	listener_discard(to);
	return false;
}

void
listener_discard(struct opened_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->is_unix && l->address[0] != '\0')
		unlink(l->address + strlen("unix:"));
}

/* --- at work --- */

bool
listener_is_starved(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_BATCH && l->accepting; i++) {
		struct sockaddr_storage peer = {0};
		socklen_t len = sizeof(peer);
		int client = accept4(fd, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			if (l->opened.is_unix)
				peer.ss_family = AF_UNIX;
			if (l->ignored)
				kernel_discard(client, false);
			l->on_accept(l, client, &peer);
			continue;
		}
		if (listener_is_starved(errno))
			l->on_starved(l);
		else if (errno == EINTR || errno == ECONNABORTED)
			continue;
		return;
	}
}

/* A handshake that began before may end amid it. */
static void
set_ignoring(struct listener *l, bool on)
{
	if (l->opened.is_unix)
		return;
	l->ignored = true;
	kernel_discard(l->opened.fd, on);
}

static void
set_accepting(struct listener *l, bool on)
{
	if (l->accepting == on)
		return;
	l->accepting = on;
	if (!on) {
		event_del(&l->ev);
		return;
	}
	event_assign(&l->ev, l->base, l->opened.fd, EV_READ | EV_PERSIST,
	    on_ready, l);
	if (event_add(&l->ev, NULL) < 0) {
		l->accepting = false;
		l->on_starved(l);
	}
}

static bool
listen_again(struct opened_listener *o, struct error *err)
{
	if (o->fd < 0 && !open_unix(o, o->address + strlen("unix:"), err))
		return false;
	return listen(o->fd, BACKLOG) == 0 ||
	    error_set(err, errno, "%s", strerror(errno));
}

/* A Unix socket that was shut down cannot listen again: it is closed, while
 * its file stays (connecting to it is refused), and made anew. False: somebody
 * else has the address by now, say. */
static bool
set_refusing(struct listener *l, bool on)
{
	struct opened_listener *o = &l->opened;
	struct error err;

	if (!on && !listen_again(o, &err)) {
		log_line(LOG_ERROR, "listen_failed", "cannot listen again",
		    LOG_STR("listener", o->address),
		    LOG_STR("error", err.text), LOG_END);
		return false;
	}
	if (on && o->is_unix) {
		close(o->fd);
		o->fd = -1;
	} else if (on) {
		shutdown(o->fd, SHUT_RDWR);
	}
	return true;
}

void
listener_update(struct listener *l, enum listener_effect effect, bool paused)
{
	if (l->effect != (int)effect) {
		set_accepting(l, false);
		/* Without a place to listen it goes on refusing. */
		if ((effect == LISTENER_REFUSE ||
			l->effect == LISTENER_REFUSE) &&
		    !set_refusing(l, effect == LISTENER_REFUSE))
			return;
		if (effect == LISTENER_IGNORE || l->effect == LISTENER_IGNORE)
			set_ignoring(l, effect == LISTENER_IGNORE);
		l->effect = (int)effect;
	}
	/* An ignoring listener goes on with what is in its queue already. */
	set_accepting(l, effect != LISTENER_REFUSE && !paused);
}

void
listener_reconcile(struct listener *l)
{
	struct error err;

	if (l->plan->accept == ACCEPT_TPROXY &&
	    !set_transparent(&l->opened, &err))
		log_line(LOG_ERROR, "listen_failed", "no connections by TPROXY",
		    LOG_STR("listener", l->opened.address),
		    LOG_STR("error", err.text), LOG_END);
}

void
listener_close(struct listener *l)
{
	set_accepting(l, false);
	listener_discard(&l->opened);
}
