/* SPDX-License-Identifier: Apache-2.0 */
/* Idle upstream connections by address, last in first out, so that those that
 * are not needed grow old and are closed. An idle connection that becomes
 * readable has ended, or says what nobody asked for: it is closed. */
#include "proxy/http1_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/rng.h"
#include "base/xalloc.h"
#include "proxy/destination.h"
#include "proxy/http1.h"
#include "proxy/tls_context.h"

#define BUCKETS	       512
#define IDLE_MAX       512 /* connections per address */
#define IDLE_US	       4000000 /* servers commonly wait 5 s and more */
#define SWEEP_EVERY_US 1000000
#define SPARE_MAX      256 /* exchanges */
#define SPARE_KEPT     16  /* of them after a trim */

TAILQ_HEAD(upstream_list, http1_upstream);

struct http1_host {
	struct http1_host *next;
	uint64_t hash;
	uint64_t generation; /* of the last plan that named it */
	char *text; /* owned; the address as written; by TLS also the rest that
		       tells connections apart */
	const char *route;	/* interned; by TLS: of that route alone */
	struct tls_client *tls; /* counted; by TLS: with that context */
	struct upstream_list idle; /* the latest first */
	unsigned idle_count;
	unsigned users; /* connections, idle or not */
};

struct http1_pool {
	struct worker *worker;
	struct http1_host *buckets[BUCKETS];
	struct deadline sweep;
	struct str key; /* of the connection looked for */
	unsigned idle_count;
	struct http1_exchange *spare;
	unsigned spare_count;
};

static void on_sweep(struct deadline *d, int64_t now_us);

static struct http1_pool *
pool_of(struct worker *w)
{
	if (w->http1_pool == NULL) {
		w->http1_pool = xcalloc(1, sizeof(*w->http1_pool));
		w->http1_pool->worker = w;
		w->http1_pool->sweep.on_due = on_sweep;
	}
	return w->http1_pool;
}

static struct http1_host *
find_host(struct http1_pool *pool, const char *text, uint64_t hash)
{
	struct http1_host *h = pool->buckets[hash % BUCKETS];

	while (h != NULL && (h->hash != hash || strcmp(h->text, text) != 0))
		h = h->next;
	return h;
}

/* What connections to the route's upstream have in common. Borrowed until the
 * next call. */
static const char *
key_of(struct http1_pool *pool, const struct armed_route *r,
    const struct client_facts *facts)
{
	const struct conf_address *to = destination_upstream(r->conf, facts);
	const char *text = to != NULL ? to->text : "";

	if (r->upstream_tls == NULL)
		return text;
	str_clear(&pool->key);
	str_printf(&pool->key, "%s %s %p %s", text, r->name,
	    (void *)r->upstream_tls, facts != NULL ? facts->sni : "");
	return pool->key.text;
}

static struct http1_host *
host_of(struct http1_pool *pool, const struct armed_route *r,
    const struct client_facts *facts)
{
	const char *key = key_of(pool, r, facts);
	uint64_t hash = rng_hash(key);
	struct http1_host *h = find_host(pool, key, hash);

	if (h != NULL)
		return h;
	h = xcalloc(1, sizeof(*h));
	h->hash = hash;
	h->text = xstrdup(key);
	if (r->upstream_tls != NULL) {
		h->route = r->name;
		h->tls = tls_client_ref(r->upstream_tls);
	}
	TAILQ_INIT(&h->idle);
	h->next = pool->buckets[hash % BUCKETS];
	pool->buckets[hash % BUCKETS] = h;
	return h;
}

static void
leave_idle(struct http1_upstream *u)
{
	TAILQ_REMOVE(&u->host->idle, u, entry);
	u->host->idle_count--;
	u->end.worker->http1_pool->idle_count--;
}

void
http1_upstream_close(struct http1_upstream *u, bool reset)
{
	if (u->owner == NULL && u->host != NULL)
		leave_idle(u);
	if (u->host != NULL)
		u->host->users--;
	/* Not end_close(): the scratch memory may be in use. */
	if (reset)
		end_reset(&u->end);
	else
		end_drop(&u->end);
	free(u);
}

bool
http1_upstream_stale(struct http1_upstream *u)
{
	char byte;

	/* What only concerns the layer, tickets say, is no end. */
	if (u->end.tls != NULL)
		return end_read(&u->end, &byte, 1) != END_AGAIN;
	return recv(u->end.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void
on_event(struct end *e, unsigned what)
{
	struct http1_upstream *u = CONTAINER_OF(e, struct http1_upstream, end);

	if (u->owner != NULL)
		u->on_event(u->owner, what);
	else if (what != END_READABLE || http1_upstream_stale(u))
		http1_upstream_close(u, false);
	else
		/* TLS had something to say to itself. */
		end_want(e, true, false);
}

struct http1_upstream *
http1_upstream_new(struct worker *w, const struct http1_upstream_from *from)
{
	struct http1_upstream *u = xcalloc(1, sizeof(*u));

	end_init(&u->end, w, on_event);
	end_attach(&u->end, from->fd, from->is_unix);
	tls_attach(from->tls, &u->end);
	if (from->route != NULL) {
		u->host = host_of(pool_of(w), from->route, from->facts);
		u->host->users++;
	}
	return u;
}

struct http1_upstream *
http1_pool_take(struct worker *w, const struct armed_route *route,
    const struct client_facts *facts)
{
	struct http1_pool *pool = pool_of(w);
	struct http1_host *h = NULL;
	struct http1_upstream *u;
	const char *key;

	if (pool->idle_count > 0) {
		key = key_of(pool, route, facts);
		h = find_host(pool, key, rng_hash(key));
	}
	if (h == NULL || (u = TAILQ_FIRST(&h->idle)) == NULL)
		return NULL;
	leave_idle(u);
	return u;
}

void
http1_pool_put(struct http1_upstream *u)
{
	struct worker *w = u->end.worker;
	struct http1_pool *pool = pool_of(w);
	bool full = u->host == NULL || u->host->idle_count >= IDLE_MAX;

	if (full || w->draining) {
		http1_upstream_close(u, false);
		return;
	}
	u->owner = NULL;
	u->served++;
	u->idle_us = worker_now(w);
	TAILQ_INSERT_HEAD(&u->host->idle, u, entry);
	u->host->idle_count++;
	pool->idle_count++;
	if (!deadline_armed(&pool->sweep))
		worker_arm(w, &pool->sweep, u->idle_us + SWEEP_EVERY_US);
	end_want(&u->end, true, false);
}

/* --- housekeeping --- */

static void
on_sweep(struct deadline *d, int64_t now_us)
{
	struct http1_pool *pool = CONTAINER_OF(d, struct http1_pool, sweep);

	for (size_t i = 0; i < BUCKETS && pool->idle_count > 0; i++) {
		struct http1_host *h = pool->buckets[i];
		struct http1_upstream *u;

		for (; h != NULL; h = h->next) {
			while ((u = TAILQ_LAST(&h->idle, upstream_list)) !=
				NULL &&
			    now_us - u->idle_us >= IDLE_US)
				http1_upstream_close(u, false);
		}
	}
	if (pool->idle_count > 0)
		worker_arm(pool->worker, d, now_us + SWEEP_EVERY_US);
}

static void
close_idle(struct http1_host *h)
{
	while (!TAILQ_EMPTY(&h->idle))
		http1_upstream_close(TAILQ_FIRST(&h->idle), false);
}

/* Is what connections by TLS were made with still what the plan says? */
static bool
tls_in_force(const struct plan *plan, const struct http1_host *h)
{
	const struct armed_route *r = plan_route(plan, h->route);

	return r != NULL && r->conf->enabled && r->upstream_tls == h->tls;
}

static void
reconcile_host(struct worker *w, struct http1_host *h)
{
	bool named = w->plan != NULL &&
	    (h->route != NULL ? tls_in_force(w->plan, h)
			      : h->generation == w->plan->generation);

	if (!named)
		close_idle(h);
}

void
http1_pool_reconcile(struct worker *w)
{
	struct http1_pool *pool = w->http1_pool;

	if (pool == NULL || pool->idle_count == 0)
		return;
	for (size_t i = 0; w->plan != NULL && i < w->plan->routes_count; i++) {
		const char *text = w->plan->routes[i].conf->upstream.text;
		struct http1_host *h = find_host(pool, text, rng_hash(text));

		if (h != NULL && w->plan->routes[i].conf->enabled)
			h->generation = w->plan->generation;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		struct http1_host *h = pool->buckets[i];

		for (; h != NULL; h = h->next)
			reconcile_host(w, h);
	}
}

static void
free_hosts(struct http1_pool *pool)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct http1_host **link = &pool->buckets[i], *h;

		while ((h = *link) != NULL) {
			if (h->users > 0) {
				link = &h->next;
				continue;
			}
			*link = h->next;
			tls_client_unref(h->tls);
			free(h->text);
			free(h);
		}
	}
}

static void
free_spare(struct http1_pool *pool, unsigned keep)
{
	while (pool->spare_count > keep) {
		struct http1_exchange *x = pool->spare;

		pool->spare = x->next;
		pool->spare_count--;
		http1_exchange_release(x);
	}
}

void
http1_pool_trim(struct worker *w)
{
	if (w->http1_pool == NULL)
		return;
	free_hosts(w->http1_pool);
	free_spare(w->http1_pool, SPARE_KEPT);
}

void
http1_pool_fini(struct worker *w)
{
	struct http1_pool *pool = w->http1_pool;

	if (pool == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct http1_host *h = pool->buckets[i];

		for (; h != NULL; h = h->next)
			close_idle(h);
	}
	free_hosts(pool);
	free_spare(pool, 0);
	deadline_disarm(&w->engine.deadlines, &pool->sweep);
	str_fini(&pool->key);
	free(pool);
	w->http1_pool = NULL;
}

/* --- spare exchanges --- */

struct http1_exchange *
http1_pool_spare(struct worker *w)
{
	struct http1_pool *pool = pool_of(w);
	struct http1_exchange *x = pool->spare;

	if (x == NULL)
		return NULL;
	pool->spare = x->next;
	pool->spare_count--;
	return x;
}

bool
http1_pool_keep(struct worker *w, struct http1_exchange *x)
{
	struct http1_pool *pool = pool_of(w);

	if (pool->spare_count >= SPARE_MAX)
		return false;
	x->next = pool->spare;
	pool->spare = x;
	pool->spare_count++;
	return true;
}
