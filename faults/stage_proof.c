/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage says about its effects: counts and events. */
#include <stdlib.h>

#include "faults/condition.h"
#include "faults/flow_trace.h"
#include "faults/stage.h"

/* Counts an injection, for whoever looks at figures, traces or the log. */
static void
inject(struct stage *s, const char *effect, double amount, const char *unit)
{
	struct flow *f = s->link->flow;
	struct trace_context trace;

	counter_add(&s->counts->injected, 1);
	if (flow_trace_context(f, &trace) &&
	    (trace.flags & TRACE_SAMPLED))
		exemplar_set(&s->counts->traced, trace.trace_id, 0,
		    clock_wall_us());
	if (f->engine->injected != NULL)
		f->engine->injected(
		    &(struct injection){f, s->fault, effect, amount, unit},
		    &s->counts->lines);
}

/* The first effect on a flow counts as an injection, in whichever of its links
 * it shows. */
static void
took_effect(struct stage *s, const char *effect, double amount,
    const char *unit)
{
	struct flow *f = s->link->flow;
	struct decision *d = condition_decided(f, s->fault);

	s->acted = true;
	s->acted_us = flow_is_watched(f) ? clock_now(f->engine->clock) : 0;
	f->faulted = true;
	if (d == NULL || d->injected)
		return;
	inject(s, effect, amount, unit);
	d->injected = true;
}

static void
tell(const struct stage *s, const char *effect, double amount,
    const char *unit)
{
	struct event_record e;

	if (!flow_event(s->link->flow, EVENT_EFFECT, &e))
		return;
	e.fault = s->fault->name;
	e.kind = s->ops->kind.name;
	e.dir = s->link->dir == LINK_UP ? "upstream" : "downstream";
	e.what = effect;
	e.amount = amount;
	e.unit = unit;
	flow_emit(s->link->flow, &e);
}

void
stage_acted(struct stage *s, const char *effect, double amount,
    const char *unit)
{
	if (!s->acted)
		took_effect(s, effect, amount, unit);
	tell(s, effect, amount, unit);
}

void
stage_powerless(struct stage *s, const char *why)
{
	tell(s, why, 0, "");
}

void
stage_delayed(struct stage *s, int64_t asked_us, int64_t achieved_us)
{
	double error = (double)(achieved_us - asked_us);

	/* A delay of nothing is no injection. */
	if (asked_us > 0) {
		if (!s->acted)
			took_effect(s, "delay", (double)achieved_us, "us");
		/* The first one began before it was over. */
		if (s->delays == 0 && s->acted_us != 0)
			s->acted_us -= achieved_us;
		histogram_add(&s->counts->delay, &histogram_durations,
		    achieved_us);
		histogram_add(&s->counts->error, &histogram_errors,
		    llabs(achieved_us - asked_us));
	}
	s->delays++;
	s->asked_us += (double)asked_us;
	s->achieved_us += (double)achieved_us;
	if (error > s->error_max_us)
		s->error_max_us = error;
}

void
stage_touched(struct stage *s, size_t n)
{
	if (!s->acted)
		took_effect(s, NULL, (double)n, "bytes");
	s->touched += n;
}
