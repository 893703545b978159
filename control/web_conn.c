/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the control server: bytes, time and replies.
 *
 *   FRESH ─► HEAD ─► BODY ─► REPLY ─► IDLE ─► HEAD …
 *              └─ refused ─► REPLY ─► LINGER ─► closed
 */
#include "control/web_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "proxy/http1_edit.h"

#define READ_SIZE 16384
#define OUT_KEEP 65536 /* a larger buffer is given back */
#define TURN_REQUESTS 8 /* of one connection, before others have a turn */

static const int timeouts_s[] = {
    [WEB_FRESH] = 5,  [WEB_IDLE] = 60,	   [WEB_HEAD] = 5,   [WEB_BODY] = 10,
    [WEB_REPLY] = 30, [WEB_STREAM] = 3600, [WEB_LINGER] = 2,
};

/* --- the life of a connection --- */

void
web_conn_free(struct web_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, entry);
	c->server->count--;
	if (c->armed != 0)
		event_del(&c->ev);
	event_del(&c->deadline);
	event_del(&c->again);
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

static enum web_phase
phase_of(const struct web_conn *c)
{
	if (c->lingering)
		return WEB_LINGER;
	if (c->streaming)
		return WEB_STREAM;
	if (c->out_at < c->out.len)
		return WEB_REPLY;
	if (c->head_done)
		return WEB_BODY;
	if (c->requests == 0 && !c->begun)
		return WEB_FRESH;
	return c->begun ? WEB_HEAD : WEB_IDLE;
}

/* Who sends nothing after connecting has as long for its head as one who
 * begins at once. */
static void
update_phase(struct web_conn *c)
{
	enum web_phase phase = phase_of(c);
	struct timeval tv = {.tv_sec = timeouts_s[phase]};

	if (c->phase == WEB_FRESH && phase == WEB_HEAD)
		c->phase = WEB_HEAD;
	if (phase == c->phase && c->requests == c->phase_request &&
	    phase != WEB_STREAM)
		return;
	c->phase = phase;
	c->phase_request = c->requests;
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
	update_phase(c);
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
		ssize_t n =
		    send(c->fd, c->out.text + c->out_at, c->out.len - c->out_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

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
	if (c->out.room > OUT_KEEP)
		str_fini(&c->out);
	else
		str_clear(&c->out);
	c->out_at = 0;
	return !c->closing || linger(c);
}

/* --- replies --- */

static void
add_reply(struct web_conn *c, struct web_reply *reply, bool head_only)
{
	int status = reply->status != 0 ? reply->status : 204;

	str_printf(&c->out, "HTTP/1.1 %d %s\r\n", status, http1_reason(status));
	if (reply->type != NULL)
		str_printf(&c->out, "Content-Type: %s\r\n", reply->type);
	if (reply->headers.len > 0)
		str_add(&c->out, reply->headers.text);
	if (reply->stream || reply->close)
		str_add(&c->out, "Connection: close\r\n");
	if (!reply->stream && status != 204)
		str_printf(&c->out, "Content-Length: %zu\r\n", reply->body.len);
	str_add(&c->out, "\r\n");
	if (reply->body.len > 0 && !head_only)
		str_add_bytes(&c->out, reply->body.text, reply->body.len);
	/* A stream is ended by who owns it, whatever the client asked. */
	if (reply->close && !reply->stream)
		c->closing = true;
	str_fini(&reply->body);
	str_fini(&reply->headers);
}

static void
refuse(struct web_conn *c, int status)
{
	struct web_reply reply = {.status = status,
				  .type = "text/plain; charset=utf-8",
				  .close = true};

	str_printf(&reply.body, "%s\n", http1_reason(status));
	add_reply(c, &reply, false);
}

static void
fill_request(const struct web_conn *c, struct web_header *headers,
	     struct web_request *to)
{
	const char *head = c->head.text != NULL ? c->head.text : "";
	const char *mark;

	to->method =
	    view_of(llhttp_method_name((llhttp_method_t)c->parser.method));
	to->target = (struct view){head + c->target.at, c->target.len};
	web_parse_target(to->target, &to->authority, &to->path);
	mark = memchr(to->path.at, '?', to->path.len);
	if (mark != NULL) {
		to->query.at = mark + 1;
		to->query.len = to->path.len - (size_t)(mark + 1 - to->path.at);
		to->path.len = (size_t)(mark - to->path.at);
	}
	for (size_t i = 0; i < c->headers_count; i++) {
		headers[i].name =
		    (struct view){head + c->names[i].at, c->names[i].len};
		headers[i].value =
		    (struct view){head + c->values[i].at, c->values[i].len};
	}
	to->headers = headers;
	to->headers_count = c->headers_count;
	to->is_local = c->is_unix;
}

/* Asks whether the request may go on. False: it was answered. One whose body
 * is still to come cannot be followed by another. */
static bool
admit(struct web_conn *c)
{
	struct web_header headers[WEB_HEADERS_MAX];
	struct web_request request = {.conn = c, .body = VIEW("")};
	struct web_reply reply = {0};

	fill_request(c, headers, &request);
	c->admitted = c->server->ops->admit(c->server->arg, &request, &reply);
	if (c->admitted)
		return true;
	reply.close = !c->complete || !llhttp_should_keep_alive(&c->parser);
	if (!c->complete)
		c->refused = reply.status;
	add_reply(c, &reply, view_is(request.method, "HEAD"));
	return false;
}

static void
handle(struct web_conn *c)
{
	struct web_header headers[WEB_HEADERS_MAX];
	struct web_request request = {.conn = c};
	struct web_reply reply = {0};

	fill_request(c, headers, &request);
	request.body = (struct view){c->body.text != NULL ? c->body.text : "",
				     c->body.len};
	reply.close = !llhttp_should_keep_alive(&c->parser);
	if (!reply.close && c->parser.http_minor == 0)
		str_add(&reply.headers, "Connection: keep-alive\r\n");
	c->server->ops->handle(c->server->arg, &request, &reply);
	if (reply.stream)
		c->streaming = true;
	add_reply(c, &reply, view_is(request.method, "HEAD"));
}

static void
next_request(struct web_conn *c)
{
	struct web_conns *conns = &c->server->conns;

	c->requests++;
	web_parse_next(c);
	TAILQ_REMOVE(conns, c, entry);
	TAILQ_INSERT_TAIL(conns, c, entry);
}

/* Requests that are complete are answered in order; one whose reply is not
 * read yet holds up those behind it. */
static void
serve(struct web_conn *c)
{
	unsigned served = 0;

	for (c->had_turn = false; !c->closing && !c->streaming &&
	     !c->had_turn && c->out.len - c->out_at <= WEB_BACKLOG_MAX;
	     c->had_turn = ++served == TURN_REQUESTS) {
		bool expected = c->expects, admitted;

		web_parse(c);
		if (c->refused != 0) {
			refuse(c, c->refused);
			return;
		}
		admitted = !c->head_done || c->admitted || admit(c);
		if (!c->complete) {
			if (admitted && c->expects && !expected)
				str_add(&c->out,
					"HTTP/1.1 100 Continue\r\n\r\n");
			return;
		}
		if (admitted)
			handle(c);
		next_request(c);
	}
}

/* What the connection waits for now, and how long it may. */
static void
settle(struct web_conn *c)
{
	static const struct timeval at_once;
	size_t backlog = c->out.len - c->out_at;
	bool reading = !c->closing && !c->had_turn &&
		       (c->streaming || backlog <= WEB_BACKLOG_MAX);

	want(c,
	     (short)((reading ? EV_READ : 0) | (backlog > 0 ? EV_WRITE : 0)));
	if (c->had_turn)
		event_add(&c->again, &at_once);
	update_phase(c);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct web_conn *c = arg;
	char buf[READ_SIZE];
	ssize_t n = 0;

	if (what & EV_READ) {
		n = recv(fd, buf, sizeof(buf), 0);
		/* Who only ended its own direction still reads. */
		if (n == 0 && c->out_at < c->out.len && !c->streaming)
			c->closing = true;
		else if (n == 0 ||
			 (n < 0 && errno != EAGAIN && errno != EINTR)) {
			web_conn_free(c);
			return;
		}
		if (c->lingering)
			return;
		if (n > 0 && !c->streaming)
			str_add_bytes(&c->in, buf, (size_t)n);
	}
	serve(c);
	if (!flush(c)) {
		web_conn_free(c);
		return;
	}
	if (!c->lingering)
		settle(c);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct web_conn *c = arg;

	(void)fd;
	(void)what;
	on_ready(c->fd, 0, c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	web_conn_free(arg);
}

void
web_conn_new(struct web_server *s, int fd)
{
	struct web_conn *c = xcalloc(1, sizeof(*c));
	struct timeval tv = {.tv_sec = timeouts_s[WEB_FRESH]};

	c->server = s;
	c->fd = fd;
	c->is_unix = s->listener.is_unix;
	web_parse_init(c);
	event_assign(&c->deadline, s->base, -1, 0, on_deadline, c);
	event_assign(&c->again, s->base, -1, 0, on_again, c);
	event_add(&c->deadline, &tv);
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	s->count++;
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
	if (c->out.len - c->out_at > WEB_BACKLOG_MAX)
		return false;
	str_add_bytes(&c->out, data, len);
	want(c, EV_READ | EV_WRITE);
	return true;
}

size_t
web_stream_backlog(const struct web_conn *c)
{
	return c->out.len - c->out_at;
}

void
web_stream_end(struct web_conn *c)
{
	c->stream_closed = NULL;
	c->closing = true;
	want(c, EV_WRITE);
}
