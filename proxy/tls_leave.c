/* SPDX-License-Identifier: Apache-2.0 */
/* How an end and its layer part. An owner that closes an end does not wait:
 * the layer takes the socket, delivers what it still holds, and closes. */
#include <openssl/err.h>
#include <sys/socket.h>

#include "proxy/tls_layer.h"

#define LEAVE_MAX_US (30 * 1000000LL)
/* The most unread input that a polite close reads away. */
#define DRAIN_MAX (256 * 1024)

/* Says that the stream ends here, unless a fault, or the owner, is against
 * it. */
static void
announce(struct tls *t)
{
	struct tls_turn turn = {.question = TLS_CLOSE};

	if (t->state != TLS_OPEN || t->cut || t->end->abrupt)
		return;
	flow_tls(&t->wire, t->upstream ? LINK_UP : LINK_DOWN, &turn);
	if (turn.silent)
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	tls_emit(t);
}

void
tls_shutdown(struct tls *t)
{
	announce(t);
	link_feed_eof(tls_out(t));
	tls_flush(t);
}

/* Reads away what would turn the close into a reset. Not into the worker's
 * scratch memory: who lets the end go may be looking at it. */
static void
drain(struct end *e)
{
	char away[4096];
	size_t sum = 0;
	ssize_t n;

	while (sum < DRAIN_MAX) {
		n = recv(e->fd, away, sizeof(away), MSG_DONTWAIT);
		if (n <= 0)
			break;
		sum += (size_t)n;
	}
}

void
tls_leave_step(struct tls *t)
{
	int64_t now_us = worker_now(t->worker);

	tls_flush(t);
	if (t->broken == 0 && tls_held(t) > 0 && now_us < t->left_us) {
		worker_arm(t->worker, &t->later, t->left_us);
		return;
	}
	if (t->broken == 0 && tls_held(t) == 0) {
		if (!tls_in(t)->eof_in)
			drain(&t->own);
		end_raw_close(&t->own);
	} else {
		end_reset(&t->own);
	}
	tls_die(t);
}

void
tls_leave(struct end *e)
{
	struct tls *t = e->tls;
	bool fin_sent = e->fin_sent;

	if (!fin_sent) {
		announce(t);
		link_feed_eof(tls_out(t));
	}
	end_init(&t->own, t->worker, NULL);
	t->own.is_unix = e->is_unix;
	t->own.deaf = e->deaf;
	t->own.fd = end_detach(e);
	t->own.tls = t;
	e->tls = NULL;
	t->end = &t->own;
	t->state = TLS_LEFT;
	t->left_us = worker_now(t->worker) + LEAVE_MAX_US;
	tls_leave_step(t);
}

void
tls_drop(struct end *e)
{
	struct tls *t = e->tls;

	e->tls = NULL;
	if (t == NULL)
		return;
	if (t->end == &t->own && t->state == TLS_LEFT) {
		/* It reset itself: its own step goes on. */
		return;
	}
	tls_die(t);
}
