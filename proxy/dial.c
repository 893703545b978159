/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching an upstream.
 *
 *   name ─► addresses ─► connect 1st ─fail─► connect 2nd ─fail─► … ─► result
 *                            └─► PROXY header ─► TLS handshake ─────► result
 *
 * One time-out covers everything; each address gets its share of what is
 * left, so that one that never answers does not starve the others. */
#include "proxy/dial.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/client_facts.h"
#include "proxy/destination.h"
#include "proxy/dial_parts.h"
#include "proxy/dial_socket.h"
#include "proxy/proxy_header.h"
#include "proxy/resolve.h"
#include "proxy/worker.h"

/* How soon a Unix socket with a full backlog is asked again. */
#define BUSY_RETRY_US 10000

static void
disarm(struct dial *d)
{
	if (d->waiting)
		event_del(&d->ev);
	d->waiting = false;
	deadline_disarm(&d->worker->engine.deadlines, &d->deadline);
}

static void
arm(struct dial *d, int64_t at_us)
{
	worker_arm(d->worker, &d->deadline, at_us);
}

static void
drop_socket(struct dial *d)
{
	disarm(d);
	end_close(&d->secure);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* It is over: tells who asked. Closes what is not handed over, and frees the
 * dial unless dial_start() is still to return. */
static void
finish(struct dial *d, enum dial_result result)
{
	int fd = result == DIAL_OK ? d->fd : -1;
	struct tls *tls = NULL;

	disarm(d);
	if (result == DIAL_OK && d->secure.tls != NULL) {
		fd = end_detach(&d->secure);
		tls = tls_detach(&d->secure);
	}
	if (result == DIAL_OK)
		d->fd = -1;
	drop_socket(d);
	d->finished = true;
	d->request.done(d->request.arg, result, fd, tls);
	/* dial_start() frees what ended before it returned. */
	if (!d->starting)
		free(d);
}

/* --- connected --- */

/* Says who the client is, where the route asks for it. */
static bool
send_preface(const struct dial *d)
{
	const struct dial_request *r = &d->request;
	int version = r->route->conf->send_proxy;
	unsigned char header[PROXY_HEADER_MAX];
	size_t len;

	if (version == PROXY_HEADER_OFF)
		return true;
	len = proxy_header_build(version == PROXY_HEADER_V2, r->client_fd,
	    &d->start.client, r->client_port, header);
	return send(d->fd, header, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void
on_secure(struct end *e, unsigned what)
{
	struct dial *d = CONTAINER_OF(e, struct dial, secure);
	enum dial_result result;

	if (dial_heard(d, what, &result))
		finish(d, result);
}

static void
connected(struct dial *d)
{
	enum dial_result result;

	if (!send_preface(d)) {
		finish(d, DIAL_REFUSED);
		return;
	}
	if (d->request.route->upstream_tls == NULL) {
		finish(d, DIAL_OK);
		return;
	}
	disarm(d);
	end_attach(&d->secure, d->fd, d->to->is_unix);
	d->fd = -1;
	arm(d, d->end_us);
	if (dial_secure(d, &result))
		finish(d, result);
}

static void try_next(struct dial *d);

static void
failed(struct dial *d, int error)
{
	d->error = error;
	drop_socket(d);
	try_next(d);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0)
		failed(d, error);
	else
		connected(d);
}

static void
on_deadline(struct deadline *deadline, int64_t now_us)
{
	struct dial *d = CONTAINER_OF(deadline, struct dial, deadline);

	if (d->resolve != NULL) {
		resolve_cancel(d->resolve);
		d->resolve = NULL;
		finish(d, DIAL_DNS);
	} else if (d->secure.tls != NULL || d->asking) {
		dial_late(d);
		finish(d, DIAL_TIMEOUT);
	} else if (d->fd < 0 && now_us < d->end_us) {
		/* A Unix socket was busy: the same again. */
		d->next--;
		try_next(d);
	} else {
		failed(d, ETIMEDOUT);
	}
}

/* Waits for the connection under way. Returns 0, or an error if it cannot. */
static int
await(struct dial *d)
{
	int64_t now_us = worker_now(d->worker);
	int64_t left = MAX(d->end_us - now_us, 0);
	size_t others = d->list.count > d->next ? d->list.count - d->next : 0;

	event_assign(&d->ev, d->worker->base, d->fd, EV_WRITE, on_connected,
	    d);
	if (event_add(&d->ev, NULL) < 0)
		return ENOMEM;
	d->waiting = true;
	arm(d, now_us + left / (int64_t)(others + 1));
	return 0;
}

/* Do firewall rules bring connections here? Then they must know ours. */
static bool
is_intercepting(const struct dial *d)
{
	return d->worker->plan != NULL && d->worker->plan->transparent;
}

bool
dial_log_due(const struct dial *d, enum route_line line)
{
	struct route_counts *counts = counters_of(
	    &d->request.route->shared->counters, d->worker->index);

	return route_log_due(counts, line, worker_now(d->worker));
}

static void
log_unprepared(const struct dial *d, int error)
{
	const struct armed_route *r = d->request.route;

	if (!dial_log_due(d, LINE_SOURCE))
		return;
	log_line(LOG_ERROR, "keep_source_failed",
	    "the client's address cannot be used to dial from",
	    LOG_STR("route", r->name), LOG_STR("error", error == EPERM
		? "CAP_NET_ADMIN is missing" : strerror(error)), LOG_END);
}

/* Begins with one address: 0 connected, EINPROGRESS, or an error. */
static int
begin(struct dial *d, const struct sockaddr *addr, socklen_t len)
{
	d->fd = socket(addr->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return errno;
	if (addr->sa_family != AF_UNIX) {
		int error = dial_socket_prepare(d->fd, addr->sa_family,
		    d->request.route, &d->start.client,
		    is_intercepting(d));

		if (error != 0) {
			log_unprepared(d, error);
			return error;
		}
	}
	if (connect(d->fd, addr, len) == 0)
		return 0;
	if (errno == EINPROGRESS && is_intercepting(d))
		loops_note(&d->worker->shared->loops, d->fd);
	else if (errno != EINPROGRESS)
		return errno;
	/* A peer on this host has often answered by now; asking again costs
	 * less than a turn of the loop. */
	if (connect(d->fd, addr, len) == 0 || errno == EISCONN)
		return 0;
	return errno == EALREADY ? EINPROGRESS : errno;
}

static int
begin_unix(struct dial *d)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (strlen(d->to->path) >= sizeof(un.sun_path))
		return ENAMETOOLONG;
	strcpy(un.sun_path, d->to->path);
	return begin(d, (const struct sockaddr *)&un, sizeof(un));
}

/* Only a client's own wish can lead back here; the configuration's upstreams
 * were checked. */
static bool
is_loop(const struct dial *d, const struct sockaddr_storage *addr)
{
	if (!d->request.route->conf->upstream.is_destination ||
	    !destination_is_own(d->start.facts->destination, addr))
		return false;
	if (dial_log_due(d, LINE_LOOP))
		log_line(LOG_WARN, "destination_loop",
		    "the destination is the listener itself: refused",
		    LOG_STR("route", d->start.route->name),
		    LOG_UINT("session", d->start.session),
		    LOG_STR("destination", d->to->text), LOG_END);
	return true;
}

static void
try_next(struct dial *d)
{
	size_t count = d->to->is_unix ? 1 : d->list.count;

	while (d->next < count) {
		struct resolve_address *a = &d->list.at[d->next++];
		int error = d->to->is_unix ? begin_unix(d)
		    : is_loop(d, &a->addr)
		    ? EDEADLK
		    : begin(d, (const struct sockaddr *)&a->addr, a->len);

		if (error == 0) {
			connected(d);
			return;
		}
		if (error == EINPROGRESS && (error = await(d)) == 0)
			return;
		d->error = error;
		drop_socket(d);
		if (error == EAGAIN && d->to->is_unix) {
			arm(d, worker_now(d->worker) + BUSY_RETRY_US);
			return;
		}
	}
	if (!d->to->is_unix)
		resolve_forget(d->worker->resolver, d->to->host);
	finish(d, dial_result_of(d->error));
}

static void
on_resolved(void *arg, int error, const struct resolve_list *list)
{
	struct dial *d = arg;

	d->resolve = NULL;
	if (error != 0) {
		finish(d, DIAL_DNS);
		return;
	}
	d->list = *list;
	try_next(d);
}

static void
look_up(struct dial *d)
{
	struct resolve_query query = {
	    .name = d->to->host,
	    .port = d->to->port,
	    .mailbox = &d->worker->mailbox,
	    .done = on_resolved,
	    .arg = d,
	};
	int error;

	if (!resolve_cached(d->worker->resolver, d->to->host, d->to->port,
		&d->list, &error)) {
		d->resolve = resolve_start(d->worker->resolver, &query);
		arm(d, d->end_us);
	} else if (error != 0) {
		finish(d, DIAL_DNS);
	} else {
		try_next(d);
	}
}

struct dial *
dial_start(struct worker *worker, const struct dial_request *request)
{
	const struct conf_route *conf = request->route->conf;
	struct dial *d = xmalloc(sizeof(*d));

	memset(d, 0, offsetof(struct dial, list));
	d->list.count = 0;
	d->next = 0;
	d->error = 0;
	d->waiting = d->finished = d->asking = false;
	d->deadline = (struct deadline){.on_due = on_deadline};
	d->worker = worker;
	d->request = *request;
	d->start = (struct tls_start){
	    .route = request->route,
	    .number = request->flow->number,
	    .session = request->flow->session,
	    .client = request->flow->client,
	    .facts = request->facts,
	    .speaks = request->speaks,
	};
	d->to = destination_upstream(conf, request->facts);
	end_init(&d->secure, worker, on_secure);
	d->fd = -1;
	d->starting = true;
	d->end_us = worker_now(worker) + conf->connect_timeout_us;
	if (d->to == NULL)
		finish(d, DIAL_UNREACHABLE);
	else if (d->to->is_unix)
		try_next(d);
	else
		look_up(d);
	d->starting = false;
	if (!d->finished)
		return d;
	free(d);
	return NULL;
}

void
dial_cancel(struct dial *d)
{
	if (d == NULL)
		return;
	resolve_cancel(d->resolve);
	drop_socket(d);
	free(d);
}
