/* SPDX-License-Identifier: Apache-2.0 */
/* What every session is to its worker, whatever its protocol: a member of the
 * worker's list that can be reconciled, drained, and is freed by the reaper.
 * The protocol's own struct embeds it first. */
#ifndef PROXY_SESSION_H
#define PROXY_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "proxy/plan.h"

struct session;
struct tls;
struct client_facts;
struct worker;

/* Why a session ended. X(enum, word in events and logs, CLOSED_BY_…) */
#define CLOSE_REASONS(X)                                                       \
	X(CLOSE_NONE, "open", PROXY)                                           \
	X(CLOSE_DONE, "done", CLIENT)                                          \
	X(CLOSE_CLIENT_FIN, "client_closed", CLIENT)                           \
	X(CLOSE_CLIENT_RESET, "client_reset", CLIENT)                          \
	X(CLOSE_UPSTREAM_FIN, "upstream_closed", UPSTREAM)                     \
	X(CLOSE_UPSTREAM_RESET, "upstream_reset", UPSTREAM)                    \
	X(CLOSE_DIAL_FAILED, "upstream_unreachable", UPSTREAM)                 \
	X(CLOSE_FAULT, "fault", FAULT)                                         \
	X(CLOSE_IDLE, "idle_timeout", TIMEOUT)                                 \
	X(CLOSE_HEADER_TIMEOUT, "header_timeout", TIMEOUT)                     \
	X(CLOSE_BAD_INPUT, "bad_input", CLIENT)                                \
	X(CLOSE_TLS, "tls_failed", CLIENT)                                     \
	X(CLOSE_LOOP, "loop", PROXY)                                           \
	X(CLOSE_NO_DESTINATION, "no_destination", CLIENT)                      \
	X(CLOSE_NO_ROUTE, "no_route", PROXY)                                   \
	X(CLOSE_LIMIT, "connection_limit", PROXY)                              \
	X(CLOSE_SHUTDOWN, "shutdown", PROXY)                                   \
	X(CLOSE_ROUTE, "route_stopped", PROXY)                                 \
	X(CLOSE_ASKED, "closed_by_api", PROXY)

enum close_reason {
#define X(id, word, who) id,
	CLOSE_REASONS(X)
#undef X
};

/* The word of it, for events and logs; and who ended the session by it. */
const char *close_reason_name(enum close_reason reason);
enum closed_by close_reason_by(enum close_reason reason);

struct session_ops {
	/* The plan changed or time moved faults: find the routes anew, call
	 * flow_reconcile() on every flow. */
	void (*reconcile)(struct session *);
	/* Finish what is under way and end (idle ones end at once). */
	void (*drain)(struct session *);
	/* End now. */
	void (*close)(struct session *, enum close_reason);
	/* Release everything; called by the reaper on a fresh loop turn. */
	void (*free)(struct session *);
	/* The flows at work now: at most SESSION_FLOWS. Returns their number;
	 * borrowed until the session runs again. */
	size_t (*flows)(const struct session *, const struct flow **to);
};

/* HTTP/2 sessions may have more: the oldest are told. */
#define SESSION_FLOWS 128

struct session {
	const struct session_ops *ops;
	struct worker *worker;
	TAILQ_ENTRY(session) entry;
	const char *listener; /* interned id */
	const char *route;    /* interned; NULL: not known yet */
	uint64_t number;      /* over all listeners, from 1 */
	int64_t start_us;     /* when it was taken */
	struct in6_addr client; /* mapped IPv4; all zero on Unix sockets */
	uint16_t client_port;
	bool reaping;
};
TAILQ_HEAD(session_list, session);

/* A connection on its way from the acceptor to a worker. */
struct accepted {
	int fd; /* owned: connected, non-blocking */
	const char *listener; /* interned id */
	uint64_t session;     /* its number */
	uint64_t flow; /* number on its route; UINT64_MAX: not known yet */
	uint16_t port; /* that it connected to; 0: a Unix socket */
	struct sockaddr_storage peer;
	/* What the front learnt (proxy/front.h); else NULL and 0. */
	const struct armed_route *route; /* chosen already; NULL: not so */
	struct tls *tls;	 /* owned: the layer of fd, secured */
	struct client_facts *facts; /* owned */
	int owes; /* enum conf_accept: the client waits to hear of the dial
		     (proxy/asking.h); ACCEPT_PLAIN: it does not */
	const char *early;	 /* borrowed: bytes that were read already */
	size_t early_len;
};

/* Makes the common part known to its worker. */
void session_init(struct session *s, const struct session_ops *ops,
    struct worker *worker, const struct accepted *from);
/* The flow is one of the session's: what is told of it names the session and
 * its client. */
void session_own(const struct session *s, struct flow *f);
/* An IPv4 address, four bytes wherever they stand, as ::ffff:a.b.c.d. */
void session_map_ipv4(struct in6_addr *to, const void *from);
/* The address of a socket's IP address, mapped likewise, and its port; of other
 * sockets all zero, and 0. */
uint16_t session_unpack(const struct sockaddr_storage *from,
    struct in6_addr *to);
/* Queues it for the reaper; it must not be touched on a later loop turn. */
void session_reap(struct session *s);

#endif
