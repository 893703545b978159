/* SPDX-License-Identifier: Apache-2.0 */
/* The front's part with TLS: a look at the hello, and the handshake. */
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/client_facts.h"
#include "proxy/client_hello.h"
#include "proxy/front_parts.h"
#include "proxy/protocol.h"
#include "proxy/tls.h"

#define SILENCE_MAX_US (3600 * 1000000LL)

enum alert { ALERT_DECODE_ERROR = 50, ALERT_UNRECOGNIZED_NAME = 112 };

/* Refuses a client that speaks TLS, in its own words. */
static void
refuse(struct front *f, enum alert alert, enum close_reason reason)
{
	const unsigned char record[] = {21, 3, 3, 0, 2, 2,
	    (unsigned char)alert};

	end_write(&f->client, record, sizeof(record));
	front_close(f, reason, false);
}

void
front_log_tls(const struct front *f, const char *why)
{
	if (!front_log_due(f, LINE_TLS))
		return;
	log_line(LOG_INFO, "tls_failed", "no TLS with the client",
	    LOG_STR("listener", f->session.listener),
	    LOG_STR("route", f->session.route),
	    LOG_UINT("session", f->session.number), LOG_STR("sni",
		f->from.facts != NULL ? f->from.facts->sni : NULL),
	    LOG_STR("error", why), LOG_END);
}

/* --- the handshake --- */

void
front_secured(struct front *f)
{
	const char *why = tls_failure(f->client.tls);

	if (why == NULL) {
		free(f->from.facts->alpn);
		f->from.facts->alpn = xstrdup(tls_alpn(f->client.tls));
		front_hand_over(f);
		return;
	}
	front_log_tls(f, why);
	front_close(f, CLOSE_TLS, false);
}

void
front_cut(struct front *f)
{
	struct worker *w = f->session.worker;

	switch (tls_cut_how(f->client.tls)) {
	case END_RST:
	case END_RST_AFTER:
		front_close(f, CLOSE_FAULT, true);
		break;
	case END_FIN:
		front_close(f, CLOSE_FAULT, false);
		break;
	case END_SILENT:
		f->state = FRONT_SILENT;
		end_silence(&f->client);
		end_want(&f->client, false, false);
		worker_arm(w, &f->timer, worker_now(w) + SILENCE_MAX_US);
		break;
	}
}

static void
shake_hands(struct front *f)
{
	struct tls_start start = {
	    .route = f->from.route,
	    .number = f->from.flow,
	    .session = f->session.number,
	    .client = f->session.client,
	    .facts = f->from.facts,
	};
	struct error err;

	f->state = FRONT_HANDSHAKE;
	if (!tls_accept(&f->client, &start, &err)) {
		front_log_tls(f, err.text);
		front_close(f, CLOSE_TLS, true);
		return;
	}
	tls_early(f->client.tls, f->in.text + f->in_at, f->in.len - f->in_at);
}

/* --- the hello --- */

/* The hello was read, or what came is none. */
static void
known(struct front *f, const struct client_hello *hello, bool is_tls)
{
	struct client_facts *facts = front_facts(f);

	front_choose(f, hello->sni, is_tls);
	client_facts_learn(facts, hello->sni, hello->alpn);
	if (f->from.route == NULL && is_tls) {
		front_log_tls(f, "no route takes this name");
		refuse(f, ALERT_UNRECOGNIZED_NAME, CLOSE_NO_ROUTE);
	} else if (f->from.route == NULL) {
		front_log_tls(f, "the client does not speak TLS");
		front_close(f, CLOSE_TLS, false);
	} else if (f->from.route->tls == NULL) {
		front_hand_over(f);
	} else if (hello->error != NULL) {
		front_log_tls(f, hello->error);
		refuse(f, ALERT_DECODE_ERROR, CLOSE_TLS);
	} else {
		shake_hands(f);
	}
}

/* True once all was answered that comes before a hello. */
static bool
look_at_offer(struct front *f)
{
	const struct protocol_ops *ops =
	    protocol_of(f->session.worker->protocols, f->listener, "");
	const struct armed_route *r = f->listener->routes[0];
	char answer;
	size_t n;

	while (ops->offer != NULL && r->tls != NULL) {
		n = ops->offer(f->listener, f->in.text + f->in_at,
		    f->in.len - f->in_at, &answer);
		if (n == 0)
			break;
		if (n == SIZE_MAX)
			return false;
		f->in_at += n;
		end_write(&f->client, &answer, 1);
	}
	return f->in.len > f->in_at;
}

void
front_look_hello(struct front *f)
{
	struct client_hello hello;

	if (!look_at_offer(f))
		return;
	switch (client_hello_parse(f->in.text + f->in_at,
	    f->in.len - f->in_at, &hello)) {
	case CLIENT_HELLO_MORE:
		break;
	case CLIENT_HELLO_DONE:
	case CLIENT_HELLO_BAD:
		known(f, &hello, true);
		break;
	case CLIENT_HELLO_NOT_TLS:
		known(f, &hello, false);
		break;
	}
}

/* A client that waits for the server to speak first has no hello to send. */
void
front_no_hello(struct front *f)
{
	const struct client_hello none = {.error = NULL};

	if (f->in.len == f->in_at)
		front_choose(f, "", false);
	if (f->from.route == NULL) {
		front_close(f, CLOSE_HEADER_TIMEOUT, false);
		return;
	}
	known(f, &none, false);
}
