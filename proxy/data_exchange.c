/* SPDX-License-Identifier: Apache-2.0 */
/* One command and its answer: the flow that faults decide about, what they may
 * ask of it, and what it tells of itself at its end. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/data.h"
#include "proxy/flow_log.h"

static struct data_exchange *
of(const struct flow *f)
{
	return CONTAINER_OF((struct flow *)(uintptr_t)f, struct data_exchange,
	    flow);
}

/* --- what faults and the engine ask for --- */

static void
op_opened(struct flow *f)
{
	(void)f;
}

static void
op_output(struct flow *f, struct link *l)
{
	struct data *s = of(f)->s;

	data_pull(s, l->dir ? LINK_DOWN : LINK_UP);
	data_poke(s);
}

static void
op_resume(struct flow *f, struct link *l)
{
	(void)l;
	data_poke(of(f)->s);
}

static void
op_end(struct flow *f, enum flow_end how)
{
	struct data_exchange *x = of(f);
	struct data *s = x->s;

	if (how == END_RST || how == END_SILENT) {
		data_end(s, how);
		return;
	}
	/* Behind what commands before it are owed. */
	if (s->ending == NULL)
		s->ending = x;
	x->how = (uint8_t)how;
	data_poke(s);
}

static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	data_deaf(of(f)->s, l->dir ? LINK_DOWN : LINK_UP, on);
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	return client_facts_answer(of(f)->s->facts, fact, to);
}

static bool
op_command(const struct flow *f, size_t n, struct view *to)
{
	const struct data_command *c = &of(f)->command;

	if (c->push && n == 0)
		*to = VIEW("PUSH");
	else if (n < c->words_count)
		*to = view_of(c->words[n]);
	else
		return false;
	return true;
}

static bool
op_request(const struct flow *f, struct flow_request *to)
{
	const struct data_exchange *x = of(f);
	const struct data_command *c = &x->command;

	*to = (struct flow_request){
	    .method = data_method(x->s->ops, c),
	    .text = {c->text.text, c->text.len},
	    .hash = c->hash,
	};
	return true;
}

/* How much of it was written to its sink. */
static enum event_part
written(const struct data_exchange *x, enum link_dir dir)
{
	const struct link *l = &x->flow.links[dir];

	if (x->done[dir] && !x->cut[dir] && l->taken >= l->fed &&
	    data_exchange_left(x, dir) && x->s->sent[dir] >= x->to[dir])
		return PART_WHOLE;
	return x->to[dir] > x->from[dir] && x->s->sent[dir] > x->from[dir]
	    ? PART_SOME
	    : PART_NONE;
}

static void
op_progress(const struct flow *f, struct event_exchange *to)
{
	const struct data_exchange *x = of(f);
	const struct data_command *c = &x->command;
	const struct data_ops *ops = x->s->ops;

	to->known = true;
	if (!c->push)
		to->forwarded = (uint8_t)written(x, LINK_UP);
	if (x->flow.links[LINK_DOWN].fed > 0)
		to->answered = x->done[LINK_DOWN] && !x->cut[LINK_DOWN]
		    ? PART_WHOLE
		    : PART_SOME;
	if (to->answered != PART_NONE)
		to->delivered = (uint8_t)MIN(to->answered,
		    (int)written(x, LINK_DOWN));
	to->stores = data_stores(ops, c);
	to->commit = data_command_has(c, ops->commit);
	to->failed = c->failed;
	to->transaction = c->transaction != NULL
	    ? c->transaction
	    : ops->transaction(x->s->walk);
	memcpy(to->code, c->code, sizeof(to->code));
}

static const struct flow_ops flow_ops = {
    .opened = op_opened,
    .output = op_output,
    .resume = op_resume,
    .end = op_end,
    .deaf = op_deaf,
    .fact = op_fact,
    .command = op_command,
    .request = op_request,
    .progress = op_progress,
};

/* --- life --- */

/* In a session whose route is gone flows have no faults. */
static void
begin(struct data_exchange *x)
{
	struct data *s = x->s;
	const struct armed_route *r =
	    plan_route(s->session.worker->plan, s->conn.route_name);

	if (r == NULL)
		r = plan_route(s->plan, s->conn.route_name);
	flow_init(&x->flow, &flow_ops, &s->session.worker->engine, r,
	    FLOW_EXCHANGE, atomic_fetch_add(&r->shared->next_flow, 1));
	session_own(&s->session, &x->flow);
	if (s->arrived_us != 0)
		x->flow.start_us = s->arrived_us;
	x->begun = true;
	x->flow.asking = !x->command.request_done;
	if (s->conn.route == NULL)
		flow_reconcile(&x->flow, NULL);
	flow_open(&x->flow);
}

struct data_exchange *
data_exchange_new(struct data *s, bool push)
{
	struct data_exchange *x = xcalloc(1, sizeof(*x));

	x->s = s;
	x->command.push = x->command.request_done = push;
	x->command.watched = flow_is_watched(&s->conn);
	TAILQ_INSERT_TAIL(&s->queue, x, entry);
	s->count++;
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		x->from[dir] = x->to[dir] = s->queued[dir];
		if (s->next[dir] == NULL)
			s->next[dir] = x;
	}
	if (s->answering == NULL)
		s->answering = x;
	return x;
}

static void
log_access(const struct data_exchange *x, const char *reason)
{
	const struct data *s = x->s;
	const char *name = data_method(s->ops, &x->command);

	if (flow_log_access(s->session.worker))
		flow_log_request(&(struct request_log){
		    .session = &s->session,
		    .flow = &x->flow,
		    .method = view_of(name),
		    .faulted = x->flow.faulted,
		    .reason = reason,
		});
}

void
data_exchange_free(struct data_exchange *x, const char *reason)
{
	struct data *s = x->s;

	for (int dir = LINK_UP; x->begun && dir <= LINK_DOWN; dir++) {
		if (data_link(x, dir)->deaf_holds > 0)
			data_deaf(s, dir, false);
	}
	if (x->begun) {
		log_access(x, reason);
		flow_fini(&x->flow, reason);
	}
	if (s->ending == x)
		s->ending = NULL;
	TAILQ_REMOVE(&s->queue, x, entry);
	s->count--;
	data_command_fini(&x->command);
	free(x);
}

/* --- bytes into links --- */

/* Nothing stands between these bytes and the sink. */
static bool
passes(const struct data_exchange *x, enum link_dir dir)
{
	return x->s->next[dir] == x && link_is_fast(&x->flow.links[dir]);
}

/* What is known of the request by now decides about faults. */
static void
learn(struct data_exchange *x)
{
	bool asking = !x->command.request_done;

	if (!x->begun) {
		begin(x);
	} else if (x->flow.asking) {
		x->flow.asking = asking;
		flow_learned(&x->flow);
	}
}

void
data_exchange_feed(struct data_exchange *x, enum link_dir dir,
    const char *data, size_t len)
{
	struct data *s = x->s;
	struct link *l = data_link(x, dir);
	struct data_run *run = &s->run[dir];

	if (dir == LINK_UP || !x->begun)
		learn(x);
	if (len == 0 || l->eof_in || x->flow.ended ||
	    s->state == DATA_CLOSED)
		return;
	s->inside[dir] += len;
	if (!passes(x, dir)) {
		link_feed_copy(l, data, len, s->arrived_us);
		return;
	}
	if (run->len == 0)
		run->at = data;
	run->len += len;
	link_passed(l, len);
	s->queued[dir] += len;
	x->to[dir] = s->queued[dir];
}

void
data_exchange_done(struct data_exchange *x, enum link_dir dir, bool cut)
{
	struct data *s = x->s;

	if (x->done[dir])
		return;
	if (!x->begun)
		begin(x);
	x->done[dir] = true;
	x->cut[dir] = cut;
	if (dir == LINK_UP && s->asking == x)
		s->asking = NULL;
	if (dir == LINK_DOWN && s->answering == x) {
		while (s->answering != NULL && s->answering->done[LINK_DOWN])
			s->answering = TAILQ_NEXT(s->answering, entry);
	}
	link_feed_eof(data_link(x, dir));
	data_pull(s, dir);
}

bool
data_exchange_left(const struct data_exchange *x, enum link_dir dir)
{
	const struct link *l = &x->flow.links[dir];

	return x->done[dir] && l->eof_out && l->out.len == 0;
}

/* --- what is not understood --- */

void
data_exchange_tunnel(struct data_exchange *x)
{
	struct data *s = x->s;
	struct event_record e;

	if (s->tunnel != NULL)
		return;
	s->tunnel = x;
	x->command.request_done = true;
	learn(x);
	if (!flow_event(&x->flow, EVENT_OPAQUE, &e))
		return;
	e.what = x->command.opaque;
	flow_emit(&x->flow, &e);
}
