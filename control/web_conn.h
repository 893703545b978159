/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the control server, from the inside: for web_server.c
 * (sockets, time) and web_parse.c (requests). */
#ifndef CONTROL_WEB_CONN_H
#define CONTROL_WEB_CONN_H

#include <event2/event_struct.h>
#include <llhttp.h>
#include <sys/queue.h>

#include "control/web_server.h"

#define WEB_HEAD_MAX	(16 * 1024)
#define WEB_BODY_MAX	(4 * 1024 * 1024)
#define WEB_HEADERS_MAX 64
#define WEB_BACKLOG_MAX (4 * 1024 * 1024)

/* Where a piece of text lies in conn->head. */
struct web_span {
	size_t at, len;
};

struct web_conn {
	TAILQ_ENTRY(web_conn) entry;
	struct web_server *server;
	int fd;
	bool is_unix;
	struct event ev, deadline;
	short armed;
	llhttp_t parser;
	struct str head; /* target, names and values, one after the other */
	struct str body;
	struct str in;	 /* read and not parsed: behind a request in work */
	struct str out;	 /* to be written, from out_at on */
	size_t out_at;
	struct web_span target;
	struct web_span names[WEB_HEADERS_MAX], values[WEB_HEADERS_MAX];
	size_t headers_count;
	bool in_value; /* the last piece of a header was its value's */
	bool complete; /* a request awaits its handler */
	bool head_done, expects; /* Expect: 100-continue */
	bool closing;	 /* close once out is written */
	bool lingering;	 /* out is written, what comes is thrown away */
	int refused; /* status of the reply that ends it; 0: none */
	bool streaming;
	void (*stream_closed)(void *arg);
	void *stream_arg;
};

/* Prepares the parser. */
void web_parse_init(struct web_conn *c);
/* Parses from c->in until a request is complete, more is needed, or it is
 * refused (c->refused). */
void web_parse(struct web_conn *c);
/* Forgets the request that was handled. */
void web_parse_next(struct web_conn *c);

#endif
