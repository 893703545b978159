/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at work in one link: its life, and the verbs through which a
 * kind acts. */
#include "faults/stage.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "faults/condition.h"

static struct flow *
flow_of(const struct stage *s)
{
	return s->link->flow;
}

/* Keeps count of the flows that are held now. */
static void
count_held(struct stage *s)
{
	bool holds = !stage_is_empty(s) || s->hold || s->deaf || s->hold_open ||
	    (s->eof && !s->eof_done);

	if (holds == s->holds)
		return;
	s->holds = holds;
	counter_add(&s->counts->held, holds ? 1 : (uint64_t)-1);
}

static void
on_wake(struct deadline *d, int64_t now_us)
{
	struct stage *s = CONTAINER_OF(d, struct stage, wake);

	(void)now_us;
	s->dirty = true;
	link_pump(s->link);
}

struct stage *
stage_new(struct link *l, struct stage *after, const struct armed_fault *fault)
{
	struct stage *s = xcalloc(1, sizeof(*s) + fault->ops->state_size);

	s->ops = fault->ops;
	s->fault = fault;
	s->link = l;
	s->counts = counters_fault(l->flow->counts, fault->counted_as);
	s->wake.on_due = on_wake;
	bytes_init(&s->in, &l->flow->engine->pool);
	s->prev = after;
	s->next = after != NULL ? after->next : l->first;
	if (s->prev != NULL)
		s->prev->next = s;
	else
		l->first = s;
	if (s->next != NULL)
		s->next->prev = s;
	else
		l->last = s;
	/* What lies ahead already passed here, the end of stream too. */
	s->eof = l->eof_in && (after == NULL || after->eof_done);
	s->eof_done = s->eof;
	s->start = after != NULL ? after->start + after->offset : l->fed;
	if (s->ops->attach != NULL)
		s->ops->attach(s);
	return s;
}

/* The sums of stage_delayed() and stage_touched() become one event. */
static void
report(const struct stage *s)
{
	struct event_record e;

	if (s->delays == 0 && s->touched == 0)
		return;
	if (!flow_event(flow_of(s), EVENT_MEASURE, &e))
		return;
	e.fault = s->fault->name;
	e.kind = s->ops->kind.name;
	e.dir = s->link->dir == LINK_UP ? "upstream" : "downstream";
	e.count = s->delays;
	if (s->delays > 0) {
		e.asked_us = s->asked_us / (double)s->delays;
		e.achieved_us = s->achieved_us / (double)s->delays;
		e.error_max_us = s->error_max_us;
	}
	e.first_us = s->acted_us;
	e.amount = (double)s->touched;
	e.unit = "bytes";
	flow_emit(flow_of(s), &e);
}

/* Held bytes, and a held end of stream, go where they were bound for. */
static void
hand_over(struct stage *s)
{
	struct stage *next = s->next;
	struct bytes *to = stage_successor(s);

	stage_flush_later(s, to);
	bytes_join(to, &s->in);
	if (!s->eof || s->eof_done)
		return;
	if (next != NULL) {
		next->eof = true;
		next->eof_us = s->eof_us;
	} else {
		link_ended(s->link);
	}
}

/* The stage that ended the flow goes before its end came through: what it
 * passed is delivered now, and nothing behind that. */
static void
end_early(struct stage *s)
{
	struct link *l = s->link;

	l->ender = NULL;
	if (l->flow->ended || l->flow->closing)
		return;
	l->held -= s->in.len;
	bytes_fini(&s->in);
	for (struct stage *t = l->last; t != s; t = t->prev) {
		stage_flush_later(t, &l->out);
		bytes_join(&l->out, &t->in);
	}
	flow_end_now(l->flow, (enum flow_end)l->ending);
}

static void
unlink_stage(struct stage *s)
{
	struct link *l = s->link;

	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		l->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		l->last = s->prev;
}

void
stage_free(struct stage *s)
{
	struct link *l = s->link;
	struct flow *f = l->flow;

	s->closing = f->closing || f->ended;
	if (s->ops->detach != NULL)
		s->ops->detach(s);
	report(s);
	if (l->ender == s)
		end_early(s);
	if (f->closing || f->ended) {
		l->held -= s->in.len;
		bytes_fini(&s->in);
		stage_flush_later(s, NULL);
	} else {
		hand_over(s);
	}
	/* Letting go of holds may start the host, and with it the chain, which
	 * must not find this stage any more. */
	unlink_stage(s);
	deadline_disarm(&f->engine->deadlines, &s->wake);
	stage_hold(s, false);
	stage_deaf(s, false);
	stage_timed(s, false);
	if (s->lose > 0)
		stage_lose(s, 0);
	stage_hold_open(s, false);
	s->eof = false;
	count_held(s);
	free(s);
}

void
stage_rebind(struct stage *s, const struct armed_fault *fault)
{
	const struct armed_fault *old = s->fault;

	s->fault = fault;
	if (conf_fields_equal(s->ops->kind.fields, old->conf->params,
		fault->conf->params))
		return;
	if (s->ops->update != NULL)
		s->ops->update(s, old->conf->params);
	s->dirty = true;
}

static void
run_eof(struct stage *s)
{
	if (!s->eof || s->eof_done || !stage_is_empty(s))
		return;
	if (s->ops->eof != NULL)
		s->ops->eof(s);
	else
		stage_pass_eof(s);
}

void
stage_run(struct stage *s)
{
	struct flow *f = flow_of(s);

	if (!s->dirty || f->ended)
		return;
	s->dirty = false;
	if (stage_waits(s))
		return;
	stage_release(s);
	if (s->ops->data != NULL)
		s->ops->data(s);
	else if (!bytes_empty(&s->in))
		stage_pass_all(s);
	if (f->ended || s->link->ender == s)
		return;
	run_eof(s);
	count_held(s);
	/* Held bytes must have somebody who comes back for them. */
	assert(f->ended || bytes_empty(&s->in) || s->hold || s->deaf ||
	    deadline_armed(&s->wake) || s->dirty || s->link->ender == s ||
	    (s->ops->kind.flags & KIND_MAY_STALL));
}

/* --- what a stage does --- */

struct bytes *
stage_successor(struct stage *s)
{
	if (s->next == NULL)
		return &s->link->out;
	s->next->dirty = true;
	return &s->next->in;
}

void
stage_pass(struct stage *s, size_t n, int64_t at_us)
{
	assert(!stage_is_datagram(s));
	s->offset += n;
	bytes_move(stage_successor(s), &s->in, n, at_us);
}

void
stage_pass_all(struct stage *s)
{
	s->offset += s->in.len;
	bytes_join(stage_successor(s), &s->in);
}

void
stage_pass_eof(struct stage *s)
{
	assert(s->in.len == 0);
	if (!s->eof || s->eof_done)
		return;
	s->eof_done = true;
	if (s->next != NULL) {
		s->next->eof = true;
		s->next->eof_us = stage_now(s);
		s->next->dirty = true;
	} else {
		link_ended(s->link);
	}
}

void
stage_drop(struct stage *s, size_t n)
{
	assert(!stage_is_datagram(s));
	s->offset += n;
	bytes_drop(&s->in, n);
	s->link->held -= n;
	link_lowered(s->link);
}

void
stage_drop_all(struct stage *s)
{
	if (!stage_is_datagram(s)) {
		stage_drop(s, s->in.len);
		return;
	}
	while (!bytes_empty(&s->in))
		stage_drop_datagram(s);
}

void
stage_insert(struct stage *s, const void *data, size_t len)
{
	bytes_add(stage_successor(s), data, len, stage_now(s));
	s->link->held += len;
}

void
stage_xor(struct stage *s, size_t off, unsigned char mask)
{
	bytes_xor(&s->in, off, mask);
}

void
stage_wake_at(struct stage *s, int64_t at_us)
{
	struct engine *engine = flow_of(s)->engine;

	if (at_us == DEADLINE_NEVER)
		deadline_disarm(&engine->deadlines, &s->wake);
	else
		deadline_arm(&engine->deadlines, &s->wake, at_us);
}

void
stage_hold(struct stage *s, bool on)
{
	struct link *l = s->link;

	if (s->hold == on)
		return;
	s->hold = on;
	count_held(s);
	l->stage_holds = (uint16_t)(l->stage_holds + (on ? 1 : -1));
	if (!on && l->stage_holds == 0 && !l->flow->closing)
		l->flow->ops->resume(l->flow, l);
}

void
stage_deaf(struct stage *s, bool on)
{
	struct link *l = s->link;

	if (s->deaf == on)
		return;
	s->deaf = on;
	count_held(s);
	l->deaf_holds = (uint16_t)(l->deaf_holds + (on ? 1 : -1));
	if (l->deaf_holds == (on ? 1 : 0) && !l->flow->closing)
		l->flow->ops->deaf(l->flow, l, on);
}

/* A segment arrives if none of the link's stages loses it. */
bool
stage_lose(struct stage *s, double probability)
{
	struct link *l = s->link;
	struct flow *f = l->flow;
	double before = s->lose, arrives = 1 - probability;

	if (f->closing || f->ops->lose == NULL)
		return false;
	for (const struct stage *t = l->first; t != NULL; t = t->next) {
		if (t != s)
			arrives *= 1 - t->lose;
	}
	s->lose = probability;
	if (f->ops->lose(f, l, 1 - arrives)) {
		l->lose = 1 - arrives;
		return true;
	}
	s->lose = before;
	return false;
}

uint32_t
stage_lost(const struct stage *s)
{
	const struct flow *f = s->link->flow;

	return f->ops->lost != NULL ? f->ops->lost(f, s->link) : 0;
}

void
stage_timed(struct stage *s, bool on)
{
	struct link *l = s->link;

	if (s->timed == on)
		return;
	s->timed = on;
	l->timed = (uint16_t)(l->timed + (on ? 1 : -1));
}

void
stage_hold_open(struct stage *s, bool on)
{
	struct flow *f = flow_of(s);

	if (s->hold_open == on || (on && f->open))
		return;
	s->hold_open = on;
	count_held(s);
	f->open_holds = (uint16_t)(f->open_holds + (on ? 1 : -1));
	if (!on && f->open_holds == 0)
		flow_open_released(f);
}

void
stage_end(struct stage *s, enum flow_end how)
{
	struct link *l = s->link;

	if (s->next == NULL || how == END_RST || how == END_SILENT ||
	    !l->flow->open) {
		flow_end_now(l->flow, how);
		return;
	}
	/* The end travels behind what was passed; one wished from behind it
	 * comes first. */
	for (const struct stage *t = l->ender; t != NULL; t = t->prev) {
		if (t == s)
			return;
	}
	l->ender = s;
	l->ending = (uint8_t)how;
	s->next->eof = true;
	s->next->eof_us = stage_now(s);
	s->next->dirty = true;
	link_pump(l);
}

bool
stage_vanish(struct stage *s)
{
	struct flow *f = flow_of(s);

	if (f->ended || f->closing || f->ops->vanish == NULL ||
	    !f->ops->vanish(f))
		return false;
	f->ended = true;
	return true;
}

bool
stage_answer(struct stage *s, const struct stage_reply *reply)
{
	struct flow *f = flow_of(s);
	struct stage_reply named = *reply;
	struct decision *d = condition_decided(f, s->fault);

	if (f->ops->answer == NULL || f->ended || f->closing)
		return false;
	named.by = s->fault->name;
	/* The answer may leave before the kind says that it acted. */
	if (d != NULL)
		d->answers = true;
	if (f->ops->answer(f, &named))
		return true;
	if (d != NULL)
		d->answers = false;
	return false;
}

void
stage_end_code(struct stage *s, enum flow_end how, uint32_t code)
{
	struct flow *f = flow_of(s);

	if (!f->ended && !f->closing)
		f->end_code = code;
	stage_end(s, how);
}

bool
stage_goaway(struct stage *s, const struct stage_goaway *goaway)
{
	struct flow *f = flow_of(s);

	if (f->ops->goaway == NULL || f->ended || f->closing)
		return false;
	return f->ops->goaway(f, goaway);
}

bool
stage_trailers(struct stage *s, const char *lines)
{
	struct flow *f = flow_of(s);

	if (f->ops->trailers == NULL || f->ended || f->closing)
		return false;
	return f->ops->trailers(f, s->link, lines);
}
