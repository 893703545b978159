/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a TCP session that still has something to deliver: first that,
 * then FIN or RST. */
#include "proxy/tcp.h"

#define FLUSH_TIMEOUT_US (30 * 1000000LL)
#define RST_WAIT_US	 1000000
#define RST_POLL_US	 1000

/* True if the sink of the link has all it is to have (and, where an RST is
 * to follow, has acknowledged it). */
static bool
delivered(struct tcp *t, enum link_dir dir)
{
	struct end *sink = &t->ends[!dir];

	if (sink->fd < 0 || t->dead[!dir])
		return true;
	if (t->flow.links[dir].out.len > 0 || t->pipes[dir] != NULL)
		return false;
	return !t->rst_after || end_unacked(sink) == 0;
}

void
tcp_flush_step(struct tcp *t, int64_t now_us)
{
	int64_t limit = t->rst_after ? RST_WAIT_US : FLUSH_TIMEOUT_US;

	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		if (t->ends[!dir].fd >= 0)
			tcp_write(t, dir);
		if (t->state == TCP_CLOSED)
			return;
	}
	if ((delivered(t, LINK_UP) && delivered(t, LINK_DOWN)) ||
	    now_us - t->flush_us >= limit) {
		tcp_close(t, CLOSE_FAULT, t->rst_after);
		return;
	}
	worker_arm(t->session.worker, &t->timer,
	    t->rst_after ? now_us + RST_POLL_US : t->flush_us + limit);
	tcp_update(t);
}

void
tcp_flush(struct tcp *t, bool rst)
{
	if (t->state == TCP_CLOSED)
		return;
	t->rst_after = rst;
	t->flow.ended = true;
	t->state = TCP_FLUSH;
	t->flush_us = worker_now(t->session.worker);
	/* Not from within somebody's callback. */
	worker_arm(t->session.worker, &t->timer, t->flush_us);
}
