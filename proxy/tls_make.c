/* SPDX-License-Identifier: Apache-2.0 */
/* From words of the configuration to an SSL_CTX. The session cache of OpenSSL
 * is off, as it takes locks: clients resume by tickets, and sessions with
 * upstreams are kept here, one for each worker. */
#include "proxy/tls_make.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define TICKET_KEYS_MAX 128

static const int versions[] = {
    [TLS_1_0] = TLS1_VERSION,
    [TLS_1_1] = TLS1_1_VERSION,
    [TLS_1_2] = TLS1_2_VERSION,
    [TLS_1_3] = TLS1_3_VERSION,
};

static bool
openssl_failed(struct error *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	error_set(err, 0, "%s: %s", what,
	    reason != NULL ? reason : "OpenSSL refuses");
	ERR_clear_error();
	return false;
}

/* --- what both sides have --- */

static void
set_alpn(struct tls_context *c, const struct conf_strings *names,
    const char *def)
{
	struct str list = {0};

	if (names->count == 0)
		str_add(&list, def);
	for (size_t i = 0; i < names->count; i++) {
		str_add_char(&list, (char)strlen(names->items[i]));
		str_add(&list, names->items[i]);
	}
	c->alpn_len = (unsigned)list.len;
	if (list.len > 0)
		c->alpn = (unsigned char *)str_take(&list);
	str_fini(&list);
}

static bool
init(struct tls_context *c, const SSL_METHOD *method, int min, int max,
    struct error *err)
{
	c->refs = 1;
	c->ctx = SSL_CTX_new(method);
	if (c->ctx == NULL)
		return openssl_failed(err, "no context");
	SSL_CTX_set_min_proto_version(c->ctx, versions[min]);
	SSL_CTX_set_max_proto_version(c->ctx, versions[max]);
	/* What is older than 1.2 works with weak algorithms only. */
	if (min < TLS_1_2)
		SSL_CTX_set_security_level(c->ctx, 0);
	SSL_CTX_set_options(c->ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS);
	return true;
}

static bool
use_pair(SSL_CTX *ctx, const struct tls_pair *pair, struct error *err)
{
	if (SSL_CTX_use_cert_and_key(ctx, pair->cert, pair->key, pair->chain,
		1) == 1)
		return true;
	return openssl_failed(err, "the certificate cannot be used");
}

/* The CAs of a file are trusted. */
static bool
trust(SSL_CTX *ctx, const char *path, bool announce, struct error *err)
{
	STACK_OF(X509) *all = tls_certificates_read(path, err);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);

	if (all == NULL)
		return false;
	for (int i = 0; i < sk_X509_num(all); i++) {
		X509 *cert = sk_X509_value(all, i);

		X509_STORE_add_cert(store, cert);
		if (announce)
			SSL_CTX_add_client_CA(ctx, cert);
	}
	ERR_clear_error();
	sk_X509_pop_free(all, X509_free);
	return true;
}

/* --- with clients --- */

/* Only what can be served: a server that is spoken to in clear text, as its
 * client speaks, may not know HTTP/2. */
static const char *
default_alpn(const struct conf_route *r)
{
	if (r->protocol != PROTOCOL_HTTP)
		return "";
	switch ((enum conf_upstream_protocol)r->upstream_protocol) {
	case UPSTREAM_AUTO:
		if (!r->upstream_tls.enabled)
			return TLS_ALPN_HTTP1;
		break;
	case UPSTREAM_HTTP1:
		break;
	case UPSTREAM_HTTP2:
		return TLS_ALPN_HTTP2;
	}
	return TLS_ALPN_HTTP2 TLS_ALPN_HTTP1;
}

/* OpenSSL sets the number of arguments. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	const struct tls_server *s = arg;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_len, s->base.alpn,
		s->base.alpn_len, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool
set_clients(struct tls_server *s, const struct conf_tls *conf,
    struct error *err)
{
	int mode = SSL_VERIFY_NONE;

	if (conf->client_auth != CLIENT_AUTH_OFF)
		mode = SSL_VERIFY_PEER;
	if (conf->client_auth == CLIENT_AUTH_REQUIRE)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(s->base.ctx, mode, NULL);
	return conf->client_ca == NULL ||
	    trust(s->base.ctx, conf->client_ca, true, err);
}

/* Tickets are good for this route alone, and for as long as it asks clients
 * for the same. */
static void
set_tickets(struct tls_server *s, const struct conf_route *route,
    const struct tls_server *old)
{
	unsigned char keys[TICKET_KEYS_MAX], id[EVP_MAX_MD_SIZE];
	SSL_CTX *ctx = s->base.ctx;
	long len = SSL_CTX_get_tlsext_ticket_keys(ctx, NULL, 0);
	unsigned id_len = 0;
	char *text = xasprintf("%s\n%d\n%s", route->name,
	    route->tls.client_auth,
	    route->tls.client_ca != NULL ? route->tls.client_ca : "");

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	EVP_Digest(text, strlen(text), id, &id_len, EVP_sha256(), NULL);
	SSL_CTX_set_session_id_context(ctx, id,
	    MIN(id_len, (unsigned)SSL_MAX_SSL_SESSION_ID_LENGTH));
	free(text);
	if (!route->tls.resume) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	}
	if (old == NULL || len <= 0 || len > TICKET_KEYS_MAX)
		return;
	if (SSL_CTX_get_tlsext_ticket_keys(old->base.ctx, keys, len) == 1)
		SSL_CTX_set_tlsext_ticket_keys(ctx, keys, len);
	OPENSSL_cleanse(keys, sizeof(keys));
}

static bool
read_pairs(struct tls_server *s, const struct conf_tls *conf,
    struct error *err)
{
	size_t count = conf->certificates.count;

	s->pairs = xcalloc(count + 1, sizeof(*s->pairs));
	for (size_t i = 0; i < count; i++) {
		if (!tls_pair_read(conf->certificates.items[i],
			conf->keys.count > i ? conf->keys.items[i] : NULL,
			&s->pairs[i], err))
			return false;
		s->pairs_count++;
	}
	return count == 0 || use_pair(s->base.ctx, &s->pairs[0], err);
}

/* True if any fault of the route wants certificates with flaws. */
static bool
has_flaws(const struct conf_route *route)
{
	for (size_t i = 0; i < route->faults_count; i++) {
		if (route->faults[i].kind->flags & KIND_TLS_SERVER)
			return true;
	}
	return false;
}

static bool
find_ca(struct tls_server *s, const struct conf_route *route,
    struct error *err)
{
	const struct conf_tls *conf = &route->tls;

	s->intercepts = conf->intercept;
	if (conf->intercept || conf->ca_dir != NULL) {
		s->ca = ca_load(conf->ca_dir, err);
		return s->ca != NULL;
	}
	if (!has_flaws(route))
		return true;
	s->ca = ca_new(err);
	return s->ca != NULL;
}

struct tls_server *
tls_server_new(const struct conf_route *route, const struct tls_server *old,
    struct error *err)
{
	const struct conf_tls *conf = &route->tls;
	struct tls_server *s = xcalloc(1, sizeof(*s));

	if (!init(&s->base, TLS_server_method(), conf->min_version,
		conf->max_version, err) ||
	    !read_pairs(s, conf, err) || !set_clients(s, conf, err) ||
	    !find_ca(s, route, err)) {
		tls_server_unref(s);
		return NULL;
	}
	set_alpn(&s->base, &conf->alpn, default_alpn(route));
	if (s->base.alpn != NULL)
		SSL_CTX_set_alpn_select_cb(s->base.ctx, on_alpn, s);
	set_tickets(s, route, old);
	return s;
}

/* --- with upstreams --- */

SSL_SESSION *
tls_client_session(struct tls_client *c, unsigned worker)
{
	_Atomic(SSL_SESSION *) *slot = &c->sessions[worker % TLS_SESSIONS];
	SSL_SESSION *session = atomic_exchange(slot, NULL), *none = NULL;

	if (session == NULL)
		return NULL;
	/* It stays for others, unless a newer one came meanwhile. */
	SSL_SESSION_up_ref(session);
	if (!atomic_compare_exchange_strong(slot, &none, session))
		SSL_SESSION_free(session);
	return session;
}

void
tls_client_bind(SSL *ssl, struct tls_client *c, unsigned worker)
{
	SSL_set_app_data(ssl, (void *)&c->sessions[worker % TLS_SESSIONS]);
}

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	_Atomic(SSL_SESSION *) *slot = SSL_get_app_data(ssl);
	SSL_SESSION *old;

	if (slot == NULL || !SSL_SESSION_is_resumable(session))
		return 0;
	old = atomic_exchange(slot, session);
	SSL_SESSION_free(old);
	return 1;
}

static bool
set_own(struct tls_client *c, const struct conf_upstream_tls *conf,
    struct error *err)
{
	struct tls_pair pair;
	bool ok;

	if (conf->certificate == NULL)
		return true;
	if (!tls_pair_read(conf->certificate, conf->key, &pair, err))
		return false;
	ok = use_pair(c->base.ctx, &pair, err);
	tls_pair_fini(&pair);
	return ok;
}

static bool
set_trust(struct tls_client *c, const struct conf_upstream_tls *conf,
    struct error *err)
{
	SSL_CTX_set_verify(c->base.ctx,
	    conf->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!conf->verify)
		return true;
	if (conf->ca_file != NULL)
		return trust(c->base.ctx, conf->ca_file, false, err);
	return SSL_CTX_set_default_verify_paths(c->base.ctx) == 1 ||
	    openssl_failed(err, "the system's CAs cannot be used");
}

struct tls_client *
tls_client_new(const struct conf_route *route, struct error *err)
{
	const struct conf_upstream_tls *conf = &route->upstream_tls;
	struct tls_client *c = xcalloc(1, sizeof(*c));

	if (!init(&c->base, TLS_client_method(), conf->min_version,
		conf->max_version, err) ||
	    !set_own(c, conf, err) || !set_trust(c, conf, err)) {
		tls_client_unref(c);
		return NULL;
	}
	set_alpn(&c->base, &conf->alpn, "");
	if (conf->resume) {
		SSL_CTX_set_session_cache_mode(c->base.ctx,
		    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(c->base.ctx, on_session);
	}
	return c;
}

/* --- life --- */

static bool
unref(struct tls_context *c)
{
	if (atomic_fetch_sub(&c->refs, 1) > 1)
		return false;
	SSL_CTX_free(c->ctx);
	free(c->alpn);
	return true;
}

struct tls_server *
tls_server_ref(struct tls_server *s)
{
	atomic_fetch_add(&s->base.refs, 1);
	return s;
}

struct tls_client *
tls_client_ref(struct tls_client *c)
{
	atomic_fetch_add(&c->base.refs, 1);
	return c;
}

void
tls_server_unref(struct tls_server *s)
{
	if (s == NULL || !unref(&s->base))
		return;
	for (size_t i = 0; i < s->pairs_count; i++)
		tls_pair_fini(&s->pairs[i]);
	free(s->pairs);
	ca_free(s->ca);
	free(s);
}

void
tls_client_unref(struct tls_client *c)
{
	if (c == NULL || !unref(&c->base))
		return;
	for (size_t i = 0; i < TLS_SESSIONS; i++)
		SSL_SESSION_free(atomic_load(&c->sessions[i]));
	free(c);
}
