/* SPDX-License-Identifier: Apache-2.0 */
/* What every session is to its worker. Nothing is freed by who still runs:
 * the reaper does it on a fresh turn of the loop. */
#include "proxy/session.h"

#include <netinet/in.h>
#include <string.h>

#include "proxy/worker.h"

const char *
close_reason_name(enum close_reason reason)
{
	static const char *const words[] = {
#define X(id, word, who) word,
	    CLOSE_REASONS(X)
#undef X
	};

	return words[reason];
}

enum closed_by
close_reason_by(enum close_reason reason)
{
	static const enum closed_by by[] = {
#define X(id, word, who) CLOSED_BY_##who,
	    CLOSE_REASONS(X)
#undef X
	};

	return by[reason];
}

void
session_map_ipv4(struct in6_addr *to, const void *from)
{
	memset(to, 0, sizeof(*to));
	to->s6_addr[10] = to->s6_addr[11] = 0xff;
	memcpy(&to->s6_addr[12], from, 4);
}

uint16_t
session_unpack(const struct sockaddr_storage *from, struct in6_addr *to)
{
	const struct sockaddr_in6 *in6 = (const void *)from;
	const struct sockaddr_in *in = (const void *)from;

	if (from->ss_family == AF_INET6) {
		*to = in6->sin6_addr;
		return ntohs(in6->sin6_port);
	}
	if (from->ss_family == AF_INET) {
		session_map_ipv4(to, &in->sin_addr);
		return ntohs(in->sin_port);
	}
	*to = in6addr_any;
	return 0;
}

void
session_init(struct session *s, const struct session_ops *ops,
    struct worker *worker, const struct accepted *from)
{
	s->ops = ops;
	s->worker = worker;
	s->listener = from->listener;
	s->number = from->session;
	s->start_us = worker_now(worker);
	s->client_port = session_unpack(&from->peer, &s->client);
	TAILQ_INSERT_TAIL(&worker->sessions, s, entry);
	worker->sessions_count++;
	worker->sessions_peak =
	    MAX(worker->sessions_peak, worker->sessions_count);
}

void
session_own(const struct session *s, struct flow *f)
{
	f->session = s->number;
	f->client = s->client;
	f->client_port = s->client_port;
}

void
session_reap(struct session *s)
{
	struct worker *w = s->worker;

	if (s->reaping)
		return;
	s->reaping = true;
	TAILQ_REMOVE(&w->sessions, s, entry);
	w->sessions_count--;
	if (TAILQ_EMPTY(&w->reaping))
		event_active(&w->reap_ev, EV_TIMEOUT, 0);
	TAILQ_INSERT_TAIL(&w->reaping, s, entry);
}
