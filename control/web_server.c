/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, time and replies of the control server. */
#include "control/web_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "control/web_conn.h"
#include "proxy/acceptor.h"

#define CONNS_MAX	 256
#define HEAD_TIMEOUT_S	 5
#define BODY_TIMEOUT_S	 10
#define IDLE_TIMEOUT_S	 60
#define STREAM_TIMEOUT_S 3600
#define LINGER_TIMEOUT_S 2
#define READ_SIZE	 16384

TAILQ_HEAD(conns, web_conn);

struct web_server {
	struct event_base *base;
	struct opened_listener listener;
	struct event accept;
	struct conns conns;
	size_t count;
	web_handler_fn handler;
	void *arg;
};

static const struct {
	int status;
	const char *reason;
} reasons[] = {
    {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
    {301, "Moved Permanently"}, {400, "Bad Request"}, {401, "Unauthorized"},
    {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
    {409, "Conflict"}, {413, "Content Too Large"},
    {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"}, {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *
reason_of(int status)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Status";
}

/* --- the life of a connection --- */

static void
conn_free(struct web_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, entry);
	c->server->count--;
	if (c->armed != 0)
		event_del(&c->ev);
	event_del(&c->deadline);
	close(c->fd);
	if (c->streaming && c->stream_closed != NULL)
		c->stream_closed(c->stream_arg);
	str_fini(&c->head);
	str_fini(&c->body);
	str_fini(&c->in);
	str_fini(&c->out);
	free(c);
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void
want(struct web_conn *c, short flags)
{
	if (c->armed == flags)
		return;
	if (c->armed != 0)
		event_del(&c->ev);
	c->armed = flags;
	if (flags == 0)
		return;
	event_assign(&c->ev, c->server->base, c->fd, flags | EV_PERSIST,
	    on_ready, c);
	event_add(&c->ev, NULL);
}

static void
set_deadline(struct web_conn *c, int seconds)
{
	struct timeval tv = {.tv_sec = seconds};

	event_add(&c->deadline, &tv);
}

/* All is written. Who is refused may still be sending: a close now would be a
 * reset that overtakes the reply. False: there is nothing to wait for. */
static bool
linger(struct web_conn *c)
{
	if (c->refused == 0)
		return false;
	shutdown(c->fd, SHUT_WR);
	c->lingering = true;
	set_deadline(c, LINGER_TIMEOUT_S);
	want(c, EV_READ);
	return true;
}

/* Written output makes room; what is left moves rarely. */
static void
compact(struct web_conn *c)
{
	if (c->out_at < c->out.len / 2)
		return;
	c->out.len -= c->out_at;
	memmove(c->out.text, c->out.text + c->out_at, c->out.len);
	c->out_at = 0;
}

/* Writes what can be written. False: the connection is gone. */
static bool
flush(struct web_conn *c)
{
	while (c->out_at < c->out.len) {
		ssize_t n = send(c->fd, c->out.text + c->out_at,
		    c->out.len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return false;
		c->out_at += (size_t)n;
	}
	if (c->out_at < c->out.len) {
		compact(c);
		return true;
	}
	str_clear(&c->out);
	c->out_at = 0;
	return !c->closing || linger(c);
}

/* --- replies --- */

static void
add_reply(struct web_conn *c, struct web_reply *reply, bool head_only)
{
	int status = reply->status != 0 ? reply->status : 204;

	str_printf(&c->out, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
	if (reply->type != NULL)
		str_printf(&c->out, "Content-Type: %s\r\n", reply->type);
	if (reply->headers.len > 0)
		str_add(&c->out, reply->headers.text);
	if (reply->stream || reply->close)
		str_add(&c->out, "Connection: close\r\n");
	if (!reply->stream && status != 204)
		str_printf(&c->out, "Content-Length: %zu\r\n",
		    reply->body.len);
	str_add(&c->out, "\r\n");
	if (reply->body.len > 0 && !head_only)
		str_add_bytes(&c->out, reply->body.text, reply->body.len);
	if (reply->close)
		c->closing = true;
	str_fini(&reply->body);
	str_fini(&reply->headers);
}

static void
refuse(struct web_conn *c, int status)
{
	struct web_reply reply = {
	    .status = status, .type = "text/plain; charset=utf-8",
	    .close = true};

	str_printf(&reply.body, "%s\n", reason_of(status));
	add_reply(c, &reply, false);
}

/* "http://host/path", as a proxy's client sends it, is a path here. */
static struct view
origin_form(struct view target)
{
	const char *slash;

	if (target.len < 7 || memcmp(target.at, "http://", 7) != 0)
		return target;
	slash = memchr(target.at + 7, '/', target.len - 7);
	if (slash == NULL)
		return VIEW("/");
	target.len -= (size_t)(slash - target.at);
	target.at = slash;
	return target;
}

static void
fill_request(const struct web_conn *c, struct web_header *headers,
    struct web_request *to)
{
	const char *head = c->head.text != NULL ? c->head.text : "";
	const char *mark;

	to->method = view_of(llhttp_method_name(
	    (llhttp_method_t)c->parser.method));
	to->target = (struct view){head + c->target.at, c->target.len};
	to->path = origin_form(to->target);
	mark = memchr(to->path.at, '?', to->path.len);
	if (mark != NULL) {
		to->query.at = mark + 1;
		to->query.len = to->path.len - (size_t)(mark + 1 - to->path.at);
		to->path.len = (size_t)(mark - to->path.at);
	}
	for (size_t i = 0; i < c->headers_count; i++) {
		headers[i].name = (struct view){
		    head + c->names[i].at, c->names[i].len};
		headers[i].value = (struct view){
		    head + c->values[i].at, c->values[i].len};
	}
	to->headers = headers;
	to->headers_count = c->headers_count;
	to->body = (struct view){
	    c->body.text != NULL ? c->body.text : "", c->body.len};
	to->is_local = c->is_unix;
}

static void
handle(struct web_conn *c)
{
	struct web_header headers[WEB_HEADERS_MAX];
	struct web_request request = {.conn = c};
	struct web_reply reply = {0};

	fill_request(c, headers, &request);
	reply.close = !llhttp_should_keep_alive(&c->parser);
	if (!reply.close && c->parser.http_minor == 0)
		str_add(&reply.headers, "Connection: keep-alive\r\n");
	c->server->handler(c->server->arg, &request, &reply);
	if (reply.stream)
		c->streaming = true;
	add_reply(c, &reply, view_is(request.method, "HEAD"));
	web_parse_next(c);
}

/* Requests that are complete are answered in order; one whose reply is not
 * read yet holds up those behind it. */
static void
serve(struct web_conn *c)
{
	while (!c->closing && !c->streaming) {
		bool expected = c->expects;

		web_parse(c);
		if (c->refused != 0) {
			refuse(c, c->refused);
			return;
		}
		if (!c->complete) {
			if (c->expects && !expected)
				str_add(&c->out,
				    "HTTP/1.1 100 Continue\r\n\r\n");
			return;
		}
		handle(c);
		if (c->out.len - c->out_at > WEB_BACKLOG_MAX)
			return;
	}
}

/* What the connection waits for now, and how long it may. */
static void
settle(struct web_conn *c)
{
	size_t backlog = c->out.len - c->out_at;
	bool reading = !c->closing &&
	    (c->streaming || backlog <= WEB_BACKLOG_MAX);

	want(c, (short)((reading ? EV_READ : 0) |
		    (backlog > 0 ? EV_WRITE : 0)));
	if (c->streaming)
		set_deadline(c, STREAM_TIMEOUT_S);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct web_conn *c = arg;
	bool was_idle = c->head.len == 0 && c->in.len == 0;
	bool head_was_done = c->head_done;
	char buf[READ_SIZE];
	ssize_t n = 0;

	if (what & EV_READ) {
		n = recv(fd, buf, sizeof(buf), 0);
		/* Who only ended its own direction still reads. */
		if (n == 0 && c->out_at < c->out.len && !c->streaming)
			c->closing = true;
		else if (n == 0 ||
		    (n < 0 && errno != EAGAIN && errno != EINTR)) {
			conn_free(c);
			return;
		}
		if (c->lingering)
			return;
		if (n > 0 && !c->streaming)
			str_add_bytes(&c->in, buf, (size_t)n);
	}
	serve(c);
	if (!flush(c)) {
		conn_free(c);
		return;
	}
	if (c->lingering)
		return;
	if (c->head.len == 0 && c->in.len == 0)
		set_deadline(c, IDLE_TIMEOUT_S);
	else if (was_idle)
		set_deadline(c, HEAD_TIMEOUT_S);
	else if (c->head_done && !head_was_done)
		set_deadline(c, BODY_TIMEOUT_S);
	settle(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_free(arg);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct web_server *s = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct web_conn *c;

	(void)what;
	if (fd < 0)
		return;
	if (s->count >= CONNS_MAX) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->server = s;
	c->fd = fd;
	c->is_unix = s->listener.is_unix;
	web_parse_init(c);
	event_assign(&c->deadline, s->base, -1, 0, on_deadline, c);
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	s->count++;
	set_deadline(c, HEAD_TIMEOUT_S);
	want(c, EV_READ);
}

/* --- streams --- */

void
web_stream(struct web_conn *c, void (*closed)(void *), void *arg)
{
	c->stream_closed = closed;
	c->stream_arg = arg;
}

bool
web_stream_write(struct web_conn *c, const void *data, size_t len)
{
	if (c->out.len - c->out_at + len > WEB_BACKLOG_MAX)
		return false;
	str_add_bytes(&c->out, data, len);
	want(c, EV_READ | EV_WRITE);
	return true;
}

void
web_stream_end(struct web_conn *c)
{
	c->stream_closed = NULL;
	c->closing = true;
	want(c, EV_WRITE);
}

/* --- the server --- */

struct web_server *
web_server_new(struct event_base *base, const struct conf_address *address,
    web_handler_fn handler, void *arg, struct error *err)
{
	struct web_server *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->handler = handler;
	s->arg = arg;
	TAILQ_INIT(&s->conns);
	if (!listener_open("control", address, &s->listener, err)) {
		free(s);
		return NULL;
	}
	event_assign(&s->accept, base, s->listener.fd, EV_READ | EV_PERSIST,
	    on_accept, s);
	event_add(&s->accept, NULL);
	return s;
}

const char *
web_server_address(const struct web_server *s)
{
	return s->listener.address;
}

void
web_server_free(struct web_server *s)
{
	struct web_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		conn_free(c);
	event_del(&s->accept);
	listener_discard(&s->listener);
	free(s);
}

bool
web_header(const struct web_request *request, const char *name,
    struct view *value)
{
	for (size_t i = 0; i < request->headers_count; i++) {
		if (view_is_nocase(request->headers[i].name, name)) {
			*value = request->headers[i].value;
			return true;
		}
	}
	return false;
}
