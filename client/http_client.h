/* SPDX-License-Identifier: Apache-2.0 */
/* A small blocking HTTP/1 client: one request, one reply, one connection; over
 * TCP, TLS or a Unix socket. Commands talk to a running proxy by it, and
 * telemetry, on threads of its own, to those who gather it. It never follows
 * redirects and never retries. Parsed by llhttp (RFC 9112). */
#ifndef CLIENT_HTTP_CLIENT_H
#define CLIENT_HTTP_CLIENT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "config/address.h"

#define HTTP_CLIENT_URL "http://localhost:8474" /* where the API is, if unset */

/* Whom to ask, and how. */
struct http_client_target {
	struct conf_address address; /* owned */
	const char *token; /* borrowed; sent as a bearer token; NULL: none */
	const char *agent; /* borrowed; NULL: "faultwire/VERSION" */
	int64_t timeout_us; /* for connecting, and for each silence after */
	SSL_CTX *tls; /* borrowed; NULL: in the clear */
	int cancel_fd; /* borrowed; readable: give up (ECANCELED); -1: never */
};

struct http_client_request {
	const char *method; /* "GET" */
	const char *path;   /* with its query; escaped already */
	const char *body;   /* NULL: none */
	const char *lease;  /* changes are bound to it; NULL: none */
	size_t body_len;    /* 0: up to its NUL */
	const char *type;   /* of the body; NULL: JSON */
	const char *headers; /* more of them, "Name: value\r\n" each; NULL */
};

struct http_client_reply {
	int status;
	int retry_after_s; /* of Retry-After (RFC 9110, 10.2.3): a date counts
			      as 0; -1: there is none */
	struct str body; /* owned; ended by NUL if anything came */
};

/* Gets pieces of a body as they come. */
struct http_client_sink {
	/* False: enough, the connection is closed. */
	bool (*chunk)(void *arg, struct view data);
	void *arg;
	int64_t until_us; /* enough then (monotonic); 0: never */
};

/* Reads "http://HOST[:PORT]", "HOST[:PORT]" or "unix:PATH"; the port is 8474
 * unless given, the host localhost, the timeout 10 s, cancel_fd -1. A path
 * behind the host is passed over. False: err says what is wrong. To be finished
 * in any case. */
bool http_client_target_init(struct http_client_target *t, const char *url,
    struct error *err) WARN_UNUSED;
/* NULL-safe on zeroed memory. */
void http_client_target_fini(struct http_client_target *t);

/* Sends the request and reads the whole reply, of any status. False: there was
 * none (err says who was asked and why; err->code is an errno if one
 * applies). `to` is zeroed first, and is to be finished in any case. */
bool http_client_call(const struct http_client_target *t,
    const struct http_client_request *request, struct http_client_reply *to,
    struct error *err) WARN_UNUSED;
/* The same with a body that may never end: it goes to the sink (NULL: there
 * is none) if the status is 2xx, else into the reply. Silence within such a
 * body is no error. Returns true when the body ended or the sink had enough. */
bool http_client_stream(const struct http_client_target *t,
    const struct http_client_request *request,
    const struct http_client_sink *sink, struct http_client_reply *to,
    struct error *err) WARN_UNUSED;
void http_client_reply_fini(struct http_client_reply *r);

/* Appends `text` as one segment of a path: what is not unreserved (RFC 3986,
 * 2.3) becomes %XX. */
void http_client_escape(struct str *path, const char *text);

#endif
