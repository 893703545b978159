/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses by getaddrinfo(3), certificates by OpenSSL. */
#include "load/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/xalloc.h"

static void
add_address(struct load_endpoint *e, const void *to, size_t len)
{
	struct load_address *a;

	e->addresses = xrealloc(e->addresses, (e->count + 1) * sizeof(*a));
	a = &e->addresses[e->count++];
	memset(a, 0, sizeof(*a));
	memcpy(&a->to, to, len);
	a->len = (socklen_t)len;
}

static bool
add_unix(struct load_endpoint *e, const char *path, struct error *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(to.sun_path))
		return error_set(err, ENAMETOOLONG,
				 "unix:%s: the path is too "
				 "long for a socket",
				 path);
	memcpy(to.sun_path, path, strlen(path));
	add_address(e, &to, sizeof(to));
	return true;
}

static bool
add_host(struct load_endpoint *e, const struct conf_address *a,
	 struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	char port[8];
	int why;

	snprintf(port, sizeof(port), "%u", a->port);
	why = getaddrinfo(a->host, port, &hints, &list);
	if (why != 0)
		return error_set(err, 0, "%s: %s", a->text, gai_strerror(why));
	for (struct addrinfo *i = list; i != NULL; i = i->ai_next)
		add_address(e, i->ai_addr, i->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

static bool
tls_failed(struct error *err, const char *what, const char *name)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(err, 0, "%s%s%s: %s", what, *name != '\0' ? " " : "",
			 name, why != NULL ? why : "refused by OpenSSL");
}

static bool
set_alpn(SSL_CTX *ctx, const char *alpn)
{
	unsigned char wire[32];
	size_t len = strlen(alpn);

	wire[0] = (unsigned char)len;
	memcpy(wire + 1, alpn, len);
	return SSL_CTX_set_alpn_protos(ctx, wire, (unsigned)len + 1) == 0;
}

static bool
init_tls(struct load_endpoint *e, const struct load_target *t, const char *alpn,
	 struct error *err)
{
	const char *name =
	    t->server_name != NULL ? t->server_name : t->address.host;

	e->tls = SSL_CTX_new(TLS_client_method());
	if (e->tls == NULL)
		return tls_failed(err, "TLS", "");
	SSL_CTX_set_mode(e->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				     SSL_MODE_RELEASE_BUFFERS);
	if (!t->any_certificate)
		SSL_CTX_set_verify(e->tls, SSL_VERIFY_PEER, NULL);
	if (t->ca_file != NULL &&
	    SSL_CTX_load_verify_file(e->tls, t->ca_file) != 1)
		return tls_failed(err, "ca_file", t->ca_file);
	if (t->ca_file == NULL)
		SSL_CTX_set_default_verify_paths(e->tls);
	if (alpn != NULL && !set_alpn(e->tls, alpn))
		return tls_failed(err, "ALPN", alpn);
	e->server_name = xstrdup(name);
	return true;
}

bool
load_endpoint_init(struct load_endpoint *e, const struct load_target *target,
		   const char *alpn, struct error *err)
{
	const struct conf_address *a = &target->address;

	*e = (struct load_endpoint){
	    .authority = xstrdup(a->is_unix ? "localhost" : a->text)};
	if (!(a->is_unix ? add_unix(e, a->path, err) : add_host(e, a, err)))
		return false;
	return !target->tls || init_tls(e, target, alpn, err);
}

void
load_endpoint_fini(struct load_endpoint *e)
{
	SSL_CTX_free(e->tls);
	free(e->addresses);
	free(e->server_name);
	free(e->authority);
	*e = (struct load_endpoint){0};
}

/* An address as a name is verified as one, and not sent. */
static bool
name_server(SSL *ssl, const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
						     name) == 1;
	return SSL_set_tlsext_host_name(ssl, name) == 1 &&
	       SSL_set1_host(ssl, name) == 1;
}

SSL *
load_endpoint_secure(const struct load_endpoint *e, int fd)
{
	SSL *ssl = SSL_new(e->tls);

	if (ssl == NULL)
		return NULL;
	SSL_set_connect_state(ssl);
	if (SSL_set_fd(ssl, fd) != 1 ||
	    (e->server_name != NULL && !name_server(ssl, e->server_name))) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	return ssl;
}
