/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the control server, from the inside: for web_server.c
 * (who may be there), web_conn.c (sockets, time, replies) and web_parse.c
 * (requests). */
#ifndef CONTROL_WEB_CONN_H
#define CONTROL_WEB_CONN_H

#include <event2/event_struct.h>
#include <llhttp.h>
#include <sys/queue.h>

#include "control/web_server.h"
#include "proxy/listener.h"

#define WEB_HEAD_MAX	(16 * 1024)
#define WEB_BODY_MAX	(4 * 1024 * 1024)
#define WEB_HEADERS_MAX 64
#define WEB_BACKLOG_MAX (4 * 1024 * 1024)
#define WEB_CONNS_MAX	256

/* What a connection waits for. Each wait has a deadline that counts from its
 * beginning: bytes that trickle do not move it. */
enum web_phase {
	WEB_FRESH, /* for the first byte of the first request */
	WEB_IDLE,  /* for the next request */
	WEB_HEAD,  /* for the rest of a head */
	WEB_BODY,  /* for the rest of a body */
	WEB_REPLY, /* for the client to read */
	WEB_STREAM,
	WEB_LINGER, /* for a refused client to notice */
};

/* Where a piece of text lies in conn->head. */
struct web_span {
	size_t at, len;
};

TAILQ_HEAD(web_conns, web_conn);

struct web_server {
	struct event_base *base;
	struct opened_listener listener;
	struct event accept, rest;
	struct web_conns conns; /* the longest without a request first */
	size_t count;
	const struct web_ops *ops;
	void *arg;
	int spare_fds[4]; /* given up when descriptors run out; -1: gone */
};

struct web_conn {
	TAILQ_ENTRY(web_conn) entry;
	struct web_server *server;
	int fd;
	bool is_unix;
	struct event ev, deadline, again;
	short armed;
	enum web_phase phase;
	uint64_t requests;	/* answered */
	uint64_t phase_request; /* the phase began behind so many */
	llhttp_t parser;
	struct str head; /* target, names and values, one after the other */
	struct str body;
	struct str in;	/* read and not parsed: behind a request in work */
	struct str out; /* to be written, from out_at on */
	size_t out_at;
	struct web_span target;
	struct web_span names[WEB_HEADERS_MAX], values[WEB_HEADERS_MAX];
	size_t headers_count;
	bool begun;    /* the first byte of a request came */
	bool in_value; /* the last piece of a header was its value's */
	bool complete; /* a request awaits its handler */
	bool head_done, expects; /* Expect: 100-continue */
	bool admitted;		 /* the handler agreed to the head */
	bool had_turn;		 /* others are served before its next request */
	bool closing;		 /* close once out is written */
	bool lingering;		 /* out is written, what comes is thrown away */
	int refused;		 /* status of the reply that ends it; 0: none */
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
/* Splits "http://host:80/path" into authority and path; other targets are
 * all path. */
void web_parse_target(struct view target, struct view *authority,
		      struct view *path);

/* Takes the accepted, non-blocking socket into the server's care. */
void web_conn_new(struct web_server *s, int fd);
/* Closes it at once; a stream's owner is told. */
void web_conn_free(struct web_conn *c);

#endif
