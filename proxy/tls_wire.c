/* SPDX-License-Identifier: Apache-2.0 */
/* Records between OpenSSL and the socket, and the flow through which they go
 * where faults stand on the wire. */
#include "proxy/tls_layer.h"

static struct tls *
of(const struct flow *f)
{
	return CONTAINER_OF((struct flow *)(uintptr_t)f, struct tls, wire);
}

/* --- the socket's bytes --- */

static enum tls_fill
fill_ended(struct tls *t, ssize_t n)
{
	if (n == END_AGAIN)
		return TLS_FILL_NOTHING;
	if (n == END_FAILED) {
		t->broken = t->end->error;
		return TLS_FILL_ERROR;
	}
	/* The owner's stream has not ended before it was told so. */
	t->end->fin_seen = false;
	link_feed_eof(tls_in(t));
	return TLS_FILL_END;
}

static enum tls_fill
fill_fast(struct tls *t)
{
	unsigned char *in = t->worker->tls->in;
	ssize_t n = end_raw_read(t->end, in, TLS_READ_MAX);
	struct link *l = tls_in(t);

	if (n <= 0)
		return fill_ended(t, n);
	l->fed += (uint64_t)n;
	l->taken += (uint64_t)n;
	t->short_read = n < TLS_READ_MAX;
	t->input = in;
	t->input_len = (size_t)n;
	return TLS_FILL_BYTES;
}

/* From the socket into the link. */
static void
read_wire(struct tls *t)
{
	struct bytes_pool *pool = &t->worker->engine.pool;
	struct link *l = tls_in(t);
	struct slab *slab;
	struct bytes src;
	int64_t arrived_us;
	ssize_t n;

	if (!link_wants(l) || t->wire.ended)
		return;
	slab = slab_get(pool);
	n = end_raw_read_arrived(t->end, slab->data, TLS_READ_MAX,
	    l->timed > 0, &arrived_us);
	if (n > 0) {
		bytes_init(&src, pool);
		bytes_add(&src, slab->data, (size_t)n, arrived_us);
		slab_put(pool, slab);
		link_feed(l, &src);
		return;
	}
	slab_put(pool, slab);
	fill_ended(t, n);
}

/* Out of the link. */
static enum tls_fill
take_wire(struct tls *t)
{
	struct link *l = tls_in(t);
	unsigned char *in = t->worker->tls->in;
	size_t n = bytes_peek(&l->out, 0, in, TLS_READ_MAX);

	if (n > 0) {
		link_taken(l, n);
		t->input = in;
		t->input_len = n;
		t->short_read = l->out.len == 0;
		return TLS_FILL_BYTES;
	}
	if (t->broken != 0)
		return TLS_FILL_ERROR;
	return link_at_eof(l) ? TLS_FILL_END : TLS_FILL_NOTHING;
}

enum tls_fill
tls_fill(struct tls *t)
{
	struct link *l = tls_in(t);

	if (t->broken != 0 && l->held == 0)
		return TLS_FILL_ERROR;
	if (link_is_fast(l) && !l->eof_in && !t->wire.ended)
		return fill_fast(t);
	if (t->broken == 0)
		read_wire(t);
	return take_wire(t);
}

/* --- bytes for the socket --- */

static void
send_failed(struct tls *t)
{
	t->broken = t->end->error;
	tls_poke(t);
}

void
tls_flush(struct tls *t)
{
	struct link *l = tls_out(t);

	while (l->out.len > 0) {
		ssize_t n = t->broken != 0
		    ? (ssize_t)l->out.len
		    : end_raw_write_bytes(t->end, &l->out, SIZE_MAX);

		if (n == END_AGAIN)
			break;
		if (n == END_FAILED)
			send_failed(t);
		else
			link_taken(l, (size_t)n);
	}
	if (link_at_eof(l) && t->broken == 0)
		end_raw_shutdown(t->end);
	tls_update(t);
}

void
tls_send(struct tls *t, const void *data, size_t len)
{
	struct link *l = tls_out(t);
	ssize_t n = 0;

	if (t->broken != 0)
		return;
	if (link_is_fast(l)) {
		n = end_raw_write(t->end, data, len);
		if (n == END_FAILED) {
			send_failed(t);
			return;
		}
		n = MAX(n, 0);
		l->fed += (uint64_t)n;
		l->taken += (uint64_t)n;
	}
	if ((size_t)n < len)
		link_feed_copy(l, (const char *)data + n, len - (size_t)n,
		    worker_now(t->worker));
}

void
tls_update(struct tls *t)
{
	const struct link *in = tls_in(t);
	bool more, read = false;

	if (t->end == NULL || t->end->fd < 0)
		return;
	more = t->state == TLS_OPEN && tls_has_input(t);
	if (t->state == TLS_HANDSHAKE)
		read = link_wants(in);
	else if (t->state == TLS_OPEN)
		read = t->want_read && !more && link_wants(in);
	end_arm(t->end, read && !t->cut,
	    tls_out(t)->out.len > 0 && t->broken == 0);
	if (t->state == TLS_OPEN && !t->cut &&
	    ((t->want_read && more) || (t->want_write && tls_has_room(t))))
		tls_poke(t);
}

/* --- what faults on the wire ask for --- */

static void
op_opened(struct flow *f)
{
	tls_begin(of(f));
}

static void
op_output(struct flow *f, struct link *l)
{
	struct tls *t = of(f);

	if (l == tls_out(t) && t->end != NULL && t->state != TLS_LEFT)
		tls_flush(t);
	else
		tls_poke(t);
}

static void
op_resume(struct flow *f, struct link *l)
{
	(void)l;
	tls_poke(of(f));
}

static void
op_end(struct flow *f, enum flow_end how)
{
	struct tls *t = of(f);

	t->cut = true;
	t->cut_how = (uint8_t)how;
	tls_poke(t);
}

static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	struct tls *t = of(f);

	if (l == tls_in(t) && t->end != NULL)
		end_set_deaf(t->end, on);
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	return client_facts_answer(of(f)->facts, fact, to);
}

const struct flow_ops tls_wire_ops = {
    .opened = op_opened,
    .output = op_output,
    .resume = op_resume,
    .end = op_end,
    .deaf = op_deaf,
    .fact = op_fact,
};
