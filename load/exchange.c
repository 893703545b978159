/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of protocols about connections and exchanges. */
#include "load/pool.h"
#include "load/request.h"

/* --- connections --- */

void *
load_conn_state(struct load_conn *c)
{
	return c->protocol_state;
}

void *
load_conn_shared(struct load_conn *c)
{
	return c->pool->shared;
}

const char *
load_conn_authority(const struct load_conn *c)
{
	return c->pool->endpoint->authority;
}

bool
load_conn_is_secured(const struct load_conn *c)
{
	return c->pool->endpoint->tls != NULL;
}

bool
load_conn_is_fresh(const struct load_conn *c)
{
	return c->pool->fresh;
}

bool
load_conn_is_ready(const struct load_conn *c)
{
	return c->state == LOAD_CONN_READY;
}

struct str *
load_conn_out(struct load_conn *c)
{
	return &c->out;
}

struct load_exchange *
load_conn_exchange(const struct load_conn *c)
{
	return TAILQ_FIRST(&c->exchanges);
}

void
load_conn_end_all(struct load_conn *c, enum sample_outcome outcome)
{
	struct load_exchange *x;

	while ((x = TAILQ_FIRST(&c->exchanges)) != NULL)
		load_exchange_end(x, outcome);
}

/* --- exchanges --- */

const struct load_request *
load_exchange_asked(const struct load_exchange *x)
{
	return x->request;
}

struct load_vars *
load_exchange_vars(struct load_exchange *x)
{
	return &x->vars;
}

int64_t *
load_exchange_tag(struct load_exchange *x)
{
	return &x->tag;
}

void
load_exchange_heard(struct load_exchange *x)
{
	if (x->sample.first_us == 0)
		x->sample.first_us = load_timer_now(x->pool->timer);
}

void
load_exchange_unhear(struct load_exchange *x)
{
	x->sample.first_us = 0;
}

void
load_exchange_status(struct load_exchange *x, int status)
{
	x->sample.status = status;
}

void
load_exchange_header(struct load_exchange *x, struct view name,
		     struct view value)
{
	load_seen_header(&x->seen, x->pool->marks, name, value);
}

void
load_exchange_body(struct load_exchange *x, struct view data)
{
	load_seen_body(&x->seen, x->pool->marks, &x->request->expect, data);
}

bool
load_exchange_expected(const struct load_exchange *x)
{
	return load_seen_expected(&x->seen, &x->request->expect);
}

/* Fills in the sample from what was seen. */
static void
conclude(struct load_exchange *x, enum sample_outcome outcome)
{
	struct sample *s = &x->sample;

	if (outcome == SAMPLE_OK && !load_exchange_expected(x))
		outcome = SAMPLE_FAILED;
	load_seen_end(&x->seen, x->pool->marks);
	s->outcome = (uint8_t)outcome;
	s->degraded = outcome == SAMPLE_OK && x->seen.degraded;
	s->bytes = x->seen.bytes;
	s->end_us = load_timer_now(x->pool->timer);
	if (outcome == SAMPLE_LOST)
		s->start_us = s->end_us = 0;
	load_seen_fini(&x->seen);
}

static bool
is_answer(enum sample_outcome outcome)
{
	return outcome == SAMPLE_OK || outcome == SAMPLE_FAILED;
}

void
load_exchange_end(struct load_exchange *x, enum sample_outcome outcome)
{
	struct load_pool *p = x->pool;

	deadline_disarm(&p->timer->heap, &x->timeout);
	conclude(x, outcome);
	if (x->conn != NULL)
		load_conn_remove(x->conn, x, is_answer(outcome));
	else if (x->waiting)
		TAILQ_REMOVE(&p->again, x, entry);
	p->on_end(p, x);
}

void
load_exchange_again(struct load_exchange *x)
{
	struct load_pool *p = x->pool;

	if (x->resent) {
		load_exchange_end(x, SAMPLE_BROKEN);
		return;
	}
	load_conn_remove(x->conn, x, false);
	load_seen_fini(&x->seen);
	x->sample.first_us = 0;
	x->sample.status = 0;
	x->vars.rands = 0;
	x->resent = x->waiting = true;
	p->tally->resent++;
	TAILQ_INSERT_TAIL(&p->again, x, entry);
}
