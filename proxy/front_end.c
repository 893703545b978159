/* SPDX-License-Identifier: Apache-2.0 */
/* How a connection leaves the front: closed, or handed over to its protocol
 * with what was learnt of the client. */
#include "proxy/client_facts.h"
#include "proxy/front_parts.h"
#include "proxy/protocol.h"
#include "proxy/tls.h"

/* Those of its route, or of the listener's first; NULL: neither is left. */
static struct route_counts *
counts_of(const struct front *f)
{
	const struct armed_route *r = f->from.route;

	if (r == NULL && f->listener != NULL)
		r = f->listener->routes[0];
	return r != NULL ? counters_of(&r->shared->counters,
			       f->session.worker->index)
			 : NULL;
}

bool
front_log_due(const struct front *f, enum route_line line)
{
	return route_log_due(counts_of(f), line, worker_now(f->session.worker));
}

void
front_close(struct front *f, enum close_reason reason, bool reset)
{
	struct worker *w = f->session.worker;
	struct route_counts *counts;

	if (f->state == FRONT_CLOSED)
		return;
	counts = counts_of(f);
	if (counts != NULL) {
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

void
front_hand_over(struct front *f)
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
	protocol = protocol_of(w->protocols, l,
	    to.tls != NULL ? tls_alpn(to.tls) : "");
	protocol->accept(w, l, &to);
}

struct client_facts *
front_facts(struct front *f)
{
	if (f->from.facts == NULL)
		f->from.facts = client_facts_new("", "");
	return f->from.facts;
}
