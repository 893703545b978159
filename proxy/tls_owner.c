/* SPDX-License-Identifier: Apache-2.0 */
/* What owners of ends ask a TLS layer, and how they hand it on. */
#include <string.h>

#include "proxy/tls_layer.h"

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
