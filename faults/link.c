/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a flow: bytes enter, walk through the stages, and wait in
 * `out` for the host.
 *
 *   host ─link_feed─► [in│stage]─►[in│stage]─► out ─link_taken─► host
 *
 * `held` counts every byte in between; at `limit` the source is not read, and
 * at 7/8 of it reading goes on. */
#include "faults/stage.h"

#include <assert.h>

#include "base/attr.h"

void
link_init(struct link *l, struct flow *f, enum link_dir dir)
{
	*l = (struct link){.flow = f, .dir = dir == LINK_DOWN};
	bytes_init(&l->out, &f->engine->pool);
	l->limit = 4 << 20;
	if (f->route != NULL && f->route->conf->buffer_bytes > 0)
		l->limit = (size_t)f->route->conf->buffer_bytes;
}

void
link_fini(struct link *l)
{
	while (l->first != NULL)
		stage_free(l->first);
	bytes_fini(&l->out);
	l->held = 0;
}

/* Bytes are counted where they are those of the flow, not their records. */
static void
count_in(struct link *l, size_t n)
{
	if (l->flow->type == FLOW_WIRE)
		l->fed += n;
	else
		link_received(l, n);
}

static void
link_raised(struct link *l)
{
	if (l->held >= l->limit)
		l->full = true;
}

void
link_lowered(struct link *l)
{
	if (!l->full || l->held > l->limit - l->limit / 8)
		return;
	l->full = false;
	if (!l->flow->closing)
		l->flow->ops->resume(l->flow, l);
}

struct link_mark
link_mark(const struct link *l)
{
	return (struct link_mark){.tail = l->out.tail,
	    .taken = l->taken,
	    .len = l->out.len,
	    .eof = l->eof_out};
}

/* True if there is more to take than there was. An empty datagram adds no
 * bytes, but it is the new tail; and where the host took some meanwhile, what
 * is there now came later, though it may be less and in the same place. */
static bool
has_news(const struct link *l, const struct link_mark *before)
{
	return l->eof_out != before->eof || l->out.len > before->len ||
	    l->out.tail != before->tail ||
	    (l->taken != before->taken && !bytes_empty(&l->out));
}

void
link_ended(struct link *l)
{
	if (l->ender != NULL)
		flow_end_now(l->flow, (enum flow_end)l->ending);
	else
		l->eof_out = true;
}

void
link_pump_since(struct link *l, const struct link_mark *before)
{
	if (l->pumping) {
		l->again = true;
		return;
	}
	l->pumping = true;
	do {
		l->again = false;
		/* Stages ahead of one that ended the flow have nothing more to
		 * say. */
		for (struct stage *s = l->ender ? l->ender->next : l->first;
		     s != NULL; s = s->next)
			stage_run(s);
	} while (l->again && !l->flow->ended);
	l->pumping = false;
	if (!l->flow->closing && has_news(l, before))
		l->flow->ops->output(l->flow, l);
}

void
link_pump(struct link *l)
{
	struct link_mark before = link_mark(l);

	link_pump_since(l, &before);
}

void
link_feed(struct link *l, struct bytes *src)
{
	size_t len = src->len;

	if (len == 0)
		return;
	assert(!l->eof_in);
	count_in(l, len);
	l->held += len;
	link_raised(l);
	if (l->first == NULL) {
		bytes_join(&l->out, src);
		if (!l->flow->closing)
			l->flow->ops->output(l->flow, l);
		return;
	}
	bytes_join(&l->first->in, src);
	l->first->dirty = true;
	link_pump(l);
}

void
link_feed_copy(struct link *l, const void *data, size_t len, int64_t time_us)
{
	struct bytes src;

	bytes_init(&src, l->out.pool);
	bytes_add(&src, data, len, time_us);
	link_feed(l, &src);
}

void
link_feed_eof(struct link *l)
{
	if (l->eof_in)
		return;
	l->eof_in = true;
	if (l->first == NULL) {
		l->eof_out = true;
		if (!l->flow->closing)
			l->flow->ops->output(l->flow, l);
		return;
	}
	l->first->eof = true;
	l->first->eof_us = clock_now(l->flow->engine->clock);
	l->first->dirty = true;
	link_pump(l);
}

void
link_taken(struct link *l, size_t n)
{
	bytes_drop(&l->out, n);
	l->held -= n;
	if (l->flow->type == FLOW_WIRE)
		l->taken += n;
	else
		link_sent(l, n);
	link_lowered(l);
}

void
link_take_text(struct link *l, size_t n, struct str *to)
{
	struct iovec iov;

	for (size_t done = 0; done < n; done += iov.iov_len) {
		bytes_iov(&l->out, &iov, 1, n - done);
		str_add_bytes(to, iov.iov_base, iov.iov_len);
		link_taken(l, iov.iov_len);
	}
}

void
link_move(struct link *l, struct bytes *to)
{
	size_t n = l->out.len;

	if (n == 0)
		return;
	bytes_join(to, &l->out);
	l->held -= n;
	link_sent(l, n);
	link_lowered(l);
}

/* --- datagrams --- */

/* A small datagram takes more memory than it has bytes, an empty one too. */
#define WEIGHT_MIN 256

size_t
link_weight(const struct seg *seg)
{
	return MAX(seg->len, WEIGHT_MIN);
}

void
link_insert_datagram(struct link *l, const void *data, size_t len,
    int64_t time_us)
{
	struct bytes *to = l->first != NULL ? &l->first->in : &l->out;

	bytes_add_datagram(to, data, len, time_us);
	l->held += link_weight(to->tail);
	link_raised(l);
	if (l->first != NULL) {
		l->first->dirty = true;
		link_pump(l);
	} else if (!l->flow->closing) {
		l->flow->ops->output(l->flow, l);
	}
}

bool
link_feed_datagram(struct link *l, const void *data, size_t len,
    int64_t time_us)
{
	if (!link_wants(l))
		return false;
	link_received(l, len);
	link_insert_datagram(l, data, len, time_us);
	return true;
}

void
link_taken_datagram(struct link *l, bool sent)
{
	struct seg *seg = bytes_cut(&l->out, 0);

	l->held -= link_weight(seg);
	if (sent)
		link_sent(l, seg->len);
	seg_put(l->out.pool, seg);
	link_lowered(l);
}
