/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before a protocol: the life of a front, and the PROXY header. */
#include "proxy/front.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/client_facts.h"
#include "proxy/client_hello.h"
#include "proxy/front_parts.h"
#include "proxy/proxy_header.h"

#define PREFACE_TIMEOUT_US (5 * 1000000LL)
#define READ_MAX	   (16 * 1024)
#define HELD_MAX	   (CLIENT_HELLO_MAX + PROXY_HEADER_READ_MAX + READ_MAX)

/* --- the PROXY header --- */

static void
set_peer(struct front *f, const struct proxy_header *header)
{
	struct sockaddr_in6 *peer = (void *)&f->from.peer;

	f->session.client = header->source;
	f->session.client_port = header->source_port;
	*peer = (struct sockaddr_in6){
	    .sin6_family = AF_INET6,
	    .sin6_addr = header->source,
	    .sin6_port = htons(header->source_port),
	};
}

static void
log_preface(const struct front *f, const char *why)
{
	char client[INET6_ADDRSTRLEN];

	if (!front_log_due(f, LINE_PREFACE))
		return;
	log_line(LOG_WARN, "proxy_header_bad",
	    "a connection without a proper PROXY header",
	    LOG_STR("route", f->listener->routes[0]->name),
	    LOG_STR("client", event_address(&f->session.client, client)),
	    LOG_UINT("session", f->session.number), LOG_STR("error", why),
	    LOG_END);
}

/* True once the header was read. */
static bool
look_at_preface(struct front *f)
{
	struct proxy_header header;

	switch (proxy_header_parse(f->in.text, f->in.len, &header)) {
	case PROXY_HEADER_MORE:
		if (f->in.len < PROXY_HEADER_READ_MAX)
			return false;
		/* fall through */
	case PROXY_HEADER_BAD:
		log_preface(f, header.error);
		front_close(f, CLOSE_BAD_INPUT, true);
		return false;
	case PROXY_HEADER_DONE:
		break;
	}
	f->in_at = header.consumed;
	if (header.has_addresses)
		set_peer(f, &header);
	return true;
}

/* --- events --- */

static void
look(struct front *f)
{
	if (f->state == FRONT_PREFACE && f->in.len > 0) {
		if (!look_at_preface(f))
			return;
		front_destination(f);
	}
	if (f->state == FRONT_DESTINATION && f->in.len > f->in_at)
		front_look_destination(f);
	if (f->state == FRONT_HELLO && f->in.len > f->in_at)
		front_look_hello(f);
}

static void
read_more(struct front *f)
{
	unsigned char *data = f->session.worker->scratch;
	ssize_t n = end_read(&f->client, data, READ_MAX);

	if (n == END_AGAIN)
		return;
	if (n <= 0) {
		front_close(f, n == END_FAILED ? CLOSE_CLIENT_RESET
					       : CLOSE_CLIENT_FIN, false);
		return;
	}
	str_add_bytes(&f->in, data, (size_t)n);
	look(f);
	if (f->state < FRONT_HANDSHAKE && f->in.len > HELD_MAX)
		front_close(f, CLOSE_BAD_INPUT, true);
}

static void
on_event(struct end *e, unsigned what)
{
	struct front *f = CONTAINER_OF(e, struct front, client);

	if (f->state == FRONT_CLOSED)
		return;
	if (what & END_CUT)
		front_cut(f);
	else if (what & END_SECURED)
		front_secured(f);
	else if (what & END_GONE)
		front_close(f, CLOSE_CLIENT_RESET, false);
	else if (what & END_READABLE && f->state < FRONT_HANDSHAKE)
		read_more(f);
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct front *f = CONTAINER_OF(d, struct front, timer);

	(void)now_us;
	if (f->state == FRONT_HELLO) {
		front_no_hello(f);
		return;
	}
	if (f->state == FRONT_PREFACE)
		log_preface(f, "it did not come whole in time");
	if (f->state == FRONT_HANDSHAKE)
		front_log_tls(f, "the handshake took too long");
	front_close(f, f->state == FRONT_SILENT ? CLOSE_FAULT
						: CLOSE_HEADER_TIMEOUT,
	    f->state == FRONT_SILENT);
}

/* --- what the worker asks for --- */

static void
reconcile(struct session *s)
{
	struct front *f = CONTAINER_OF(s, struct front, session);
	struct plan *plan = s->worker->plan;
	const struct armed_route *r = f->from.route;

	f->listener = plan_listener(plan, s->listener);
	if (r != NULL)
		f->from.route = plan_route(plan, s->route);
	if (f->listener == NULL || (r != NULL && (f->from.route == NULL ||
		!f->from.route->conf->enabled))) {
		f->from.route = NULL;
		front_close(f, CLOSE_NO_ROUTE, false);
	}
}

static void
drain(struct session *s)
{
	front_close(CONTAINER_OF(s, struct front, session), CLOSE_SHUTDOWN,
	    false);
}

static void
close_now(struct session *s, enum close_reason reason)
{
	front_close(CONTAINER_OF(s, struct front, session), reason, false);
}

static void
free_session(struct session *s)
{
	struct front *f = CONTAINER_OF(s, struct front, session);

	client_facts_free(f->from.facts);
	asking_fini(&f->asking);
	str_fini(&f->in);
	free(f);
}

static size_t
flows(const struct session *s, const struct flow **to)
{
	(void)s;
	(void)to;
	return 0;
}

static const struct session_ops session_ops = {
    .reconcile = reconcile,
    .drain = drain,
    .close = close_now,
    .free = free_session,
    .flows = flows,
};

void
front_accept(struct worker *w, const struct plan_listener *listener,
    const struct accepted *from)
{
	struct front *f = xcalloc(1, sizeof(*f));
	int64_t limit_us = listener->routes[0]->conf->header_timeout_us;

	session_init(&f->session, &session_ops, w, from);
	f->from = *from;
	f->listener = listener;
	if (listener->preface)
		limit_us = MIN(limit_us, PREFACE_TIMEOUT_US);
	f->timer.on_due = on_timer;
	end_init(&f->client, w, on_event);
	end_attach(&f->client, from->fd, from->peer.ss_family == AF_UNIX);
	worker_arm(w, &f->timer, worker_now(w) + limit_us);
	f->state = FRONT_PREFACE;
	if (!listener->preface)
		front_destination(f);
	if (f->state != FRONT_CLOSED)
		end_want(&f->client, true, false);
}
