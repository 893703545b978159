/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with an upstream: asking for it where that is the custom, the handshake,
 * and whether what was agreed on is of use. */
#include "base/log.h"
#include "proxy/dial_parts.h"
#include "proxy/protocol.h"
#include "proxy/worker.h"

static void
log_failure(const struct dial *d, const char *why)
{
	log_line(LOG_WARN, "upstream_tls_failed", "no TLS with the upstream",
	    LOG_STR("route", d->start.route->name),
	    LOG_UINT("session", d->start.session),
	    LOG_STR("upstream", d->to->text), LOG_STR("error", why), LOG_END);
}

/* Why the secured connection is of no use; NULL: it is. */
static const char *
misfit(const struct dial *d)
{
	unsigned speaks = d->start.speaks;

	if (speaks == 0 || speaks & tls_http(d->secure.tls))
		return NULL;
	return speaks == TLS_HTTP2
	    ? "it did not agree to speak HTTP/2"
	    : "it wants to speak HTTP/2, its client speaks HTTP/1";
}

static void
shake_hands(struct dial *d)
{
	struct error err;

	if (tls_connect(&d->secure, &d->start, &err))
		return;
	log_failure(d, err.text);
	dial_finish(d, DIAL_TLS);
}

/* Some upstreams want to be asked for TLS; one byte says whether they take it.
 * Nothing behind it may be read in the clear. */
void
dial_secure(struct dial *d)
{
	int protocol = d->request.route->conf->protocol;
	const struct protocol_ops *ops = d->worker->protocols->of[protocol];
	const char *question = NULL;
	size_t len = 0;

	if (ops->asks != NULL)
		len = ops->asks(protocol, &question);
	if (len == 0) {
		shake_hands(d);
		return;
	}
	d->asking = true;
	if (end_write(&d->secure, question, len) != (ssize_t)len)
		dial_finish(d, DIAL_TLS);
	else
		end_want(&d->secure, true, false);
}

static void
hear(struct dial *d)
{
	char answer = 0;
	ssize_t n = end_read(&d->secure, &answer, 1);

	if (n == END_AGAIN)
		return;
	d->asking = false;
	end_want(&d->secure, false, false);
	if (n == 1 && answer == 'S') {
		shake_hands(d);
		return;
	}
	log_failure(d, "the upstream takes no TLS");
	dial_finish(d, DIAL_TLS);
}

void
dial_on_secure(struct end *e, unsigned what)
{
	struct dial *d = CONTAINER_OF(e, struct dial, secure);
	const char *why;

	if (d->asking && what & END_READABLE) {
		hear(d);
	} else if (what & END_CUT) {
		/* A fault on the wire: as if the upstream had done it. */
		dial_finish(d, DIAL_TLS);
	} else if (what & END_SECURED) {
		why = tls_failure(e->tls);
		if (why == NULL)
			why = misfit(d);
		if (why != NULL)
			log_failure(d, why);
		dial_finish(d, why == NULL ? DIAL_OK : DIAL_TLS);
	} else if (what & END_GONE) {
		log_failure(d, "the upstream reset the connection");
		dial_finish(d, DIAL_TLS);
	}
}

void
dial_late(struct dial *d)
{
	log_failure(d, "the handshake took too long");
	dial_finish(d, DIAL_TIMEOUT);
}
