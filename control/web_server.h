/* SPDX-License-Identifier: Apache-2.0 */
/* The control plane's HTTP/1 server (RFC 9110, RFC 9112; parsed by llhttp):
 * small, bounded, on the control thread.
 *
 *   connection ─► llhttp ─► struct web_request ─► handler ─► struct web_reply
 *
 * Bounds: connections (the longest idle one makes room), head and body sizes,
 * time for the head, for the body, for reading the reply and between requests,
 * output that a client does not read. A slow or silent client costs its own
 * connection, nothing else. */
#ifndef CONTROL_WEB_SERVER_H
#define CONTROL_WEB_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "config/address.h"

struct web_server;
struct web_conn;

struct web_header {
	struct view name, value;
};

/* A whole request; everything is borrowed for the call of the handler. */
struct web_request {
	struct view method;    /* "GET" */
	struct view target;    /* as sent */
	struct view authority; /* host:port of an absolute target; or empty */
	struct view path;      /* target up to "?", still percent-encoded */
	struct view query;     /* behind "?" */
	const struct web_header *headers;
	size_t headers_count;
	struct view body;
	bool is_local;	       /* over a Unix socket */
	struct web_conn *conn; /* for web_stream() */
};

/* Zeroed: 204 without a body. The handler fills it in; the server frees. */
struct web_reply {
	int status;
	const char *type;   /* Content-Type, constant; NULL: none */
	struct str body;    /* owned */
	struct str headers; /* owned: further "Name: value\r\n" lines */
	bool stream; /* the body goes on: web_stream_write() adds to it */
	bool close;  /* end the connection behind it */
};

struct web_ops {
	/* The head is complete; the body, not yet read, is empty here. False:
	 * the reply is made, and a body is not waited for. */
	bool (*admit)(void *arg, const struct web_request *request,
		      struct web_reply *reply);
	/* The request is complete. */
	void (*handle)(void *arg, const struct web_request *request,
		       struct web_reply *reply);
};

/* Listens on `address` (host:port or unix:path; the socket's file gets mode
 * 0660) and serves from `base`. Borrows base, ops and arg. Returns owned, or
 * NULL and err. */
struct web_server *web_server_new(struct event_base *base,
				  const struct conf_address *address,
				  const struct web_ops *ops, void *arg,
				  struct error *err);
/* The address as bound: "127.0.0.1:8474", "unix:/path". */
const char *web_server_address(const struct web_server *s);
/* Closes every connection. NULL is accepted. */
void web_server_free(struct web_server *s);

/* The first header of that name, whatever its case; false if there is none. */
bool web_header(const struct web_request *request, const char *name,
		struct view *value);

/* Streams (reply.stream): `closed` (NULL: nobody asks) is told once when the
 * client has gone, or has read nothing for an hour; the handle is invalid
 * then. Borrows arg until then, or until web_stream_end(). */
void web_stream(struct web_conn *conn, void (*closed)(void *arg), void *arg);
/* Adds to the body; false if the client is more than WEB_BACKLOG_MAX (see
 * web_conn.h) behind: nothing was added. */
bool web_stream_write(struct web_conn *conn, const void *data, size_t len);
/* What the client has not read yet, in bytes. */
size_t web_stream_backlog(const struct web_conn *conn);
/* Ends the body and the connection; `closed` is not called. */
void web_stream_end(struct web_conn *conn);

#endif
