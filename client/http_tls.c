/* SPDX-License-Identifier: Apache-2.0 */
/* A client's side of TLS by OpenSSL. */
#include "client/http_tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>

/* The newest error of OpenSSL in words; the queue is empty afterwards. */
static bool
failed(const char *what, struct error *err)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return error_set(err, 0, "%s: %s", what,
	    why != NULL ? why : "the connection broke off");
}

SSL_CTX *
http_tls_new(const char *ca_file, struct error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int ok;

	if (ctx == NULL) {
		failed("TLS", err);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	ok = ca_file != NULL
	    ? SSL_CTX_load_verify_locations(ctx, ca_file, NULL)
	    : SSL_CTX_set_default_verify_paths(ctx);
	if (ok == 1)
		return ctx;
	failed(ca_file != NULL ? ca_file : "the system's certificates", err);
	SSL_CTX_free(ctx);
	return NULL;
}

/* Asks for the name, and demands that the certificate has it. */
static bool
set_host(SSL *ssl, const char *host)
{
	struct in6_addr any;

	if (inet_pton(AF_INET, host, &any) == 1 ||
	    inet_pton(AF_INET6, host, &any) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
			   host) == 1;
	return SSL_set_tlsext_host_name(ssl, host) == 1 &&
	    SSL_set1_host(ssl, host) == 1;
}

SSL *
http_tls_open(SSL_CTX *ctx, int fd, const char *host, struct error *err)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && set_host(ssl, host)) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	failed("TLS", err);
	SSL_free(ssl);
	return NULL;
}

void
http_tls_close(SSL *ssl)
{
	if (ssl == NULL)
		return;
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
	SSL_free(ssl);
}

/* What a call that did not succeed wants; 0 at the end of the stream. */
static int
outcome(SSL *ssl, int result, short *wait, struct error *err)
{
	long verdict = SSL_get_verify_result(ssl);

	*wait = 0;
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*wait = POLLIN;
		return -1;
	case SSL_ERROR_WANT_WRITE:
		*wait = POLLOUT;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		break;
	}
	if (verdict != X509_V_OK)
		error_set(err, 0, "its certificate: %s",
		    X509_verify_cert_error_string(verdict));
	else
		failed("TLS", err);
	ERR_clear_error();
	return -1;
}

int
http_tls_handshake(SSL *ssl, short *wait, struct error *err)
{
	int n = SSL_do_handshake(ssl);

	return n == 1 ? 1 : outcome(ssl, n, wait, err);
}

ssize_t
http_tls_send(SSL *ssl, const void *data, size_t len, short *wait,
    struct error *err)
{
	int n = SSL_write(ssl, data, len > INT_MAX ? INT_MAX : (int)len);

	return n > 0 ? n : outcome(ssl, n, wait, err);
}

ssize_t
http_tls_recv(SSL *ssl, void *data, size_t len, short *wait,
    struct error *err)
{
	int n = SSL_read(ssl, data, len > INT_MAX ? INT_MAX : (int)len);

	return n > 0 ? n : outcome(ssl, n, wait, err);
}
