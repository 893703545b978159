/* SPDX-License-Identifier: Apache-2.0 */
/* recv(2) and send(2), or OpenSSL on the same socket. Writing by OpenSSL may
 * raise SIGPIPE: the program ignores that. */
#include "load/conn_io.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/pool.h"

/* The next address; an errno, 0 if it is on its way or there. */
static int
dial_next(struct load_conn *c)
{
	struct load_endpoint *e = c->pool->endpoint;
	const struct load_address *a =
	    &e->addresses[(e->good + c->tries++) % e->count];
	int one = 1;

	c->fd = socket(a->to.ss_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	if (a->to.ss_family != AF_UNIX)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (const void *)&a->to, a->len) != 0 &&
	    errno != EINPROGRESS) {
		int code = errno;

		load_io_close(c);
		return code;
	}
	return 0;
}

int
load_io_dial(struct load_conn *c)
{
	int code;

	do {
		code = dial_next(c);
	} while (code != 0 && c->tries < c->pool->endpoint->count);
	return code;
}

int
load_io_dialled(const struct load_conn *c)
{
	int code = 0;
	socklen_t len = sizeof(code);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &len);
	return code;
}

/* What OpenSSL's return value means, as load_io_read() says it. */
static ssize_t
tls_result(struct load_conn *c, int n)
{
	int why = SSL_get_error(c->ssl, n);

	if (n > 0)
		return n;
	ERR_clear_error();
	switch (why) {
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		c->want_write = true;
		return LOAD_IO_AGAIN;
	case SSL_ERROR_WANT_READ:
		return LOAD_IO_AGAIN;
	default:
		return LOAD_IO_BROKEN;
	}
}

ssize_t
load_io_read(struct load_conn *c, void *to, size_t room)
{
	ssize_t n;

	if (c->ssl != NULL) {
		ERR_clear_error();
		return tls_result(c, SSL_read(c->ssl, to, (int)room));
	}
	do {
		n = recv(c->fd, to, room, 0);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? LOAD_IO_AGAIN : LOAD_IO_BROKEN;
}

static ssize_t
write_some(struct load_conn *c, const char *data, size_t len)
{
	ssize_t n;

	if (c->ssl != NULL) {
		ERR_clear_error();
		errno = 0;
		n = tls_result(
		    c, SSL_write(c->ssl, data, (int)MIN(len, INT32_MAX)));
		if (n == LOAD_IO_BROKEN)
			c->write_error = errno != 0 ? errno : EPROTO;
		return n == 0 ? LOAD_IO_BROKEN : n;
	}
	do {
		n = send(c->fd, data, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN)
		return LOAD_IO_AGAIN;
	c->write_error = errno;
	return LOAD_IO_BROKEN;
}

bool
load_io_flush(struct load_conn *c)
{
	while (c->out_at < c->out.len && c->write_error == 0) {
		ssize_t n = write_some(c, c->out.text + c->out_at,
				       c->out.len - c->out_at);

		if (n == LOAD_IO_AGAIN)
			return true;
		if (n == LOAD_IO_BROKEN)
			return false;
		c->out_at += (size_t)n;
	}
	if (c->out_at < c->out.len)
		return false;
	str_clear(&c->out);
	c->out_at = 0;
	return true;
}

const char *
load_io_tls_error(const struct load_conn *c)
{
	long verified;

	if (c->ssl == NULL)
		return c->pool->protocol->ask.len > 0
			   ? "the server takes no TLS"
			   : "TLS cannot be begun";
	verified = SSL_get_verify_result(c->ssl);
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (c->state == LOAD_CONN_SECURING && SSL_is_init_finished(c->ssl))
		return "the server does not agree on the protocol (ALPN)";
	return "TLS failed, or the connection was lost";
}

/* What was agreed on by ALPN must be what the protocol needs. */
static bool
speaks(const struct load_conn *c, const char *alpn)
{
	const unsigned char *agreed;
	unsigned len;

	if (alpn == NULL)
		return true;
	SSL_get0_alpn_selected(c->ssl, &agreed, &len);
	return len == strlen(alpn) && memcmp(agreed, alpn, len) == 0;
}

/* The server is asked whether TLS may begin. Its answer is one byte, and no
 * more is read: what somebody put behind it in clear is no TLS. */
static int
ask(struct load_conn *c)
{
	ssize_t n;
	char answer;

	if (c->pool->protocol->ask.len == 0)
		return 1;
	if (!load_io_flush(c))
		return -1;
	c->want_write = c->out_at < c->out.len;
	n = load_io_read(c, &answer, 1);
	if (n == LOAD_IO_AGAIN)
		return 0;
	return n == 1 && answer == 'S' ? 1 : -1;
}

int
load_io_handshake(struct load_conn *c)
{
	int n;

	if (c->ssl == NULL) {
		n = ask(c);
		if (n <= 0)
			return n;
		c->ssl = load_endpoint_secure(c->pool->endpoint, c->fd);
		if (c->ssl == NULL)
			return -1;
	}
	ERR_clear_error();
	c->want_write = false;
	n = SSL_do_handshake(c->ssl);
	if (n == 1)
		return speaks(c, c->pool->protocol->alpn) ? 1 : -1;
	return tls_result(c, n) == LOAD_IO_AGAIN ? 0 : -1;
}

size_t
load_io_unacknowledged(const struct load_conn *c)
{
	int family, queued = 0;
	socklen_t len = sizeof(family);

	/* Of other sockets the figure means something else. */
	if (getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &family, &len) != 0 ||
	    (family != AF_INET && family != AF_INET6) ||
	    ioctl(c->fd, SIOCOUTQ, &queued) != 0)
		return 0;
	return (size_t)MAX(queued, 0);
}

void
load_io_close(struct load_conn *c)
{
	if (c->watched != 0)
		event_del(&c->event);
	c->watched = 0;
	if (c->ssl != NULL) {
		/* Or its ticket counts as spoilt. */
		SSL_set_shutdown(c->ssl,
				 SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		SSL_free(c->ssl);
	}
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
