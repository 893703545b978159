/* SPDX-License-Identifier: Apache-2.0 */
/* Events about flows, above all their beginning and end. Protocols share them:
 * what they know of a request they say by flow_ops. */
#include "faults/flow_tell.h"

#include "faults/condition.h"
#include "faults/flow_trace.h"

static const char *const types[] = {
    [FLOW_STREAM] = "stream",
    [FLOW_CONNECTION] = "connection",
    [FLOW_EXCHANGE] = "exchange",
    [FLOW_DATAGRAM] = "datagram",
    [FLOW_WIRE] = NULL, /* tells nothing of its own */
};

bool
flow_is_told(const struct flow *f, enum event_type type)
{
	const struct engine *e = f->engine;

	return e->emit != NULL &&
	    ((e->wish.all & EVENT_BIT(type)) ||
		((e->wish.kept & EVENT_BIT(type)) && flow_trace_is_kept(f)));
}

static void
begin(const struct flow *f, enum event_type type, struct event_record *event)
{
	*event = (struct event_record){
	    .type = type,
	    .time_us = clock_now(f->engine->clock),
	    .route = f->route_name,
	    .session = f->session,
	    .flow = f->number,
	    .has_flow = true,
	    .is_connection = f->type == FLOW_CONNECTION,
	};
}

bool
flow_event(const struct flow *f, enum event_type type,
    struct event_record *event)
{
	if (!flow_is_told(f, type))
		return false;
	begin(f, type, event);
	return true;
}

void
flow_mark(struct flow *f, enum link_dir dir)
{
	int64_t now_us = clock_now(f->engine->clock);

	if (dir == LINK_UP) {
		f->when.request_us = now_us;
		return;
	}
	if (f->when.response_us == 0)
		f->when.response_us = now_us;
	f->when.response_last_us = now_us;
}

void
flow_left(struct flow *f)
{
	if (flow_is_watched(f) && f->when.left_us == 0)
		f->when.left_us = clock_now(f->engine->clock);
}

void
flow_tell_open(const struct flow *f)
{
	struct event_record e;

	if (types[f->type] == NULL || !flow_event(f, EVENT_FLOW_OPEN, &e))
		return;
	e.flow_type = types[f->type];
	e.who.client = f->client;
	flow_emit(f, &e);
}

const struct armed_fault *
flow_next_injector(const struct flow *f, size_t *at)
{
	const struct armed_route *r = f->route;

	if (f->decisions == NULL)
		return NULL;
	while (r != NULL && *at < r->faults_count) {
		const struct armed_fault *fault = &r->faults[(*at)++];
		const struct decision *d = condition_decided(f, fault);

		if (d != NULL && (d->injected || d->answers))
			return fault;
	}
	return NULL;
}

/* All that is known of the flow. */
static void
fill(const struct flow *f, const char *reason, struct event_record *e)
{
	size_t first = 0;
	const struct armed_fault *fault = flow_next_injector(f, &first);

	e->fault = f->acted;
	e->kind = f->acted_kind;
	if (fault != NULL) {
		e->fault = fault->name;
		e->kind = fault->ops->kind.name;
	}
	e->what = reason;
	e->own_reply = f->own_reply;
	e->bytes_up = f->links[LINK_UP].taken;
	e->bytes_down = f->links[LINK_DOWN].taken;
	e->head_down = MIN(f->links[LINK_DOWN].head_len, e->bytes_down);
	e->duration_us = (double)(e->time_us - f->start_us);
	e->flow_type = types[f->type];
	e->when = f->when;
	if (f->ops->status != NULL)
		e->status = f->ops->status(f);
	flow_identity(f, &e->who);
	if (f->ops->progress != NULL)
		f->ops->progress(f, &e->exchange);
}

void
flow_tell_close(const struct flow *f, const char *reason)
{
	struct event_trace trace;
	struct event_record e;

	if (types[f->type] == NULL || !flow_event(f, EVENT_FLOW_CLOSE, &e))
		return;
	fill(f, reason, &e);
	if (flow_trace_tell(f, &trace))
		e.trace = &trace;
	flow_emit(f, &e);
}

void
flow_tell_now(const struct flow *f, struct event_record *to)
{
	begin(f, EVENT_FLOW_CLOSE, to);
	fill(f, "open", to);
}
