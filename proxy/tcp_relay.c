/* SPDX-License-Identifier: Apache-2.0 */
/* Moving the bytes of a TCP session.
 *
 *   fast link:   source ─recv─► worker's scratch ─send─► sink
 *                  few bytes, rest of a short send ─► out ─► sink
 *   bulk:        source ─splice─► pipe ─splice─► sink
 *   with stages: source ─recv─► slab ─link_feed─► stages ─► out ─► sink
 *
 * What a few bytes were read of leaves at the end of the loop's turn, when all
 * other sockets that were ready have been read as well: their peers are woken
 * once, not for each message. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "proxy/splice.h"
#include "proxy/tcp.h"

/* One session may read this much before others get their turn. */
#define READ_BUDGET (1024 * 1024)
/* Large reads, in a row, before splice takes over; it goes on until one is
 * small. */
#define SPLICE_AFTER 3
#define LARGE_READ   (32 * 1024)
#define SMALL_READ   (4 * 1024)

static struct link *
link_of(struct tcp *t, enum link_dir dir)
{
	return &t->flow.links[dir];
}

static struct end *
source_of(struct tcp *t, enum link_dir dir)
{
	return &t->ends[dir];
}

static struct end *
sink_of(struct tcp *t, enum link_dir dir)
{
	return &t->ends[!dir];
}

void
tcp_end_failed(struct tcp *t, enum link_dir source)
{
	if (t->state == TCP_CLOSED || t->dead[source])
		return;
	t->dead[source] = true;
	t->reset_in[source] = true;
	if (source == LINK_UP)
		flow_left(&t->flow);
	if (t->reason == CLOSE_NONE && t->ends[source].error == EPROTO)
		t->reason = CLOSE_TLS;
	else if (t->reason == CLOSE_NONE)
		t->reason = source == LINK_UP ? CLOSE_CLIENT_RESET
					      : CLOSE_UPSTREAM_RESET;
	if (sink_of(t, source)->fin_sent) {
		/* Too late to send the RST behind the bytes. */
		tcp_close(t, t->reason, true);
		return;
	}
	link_feed_eof(link_of(t, source));
	if (t->state == TCP_CLOSED)
		return;
	/* What was meant for it has nowhere to go. */
	tcp_write(t, source == LINK_UP ? LINK_DOWN : LINK_UP);
}

/* The end of stream went through: FIN or RST, whichever came in. */
static void
carry_end(struct tcp *t, enum link_dir dir)
{
	struct end *sink = sink_of(t, dir);
	enum link_dir back = dir == LINK_UP ? LINK_DOWN : LINK_UP;

	if (t->reset_in[dir]) {
		tcp_flush(t, true);
		return;
	}
	if (t->reason == CLOSE_NONE)
		t->reason = dir == LINK_UP ? CLOSE_CLIENT_FIN
					   : CLOSE_UPSTREAM_FIN;
	sink->abrupt = source_of(t, dir)->truncated;
	/* Both directions done: closing says so, too. */
	if (link_at_eof(link_of(t, back)) && t->pipes[back] == NULL)
		tcp_close(t, t->reason, false);
	else
		end_shutdown(sink);
}

static bool
may_write(struct tcp *t, enum link_dir dir)
{
	return (t->state == TCP_RELAY || t->state == TCP_FLUSH) &&
	    sink_of(t, dir)->fd >= 0;
}

void
tcp_write(struct tcp *t, enum link_dir dir)
{
	struct link *l = link_of(t, dir);
	struct end *sink = sink_of(t, dir);

	if (!may_write(t, dir))
		return;
	if (t->pipes[dir] != NULL && !splice_flush(t, dir))
		return;
	while (l->out.len > 0) {
		ssize_t n;

		if (t->dead[!dir]) {
			link_taken(l, l->out.len);
			break;
		}
		n = end_write_bytes(sink, &l->out, SIZE_MAX);
		if (n == END_AGAIN)
			return;
		if (n == END_FAILED) {
			tcp_end_failed(t, dir == LINK_UP ? LINK_DOWN : LINK_UP);
			return;
		}
		link_taken(l, (size_t)n);
	}
	if (l->eof_out && t->state == TCP_RELAY && !sink->fin_sent)
		carry_end(t, dir);
}

void
tcp_write_late(struct tcp *t)
{
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		bool late = t->late[dir];

		t->late[dir] = false;
		if (late)
			tcp_write(t, (enum link_dir)dir);
	}
}

void
tcp_post(struct turn_end *e)
{
	struct tcp *t = CONTAINER_OF(e, struct tcp, turn_end);

	for (int i = LINK_UP; i <= LINK_DOWN; i++) {
		enum link_dir dir = (enum link_dir)i;

		if (t->late[dir] && may_write(t, dir) &&
		    t->pipes[dir] == NULL && !t->dead[!dir])
			end_post(sink_of(t, dir), &link_of(t, dir)->out);
	}
}

void
tcp_on_turn_end(struct turn_end *e)
{
	struct tcp *t = CONTAINER_OF(e, struct tcp, turn_end);

	tcp_write_late(t);
	tcp_update(t);
}

void
tcp_output(struct tcp *t, enum link_dir dir)
{
	if (t->state == TCP_CLOSED)
		return;
	if (t->gathering) {
		t->late[dir] = true;
		worker_at_turn_end(t->session.worker, &t->turn_end);
	} else {
		tcp_write(t, dir);
	}
}

/* The end of a read that brought no bytes. */
static void
read_ended(struct tcp *t, enum link_dir dir, ssize_t n)
{
	if (n == END_CLOSED && dir == LINK_UP)
		flow_left(&t->flow);
	if (n == END_CLOSED)
		link_feed_eof(link_of(t, dir));
	else if (n == END_FAILED)
		tcp_end_failed(t, dir);
}

/* Source to sink with nothing in between. Returns the bytes read, or what
 * end_read said. */
static ssize_t
read_fast(struct tcp *t, enum link_dir dir)
{
	struct worker *w = t->session.worker;
	struct end *source = source_of(t, dir), *sink = sink_of(t, dir);
	struct link *l = link_of(t, dir);
	ssize_t n = end_read(source, w->scratch, SLAB_SIZE), sent;

	if (n <= 0)
		return n;
	if (t->dead[!dir])
		sent = n;
	else if (n < LARGE_READ && end_finish(source))
		sent = end_write_last(sink, w->scratch, (size_t)n);
	else if (n <= SMALL_READ)
		sent = 0;
	else
		sent = end_write(sink, w->scratch, (size_t)n);
	if (sent == END_FAILED) {
		tcp_end_failed(t, dir == LINK_UP ? LINK_DOWN : LINK_UP);
		return END_AGAIN;
	}
	if (sent < 0)
		sent = 0;
	link_passed(l, (size_t)sent);
	t->gathering = n <= SMALL_READ;
	if (sent < n)
		link_feed_copy(l, w->scratch + sent, (size_t)(n - sent),
		    worker_now(w));
	t->gathering = false;
	return n;
}

/* Source to the first stage. */
static ssize_t
read_staged(struct tcp *t, enum link_dir dir)
{
	struct worker *w = t->session.worker;
	struct slab *slab = slab_get(&w->engine.pool);
	struct link *l = link_of(t, dir);
	int64_t arrived_us;
	struct bytes src;
	ssize_t n = end_read_arrived(source_of(t, dir), slab->data, SLAB_SIZE,
	    l->timed > 0, &arrived_us);

	if (n > 0) {
		bytes_init(&src, &w->engine.pool);
		if (n > SLAB_SIZE / 4)
			bytes_add_slab(&src, slab, 0, (uint32_t)n,
			    arrived_us);
		else
			bytes_add(&src, slab->data, (size_t)n, arrived_us);
		slab_put(&w->engine.pool, slab);
		t->gathering = n <= SMALL_READ;
		link_feed(l, &src);
		t->gathering = false;
	} else {
		slab_put(&w->engine.pool, slab);
	}
	return n;
}

/* Bytes without stages wait for a blocked sink in the kernel, not here. */
static bool
may_read(struct tcp *t, enum link_dir dir)
{
	const struct link *l = link_of(t, dir);

	return t->state == TCP_RELAY && link_wants(l) && !t->dead[dir] &&
	    t->pipes[dir] == NULL && (l->first != NULL || l->out.len == 0);
}

void
tcp_read(struct tcp *t, enum link_dir dir)
{
	size_t budget = READ_BUDGET;

	tcp_write_late(t);
	while (budget > 0 && may_read(t, dir)) {
		ssize_t n;

		if (!link_is_fast(link_of(t, dir))) {
			t->large_reads[dir] = 0;
			n = read_staged(t, dir);
		} else if (t->large_reads[dir] >= SPLICE_AFTER &&
		    splice_possible(t, dir)) {
			n = splice_relay(t, dir);
		} else {
			n = read_fast(t, dir);
		}
		if (n > 0 && source_of(t, dir)->fin_seen)
			n = END_CLOSED;
		if (n <= 0) {
			read_ended(t, dir, n);
			return;
		}
		if (n < (t->large_reads[dir] < SPLICE_AFTER ? LARGE_READ
							    : SMALL_READ)) {
			t->large_reads[dir] = 0;
			return;
		}
		if (t->large_reads[dir] < SPLICE_AFTER)
			t->large_reads[dir]++;
		budget -= MIN(budget, (size_t)n);
	}
}

static bool
wants_write(struct tcp *t, enum link_dir dir)
{
	return (link_of(t, dir)->out.len > 0 || t->pipes[dir] != NULL) &&
	    !t->dead[!dir];
}

void
tcp_update(struct tcp *t)
{
	bool relay = t->state == TCP_RELAY || t->state == TCP_FLUSH;

	/* The turn's end is early enough: until then nobody waits. */
	if (t->state == TCP_CLOSED || t->turn_end.list != NULL)
		return;
	end_want(&t->ends[LINK_UP], may_read(t, LINK_UP),
	    relay && wants_write(t, LINK_DOWN));
	end_want(&t->ends[LINK_DOWN], may_read(t, LINK_DOWN),
	    relay && wants_write(t, LINK_UP));
}

void
tcp_update_later(struct tcp *t)
{
	bool begins = false;

	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++)
		begins |= may_read(t, (enum link_dir)dir) &&
		    !end_reads(&t->ends[dir]);
	if (begins)
		worker_later(t->session.worker, &t->update);
	else
		tcp_update(t);
}
