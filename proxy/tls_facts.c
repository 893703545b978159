/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions to a TLS layer, and what was learnt of a client. */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/destination.h"
#include "proxy/tls_layer.h"

void
tls_facts_learn(struct tls_facts *f, const char *sni, const char *alpn)
{
	free(f->sni);
	free(f->alpn);
	f->sni = xstrdup(sni != NULL ? sni : "");
	f->alpn = xstrdup(alpn != NULL ? alpn : "");
}

struct tls_facts *
tls_facts_new(const char *sni, const char *alpn)
{
	struct tls_facts *f = xcalloc(1, sizeof(*f));

	tls_facts_learn(f, sni, alpn);
	return f;
}

void
tls_facts_free(struct tls_facts *facts)
{
	if (facts == NULL)
		return;
	free(facts->sni);
	free(facts->alpn);
	destination_free(facts->destination);
	free(facts);
}

bool
tls_facts_answer(const struct tls_facts *facts, enum fact fact,
    struct view *to)
{
	if (facts == NULL)
		return false;
	if (fact == FACT_SNI)
		*to = view_of(facts->sni);
	else if (fact == FACT_ALPN)
		*to = view_of(facts->alpn);
	else if (fact == FACT_DESTINATION && facts->destination != NULL)
		*to = view_of(facts->destination->at.text);
	else
		return false;
	return to->len > 0;
}

const char *
tls_failure(const struct tls *t)
{
	return t->state == TLS_FAILED ? t->why : NULL;
}

const char *
tls_alpn(const struct tls *t)
{
	return t->facts->alpn;
}

enum tls_http
tls_http(const struct tls *t)
{
	return strcmp(t->facts->alpn, "h2") == 0 ? TLS_HTTP2 : TLS_HTTP1;
}

const char *
tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

bool
tls_resumed(const struct tls *t)
{
	return SSL_session_reused(t->ssl) == 1;
}

enum flow_end
tls_cut_how(const struct tls *t)
{
	return (enum flow_end)t->cut_how;
}

struct tls *
tls_detach(struct end *from)
{
	struct tls *t = from->tls;

	from->tls = NULL;
	if (t != NULL) {
		t->end = NULL;
		t->want_read = t->want_write = false;
	}
	return t;
}

void
tls_attach(struct tls *t, struct end *to)
{
	if (t == NULL)
		return;
	t->end = to;
	to->tls = t;
	tls_poke(t);
}

void
tls_early(struct tls *t, const void *data, size_t len)
{
	if (len > 0 && !t->wire.ended)
		link_feed_copy(tls_in(t), data, len, worker_now(t->worker));
}

void
tls_want(struct tls *t, bool read, bool write)
{
	t->want_read = read;
	t->want_write = write;
	tls_update(t);
}
