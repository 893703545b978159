/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking HTTP/1 client: poll(2) with a deadline, replies by llhttp.
 *
 *   connect ─► send ─► receive ─► llhttp ─► reply.body, or the sink
 */
#include "client/http_client.h"

#include <errno.h>
#include <fcntl.h>
#include <llhttp.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/xalloc.h"

#define DEFAULT_PORT 8474
#define TIMEOUT_US   10000000
#define BODY_MAX     (256 * 1024 * 1024)
#define READ_SIZE    16384

/* One call under way. */
struct call {
	const struct http_client_target *target;
	const struct http_client_request *request;
	const struct http_client_sink *sink; /* NULL: the body is gathered */
	struct http_client_reply *reply;
	struct error *err;
	int fd;
	llhttp_t parser;
	bool complete, enough;
};

/* --- the target --- */

/* Host and port, whatever stands for them: "", host, [v6], host:port. */
static bool
parse_host(struct http_client_target *t, const char *text, struct error *err)
{
	size_t len = strcspn(text, "/?#");
	const char *colon = memrchr(text, ':', len);
	const char *bracket = memchr(text, ']', len);
	const char *local = colon == text || len == 0 ? "localhost" : "";
	char *full;
	bool ok;

	if (colon != NULL && (bracket == NULL || bracket < colon))
		full = xasprintf("%s%.*s", local, (int)len, text);
	else
		full = xasprintf("%s%.*s:%d", local, (int)len, text,
		    DEFAULT_PORT);
	ok = conf_address_parse(full, false, &t->address, err);
	free(full);
	return ok;
}

bool
http_client_target_init(struct http_client_target *t, const char *url,
    struct error *err)
{
	*t = (struct http_client_target){.timeout_us = TIMEOUT_US,
	    .cancel_fd = -1};
	if (strncmp(url, "https://", 8) == 0)
		return error_set(err, 0, "%s: the control API speaks plain "
					 "HTTP; expected http://", url);
	if (strncmp(url, "unix:", 5) == 0)
		return conf_address_parse(url, false, &t->address, err);
	if (strncmp(url, "http://", 7) == 0)
		url += 7;
	return parse_host(t, url, err);
}

void
http_client_target_fini(struct http_client_target *t)
{
	conf_address_fini(&t->address);
}

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

/* --- the request --- */

static void
add_head(const struct call *c, struct str *out)
{
	const struct http_client_target *t = c->target;
	const char *body = c->request->body;

	str_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n"
			"Connection: close\r\n",
	    c->request->method, c->request->path,
	    t->address.is_unix ? "localhost" : t->address.text,
	    t->agent != NULL ? t->agent : "faultwire/" FAULTWIRE_VERSION);
	if (t->token != NULL)
		str_printf(out, "Authorization: Bearer %s\r\n", t->token);
	if (c->request->lease != NULL)
		str_printf(out, "Faultwire-Lease: %s\r\n", c->request->lease);
	if (body != NULL)
		str_printf(out, "Content-Type: application/json\r\n"
				"Content-Length: %zu\r\n", strlen(body));
	str_add(out, "\r\n");
	if (body != NULL)
		str_add(out, body);
}

/* A server that answers early may have closed: what it said is read yet. */
static bool
send_request(struct call *c)
{
	struct str out = {0};
	size_t at = 0;
	int code = 0;

	add_head(c, &out);
	while (at < out.len && code == 0) {
		ssize_t n = send(c->fd, out.text + at, out.len - at,
		    MSG_NOSIGNAL);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			code = wait_for(c, POLLOUT, deadline_of(c));
		else if (errno != EINTR)
			code = errno;
	}
	str_fini(&out);
	if (code == EPIPE || code == ECONNRESET)
		code = 0;
	return code == 0 || failed(c, code, NULL);
}

/* --- the reply --- */

static struct call *
call_of(llhttp_t *parser)
{
	return CONTAINER_OF(parser, struct call, parser);
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
	ssize_t n;

	llhttp_init(&c->parser, HTTP_RESPONSE, &settings);
	while (!is_over(c)) {
		int code = wait_for(c, POLLIN, patience_of(c));

		if (code == ETIMEDOUT && is_streaming(c))
			return true;
		if (code != 0)
			return failed(c, code, NULL);
		n = recv(c->fd, buf, sizeof(buf), 0);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return failed(c, errno, NULL);
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

	*to = (struct http_client_reply){0};
	ok = (t->address.is_unix ? connect_unix(&c) : connect_tcp(&c)) &&
	    send_request(&c) && receive(&c);
	if (c.fd >= 0)
		close(c.fd);
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

void
http_client_escape(struct str *path, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			str_add_char(path, *text);
		else
			str_printf(path, "%%%02X", (unsigned char)*text);
	}
}
