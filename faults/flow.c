/* SPDX-License-Identifier: Apache-2.0 */
/* The unit that faults decide about. Building a chain, changing it on a live
 * flow and taking it apart are one operation: compare the faults that should
 * act with the stages that are there. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "faults/condition.h"
#include "faults/flow_tell.h"
#include "faults/flow_trace.h"
#include "faults/stage.h"

struct route_shared *
route_shared_ref(struct route_shared *shared)
{
	atomic_fetch_add(&shared->refs, 1);
	return shared;
}

void
route_shared_unref(struct route_shared *shared)
{
	if (shared == NULL || atomic_fetch_sub(&shared->refs, 1) > 1)
		return;
	counters_fini(&shared->counters);
	free(shared);
}

void
flow_init(struct flow *f, const struct flow_ops *ops, struct engine *engine,
    const struct armed_route *route, enum flow_type type, uint64_t number)
{
	*f = (struct flow){
	    .ops = ops,
	    .engine = engine,
	    .route = route,
	    .route_name = route->name,
	    .counts = counters_of(&route->shared->counters, engine->index),
	    .number = number,
	    .start_us = clock_now(engine->clock),
	    .type = (uint8_t)type,
	    .grpc_status = -1,
	};
	link_init(&f->links[LINK_UP], f, LINK_UP);
	link_init(&f->links[LINK_DOWN], f, LINK_DOWN);
}

bool
flow_considers(const struct flow *f, const struct armed_fault *fault)
{
	unsigned flags = fault->ops->kind.flags;

	if (fault->layer != f->layer)
		return false;
	if (fault->at_listener && (flags & KIND_LISTENER))
		return false;
	switch ((enum flow_type)f->type) {
	case FLOW_STREAM:
		return !(flags & (KIND_HTTP_ONLY | KIND_DATAGRAM_ONLY));
	case FLOW_CONNECTION:
		return flags & KIND_CONNECTION;
	case FLOW_EXCHANGE:
		return !(flags & (KIND_CONNECTION | KIND_DATAGRAM_ONLY));
	case FLOW_DATAGRAM:
		return !(flags & (KIND_HTTP_ONLY | KIND_STREAM_ONLY));
	case FLOW_WIRE:
		return !(flags & (KIND_HTTP_ONLY | KIND_DATAGRAM_ONLY));
	}
	return false;
}

static unsigned
links_of(const struct armed_fault *fault)
{
	/* A moment of an exchange has a direction. */
	if (fault->conf->at == AT_BEFORE)
		return LINK_MASK_UP;
	if (fault->conf->at == AT_AFTER)
		return LINK_MASK_DOWN;
	if (fault->ops->links_by != NULL)
		return fault->ops->links_by(fault->conf->params);
	if (fault->ops->links != 0)
		return fault->ops->links;
	switch ((enum conf_stream)fault->conf->stream) {
	case STREAM_UPSTREAM:
		return LINK_MASK_UP;
	case STREAM_DOWNSTREAM:
		return LINK_MASK_DOWN;
	case STREAM_BOTH:
		return LINK_MASK_UP | LINK_MASK_DOWN;
	}
	return 0;
}

/* The links in which this fault should act on this flow now; 0: none. */
static unsigned
wanted(struct flow *f, const struct armed_fault *fault, int64_t now_us)
{
	int64_t next = DEADLINE_NEVER;
	struct decision *d;

	if (f->ended || !flow_considers(f, fault) ||
	    !condition_in_force(fault, now_us, &next))
		return 0;
	d = condition_decide(f, fault);
	if (d == NULL || !d->applies || !condition_enter(f, fault, d))
		return 0;
	return links_of(condition_armed(f, fault));
}

/* The stage of this fault at or behind `from`, or NULL. */
static struct stage *
find_stage(struct stage *from, const struct armed_fault *fault)
{
	for (struct stage *s = from; s != NULL; s = s->next) {
		if (s->fault->name == fault->name &&
		    s->fault->shared == fault->shared &&
		    s->ops == fault->ops)
			return s;
	}
	return NULL;
}

/* Makes the chain of one link hold just the wanted faults, in order. masks[i]
 * says where the route's i-th fault is wanted. */
static void
arrange(struct link *l, const struct armed_route *route,
    const unsigned char *masks)
{
	unsigned bit = l->dir ? LINK_MASK_DOWN : LINK_MASK_UP;
	struct stage *last = NULL;

	for (size_t i = 0; route != NULL && i < route->faults_count; i++) {
		const struct armed_fault *fault;
		struct stage *s;

		if (!(masks[i] & bit))
			continue;
		fault = condition_armed(l->flow, &route->faults[i]);
		s = find_stage(last != NULL ? last->next : l->first, fault);
		/* What stands between is not wanted, or out of order. */
		while (s != NULL && s->prev != last)
			stage_free(s->prev);
		if (s == NULL)
			s = stage_new(l, last, fault);
		else
			stage_rebind(s, fault);
		last = s;
	}
	while ((last != NULL ? last->next : l->first) != NULL)
		stage_free(last != NULL ? last->next : l->first);
}

static const struct armed_fault *
fault_of(const struct armed_route *route, const struct fault_shared *shared,
    size_t *at)
{
	for (size_t i = 0; route != NULL && i < route->faults_count; i++) {
		if (route->faults[i].shared == shared) {
			*at = i;
			return &route->faults[i];
		}
	}
	return NULL;
}

/* Decisions about faults that no longer act give their place back; those
 * about faults that are gone are forgotten. */
static void
settle(struct flow *f, const struct armed_route *old,
    const unsigned char *masks)
{
	struct decision **link = &f->decisions, *d;

	while ((d = *link) != NULL) {
		size_t at = 0;
		const struct armed_fault *now = fault_of(f->route, d->fault,
		    &at);
		const struct armed_fault *before;

		if (now != NULL) {
			if (masks == NULL || masks[at] == 0)
				condition_leave(now, d);
			link = &d->next;
			continue;
		}
		before = fault_of(old, d->fault, &at);
		if (before != NULL)
			condition_leave(before, d);
		if (before != NULL && d->injected) {
			f->acted = before->name;
			f->acted_kind = before->ops->kind.name;
		}
		*link = d->next;
		condition_forget(d);
	}
}

/* Builds, changes and dissolves stages until the chains are as they should
 * be. `old` is the route whose faults the stages still point to. */
static void
rebuild(struct flow *f, const struct armed_route *old)
{
	size_t count = f->route != NULL ? f->route->faults_count : 0;
	unsigned char masks[64] = {0}, *mask = masks;
	int64_t now_us;

	if (count == 0 && f->links[0].first == NULL &&
	    f->links[1].first == NULL && f->decisions == NULL)
		return;
	if (count > sizeof(masks))
		mask = xmalloc(count);
	now_us = clock_now(f->engine->clock);
	for (size_t i = 0; i < count; i++)
		mask[i] = (unsigned char)wanted(f, &f->route->faults[i],
		    now_us);
	arrange(&f->links[LINK_UP], f->route, mask);
	arrange(&f->links[LINK_DOWN], f->route, mask);
	settle(f, old, mask);
	if (mask != masks)
		free(mask);
}

void
flow_end_now(struct flow *f, enum flow_end how)
{
	if (f->ended || f->closing)
		return;
	f->ended = true;
	f->ops->end(f, how);
}

void
flow_open_released(struct flow *f)
{
	if (f->open || f->opening || f->ended || f->closing)
		return;
	f->open = true;
	f->ops->opened(f);
}

/* True if the fault also has a stage in the link before this one. */
static bool
asked_before(const struct flow *f, const struct stage *s)
{
	return s->link->dir &&
	    find_stage(f->links[LINK_UP].first, s->fault) != NULL;
}

void
flow_open(struct flow *f)
{
	flow_open_early(f, NULL, 0);
}

void
flow_open_early(struct flow *f, const void *data, size_t len)
{
	flow_trace_begin(f);
	flow_tell_open(f);
	f->opening = true;
	rebuild(f, f->route);
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		struct stage *s = f->links[dir].first;

		for (; s != NULL && !f->ended; s = s->next) {
			if (s->ops->open != NULL && !asked_before(f, s))
				s->ops->open(s);
		}
	}
	if (len > 0 && !f->ended)
		link_feed_copy(&f->links[LINK_UP], data, len, f->start_us);
	f->opening = false;
	if (f->open_holds == 0)
		flow_open_released(f);
}

void
flow_respond(struct flow *f)
{
	f->responded = true;
	rebuild(f, f->route);
}

void
flow_learned(struct flow *f)
{
	if (!f->closing)
		rebuild(f, f->route);
}

void
flow_message(struct flow *f, enum link_dir dir, struct message *m)
{
	struct stage *s = f->links[dir].first;

	for (; s != NULL && !f->ended; s = s->next) {
		if (s->ops->message != NULL)
			s->ops->message(s, m);
	}
}

void
flow_tls(struct flow *f, enum link_dir dir, struct tls_turn *turn)
{
	struct stage *s = f->links[dir].first;

	for (; s != NULL && !f->ended; s = s->next) {
		if (s->ops->tls != NULL)
			s->ops->tls(s, turn);
	}
}

/* The counters of a removed route stay as long as the flow; one that came back
 * under the same name is another. */
static void
keep_counts(struct flow *f, const struct armed_route *old)
{
	if (f->route == NULL && f->kept == NULL && old != NULL)
		f->kept = route_shared_ref(old->shared);
	if (f->route == NULL || f->kept == NULL || f->kept == f->route->shared)
		return;
	f->counts = counters_of(&f->route->shared->counters,
	    f->engine->index);
	route_shared_unref(f->kept);
	f->kept = NULL;
}

void
flow_reconcile(struct flow *f, const struct armed_route *route)
{
	const struct armed_route *old = f->route;
	struct link_mark before[] = {link_mark(&f->links[LINK_UP]),
	    link_mark(&f->links[LINK_DOWN])};

	if (f->closing)
		return;
	f->route = route;
	keep_counts(f, old);
	rebuild(f, old);
	if (f->ended)
		return;
	for (int dir = LINK_UP; dir <= LINK_DOWN && !f->closing; dir++)
		link_pump_since(&f->links[dir], &before[dir]);
}

void
flow_fini(struct flow *f, const char *reason)
{
	if (f->closing)
		return;
	f->closing = true;
	link_fini(&f->links[LINK_UP]);
	link_fini(&f->links[LINK_DOWN]);
	flow_tell_close(f, reason);
	settle(f, f->route, NULL);
	while (f->decisions != NULL) {
		struct decision *d = f->decisions;

		f->decisions = d->next;
		condition_forget(d);
	}
	flow_trace_end(f);
	route_shared_unref(f->kept);
	f->kept = NULL;
}
