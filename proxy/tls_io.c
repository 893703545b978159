/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the owner, as they reach OpenSSL, and records, as they leave it:
 *
 *   end_write ─► SSL_write ─► bio_write ─► worker's out ─► tls_send ─► wire
 *   end_read  ◄─ SSL_read  ◄─ bio_read  ◄─ t->input     ◄─ tls_fill ◄─ wire
 *
 * OpenSSL never sees an end of stream: it would take it for an error, and
 * refuse to write from then on. */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/tls_layer.h"

/* --- the BIO --- */

static int
bio_read(BIO *bio, char *to, int len)
{
	struct tls *t = BIO_get_data(bio);
	size_t n = MIN((size_t)len, t->input_len);

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(to, t->input, n);
	t->input += n;
	t->input_len -= n;
	return (int)n;
}

static int
bio_write(BIO *bio, const char *from, int len)
{
	struct tls *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	str_add_bytes(&t->worker->tls->out, from, (size_t)len);
	return len;
}

static long
bio_ctrl(BIO *bio, int what, long num, void *arg)
{
	(void)bio;
	(void)num;
	(void)arg;
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *
tls_bio_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "faultwire");

	if (m == NULL)
		abort();
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

void
tls_keep(struct tls *t)
{
	struct str rest = {0};

	if (t->input_len == 0) {
		str_fini(&t->kept);
		t->input = NULL;
		return;
	}
	str_add_bytes(&rest, t->input, t->input_len);
	str_fini(&t->kept);
	t->kept = rest;
	t->input = (const unsigned char *)t->kept.text;
}

void
tls_emit(struct tls *t)
{
	struct str *out = &t->worker->tls->out;

	if (out->len > 0 && !tls_out(t)->eof_in && !t->wire.ended)
		tls_send(t, out->text, out->len);
	str_clear(out);
}

/* --- questions --- */

bool
tls_has_input(struct tls *t)
{
	const struct link *in = tls_in(t);

	return t->input_len > 0 || in->out.len > 0 || link_at_eof(in) ||
	    t->notified || t->broken != 0 || SSL_pending(t->ssl) > 0;
}

bool
tls_has_room(struct tls *t)
{
	const struct link *out = tls_out(t);

	if (t->state != TLS_OPEN)
		return false;
	if (out->first == NULL && out->stage_holds == 0)
		return out->out.len < TLS_HELD_MAX;
	return !out->full && out->stage_holds == 0;
}

size_t
tls_held(const struct tls *t)
{
	const struct link *out = tls_out((struct tls *)(uintptr_t)t);

	return t->wire.ended ? out->out.len : out->held;
}

/* --- reading --- */

static ssize_t
failed(struct tls *t, int error)
{
	t->end->error = error;
	return END_FAILED;
}

static ssize_t
read_closed(struct tls *t)
{
	t->end->fin_seen = true;
	t->end->truncated = !t->notified;
	return END_CLOSED;
}

/* The peer broke the rules; OpenSSL has told it so. */
static ssize_t
broke_rules(struct tls *t)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	snprintf(t->why, sizeof(t->why), "%s",
	    reason != NULL ? reason : "the stream is broken");
	ERR_clear_error();
	t->state = TLS_FAILED;
	return failed(t, EPROTO);
}

#define GO_ON 1 /* there are new records for OpenSSL */

/* OpenSSL gave no bytes: GO_ON, or what the read is to return. */
static ssize_t
no_bytes(struct tls *t, int result, bool got)
{
	int why = SSL_get_error(t->ssl, result);

	if (why == SSL_ERROR_ZERO_RETURN) {
		t->notified = true;
		return got ? END_AGAIN : read_closed(t);
	}
	if (why != SSL_ERROR_WANT_READ)
		return got ? END_AGAIN : broke_rules(t);
	if (got && t->short_read)
		return END_AGAIN;
	switch (tls_fill(t)) {
	case TLS_FILL_BYTES:
		return GO_ON;
	case TLS_FILL_NOTHING:
		return END_AGAIN;
	case TLS_FILL_END:
		return got ? END_AGAIN : read_closed(t);
	case TLS_FILL_ERROR:
		return got ? END_AGAIN : failed(t, t->broken);
	}
	return END_AGAIN;
}

ssize_t
tls_read(struct tls *t, void *to, size_t len)
{
	unsigned char *at = to;
	size_t got = 0;
	ssize_t end = END_AGAIN;

	if (t->state == TLS_FAILED)
		return failed(t, EPROTO);
	if (t->state != TLS_OPEN || t->cut)
		return END_AGAIN;
	if (t->notified)
		return read_closed(t);
	t->short_read = false;
	while (got < len) {
		int n;

		ERR_clear_error();
		n = SSL_read(t->ssl, at + got, (int)(len - got));
		if (n > 0) {
			got += (size_t)n;
			continue;
		}
		end = no_bytes(t, n, got > 0);
		if (end != GO_ON)
			break;
	}
	tls_keep(t);
	/* It may have answered: a change of keys, an alert. */
	tls_emit(t);
	return got > 0 ? (ssize_t)got : end;
}

/* --- writing --- */

static ssize_t
encrypt(struct tls *t, const void *from, size_t len)
{
	int n;

	ERR_clear_error();
	n = SSL_write(t->ssl, from, (int)MIN(len, (size_t)SLAB_SIZE));
	return n > 0 ? n : broke_rules(t);
}

/* Can it be written to? 1 yes, else what a write returns. */
static ssize_t
writable(struct tls *t)
{
	if (t->broken != 0)
		return failed(t, t->broken);
	if (t->state == TLS_FAILED)
		return failed(t, EPROTO);
	return tls_has_room(t) ? 1 : END_AGAIN;
}

static ssize_t
written(struct tls *t, ssize_t n)
{
	tls_emit(t);
	return t->broken != 0 ? failed(t, t->broken) : n;
}

ssize_t
tls_write(struct tls *t, const void *from, size_t len)
{
	ssize_t can = writable(t);

	if (t->cut)
		return (ssize_t)len;
	if (can != 1 || len == 0)
		return can != 1 ? can : 0;
	return written(t, encrypt(t, from, len));
}

ssize_t
tls_write_bytes(struct tls *t, const struct bytes *q, size_t limit)
{
	struct iovec iov[16];
	int count = bytes_iov(q, iov, 16, MIN(limit, (size_t)SLAB_SIZE));
	ssize_t can = writable(t), sum = 0;

	if (t->cut)
		return (ssize_t)MIN(q->len, limit);
	if (can != 1)
		return can;
	for (int i = 0; i < count; i++) {
		ssize_t n = encrypt(t, iov[i].iov_base, iov[i].iov_len);

		if (n < 0)
			return n;
		sum += n;
	}
	return written(t, sum);
}
