/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP/1 sessions of one worker share: idle connections to upstreams,
 * kept for the next request, and spare memory of exchanges. */
#ifndef PROXY_HTTP1_POOL_H
#define PROXY_HTTP1_POOL_H

#include <stdint.h>
#include <sys/queue.h>

#include "proxy/end.h"

struct armed_route;
struct http1_exchange;
struct http1_host;
struct tls;
struct client_facts;
struct worker;

/* A connection to an upstream: at work for one exchange (of HTTP/1, or a stream
 * of HTTP/2 that is sent on by HTTP/1), or idle. */
struct http1_upstream {
	struct end end;
	void *owner; /* whose exchange it serves; NULL: idle in the pool */
	void (*on_event)(void *owner, unsigned what); /* END_* */
	struct http1_host *host; /* NULL: never kept */
	TAILQ_ENTRY(http1_upstream) entry; /* while idle */
	int64_t idle_us;  /* since when */
	uint32_t served; /* exchanges before this one */
};

/* Takes the most recently used idle connection to the route's upstream, or
 * NULL; by TLS only one that was made for the same route and server name. Owned
 * now: who takes it sets owner and on_event. */
struct http1_upstream *http1_pool_take(struct worker *w,
    const struct armed_route *route, const struct client_facts *facts);
/* What a connection is made from. */
struct http1_upstream_from {
	int fd;			 /* taken */
	struct tls *tls;	 /* taken; NULL: none */
	const struct armed_route *route; /* NULL: it is not kept for others */
	const struct client_facts *facts; /* NULL: none are known */
	bool is_unix;
};
/* Makes a connected socket an upstream connection. Returns owned; who asks sets
 * owner and on_event. */
struct http1_upstream *http1_upstream_new(struct worker *w,
    const struct http1_upstream_from *from);
/* True if an idle connection ended while nobody looked. */
bool http1_upstream_stale(struct http1_upstream *u);
/* Gives a connection back; it is closed if it is not to be kept, if there are
 * enough, or while the worker drains. */
void http1_pool_put(struct http1_upstream *u);
/* Closes (with RST if `reset`) and frees. */
void http1_upstream_close(struct http1_upstream *u, bool reset);

/* Memory of an exchange, zeroed but for buffers that are kept; NULL: none. */
struct http1_exchange *http1_pool_spare(struct worker *w);
/* Keeps the exchange as a spare; false if there are enough. */
bool http1_pool_keep(struct worker *w, struct http1_exchange *x);

/* The plan changed: idle connections to addresses that are nobody's upstream
 * any more are closed. */
void http1_pool_reconcile(struct worker *w);
/* Gives spare memory back; now and then. */
void http1_pool_trim(struct worker *w);
/* Closes and frees everything; no session may be left. */
void http1_pool_fini(struct worker *w);

#endif
