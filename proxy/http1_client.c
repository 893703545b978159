/* SPDX-License-Identifier: Apache-2.0 */
/* The client's socket: when it is read, and what becomes of a session once an
 * event was handled. Handlers only note what happened; http1_leave() draws the
 * conclusions, in a loop, so that nothing is freed or begun underneath them. */
#include <errno.h>

#include "proxy/http2.h"

/* A client that ended its stream may still wait for the answer, or be gone:
 * there is no telling until something is written to it. After this time it is
 * taken for gone. */
#define HALF_CLOSED_US 5000000

/* --- what becomes of what happened --- */

static void
input_drop(struct http1 *s, size_t n)
{
	s->in_at += n;
	if (s->in_at < s->in.len)
		return;
	str_fini(&s->in);
	s->in_at = 0;
}

/* The exchange is over: the next request, or the end. */
static void
next_exchange(struct http1 *s)
{
	struct http1_exchange *x = s->x;
	bool unread = !x->request_done || http1_waiting(s) > 0;
	bool leaves = x->close || s->leaving || s->listener == NULL;

	if (x->ends) {
		http1_end(s, (enum flow_end)x->end_how);
		return;
	}
	if (x->tunnel) {
		http1_close(s, CLOSE_DONE, false);
		return;
	}
	http1_exchange_free(x, "done", false);
	if (!leaves)
		http1_rest(s);
	else if (unread && !s->client_fin)
		http1_linger(s, CLOSE_DONE);
	else
		http1_close(s, CLOSE_DONE, false);
}

static bool
takes_input(const struct http1 *s)
{
	switch ((enum http1_state)s->state) {
	case HTTP1_IDLE:
	case HTTP1_HEAD:
	case HTTP1_STREAMS:
	case HTTP1_LINGER:
		return true;
	case HTTP1_EXCHANGE:
		return !s->x->request_done || s->x->tunnel;
	case HTTP1_OPENING:
	case HTTP1_FLUSH:
	case HTTP1_SILENT:
	case HTTP1_CLOSED:
		break;
	}
	return false;
}

/* The client will say no more, and nothing is left to look at. */
static void
client_ended(struct http1 *s)
{
	struct http1_exchange *x = s->x;

	switch ((enum http1_state)s->state) {
	case HTTP1_EXCHANGE:
		if (x->tunnel)
			link_feed_eof(http1_link(x, LINK_UP));
		else if (!x->request_done && !x->close)
			http1_close(s, CLOSE_CLIENT_FIN, false);
		else if (!s->fin_timed)
			http1_due(s, worker_now(s->session.worker) +
					 HALF_CLOSED_US);
		s->fin_timed = true;
		break;
	case HTTP1_LINGER:
		if (s->out.len == 0)
			http1_close(s, CLOSE_DONE, false);
		break;
	case HTTP1_IDLE:
	case HTTP1_HEAD:
		http1_close(s, CLOSE_CLIENT_FIN, false);
		break;
	case HTTP1_STREAMS: /* http2_settle() sees it */
	case HTTP1_OPENING:
	case HTTP1_FLUSH:
	case HTTP1_SILENT:
	case HTTP1_CLOSED:
		break;
	}
}

/* Reading is on when nothing speaks against it. */
static bool
reads_client(const struct http1 *s)
{
	const struct link *up;

	if (s->client_fin || s->conn.links[LINK_UP].stage_holds > 0)
		return false;
	if (s->state != HTTP1_EXCHANGE)
		return takes_input(s) &&
		       (s->state != HTTP1_LINGER || s->client.fin_sent);
	if (!takes_input(s))
		return http1_waiting(s) == 0;
	up = http1_link(s->x, LINK_UP);
	return s->x->discard ||
	       (link_wants(up) && (up->first != NULL || up->out.len == 0));
}

static void
update(struct http1 *s)
{
	struct http1_exchange *x = s->x;
	bool begun = x != NULL && x->begun;
	bool write =
	    s->out.len > 0 || (begun && http1_link(x, LINK_DOWN)->out.len > 0);

	if (s->h2 != NULL && s->state != HTTP1_LINGER &&
	    s->state != HTTP1_OPENING) {
		http2_update(s->h2);
		return;
	}
	if (s->state == HTTP1_SILENT) {
		end_want(&s->client, false, false);
		if (begun && x->upstream != NULL)
			end_want(&x->upstream->end, false, false);
		return;
	}
	end_want(&s->client, reads_client(s), write);
	if (begun && x->upstream != NULL)
		end_want(
		    &x->upstream->end, http1_reads_upstream(x),
		    !x->mute && !x->discard &&
			(x->resend || http1_link(x, LINK_UP)->out.len > 0));
}

/* Does what the handlers left to be done, until nothing is. */
static void
settle(struct http1 *s)
{
	for (;;) {
		size_t used = 0;

		if (s->state == HTTP1_EXCHANGE && http1_exchange_over(s->x)) {
			next_exchange(s);
			continue;
		}
		if (http1_waiting(s) > 0 && takes_input(s)) {
			used = http1_input(s, s->in.text + s->in_at,
					   http1_waiting(s));
			input_drop(s, used);
		}
		if (used == 0)
			break;
	}
	if (s->state == HTTP1_STREAMS)
		http2_settle(s->h2);
	if (s->state == HTTP1_LINGER && s->out.len == 0)
		end_shutdown(&s->client);
	if (s->client_fin && (http1_waiting(s) == 0 || takes_input(s)))
		client_ended(s);
	if (s->state == HTTP1_EXCHANGE && http1_exchange_over(s->x))
		http1_poke(s);
}

void
http1_enter(struct http1 *s)
{
	s->depth++;
}

void
http1_leave(struct http1 *s)
{
	/* What is late concludes at the turn's end. */
	if (s->depth > 1 || s->late) {
		s->depth--;
		return;
	}
	if (s->state != HTTP1_CLOSED)
		settle(s);
	s->depth--;
	if (s->state != HTTP1_CLOSED)
		update(s);
}

void
http1_on_later(struct deadline *d, int64_t now_us)
{
	struct http1 *s = CONTAINER_OF(d, struct http1, later);

	(void)now_us;
	http1_enter(s);
	http1_leave(s);
}

void
http1_leave_late(struct http1 *s)
{
	s->depth--;
	if (s->depth == 0 && s->state != HTTP1_CLOSED)
		worker_at_turn_end(s->session.worker, &s->turn_end);
}

void
http1_post(struct turn_end *t)
{
	struct http1 *s = CONTAINER_OF(t, struct http1, turn_end);
	struct http1_exchange *x = s->x;
	struct link *down;

	if (!s->late || s->state != HTTP1_EXCHANGE || !x->begun)
		return;
	down = http1_link(x, LINK_DOWN);
	/* With something for both, the first write might change the second. */
	if (down->out.len == 0)
		http1_post_upstream(x);
	else if (http1_link(x, LINK_UP)->out.len == 0 && s->out.len == 0 &&
	    !x->bypass && !x->resend && !x->tells)
		end_post(&s->client, &down->out);
}

void
http1_on_turn_end(struct turn_end *t)
{
	struct http1 *s = CONTAINER_OF(t, struct http1, turn_end);

	http1_enter(s);
	http1_write_late(s);
	http1_leave(s);
}

void
http1_output(struct http1_exchange *x, enum link_dir dir)
{
	struct http1 *s = x->s;

	if (s->gathering && s->state != HTTP1_CLOSED) {
		s->late = true;
		worker_at_turn_end(s->session.worker, &s->turn_end);
	} else if (dir == LINK_UP) {
		http1_write_upstream(x);
	} else {
		http1_write_client(s);
	}
}

void
http1_write_late(struct http1 *s)
{
	if (!s->late)
		return;
	s->late = false;
	s->gathering = false;
	if (s->x != NULL && s->x->begun)
		http1_write_upstream(s->x);
	http1_write_client(s);
}

void
http1_poke(struct http1 *s)
{
	struct worker *w = s->session.worker;

	if (s->depth == 0 && s->state != HTTP1_CLOSED &&
	    !deadline_armed(&s->later))
		worker_arm(w, &s->later, worker_now(w));
}

/* --- the client's socket --- */

ssize_t
http1_read(struct http1 *s, struct end *from, bool exact)
{
	struct worker *w = s->session.worker;

	s->arrived_us = 0;
	if (exact)
		return end_read_arrived(from, w->scratch, SLAB_SIZE, true,
					&s->arrived_us);
	return end_read(from, w->scratch, SLAB_SIZE);
}

void
http1_active(struct http1 *s)
{
	const struct armed_route *r;

	if (s->state != HTTP1_EXCHANGE || !s->x->begun || s->client_fin)
		return;
	r = s->x->flow.route;
	if (r != NULL && r->conf->idle_timeout_us > 0)
		http1_due(s, worker_now(s->session.worker) +
				 r->conf->idle_timeout_us);
}

static void
read_client(struct http1 *s)
{
	const struct armed_route *r = s->conn.route;
	const char *data = (const char *)s->session.worker->scratch;
	ssize_t n = http1_read(s, &s->client, r != NULL && r->faults_count > 0);
	size_t used = 0;

	if (n == END_AGAIN)
		return;
	if (n == END_FAILED) {
		http1_close(s,
			    s->client.error == EPROTO ? CLOSE_TLS
						      : CLOSE_CLIENT_RESET,
			    s->client.error != EPROTO);
		return;
	}
	if (n == END_CLOSED) {
		s->client_fin = true;
		if (s->x != NULL && s->x->begun)
			flow_left(&s->x->flow);
		return;
	}
	s->gathering = n <= HTTP1_FEW_BYTES && s->h2 == NULL;
	if (http1_waiting(s) == 0 && takes_input(s))
		used = http1_input(s, data, (size_t)n);
	s->gathering = false;
	if (used < (size_t)n && s->state != HTTP1_CLOSED)
		str_add_bytes(&s->in, data + used, (size_t)n - used);
}

void
http1_on_client(struct end *e, unsigned what)
{
	struct http1 *s = CONTAINER_OF(e, struct http1, client);

	if (s->state == HTTP1_CLOSED)
		return;
	http1_enter(s);
	if (what & END_CUT)
		http1_end(s, tls_cut_how(e->tls));
	if (what & END_GONE && s->state != HTTP1_CLOSED)
		http1_close(s, CLOSE_CLIENT_RESET, true);
	if (what & END_WRITABLE && s->state != HTTP1_CLOSED)
		http1_write_client(s);
	if (what & END_READABLE && s->state != HTTP1_CLOSED)
		read_client(s);
	if (s->state == HTTP1_FLUSH)
		http1_flush(s, worker_now(s->session.worker));
	http1_active(s);
	http1_leave(s);
}
