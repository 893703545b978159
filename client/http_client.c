/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking HTTP/1 client: poll(2) with a deadline, replies by llhttp.
 *
 *   connect ─► send ─► receive ─► llhttp ─► reply.body, or the sink
 */
#include "client/http_client.h"

#include <errno.h>
#include <limits.h>
#include <llhttp.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "client/http_tls.h"

#define BODY_MAX     (256 * 1024 * 1024)
#define FIELD_MAX    65536 /* a name or a value of the head */
#define READ_SIZE    16384

/* One call under way. */
struct call {
	const struct http_client_target *target;
	const struct http_client_request *request;
	const struct http_client_sink *sink; /* NULL: the body is gathered */
	struct http_client_reply *reply;
	struct error *err;
	int fd;
	SSL *tls; /* NULL: in the clear */
	llhttp_t parser;
	struct str header; /* name of the header that is being read */
	struct str value;
	bool complete, enough;
};

/* --- the connection --- */

static bool
failed(struct call *c, int code, const char *what)
{
	const char *text = code == ETIMEDOUT ? "no answer in time"
	    : code != 0			     ? strerror(code)
					     : what;

	return error_set(c->err, code, "%s: %s", c->target->address.text,
	    text);
}

/* Waits for the socket; 0, or an errno. deadline_us < 0: for ever. */
static int
wait_for(const struct call *c, short what, int64_t deadline_us)
{
	struct pollfd p[] = {
	    {.fd = c->fd, .events = what},
	    {.fd = c->target->cancel_fd, .events = POLLIN},
	};

	for (;;) {
		int64_t left_us = deadline_us - clock_now(&clock_real);
		int left_ms = (int)(MAX(left_us, 0) / 1000) + 1;
		int n = poll(p, COUNT_OF(p), deadline_us < 0 ? -1 : left_ms);

		if (n > 0)
			return p[1].revents != 0 ? ECANCELED : 0;
		if (n < 0 && errno != EINTR)
			return errno;
		if (deadline_us >= 0 && left_us <= 0)
			return ETIMEDOUT;
	}
}

static int64_t
deadline_of(const struct call *c)
{
	return clock_now(&clock_real) + c->target->timeout_us;
}

/* One address: connected, or an errno. */
static int
try_connect(struct call *c, const struct sockaddr *to, socklen_t len)
{
	int code = 0;
	socklen_t size = sizeof(code);

	c->fd = socket(to->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	if (connect(c->fd, to, len) != 0) {
		code = errno;
		if (code == EINPROGRESS)
			code = wait_for(c, POLLOUT, deadline_of(c));
		if (code == 0)
			getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &size);
	}
	if (code != 0) {
		close(c->fd);
		c->fd = -1;
	}
	return code;
}

static bool
connect_unix(struct call *c)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = c->target->address.path;
	int code;

	if (strlen(path) >= sizeof(to.sun_path))
		return failed(c, ENAMETOOLONG, NULL);
	memcpy(to.sun_path, path, strlen(path));
	code = try_connect(c, (const void *)&to, sizeof(to));
	return code == 0 || failed(c, code, NULL);
}

static bool
connect_tcp(struct call *c)
{
	const struct conf_address *a = &c->target->address;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	char port[8];
	int code = ENOENT, why;

	snprintf(port, sizeof(port), "%u", a->port);
	why = getaddrinfo(a->host, port, &hints, &list);
	if (why != 0)
		return failed(c, 0, gai_strerror(why));
	for (struct addrinfo *i = list; i != NULL && code != 0; i = i->ai_next)
		code = try_connect(c, i->ai_addr, i->ai_addrlen);
	freeaddrinfo(list);
	return code == 0 || failed(c, code, NULL);
}

/* --- bytes --- */

/* The caller has said what failed, or code does. */
static bool
tls_failed(const struct call *c)
{
	struct error why = *c->err;

	return error_set(c->err, why.code, "%s: %s",
	    c->target->address.text, why.text);
}

static bool
start_tls(struct call *c)
{
	int64_t deadline_us = deadline_of(c);
	short what;

	if (c->target->tls == NULL)
		return true;
	c->tls = http_tls_open(c->target->tls, c->fd,
	    c->target->address.host, c->err);
	while (c->tls != NULL) {
		int code, n = http_tls_handshake(c->tls, &what, c->err);

		if (n == 1)
			return true;
		if (n == 0)
			return failed(c, 0, "the connection ended before the "
					    "TLS handshake did");
		if (what == 0)
			break;
		code = wait_for(c, what, deadline_us);
		if (code != 0)
			return failed(c, code, NULL);
	}
	return tls_failed(c);
}

/* As send(2) and recv(2): -1 with errno, EAGAIN to wait for *what. EPROTO:
 * c->err says why. */
static ssize_t
outcome(ssize_t n, short what)
{
	if (n < 0)
		errno = what != 0 ? EAGAIN : EPROTO;
	return n;
}

static ssize_t
put(struct call *c, const char *data, size_t len, short *what)
{
	*what = POLLOUT;
	if (c->tls == NULL)
		return send(c->fd, data, len, MSG_NOSIGNAL);
	return outcome(http_tls_send(c->tls, data, len, what, c->err), *what);
}

static ssize_t
get(struct call *c, void *data, size_t len, short *what)
{
	*what = POLLIN;
	if (c->tls == NULL)
		return recv(c->fd, data, len, 0);
	return outcome(http_tls_recv(c->tls, data, len, what, c->err), *what);
}

static bool
io_failed(struct call *c)
{
	return errno == EPROTO && c->tls != NULL ? tls_failed(c)
						 : failed(c, errno, NULL);
}

/* --- the request --- */

static void
add_head(const struct call *c, struct str *out)
{
	const struct http_client_target *t = c->target;
	const struct http_client_request *r = c->request;
	size_t len = r->body == NULL ? 0
	    : r->body_len > 0	     ? r->body_len
				     : strlen(r->body);

	str_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n"
			"Connection: close\r\n",
	    r->method, r->path,
	    t->address.is_unix ? "localhost" : t->address.text,
	    t->agent != NULL ? t->agent : "faultwire/" FAULTWIRE_VERSION);
	if (t->token != NULL)
		str_printf(out, "Authorization: Bearer %s\r\n", t->token);
	if (r->lease != NULL)
		str_printf(out, "Faultwire-Lease: %s\r\n", r->lease);
	if (r->headers != NULL)
		str_add(out, r->headers);
	if (r->body != NULL)
		str_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    r->type != NULL ? r->type : "application/json", len);
	str_add(out, "\r\n");
	str_add_bytes(out, r->body != NULL ? r->body : "", len);
}

/* A server that answers early may have closed: what it said is read yet. */
static bool
send_request(struct call *c)
{
	struct str out = {0};
	size_t at = 0;
	int code = 0;
	short what;

	add_head(c, &out);
	while (at < out.len && code == 0) {
		ssize_t n = put(c, out.text + at, out.len - at, &what);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			code = wait_for(c, what, deadline_of(c));
		else if (errno != EINTR)
			code = errno;
	}
	str_fini(&out);
	if (code == EPIPE || code == ECONNRESET)
		code = 0;
	errno = code;
	return code == 0 || io_failed(c);
}

/* --- the reply --- */

static struct call *
call_of(llhttp_t *parser)
{
	return CONTAINER_OF(parser, struct call, parser);
}

static int
gather(struct str *to, const char *at, size_t len)
{
	if (to->len + len > FIELD_MAX)
		return HPE_USER;
	str_add_bytes(to, at, len);
	return HPE_OK;
}

static int
on_header_name(llhttp_t *parser, const char *at, size_t len)
{
	return gather(&call_of(parser)->header, at, len);
}

static int
on_header_value(llhttp_t *parser, const char *at, size_t len)
{
	return gather(&call_of(parser)->value, at, len);
}

static int
on_header(llhttp_t *parser)
{
	struct call *c = call_of(parser);
	struct view name = {c->header.text, c->header.len};
	long seconds;

	if (view_is_nocase(name, "retry-after") && c->value.len > 0) {
		seconds = strtol(c->value.text, NULL, 10);
		c->reply->retry_after_s = (int)MIN(MAX(seconds, 0), INT_MAX);
	}
	str_clear(&c->header);
	str_clear(&c->value);
	return HPE_OK;
}

static int
on_head(llhttp_t *parser)
{
	struct call *c = call_of(parser);

	c->reply->status = parser->status_code;
	return strcmp(c->request->method, "HEAD") == 0 ? 1 : HPE_OK;
}

static bool
is_streaming(const struct call *c)
{
	return c->sink != NULL && c->reply->status / 100 == 2;
}

static int
on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct call *c = call_of(parser);
	struct str *body = &c->reply->body;

	if (is_streaming(c)) {
		c->enough = !c->sink->chunk(c->sink->arg,
		    (struct view){at, len});
		return c->enough ? HPE_USER : HPE_OK;
	}
	if (body->len + len > BODY_MAX)
		return HPE_USER;
	str_add_bytes(body, at, len);
	return HPE_OK;
}

static int
on_complete(llhttp_t *parser)
{
	struct call *c = call_of(parser);

	/* 100 Continue is no reply. */
	if (c->reply->status / 100 == 1)
		return HPE_OK;
	c->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_header_name,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static bool
parse(struct call *c, const char *data, size_t len)
{
	enum llhttp_errno code = len > 0
	    ? llhttp_execute(&c->parser, data, len)
	    : llhttp_finish(&c->parser);

	if (c->complete || c->enough || (code == HPE_OK && len > 0))
		return true;
	if (len == 0 && code == HPE_OK)
		return failed(c, 0, "the connection ended before a reply");
	return failed(c, 0, len > 0 ? "the reply is no HTTP"
				    : "the reply was cut");
}

/* Until when the next bytes may take. */
static int64_t
patience_of(const struct call *c)
{
	if (!is_streaming(c))
		return deadline_of(c);
	return c->sink->until_us != 0 ? c->sink->until_us : -1;
}

static bool
is_over(const struct call *c)
{
	return c->complete || c->enough ||
	    (is_streaming(c) && c->sink->until_us != 0 &&
		clock_now(&clock_real) >= c->sink->until_us);
}

/* Waits before every read, so that a busy stream can be cancelled too. */
static bool
receive(struct call *c)
{
	char buf[READ_SIZE];
	short what = POLLIN;
	ssize_t n;

	llhttp_init(&c->parser, HTTP_RESPONSE, &settings);
	while (!is_over(c)) {
		/* TLS may have read more than it gave out. */
		bool ready = c->tls != NULL && SSL_pending(c->tls) > 0;
		int code = ready ? 0 : wait_for(c, what, patience_of(c));

		if (code == ETIMEDOUT && is_streaming(c))
			return true;
		if (code != 0)
			return failed(c, code, NULL);
		n = get(c, buf, sizeof(buf), &what);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return io_failed(c);
		if (n >= 0 && !parse(c, buf, (size_t)n))
			return false;
	}
	return true;
}

bool
http_client_stream(const struct http_client_target *t,
    const struct http_client_request *request,
    const struct http_client_sink *sink, struct http_client_reply *to,
    struct error *err)
{
	struct call c = {.target = t, .request = request, .sink = sink,
	    .reply = to, .err = err, .fd = -1};
	bool ok;

	*to = (struct http_client_reply){.retry_after_s = -1};
	ok = (t->address.is_unix ? connect_unix(&c) : connect_tcp(&c)) &&
	    start_tls(&c) && send_request(&c) && receive(&c);
	http_tls_close(c.tls);
	if (c.fd >= 0)
		close(c.fd);
	str_fini(&c.header);
	str_fini(&c.value);
	return ok;
}

bool
http_client_call(const struct http_client_target *t,
    const struct http_client_request *request, struct http_client_reply *to,
    struct error *err)
{
	return http_client_stream(t, request, NULL, to, err);
}

void
http_client_reply_fini(struct http_client_reply *r)
{
	str_fini(&r->body);
}
