/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching the upstream: nobody is dialled before there is something to send.
 *
 *	LINK_UP ─► idle connection from the pool ─► upstream
 *	        └► dial ─────────────────────────►
 *
 * A kept connection may die just as it is used again. What it was sent is
 * remembered, and goes out once more on a fresh connection if the method
 * allows that and no byte of a response was seen. */
#include <stdlib.h>

#include "faults/flow_trace.h"
#include "proxy/http1.h"
#include "proxy/http_tell.h"

/* A request longer than this is not sent twice. */
#define REPLAY_MAX (64 * 1024)

static const struct conf_route *
conf_of(const struct http1_exchange *x)
{
	return x->flow.route != NULL ? x->flow.route->conf : NULL;
}

/* --- connections --- */

void
http1_upstream_release(struct http1_exchange *x, bool keep, bool reset)
{
	struct http1_upstream *u = x->upstream;

	if (u == NULL)
		return;
	x->upstream = NULL;
	flow_trace_done(&x->flow);
	if (u->end.deaf)
		end_set_deaf(&u->end, false);
	if (keep)
		http1_pool_put(u);
	else
		http1_upstream_close(u, reset);
}

void
http1_upstream_drop(struct http1_exchange *x, bool reset)
{
	dial_cancel(x->dial);
	x->dial = NULL;
	plan_unref(x->dial_plan);
	x->dial_plan = NULL;
	http1_upstream_release(x, false, reset);
}

static void
attach(struct http1_exchange *x, struct http1_upstream *u)
{
	u->owner = x;
	u->on_event = http1_on_upstream;
	x->upstream = u;
	/* A head goes on in the version in which it came. */
	flow_trace_call(&x->flow, u->end.fd,
	    (uint8_t)(10 + http1_request(x)->head.minor));
	if (http1_link(x, LINK_DOWN)->deaf_holds > 0)
		end_set_deaf(&u->end, true);
}

/* An idle connection, if there is one. */
static bool
take_idle(struct http1_exchange *x)
{
	const struct conf_route *conf = conf_of(x);
	struct http1_upstream *u;

	if (conf == NULL || !conf_route_shares_upstreams(conf) || x->retried)
		return false;
	while ((u = http1_pool_take(x->s->session.worker, x->flow.route,
		    x->s->facts)) != NULL) {
		/* What cannot be sent twice deserves a second look. */
		if (x->replayable || !http1_upstream_stale(u)) {
			attach(x, u);
			return true;
		}
		u->owner = x;
		http1_upstream_close(u, false);
	}
	return false;
}

/* --- dialling --- */

static void
dial_failed(struct http1_exchange *x, enum dial_result result)
{
	struct http1 *s = x->s;
	const struct http_error *reason;

	/* A fault has ended the flow already. */
	if (s->state == HTTP1_FLUSH) {
		x->mute = true;
		link_taken(http1_link(x, LINK_UP),
		    http1_link(x, LINK_UP)->out.len);
		return;
	}
	reason = http_dial_error(result);
	if (reason != NULL)
		http1_exchange_error(x, reason);
}

static void
on_dialled(void *arg, enum dial_result result, int fd, struct tls *tls)
{
	struct http1_exchange *x = arg;
	struct http1 *s = x->s;
	const struct conf_route *conf = conf_of(x);
	bool keep = conf != NULL && conf_route_shares_upstreams(conf);
	struct plan *plan = x->dial_plan;

	x->dial = NULL;
	x->dial_plan = NULL;
	dial_tell(&x->flow, result, x->dialed_us);
	dial_count(x->flow.counts, result,
	    worker_now(s->session.worker) - x->dialed_us);
	if (result == DIAL_OK) {
		attach(x, http1_upstream_new(s->session.worker,
			      &(struct http1_upstream_from){
				  .fd = fd,
				  .tls = tls,
				  .route = keep ? x->flow.route : NULL,
				  .facts = s->facts,
				  .is_unix = conf != NULL &&
				      conf->upstream.is_unix}));
		x->resend = x->retried && x->sent.len > 0;
		http1_write_upstream(x);
	} else {
		dial_failed(x, result);
	}
	plan_unref(plan);
	http1_poke(s);
}

static void
dial(struct http1_exchange *x)
{
	struct worker *w = x->s->session.worker;
	const struct conf_route *conf = conf_of(x);
	struct dial_request request = {
	    .route = x->flow.route,
	    .flow = &x->flow,
	    .client_fd = x->s->client.fd,
	    .client_port = x->s->session.client_port,
	    .facts = x->s->facts,
	    .speaks = TLS_HTTP1,
	    .done = on_dialled,
	    .arg = x,
	};
	struct dial *d;

	if (x->dial_plan != NULL || x->response_done)
		return;
	if (conf == NULL) {
		http1_exchange_error(x,
		    &(struct http_error){503, "destination_not_found",
			"the route was removed"});
		return;
	}
	x->dialed_us = worker_now(w);
	flow_trace_call(&x->flow, -1, 0);
	/* The address must live as long as the dial does. */
	x->dial_plan = plan_ref(w->plan);
	d = dial_start(w, &request);
	if (d != NULL)
		x->dial = d;
}

/* --- sending --- */

/* Remembers what a kept connection was sent, for as long as that is of use. */
static void
remember(struct http1_exchange *x, const void *data, size_t len)
{
	if (!x->replayable || x->upstream->served == 0 || x->responded)
		return;
	if (x->sent.len + len > REPLAY_MAX) {
		x->replayable = false;
		str_fini(&x->sent);
		return;
	}
	str_add_bytes(&x->sent, data, len);
}

size_t
http1_send(struct http1_exchange *x, const char *data, size_t len)
{
	ssize_t n;

	if (!link_is_fast(http1_link(x, LINK_UP)) || !x->flow.open ||
	    x->resend || x->dial_plan != NULL)
		return 0;
	if (x->upstream == NULL && !take_idle(x))
		return 0;
	n = x->mute ? (ssize_t)len : end_write(&x->upstream->end, data, len);
	if (n == END_AGAIN)
		return 0;
	if (n == END_FAILED) {
		/* It may have answered before it closed: reading tells. */
		x->mute = true;
		n = (ssize_t)len;
	}
	remember(x, data, (size_t)n);
	x->sent_us = http1_link(x, LINK_UP)->fed > 0 ||
		flow_is_watched(&x->flow)
	    ? worker_now(x->s->session.worker)
	    : 0;
	return (size_t)n;
}

/* Sends again what the lost connection got; false: not all of it yet. */
static bool
resend(struct http1_exchange *x)
{
	ssize_t n;

	if (!x->resend)
		return true;
	n = end_write(&x->upstream->end, x->sent.text + x->resend_at,
	    x->sent.len - x->resend_at);
	if (n == END_FAILED) {
		x->mute = true;
		x->resend = false;
		return true;
	}
	if (n > 0)
		x->resend_at += (size_t)n;
	if (x->resend_at < x->sent.len)
		return false;
	x->resend = false;
	x->sent_us = worker_now(x->s->session.worker);
	return true;
}

static ssize_t
write_some(struct http1_exchange *x)
{
	struct link *l = http1_link(x, LINK_UP);
	struct iovec iov;
	ssize_t n;

	if (x->mute)
		return (ssize_t)l->out.len;
	/* One segment at a time where it has to be remembered. */
	if (!x->replayable || x->upstream->served == 0)
		return end_write_bytes(&x->upstream->end, &l->out, SIZE_MAX);
	bytes_iov(&l->out, &iov, 1, SIZE_MAX);
	n = end_write(&x->upstream->end, iov.iov_base, iov.iov_len);
	if (n > 0)
		remember(x, iov.iov_base, (size_t)n);
	return n;
}

void
http1_post_upstream(struct http1_exchange *x)
{
	struct link *l = http1_link(x, LINK_UP);

	if (l->out.len > 0 && x->flow.open && !x->discard && !x->mute &&
	    !x->resend && x->dial_plan == NULL &&
	    (x->upstream != NULL || take_idle(x)))
		end_post(&x->upstream->end, &l->out);
}

void
http1_write_upstream(struct http1_exchange *x)
{
	struct link *l = http1_link(x, LINK_UP);

	if (x->s->state == HTTP1_CLOSED || x->s->state == HTTP1_SILENT ||
	    !x->flow.open)
		return;
	if (x->discard) {
		if (l->out.len > 0)
			link_taken(l, l->out.len);
		return;
	}
	if (x->upstream == NULL) {
		if (l->out.len == 0 || x->dial_plan != NULL)
			return;
		if (!take_idle(x)) {
			dial(x);
			return;
		}
	}
	if (!resend(x))
		return;
	while (l->out.len > 0 && x->s->state != HTTP1_CLOSED) {
		ssize_t n = write_some(x);

		if (n == END_AGAIN)
			return;
		if (n == END_FAILED) {
			x->mute = true;
			continue;
		}
		x->sent_us = worker_now(x->s->session.worker);
		link_taken(l, (size_t)n);
	}
	if (x->tunnel && link_at_eof(l) && x->upstream != NULL)
		end_shutdown(&x->upstream->end);
}

void
http1_upstream_lost(struct http1_exchange *x)
{
	bool again = x->upstream != NULL && x->upstream->served > 0 &&
	    x->replayable && !x->retried;

	http1_upstream_drop(x, false);
	if (x->s->state == HTTP1_FLUSH) {
		x->mute = true;
		return;
	}
	if (!again) {
		http1_exchange_error(x,
		    &(struct http_error){502, "connection_terminated",
			"the upstream closed the connection before it "
			"answered"});
		return;
	}
	x->retried = true;
	x->mute = false;
	x->resend_at = 0;
	str_clear(&x->in);
	dial(x);
}
