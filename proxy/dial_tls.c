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
	if (!dial_log_due(d, LINE_UPSTREAM_TLS))
		return;
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

static bool
over(enum dial_result *result, enum dial_result how)
{
	*result = how;
	return true;
}

static bool
shake_hands(struct dial *d, enum dial_result *result)
{
	struct error err;

	if (tls_connect(&d->secure, &d->start, &err))
		return false;
	log_failure(d, err.text);
	return over(result, DIAL_TLS);
}

/* Some upstreams want to be asked for TLS; one byte says whether they take it.
 * Nothing behind it may be read in the clear. */
bool
dial_secure(struct dial *d, enum dial_result *result)
{
	int protocol = d->request.route->conf->protocol;
	const struct protocol_ops *ops = d->worker->protocols->of[protocol];
	const char *question = NULL;
	size_t len = 0;

	if (ops->asks != NULL)
		len = ops->asks(protocol, &question);
	if (len == 0)
		return shake_hands(d, result);
	d->asking = true;
	if (end_write(&d->secure, question, len) != (ssize_t)len)
		return over(result, DIAL_TLS);
	end_want(&d->secure, true, false);
	return false;
}

static bool
hear_answer(struct dial *d, enum dial_result *result)
{
	char answer = 0;
	ssize_t n = end_read(&d->secure, &answer, 1);

	if (n == END_AGAIN)
		return false;
	d->asking = false;
	end_want(&d->secure, false, false);
	if (n == 1 && answer == 'S')
		return shake_hands(d, result);
	log_failure(d, "the upstream takes no TLS");
	return over(result, DIAL_TLS);
}

bool
dial_heard(struct dial *d, unsigned what, enum dial_result *result)
{
	const char *why;

	if (d->asking && what & END_READABLE)
		return hear_answer(d, result);
	/* A fault on the wire: as if the upstream had done it. */
	if (what & END_CUT)
		return over(result, DIAL_TLS);
	if (what & END_SECURED) {
		why = tls_failure(d->secure.tls);
		if (why == NULL)
			why = misfit(d);
		if (why == NULL)
			return over(result, DIAL_OK);
		log_failure(d, why);
		return over(result, DIAL_TLS);
	}
	if ((what & END_GONE) == 0)
		return false;
	log_failure(d, "the upstream reset the connection");
	return over(result, DIAL_TLS);
}

void
dial_late(const struct dial *d)
{
	log_failure(d, "the handshake took too long");
}
