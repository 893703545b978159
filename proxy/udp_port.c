/* SPDX-License-Identifier: Apache-2.0 */
/* A listening UDP socket on its worker. Refusing is connect(2) to itself: no
 * peer has that address, so that the kernel answers all others with "port
 * unreachable" while the port stays ours. */
#include "proxy/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/xalloc.h"

/* Batches that one port may read before others get their turn. */
#define BATCHES	     8
#define WARN_EACH_US 1000000

/* --- what faults do to the port --- */

static bool
own_address(const struct udp_port *port, union udp_address *to)
{
	socklen_t len = sizeof(*to);

	return getsockname(port->opened.fd, &to->sa, &len) == 0;
}

static bool
is_any(const union udp_address *a)
{
	if (a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

static void
set_refusing(struct udp_port *port, bool on)
{
	union udp_address to;

	if (!own_address(port, &to))
		return;
	if (!on)
		to.sa.sa_family = AF_UNSPEC;
	else if (is_any(&to) && to.sa.sa_family == AF_INET6)
		to.in6.sin6_addr = in6addr_loopback;
	else if (is_any(&to))
		to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(port->opened.fd, &to.sa, sizeof(to)) < 0)
		log_line(LOG_ERROR, "refuse_failed",
			 "a datagram port neither closes nor opens",
			 LOG_STR("listener", port->opened.address),
			 LOG_STR("error", strerror(errno)), LOG_END);
}

static void
update_effect(struct udp_port *port)
{
	struct worker *w = port->worker;
	int64_t next = DEADLINE_NEVER;
	enum listener_effect effect =
	    condition_listener(port->plan->routes[0], worker_now(w), &next);

	if (effect == LISTENER_REFUSE && port->effect != LISTENER_REFUSE)
		set_refusing(port, true);
	if (effect != LISTENER_REFUSE && port->effect == LISTENER_REFUSE)
		set_refusing(port, false);
	port->effect = (int)effect;
	if (next == DEADLINE_NEVER)
		deadline_disarm(&w->engine.deadlines, &port->change);
	else
		worker_arm(w, &port->change, next);
}

static void
on_change(struct deadline *d, int64_t now_us)
{
	(void)now_us;
	update_effect(CONTAINER_OF(d, struct udp_port, change));
}

/* --- datagrams --- */

static void
count_lost(struct udp_port *port, uint64_t n)
{
	const struct armed_route *r = port->plan->routes[0];
	struct route_counts *counts =
	    counters_of(&r->shared->counters, port->worker->index);

	counter_add(&counts->lost[LINK_UP], n);
}

static void
warn_full(struct udp_port *port)
{
	int64_t now_us = worker_now(port->worker);

	if (now_us - port->warned_us < WARN_EACH_US && port->warned_us != 0)
		return;
	port->warned_us = now_us;
	log_line(LOG_WARN, "connection_limit",
		 "max_connections reached: datagrams of new clients are lost",
		 LOG_STR("listener", port->opened.address), LOG_END);
}

/* The session of the datagram; NULL: there is none, and there will be none. */
static struct udp_session *
session_for(struct udp_port *port, const struct udp_path *path)
{
	struct udp_session *s = udp_table_find(&port->sessions, path);

	if (s != NULL)
		return s;
	if (port->effect != LISTENER_OPEN || port->worker->draining)
		return NULL;
	s = udp_session_new(port, path);
	if (s == NULL)
		warn_full(port);
	return s;
}

static void
on_batch(struct udp_port *port, int count)
{
	struct udp_gather gather = {0};
	struct udp_datagram d;

	for (int i = 0; i < count; i++) {
		struct udp_session *s;

		udp_batch_get(port->worker->udp->batch, (unsigned)i, &d);
		s = d.cut ? NULL : session_for(port, &d.path);
		if (s == NULL)
			count_lost(port, 1);
		else
			udp_relay_datagram(&gather, s, LINK_UP, &d);
	}
	udp_relay_flush(&gather);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct udp_port *port = arg;
	struct worker *w = port->worker;

	(void)what;
	for (int i = 0; i < BATCHES; i++) {
		uint32_t lost = port->lost;
		int n =
		    udp_batch_receive(w->udp->batch, fd, worker_now(w), &lost);

		if (lost != port->lost)
			count_lost(port, lost - port->lost);
		port->lost = lost;
		/* Errors belong to clients that are gone. */
		if (n > 0)
			on_batch(port, n);
		if (n < UDP_BATCH)
			break;
	}
	worker_run_due(w);
}

/* --- life --- */

struct udp_port *
udp_port_new(struct worker *w, const struct opened_listener *opened)
{
	struct udp_port *port = xcalloc(1, sizeof(*port));
	union udp_address own;

	port->worker = w;
	port->opened = *opened;
	port->change.on_due = on_change;
	port->effect = LISTENER_OPEN;
	if (getrandom(&port->sessions.key, sizeof(port->sessions.key), 0) < 0)
		port->sessions.key = (uint64_t)(uintptr_t)port;
	if (own_address(port, &own))
		udp_tune_listener(opened->fd, own.sa.sa_family, is_any(&own));
	event_assign(&port->ev, w->base, opened->fd, EV_READ | EV_PERSIST,
		     on_ready, port);
	return port;
}

bool
udp_port_reconcile(struct udp_port *port)
{
	bool begins = port->plan == NULL;

	port->plan = plan_listener(port->worker->plan, port->opened.id);
	if (port->plan == NULL)
		return false;
	update_effect(port);
	if (begins)
		event_add(&port->ev, NULL);
	return true;
}

void
udp_port_free(struct udp_port *port)
{
	struct udp_table *t = &port->sessions;

	for (size_t i = 0; i < t->room; i++) {
		while (t->slots[i] != NULL)
			udp_session_close(t->slots[i], CLOSE_ROUTE);
	}
	udp_table_fini(t);
	deadline_disarm(&port->worker->engine.deadlines, &port->change);
	event_del(&port->ev);
	listener_discard(&port->opened);
	free(port);
}
