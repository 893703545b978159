/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a TLS layer. OpenSSL is only called from here and tls_io.c; it
 * sees bytes that tls_wire.c lets it have. The owner is called on fresh
 * stacks, so that nothing happens underneath it. */
#include "proxy/tls.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/minted.h"
#include "proxy/tls_layer.h"

/* --- what a worker's layers share --- */

struct tls_worker *
tls_worker_of(struct worker *w)
{
	struct tls_worker *tw = w->tls;

	if (tw != NULL)
		return tw;
	tw = w->tls = xcalloc(1, sizeof(*tw));
	tw->bio = tls_bio_new();
	tw->in = xmalloc(TLS_READ_MAX);
	tw->minted = minted_new();
	TAILQ_INIT(&tw->layers);
	return tw;
}

/* Faults on the wire are compared with the plan in force. */
static void
reconcile(struct tls *t)
{
	flow_reconcile(&t->wire,
	    plan_route(t->worker->plan, t->wire.route_name));
	tls_update(t);
}

void
tls_worker_reconcile(struct worker *w)
{
	struct tls *t;

	if (w->tls == NULL)
		return;
	TAILQ_FOREACH(t, &w->tls->layers, entry)
		reconcile(t);
}

static void
layer_free(struct tls *t)
{
	struct tls_worker *tw = t->worker->tls;

	TAILQ_REMOVE(&tw->layers, t, entry);
	deadline_disarm(&t->worker->engine.deadlines, &t->later);
	flow_fini(&t->wire, "");
	/* Else OpenSSL takes the session for broken, and its ticket as well. */
	if (SSL_is_init_finished(t->ssl))
		SSL_set_shutdown(t->ssl,
		    SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	tls_server_unref(t->server);
	tls_client_unref(t->client);
	client_facts_free(t->facts);
	str_fini(&t->kept);
	free(t);
}

void
tls_worker_fini(struct worker *w)
{
	struct tls_worker *tw = w->tls;
	struct tls *t;

	if (tw == NULL)
		return;
	while ((t = TAILQ_FIRST(&tw->layers)) != NULL) {
		end_reset(&t->own);
		layer_free(t);
	}
	minted_free(tw->minted);
	BIO_meth_free(tw->bio);
	str_fini(&tw->out);
	free(tw->in);
	free(tw);
	w->tls = NULL;
}

/* --- telling the owner --- */

void
tls_poke(struct tls *t)
{
	if (t->state == TLS_LEFT || !deadline_armed(&t->later))
		worker_arm(t->worker, &t->later, worker_now(t->worker));
}

/* What an owner that waits would now find. */
static unsigned
news(struct tls *t)
{
	unsigned what = 0;

	if (t->want_read && tls_has_input(t))
		what |= END_READABLE;
	if (t->want_write && tls_has_room(t))
		what |= END_WRITABLE;
	return what;
}

/* Goes on with the handshake as far as it goes; may call the owner. */
static void step(struct tls *t);

static void
tell(struct tls *t)
{
	struct end *e = t->end;
	unsigned what;

	if (t->cut && !t->cut_told) {
		t->cut_told = true;
		e->on_event(e, END_CUT);
	} else if (t->state == TLS_HANDSHAKE ||
	    (t->state == TLS_FAILED && !t->secured_told)) {
		step(t);
	} else if (t->broken != 0 && !t->broken_told && !t->want_read) {
		t->broken_told = true;
		e->error = t->broken;
		e->gone_seen = true;
		e->on_event(e, END_GONE);
	} else if (t->state == TLS_OPEN && (what = news(t)) != 0) {
		e->on_event(e, what);
	} else {
		tls_update(t);
	}
}

static void
on_later(struct deadline *d, int64_t now_us)
{
	struct tls *t = CONTAINER_OF(d, struct tls, later);

	(void)now_us;
	if (t->state == TLS_DEAD)
		layer_free(t);
	else if (t->state == TLS_LEFT)
		tls_leave_step(t);
	else if (t->end != NULL)
		tell(t);
}

void
tls_die(struct tls *t)
{
	t->state = TLS_DEAD;
	t->end = NULL;
	t->wire.ended = true;
	tls_poke(t);
}

void
tls_ready(struct tls *t, unsigned what)
{
	struct end *e = t->end;

	if (t->state == TLS_LEFT) {
		if (what & END_GONE)
			t->broken = e->error;
		tls_leave_step(t);
		return;
	}
	if (what & END_WRITABLE)
		tls_flush(t);
	if (what & END_GONE) {
		t->broken = e->error;
		t->broken_told = true;
	}
	if (t->state == TLS_HANDSHAKE) {
		t->short_read = false;
		step(t);
		return;
	}
	what &= END_READABLE | END_GONE;
	if (t->want_write && tls_has_room(t))
		what |= END_WRITABLE;
	if (what != 0 && t->end == e)
		e->on_event(e, what);
	else
		tls_update(t);
}

/* --- the handshake --- */

static void
fail(struct tls *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	t->state = TLS_FAILED;
}

/* What OpenSSL has to say about it. */
static void
fail_openssl(struct tls *t)
{
	unsigned long code = ERR_peek_error();
	long verify = SSL_get_verify_result(t->ssl);
	const char *reason = ERR_reason_error_string(code);

	t->state = TLS_FAILED;
	if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(t->why, sizeof(t->why),
		    "the %s's certificate is refused: %s",
		    t->upstream ? "upstream" : "client",
		    X509_verify_cert_error_string(verify));
	else
		snprintf(t->why, sizeof(t->why), "%s",
		    reason != NULL ? reason : "the handshake failed");
	ERR_clear_error();
}

static void
secured(struct tls *t)
{
	const unsigned char *alpn;
	unsigned len;

	t->state = TLS_OPEN;
	SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	free(t->facts->alpn);
	t->facts->alpn = xmemdup0(len > 0 ? (const void *)alpn : "", len);
}

/* One call of OpenSSL and what it needs to go on; false: it waits. */
static bool
step_once(struct tls *t)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(t->ssl);
	tls_emit(t);
	if (result == 1) {
		secured(t);
		return true;
	}
	if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ) {
		fail_openssl(t);
		return true;
	}
	if (t->input_len > 0)
		return true;
	if (t->short_read && !tls_has_input(t))
		return false;
	switch (tls_fill(t)) {
	case TLS_FILL_BYTES:
		return true;
	case TLS_FILL_NOTHING:
		return false;
	case TLS_FILL_END:
		fail(t, "the peer closed the connection amid the handshake");
		break;
	case TLS_FILL_ERROR:
		fail(t, "the peer reset the connection amid the handshake");
		break;
	}
	return true;
}

static void
step(struct tls *t)
{
	struct end *e = t->end;

	while (t->state == TLS_HANDSHAKE && !t->cut) {
		if (!step_once(t))
			break;
	}
	tls_keep(t);
	if (t->cut || t->state == TLS_HANDSHAKE) {
		tls_update(t);
		return;
	}
	t->secured_told = true;
	e->on_event(e, END_SECURED);
}

/* --- beginning --- */

void
tls_begin(struct tls *t)
{
	t->state = TLS_HANDSHAKE;
	if (!t->upstream && !tls_choose_certificate(t))
		fail(t, "there is no certificate for it");
	if (t->state == TLS_FAILED)
		ERR_clear_error();
	tls_poke(t);
}

static struct tls *
layer_new(struct end *e, const struct tls_start *start, SSL_CTX *ctx,
    struct error *err)
{
	struct tls_worker *tw = tls_worker_of(e->worker);
	SSL *ssl = SSL_new(ctx);
	BIO *bio = ssl != NULL ? BIO_new(tw->bio) : NULL;
	struct tls *t;

	if (bio == NULL) {
		SSL_free(ssl);
		ERR_clear_error();
		error_set(err, 0, "OpenSSL has no memory for a connection");
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	t->end = e;
	t->worker = e->worker;
	t->ssl = ssl;
	t->own.fd = -1;
	t->short_read = true;
	t->later.on_due = on_later;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	t->facts = start->facts != NULL
	    ? client_facts_new(start->facts->sni, start->facts->alpn)
	    : client_facts_new(NULL, NULL);
	return t;
}

static void
open_wire(struct tls *t, const struct tls_start *start, int layer)
{
	flow_init(&t->wire, &tls_wire_ops, &t->worker->engine, start->route,
	    FLOW_WIRE, start->number);
	t->wire.layer = (uint8_t)layer;
	t->wire.session = start->session;
	t->wire.client = start->client;
	t->end->tls = t;
	TAILQ_INSERT_TAIL(&t->worker->tls->layers, t, entry);
	flow_open(&t->wire);
	/* A dial keeps the plan with which it began. */
	if (plan_route(t->worker->plan, start->route->name) != start->route)
		reconcile(t);
	tls_update(t);
}

bool
tls_accept(struct end *e, const struct tls_start *start, struct error *err)
{
	struct tls_server *s = start->route->tls;
	struct tls *t = layer_new(e, start, s->base.ctx, err);

	if (t == NULL)
		return false;
	t->server = tls_server_ref(s);
	SSL_set_accept_state(t->ssl);
	open_wire(t, start, LAYER_WIRE);
	return true;
}

bool
tls_connect(struct end *e, const struct tls_start *start, struct error *err)
{
	struct tls_client *c = start->route->upstream_tls;
	struct tls *t = layer_new(e, start, c->base.ctx, err);

	if (t == NULL)
		return false;
	t->upstream = true;
	t->client = tls_client_ref(c);
	tls_choose_upstream(t, start);
	SSL_set_connect_state(t->ssl);
	open_wire(t, start, LAYER_UPSTREAM_WIRE);
	return true;
}
