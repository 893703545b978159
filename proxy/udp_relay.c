/* SPDX-License-Identifier: Apache-2.0 */
/* Moving datagrams.
 *
 *   fast link:   batch ──► gathered ─sendmmsg─► sink
 *   with stages: batch ─link_feed_datagram─► stages ─► out ─sendmmsg─► sink
 *
 * What the kernel does not take is lost, as at a router whose queue is full,
 * and counted. */
#include "proxy/udp.h"

/* A datagram of that direction did not make it. */
static void
lost(struct udp_session *s, enum link_dir dir, uint64_t n)
{
	if (n > 0)
		counter_add(&s->counts->lost[dir], n);
}

static struct udp_flow *
udp_flow_of(struct flow *f)
{
	return CONTAINER_OF(f, struct udp_flow, flow);
}

/* Where datagrams of that direction leave. */
static void
set_sink(struct udp_session *s, enum link_dir dir, struct udp_sending *out)
{
	out->fd = dir == LINK_UP ? s->fd : s->port->opened.fd;
	out->path = dir == LINK_UP ? NULL : &s->path;
}

/* Sends; bits of the result as udp_send's. */
static uint32_t
send_out(struct udp_session *s, enum link_dir dir, struct udp_sending *out)
{
	int error;
	uint32_t taken;

	set_sink(s, dir, out);
	taken = udp_send(out, &error);
	if (dir == LINK_DOWN)
		return taken;
	while (s->untried > 0 && udp_upstream_try_next(s)) {
		set_sink(s, dir, out);
		taken = udp_send(out, &error);
	}
	if (error != 0)
		udp_upstream_refused(s, error);
	return taken;
}

/* --- past the engine --- */

void
udp_relay_flush(struct udp_gather *g)
{
	struct udp_session *s = g->session;
	unsigned count = g->out.count;
	uint32_t taken;

	if (count == 0)
		return;
	taken = send_out(s, g->dir, &g->out);
	g->out.count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct udp_flow *f = udp_flow_of(g->links[i]->flow);

		link_received(g->links[i], g->out.data[i].iov_len);
		if (taken & 1u << i)
			link_sent(g->links[i], g->out.data[i].iov_len);
		else
			lost(s, g->dir, 1);
		f->answered |= g->dir == LINK_DOWN;
		udp_flow_settle(f);
	}
}

static void
gather(struct udp_gather *g, struct udp_session *s, struct link *l,
       const struct udp_datagram *d)
{
	enum link_dir dir = l->dir ? LINK_DOWN : LINK_UP;

	if (g->session != s || g->dir != dir || g->out.count == UDP_BATCH)
		udp_relay_flush(g);
	g->session = s;
	g->dir = dir;
	g->links[g->out.count] = l;
	g->out.data[g->out.count++] =
	    (struct iovec){(void *)(uintptr_t)d->data, d->len};
	if (s->untried > 0)
		udp_relay_flush(g);
}

/* --- through it --- */

/* A stage counts from exact arrivals: the kernel shall stamp them. */
static void
stamp(struct udp_session *s, enum link_dir dir)
{
	bool *stamped = dir == LINK_UP ? &s->port->stamped : &s->stamped;

	if (*stamped || (dir == LINK_DOWN && s->fd < 0))
		return;
	*stamped = true;
	udp_tune_stamps(dir == LINK_UP ? s->port->opened.fd : s->fd);
}

static struct udp_flow *
flow_for(struct udp_session *s, enum link_dir dir, const struct udp_datagram *d)
{
	if (!s->dns)
		return TAILQ_FIRST(&s->flows);
	return dir == LINK_UP ? udp_query_begin(s, d) : udp_query_find(s, d);
}

void
udp_relay_datagram(struct udp_gather *g, struct udp_session *s,
		   enum link_dir dir, const struct udp_datagram *d)
{
	struct udp_flow *f;
	struct link *l;

	s->active_us = d->arrived_us;
	if (dir == LINK_UP && s->state == UDP_RELAY &&
	    d->arrived_us >= s->look_us) {
		udp_relay_flush(g);
		udp_upstream_ensure(s);
	}
	f = s->state == UDP_CLOSED ? NULL : flow_for(s, dir, d);
	if (f == NULL || f->flow.ended || s->state == UDP_SILENT) {
		lost(s, dir, 1);
		return;
	}
	l = &f->flow.links[dir];
	if (l->timed > 0)
		stamp(s, dir);
	if (s->state == UDP_RELAY && f->flow.open && link_is_fast(l)) {
		gather(g, s, l, d);
		return;
	}
	udp_relay_flush(g);
	if (!link_feed_datagram(l, d->data, d->len, d->arrived_us))
		lost(s, dir, 1);
	f->answered |= dir == LINK_DOWN;
	udp_flow_settle(f);
}

/* True if datagrams of that direction can leave now. */
static bool
has_sink(const struct udp_session *s, enum link_dir dir)
{
	if (s->state == UDP_CLOSED || s->state == UDP_SILENT)
		return false;
	return dir == LINK_DOWN || s->fd >= 0;
}

void
udp_relay_output(struct flow *flow, struct link *l)
{
	struct udp_flow *f = udp_flow_of(flow);
	struct udp_session *s = f->session;
	enum link_dir dir = l->dir ? LINK_DOWN : LINK_UP;

	while (!bytes_empty(&l->out) && has_sink(s, dir)) {
		struct udp_sending out = {0};
		const struct seg *seg = l->out.head;
		uint32_t taken;

		for (; seg != NULL && out.count < UDP_BATCH; seg = seg->next)
			out.data[out.count++] = (struct iovec){
			    seg->slab->data + seg->off, seg->len};
		taken = send_out(s, dir, &out);
		for (unsigned i = 0; i < out.count; i++) {
			bool sent = (taken & 1u << i) != 0;

			link_taken_datagram(l, sent);
			if (!sent)
				lost(s, dir, 1);
		}
		f->answered |= dir == LINK_DOWN;
	}
	udp_flow_settle(f);
}

void
udp_relay_resume(struct udp_session *s)
{
	struct udp_flow *f;

	TAILQ_FOREACH (f, &s->flows, entry)
		udp_relay_output(&f->flow, &f->flow.links[LINK_UP]);
}
