/* SPDX-License-Identifier: Apache-2.0 */
/*   PREFACE ──► HELLO ──► HANDSHAKE ──► handed over
 *   (accept_     (tls,     (tls)  │
 *    proxy)       sni)            └────► SILENT (a fault)
 *
 * A state that the listener has no use for is left out; every one of them may
 * end in CLOSED. All together must be done within the header time-out. */
#include "proxy/front.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/client_hello.h"
#include "proxy/protocol.h"
#include "proxy/proxy_header.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

#define PREFACE_TIMEOUT_US (5 * 1000000LL)
#define SILENCE_MAX_US	   (3600 * 1000000LL)
#define READ_MAX	   (16 * 1024)
#define HELD_MAX	   (CLIENT_HELLO_MAX + PROXY_HEADER_READ_MAX + READ_MAX)

enum alert { ALERT_DECODE_ERROR = 50, ALERT_UNRECOGNIZED_NAME = 112 };

enum front_state {
	FRONT_PREFACE,
	FRONT_HELLO,
	FRONT_HANDSHAKE,
	FRONT_SILENT,
	FRONT_CLOSED,
};

struct front {
	struct session session; /* first */
	struct end client;
	struct deadline timer;
	struct accepted from; /* what the protocol will get */
	const struct plan_listener *listener; /* of the plan in force */
	struct str in; /* read, and used up to in_at */
	size_t in_at;
	uint8_t state; /* enum front_state */
};

/* --- the end of it --- */

static void
front_close(struct front *f, enum close_reason reason, bool reset)
{
	struct worker *w = f->session.worker;
	const struct armed_route *r = f->from.route;

	if (f->state == FRONT_CLOSED)
		return;
	if (r == NULL && f->listener != NULL)
		r = f->listener->routes[0];
	if (r != NULL) {
		struct route_counts *counts =
		    counters_of(&r->shared->counters, w->index);

		counter_add(&counts->accepted, 1);
		counter_add(&counts->closed[close_reason_by(reason)], 1);
	}
	f->state = FRONT_CLOSED;
	deadline_disarm(&w->engine.deadlines, &f->timer);
	if (reset)
		end_reset(&f->client);
	else
		end_close(&f->client);
	session_reap(&f->session);
}

/* Refuses a client that speaks TLS, in its own words. */
static void
refuse(struct front *f, enum alert alert, enum close_reason reason)
{
	const unsigned char record[] = {21, 3, 3, 0, 2, 2,
	    (unsigned char)alert};

	end_write(&f->client, record, sizeof(record));
	front_close(f, reason, false);
}

static void
hand_over(struct front *f)
{
	struct worker *w = f->session.worker;
	const struct plan_listener *l = f->listener;
	const struct protocol_ops *protocol;
	struct accepted to = f->from;

	to.fd = end_detach(&f->client);
	to.tls = tls_detach(&f->client);
	to.early = f->in.text + f->in_at;
	to.early_len = to.tls == NULL ? f->in.len - f->in_at : 0;
	f->from.facts = NULL;
	f->state = FRONT_CLOSED;
	deadline_disarm(&w->engine.deadlines, &f->timer);
	session_reap(&f->session);
	protocol = protocol_of(l, to.tls != NULL ? tls_alpn(to.tls) : "");
	protocol->accept(w, l, &to);
}

static void
log_failure(const struct front *f, const char *why)
{
	log_line(LOG_INFO, "tls_failed", "no TLS with the client",
	    LOG_STR("route", f->session.route),
	    LOG_UINT("session", f->session.number), LOG_STR("sni",
		f->from.facts != NULL ? f->from.facts->sni : NULL),
	    LOG_STR("error", why), LOG_END);
}

/* --- the handshake --- */

static void
secured(struct front *f)
{
	const char *why = tls_failure(f->client.tls);

	if (why == NULL) {
		free(f->from.facts->alpn);
		f->from.facts->alpn = xstrdup(tls_alpn(f->client.tls));
		hand_over(f);
		return;
	}
	log_failure(f, why);
	front_close(f, CLOSE_TLS, false);
}

/* A fault on the wire ends it. */
static void
cut(struct front *f)
{
	struct worker *w = f->session.worker;

	switch (tls_cut_how(f->client.tls)) {
	case END_RST:
	case END_RST_AFTER:
		front_close(f, CLOSE_FAULT, true);
		break;
	case END_FIN:
		front_close(f, CLOSE_FAULT, false);
		break;
	case END_SILENT:
		f->state = FRONT_SILENT;
		end_silence(&f->client);
		end_want(&f->client, false, false);
		worker_arm(w, &f->timer, worker_now(w) + SILENCE_MAX_US);
		break;
	}
}

static void
shake_hands(struct front *f)
{
	struct tls_start start = {
	    .route = f->from.route,
	    .number = f->from.flow,
	    .session = f->session.number,
	    .client = f->session.client,
	    .facts = f->from.facts,
	};
	struct error err;

	f->state = FRONT_HANDSHAKE;
	if (!tls_accept(&f->client, &start, &err)) {
		log_failure(f, err.text);
		front_close(f, CLOSE_TLS, true);
		return;
	}
	tls_early(f->client.tls, f->in.text + f->in_at, f->in.len - f->in_at);
}

/* --- the hello, and the route --- */

static bool
fits(const struct armed_route *r, const char *sni, bool is_tls)
{
	const struct conf_pattern *p = &r->conf->match_sni;

	if (!is_tls && r->conf->tls.enabled)
		return false;
	return p->text == NULL ||
	    (sni[0] != '\0' && conf_pattern_match(p, view_of(sni)));
}

static void
choose(struct front *f, const char *sni, bool is_tls)
{
	const struct plan_listener *l = f->listener;

	for (size_t i = 0; i < l->routes_count && f->from.route == NULL; i++) {
		if (fits(l->routes[i], sni, is_tls))
			f->from.route = l->routes[i];
	}
	if (f->from.route == NULL)
		return;
	f->session.route = f->from.route->name;
	if (f->from.flow == UINT64_MAX)
		f->from.flow = atomic_fetch_add(
		    conf_protocol_has_exchanges(l->protocol)
			? &f->from.route->shared->next_connection
			: &f->from.route->shared->next_flow,
		    1);
}

/* The hello was read, or what came is none. */
static void
known(struct front *f, const struct client_hello *hello, bool is_tls)
{
	choose(f, hello->sni, is_tls);
	f->from.facts = tls_facts_new(hello->sni, hello->alpn);
	if (f->from.route == NULL && is_tls) {
		log_failure(f, "no route takes this name");
		refuse(f, ALERT_UNRECOGNIZED_NAME, CLOSE_NO_ROUTE);
	} else if (f->from.route == NULL) {
		log_failure(f, "the client does not speak TLS");
		front_close(f, CLOSE_TLS, false);
	} else if (f->from.route->tls == NULL) {
		hand_over(f);
	} else if (hello->error != NULL) {
		log_failure(f, hello->error);
		refuse(f, ALERT_DECODE_ERROR, CLOSE_TLS);
	} else {
		shake_hands(f);
	}
}

/* True once all was answered that comes before a hello. */
static bool
look_at_offer(struct front *f)
{
	const struct protocol_ops *ops = protocol_of(f->listener, "");
	const struct armed_route *r = f->listener->routes[0];
	char answer;
	size_t n;

	while (ops->offer != NULL && r->tls != NULL) {
		n = ops->offer(f->listener, f->in.text + f->in_at,
		    f->in.len - f->in_at, &answer);
		if (n == 0)
			break;
		if (n == SIZE_MAX)
			return false;
		f->in_at += n;
		end_write(&f->client, &answer, 1);
	}
	return f->in.len > f->in_at;
}

static void
look_at_hello(struct front *f)
{
	struct client_hello hello;
	enum client_hello_result result =
	    client_hello_parse(f->in.text + f->in_at, f->in.len - f->in_at,
		&hello);

	switch (result) {
	case CLIENT_HELLO_MORE:
		break;
	case CLIENT_HELLO_DONE:
	case CLIENT_HELLO_BAD:
		known(f, &hello, true);
		break;
	case CLIENT_HELLO_NOT_TLS:
		known(f, &hello, false);
		break;
	}
}

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
		f->state = FRONT_HELLO;
		if (!f->listener->hello) {
			hand_over(f);
			return;
		}
	}
	if (f->state == FRONT_HELLO && look_at_offer(f))
		look_at_hello(f);
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
		cut(f);
	else if (what & END_SECURED)
		secured(f);
	else if (what & END_GONE)
		front_close(f, CLOSE_CLIENT_RESET, false);
	else if (what & END_READABLE && f->state < FRONT_HANDSHAKE)
		read_more(f);
}

/* A client that waits for the server to speak first has no hello to send. */
static void
give_up_hello(struct front *f)
{
	const struct client_hello none = {.error = NULL};

	if (f->in.len == f->in_at)
		choose(f, "", false);
	if (f->from.route == NULL) {
		front_close(f, CLOSE_HEADER_TIMEOUT, false);
		return;
	}
	f->from.route = NULL;
	known(f, &none, false);
}

static void
on_timer(struct deadline *d, int64_t now_us)
{
	struct front *f = CONTAINER_OF(d, struct front, timer);

	(void)now_us;
	if (f->state == FRONT_HELLO) {
		give_up_hello(f);
		return;
	}
	if (f->state == FRONT_HANDSHAKE)
		log_failure(f, "the handshake took too long");
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

	tls_facts_free(f->from.facts);
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
	f->state = listener->preface ? FRONT_PREFACE : FRONT_HELLO;
	if (listener->preface)
		limit_us = MIN(limit_us, PREFACE_TIMEOUT_US);
	f->timer.on_due = on_timer;
	end_init(&f->client, w, on_event);
	end_attach(&f->client, from->fd, from->peer.ss_family == AF_UNIX);
	worker_arm(w, &f->timer, worker_now(w) + limit_us);
	end_want(&f->client, true, false);
}
