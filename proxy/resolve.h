/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses, without ever blocking a worker: a few threads ask the
 * system's resolver, a cache remembers, answers come by mail.
 *
 *	resolve_cached() ── yes ──► answer now (also literals; a stale answer
 *	    │ no                    is given while a fresh one is fetched)
 *	resolve_start() ──► lookup thread ──► mailbox ──► done()
 *
 * Any thread may call; answers reach the mailbox named in the query, and
 * resolve_cancel() belongs to the thread that runs that mailbox. */
#ifndef PROXY_RESOLVE_H
#define PROXY_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "proxy/resolve_list.h"

struct resolver;
struct resolve;

/* Blocks; fills `to` (ports are set later). 0, or an EAI_* code. */
typedef int (*resolve_lookup_fn)(void *arg, const char *name,
    struct resolve_list *to);

/* Zeroed members take the defaults. */
struct resolver_options {
	resolve_lookup_fn lookup; /* getaddrinfo(3) */
	void *lookup_arg;
	const struct clock *clock; /* clock_real */
	int64_t positive_us;	   /* an answer is fresh for 5 s, */
	int64_t stale_us;	   /* then usable for 30 s more */
	int64_t negative_us;	   /* a failure is remembered for 1 s */
	unsigned threads;	   /* 2, at most 8 */
};

/* error is 0 (then the list has members) or an EAI_* code for
 * gai_strerror(3). The list is borrowed for the call. */
typedef void (*resolve_done_fn)(void *arg, int error,
    const struct resolve_list *list);

struct resolve_query {
	const char *name; /* copied */
	uint16_t port;
	struct mailbox *mailbox; /* must outlive the query */
	resolve_done_fn done;
	void *arg;
};

/* Threads start with the first lookup. `options` NULL: all defaults. Returns
 * owned. */
struct resolver *resolver_new(const struct resolver_options *options);
/* Ends it; every query must have been answered or cancelled. Does not wait
 * for a lookup under way: that ends by itself. NULL is accepted. */
void resolver_free(struct resolver *resolver);

/* True if the answer is known without waiting: an address literal, a cached
 * address (`*error` 0, `to` filled in) or a cached failure (`*error` EAI_*). */
bool resolve_cached(struct resolver *resolver, const char *name, uint16_t port,
    struct resolve_list *to, int *error) WARN_UNUSED;
/* Asks for an answer by mail; for what resolve_cached() did not know. Queries
 * for one name share one lookup. The handle is valid until done() runs or
 * resolve_cancel(); done() never runs before this returns. */
struct resolve *resolve_start(struct resolver *resolver,
    const struct resolve_query *query);
/* Takes the query back: done() never runs. NULL is accepted. */
void resolve_cancel(struct resolve *query);
/* The cached addresses of `name` failed: the next query looks it up anew.
 * Ignored for answers younger than negative_us, so that an upstream that is
 * down does not cost a lookup a connection. */
void resolve_forget(struct resolver *resolver, const char *name);

#endif
