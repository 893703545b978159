/* SPDX-License-Identifier: Apache-2.0 */
/* What is said in a handshake before it begins: to clients, which certificate;
 * to upstreams, which name, which protocols, which session. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "proxy/destination.h"
#include "proxy/minted.h"
#include "proxy/tls_layer.h"
#include "proxy/tls_make.h"

/* --- certificates for clients --- */

/* Who the client asked for; without a name, where it connected to. */
static void
asked_name(const struct tls *t, char *to, size_t size)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);
	const struct sockaddr_in *in = (const void *)&at;
	const struct sockaddr_in6 *in6 = (const void *)&at;

	snprintf(to, size, "%s",
	    t->facts->sni[0] != '\0' ? t->facts->sni : "localhost");
	if (t->facts->sni[0] != '\0' ||
	    getsockname(t->end->fd, (struct sockaddr *)&at, &len) < 0)
		return;
	if (at.ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, to, (socklen_t)size);
	else if (at.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], to,
		    (socklen_t)size);
	else if (at.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, to, (socklen_t)size);
}

static bool
use_minted(struct tls *t, enum tls_flaw flaw)
{
	const struct ca *ca = t->server->ca;
	const struct ca_leaf *leaf = NULL;
	STACK_OF(X509) *chain = NULL;
	char name[256];
	bool ok;

	asked_name(t, name, sizeof(name));
	if (ca != NULL)
		leaf = minted_get(tls_worker_of(t->worker)->minted, ca, name,
		    flaw);
	if (leaf == NULL)
		return false;
	if (leaf->issuer != NULL) {
		chain = sk_X509_new_null();
		sk_X509_push(chain, leaf->issuer);
	}
	SSL_certs_clear(t->ssl);
	ok = SSL_use_cert_and_key(t->ssl, leaf->cert, ca_leaf_key(ca), chain,
		 1) == 1;
	sk_X509_free(chain);
	return ok;
}

/* The certificates that cover the name, of whatever kinds of key. False: none
 * does. */
static bool
use_covering(struct tls *t)
{
	const struct tls_server *s = t->server;
	const char *sni = t->facts->sni;
	bool found = false;

	for (size_t i = 0; i < s->pairs_count && sni[0] != '\0'; i++) {
		const struct tls_pair *p = &s->pairs[i];

		if (X509_check_host(p->cert, sni, 0, 0, NULL) != 1)
			continue;
		if (!found)
			SSL_certs_clear(t->ssl);
		found = true;
		SSL_use_cert_and_key(t->ssl, p->cert, p->key, p->chain, 1);
	}
	ERR_clear_error();
	return found;
}

bool
tls_choose_certificate(struct tls *t)
{
	const struct tls_server *s = t->server;
	struct tls_turn turn = {.question = TLS_CERTIFICATE};

	flow_tls(&t->wire, LINK_DOWN, &turn);
	if (turn.flaw != TLS_FLAW_NONE) {
		SSL_set_options(t->ssl, SSL_OP_NO_TICKET);
		SSL_set_num_tickets(t->ssl, 0);
		return use_minted(t, turn.flaw);
	}
	if (s->pairs_count == 1 && !s->intercepts)
		return true;
	if (use_covering(t))
		return true;
	return s->intercepts ? use_minted(t, TLS_FLAW_NONE) : true;
}

/* --- names and sessions for upstreams --- */

static bool
is_address(const char *name)
{
	struct in6_addr any;

	return inet_pton(AF_INET, name, &any) == 1 ||
	    inet_pton(AF_INET6, name, &any) == 1;
}

static const char *
upstream_name(const struct tls_start *start)
{
	const struct conf_route *conf = start->route->conf;
	const struct conf_address *to;

	if (conf->upstream_tls.server_name != NULL)
		return conf->upstream_tls.server_name;
	if (start->facts != NULL && start->facts->sni[0] != '\0')
		return start->facts->sni;
	to = destination_upstream(conf, start->facts);
	return to == NULL || to->is_unix ? NULL : to->host;
}

static void
set_name(struct tls *t, const char *name)
{
	if (name == NULL)
		return;
	if (is_address(name)) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), name);
		return;
	}
	SSL_set_tlsext_host_name(t->ssl, name);
	SSL_set1_host(t->ssl, name);
}

/* A version of HTTP that cannot be spoken is not offered. */
static bool
can_speak(unsigned speaks, struct view name)
{
	if (view_is(name, "h2"))
		return speaks & TLS_HTTP2;
	return !view_is(name, "http/1.1") || speaks & TLS_HTTP1;
}

static void
offer_http(struct tls *t, unsigned speaks)
{
	static const unsigned char both[] = TLS_ALPN_HTTP2 TLS_ALPN_HTTP1;
	const struct tls_context *c = &t->client->base;
	const unsigned char *at = c->alpn != NULL ? c->alpn : both;
	size_t left = c->alpn != NULL ? c->alpn_len : sizeof(both) - 1;
	struct str offers = {0};

	while (left > 0) {
		size_t len = 1 + (size_t)at[0];

		if (can_speak(speaks,
			(struct view){(const char *)at + 1, len - 1}))
			str_add_bytes(&offers, at, len);
		at += len;
		left -= len;
	}
	if (offers.len > 0)
		SSL_set_alpn_protos(t->ssl, (unsigned char *)offers.text,
		    (unsigned)offers.len);
	str_fini(&offers);
}

/* The route's protocols; else, on a byte stream, what the client got. */
static void
offer_protocols(struct tls *t, const struct tls_start *start)
{
	const struct tls_context *c = &t->client->base;
	const struct conf_route *conf = start->route->conf;
	unsigned char one[256];
	size_t len;

	if (start->speaks != 0) {
		offer_http(t, start->speaks);
		return;
	}
	if (c->alpn != NULL) {
		SSL_set_alpn_protos(t->ssl, c->alpn, c->alpn_len);
		return;
	}
	if (start->facts == NULL || !conf->tls.enabled)
		return;
	len = strlen(start->facts->alpn);
	if (len == 0 || len >= sizeof(one))
		return;
	one[0] = (unsigned char)len;
	memcpy(one + 1, start->facts->alpn, len);
	SSL_set_alpn_protos(t->ssl, one, (unsigned)len + 1);
}

/* A session of the same server, as far as its name tells; where a route leads
 * to many, nothing else would. */
static void
resume(struct tls *t, const char *name, bool many)
{
	SSL_SESSION *session;
	const char *was;

	tls_client_bind(t->ssl, t->client, t->worker->index);
	session = tls_client_session(t->client, t->worker->index);
	if (session == NULL)
		return;
	was = SSL_SESSION_get0_hostname(session);
	if (name == NULL || was == NULL ? !many : strcmp(was, name) == 0)
		SSL_set_session(t->ssl, session);
	SSL_SESSION_free(session);
}

void
tls_choose_upstream(struct tls *t, const struct tls_start *start)
{
	const char *name = upstream_name(start);

	set_name(t, name);
	offer_protocols(t, start);
	resume(t, name,
		    start->route->conf->upstream.is_destination);
}
