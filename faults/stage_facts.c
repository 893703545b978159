/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage knows: the answers to a kind's questions. */
#include "faults/stage.h"

const void *
stage_params(const struct stage *s)
{
	return s->fault->conf->params;
}

void *
stage_state(struct stage *s)
{
	return s->state;
}

struct fault_shared *
stage_shared(struct stage *s)
{
	return s->fault->shared;
}

enum link_dir
stage_dir(const struct stage *s)
{
	return s->link->dir ? LINK_DOWN : LINK_UP;
}

enum conf_at
stage_at(const struct stage *s)
{
	return (enum conf_at)s->fault->conf->at;
}

int64_t
stage_now(const struct stage *s)
{
	return clock_now(s->link->flow->engine->clock);
}

int64_t
stage_flow_start(const struct stage *s)
{
	return s->link->flow->start_us;
}

const struct bytes *
stage_in(const struct stage *s)
{
	return &s->in;
}

int64_t
stage_arrival(const struct stage *s)
{
	if (s->in.head != NULL)
		return s->in.head->time_us;
	return s->eof ? s->eof_us : stage_now(s);
}

bool
stage_at_eof(const struct stage *s)
{
	return s->eof;
}

uint64_t
stage_offset(const struct stage *s)
{
	return s->offset;
}

size_t
stage_head_left(const struct stage *s)
{
	uint64_t head = s->link->head_len, at = s->start + s->offset;

	return at < head ? (size_t)(head - at) : 0;
}

bool
stage_closing(const struct stage *s)
{
	return s->closing;
}

bool
stage_is_exchange(const struct stage *s)
{
	return s->link->flow->type == FLOW_EXCHANGE;
}

bool
stage_is_datagram(const struct stage *s)
{
	return s->link->flow->type == FLOW_DATAGRAM;
}

static struct rng_key
key_of(const struct stage *s)
{
	const struct flow *f = s->link->flow;

	return (struct rng_key){
	    .seed = f->engine->seed,
	    .route = f->route != NULL ? f->route->hash
				      : rng_hash(f->route_name),
	    .fault = s->fault->hash,
	    .flow = f->number,
	};
}

/* The number of a draw among those of both directions. */
static uint64_t
draw_of(const struct stage *s, uint64_t draw)
{
	return draw | (uint64_t)s->link->dir << 63;
}

uint64_t
stage_bits(const struct stage *s, uint64_t draw)
{
	const struct rng_key key = key_of(s);

	return rng_bits(&key, draw_of(s, draw));
}

double
stage_unit(const struct stage *s, uint64_t draw)
{
	const struct rng_key key = key_of(s);

	return rng_unit(&key, draw_of(s, draw));
}

uint64_t
stage_below(const struct stage *s, uint64_t draw, uint64_t bound)
{
	const struct rng_key key = key_of(s);

	return rng_below(&key, draw_of(s, draw), bound);
}

bool
stage_is_http2(const struct stage *s)
{
	return s->link->flow->ops->is_http2;
}

bool
stage_websocket(const struct stage *s, struct ws_scan *scan, size_t *ahead)
{
	const struct flow *f = s->link->flow;

	if (f->ops->websocket == NULL ||
	    !f->ops->websocket(f, s->link, scan))
		return false;
	if (ahead != NULL) {
		*ahead = 0;
		for (const struct stage *t = s->prev; t != NULL; t = t->prev)
			*ahead += t->in.len;
	}
	return true;
}

bool
stage_header(const struct stage *s, const char *name, struct view *value)
{
	const struct flow *f = s->link->flow;

	return f->ops->header != NULL && f->ops->header(f, name, 0, value);
}
