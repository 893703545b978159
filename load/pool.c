/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets which connection; giving exchanges up; freeing. */
#include "load/pool.h"

#include <stdlib.h>

#include "base/xalloc.h"

void
load_pool_init(struct load_pool *p)
{
	TAILQ_INIT(&p->roomy);
	TAILQ_INIT(&p->full);
	TAILQ_INIT(&p->closed);
	TAILQ_INIT(&p->again);
	p->buffer = xmalloc(LOAD_READ_SIZE);
}

/* Idle connections that have been silent since are as doubtful as the one on
 * which a request met silence: a network that lost one has lost all. */
static void
drop_idle(struct load_pool *p, int64_t since_us)
{
	struct load_conn *c = TAILQ_FIRST(&p->roomy), *next;

	for (; c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->count == 0 && c->heard_us < since_us)
			load_conn_close(c);
	}
}

/* Gives it up on its connection. False: that is lost with it. A connection
 * that is not ready, or was silent all the time, takes no other request. */
static bool
give_up(struct load_pool *p, struct load_conn *c, struct load_exchange *x)
{
	bool ready = c->state == LOAD_CONN_READY;
	bool lives =
	    ready && p->protocol->cancel != NULL && p->protocol->cancel(c, x);

	load_conn_flush(c);
	if (!ready || c->heard_us < x->sample.start_us) {
		c->keep = false;
		drop_idle(p, x->sample.start_us);
	}
	return lives;
}

static void
on_timeout(struct deadline *d, int64_t now_us)
{
	struct load_exchange *x =
	    CONTAINER_OF(d, struct load_exchange, timeout);
	struct load_conn *c = x->conn;

	/* Others may wait on one that is not ready yet. */
	if (c != NULL && !give_up(x->pool, c, x) && c->count == 1)
		load_conn_close(c);
	load_exchange_end(x, SAMPLE_TIMEOUT);
}

static struct load_conn *
find(struct load_pool *p, const struct load_exchange *x)
{
	struct load_conn *c;

	if (p->fresh || x->resent)
		return NULL;
	while ((c = TAILQ_FIRST(&p->roomy)) != NULL) {
		if (c->count > 0 || c->state != LOAD_CONN_READY ||
		    load_conn_check(c))
			return c;
	}
	return NULL;
}

void
load_pool_submit(struct load_pool *p, struct load_exchange *x)
{
	struct load_conn *c;

	x->pool = p;
	if (!deadline_armed(&x->timeout)) {
		x->timeout.on_due = on_timeout;
		deadline_arm(&p->timer->heap, &x->timeout,
			     x->sample.start_us + x->timeout_us);
	}
	c = find(p, x);
	if (c == NULL)
		c = load_conn_new(p);
	if (c != NULL) {
		load_conn_add(c, x);
		return;
	}
	p->tally->starved++;
	load_exchange_end(x, SAMPLE_LOST);
}

void
load_pool_settle(struct load_pool *p)
{
	struct load_exchange *x;
	struct load_conn *c;

	while ((x = TAILQ_FIRST(&p->again)) != NULL) {
		TAILQ_REMOVE(&p->again, x, entry);
		x->waiting = false;
		load_pool_submit(p, x);
	}
	while ((c = TAILQ_FIRST(&p->closed)) != NULL) {
		TAILQ_REMOVE(&p->closed, c, entry);
		load_conn_free(c);
	}
	load_timer_rearm(p->timer);
}

static void
drop_all(struct load_pool *p, struct load_exchanges *list,
	 void (*drop)(struct load_pool *, struct load_exchange *))
{
	struct load_exchange *x;

	while ((x = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, x, entry);
		deadline_disarm(&p->timer->heap, &x->timeout);
		load_seen_fini(&x->seen);
		drop(p, x);
	}
}

void
load_pool_fini(struct load_pool *p,
	       void (*drop)(struct load_pool *, struct load_exchange *))
{
	struct load_conns *lists[] = {&p->roomy, &p->full};
	struct load_conn *c;

	if (p->buffer == NULL)
		return;
	drop_all(p, &p->again, drop);
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		while ((c = TAILQ_FIRST(lists[i])) != NULL) {
			drop_all(p, &c->exchanges, drop);
			load_conn_close(c);
		}
	}
	while ((c = TAILQ_FIRST(&p->closed)) != NULL) {
		TAILQ_REMOVE(&p->closed, c, entry);
		load_conn_free(c);
	}
	free(p->buffer);
	p->buffer = NULL;
}
