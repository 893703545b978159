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

/* A connection that is not ready, or was silent all the time since, is not
 * to be trusted: the next request makes a new one. */
static void
on_timeout(struct deadline *d, int64_t now_us)
{
	struct load_exchange *x =
	    CONTAINER_OF(d, struct load_exchange, timeout);
	struct load_conn *c = x->conn;
	bool lives = false;

	if (c != NULL) {
		lives = c->state == LOAD_CONN_READY &&
			c->pool->protocol->cancel != NULL &&
			c->pool->protocol->cancel(c, x);
		if (c->state != LOAD_CONN_READY ||
		    c->heard_us < x->sample.start_us)
			c->keep = false;
	}
	if (c != NULL && !lives && c->count == 1) {
		load_conn_close(c);
		c = NULL;
	}
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
