/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of attempts, traces of breakers and steady states, taken apart. */
#include "experiment/reactions.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/breaker.h"
#include "experiment/identity.h"
#include "experiment/steady.h"

#define SILENCE_US 5000000 /* behind a failure: no more attempts come */

static struct reaction *
add(struct reactions *to, enum reaction_type type, const struct route *route)
{
	if (to->count == to->room) {
		to->room = to->room > 0 ? to->room * 2 : 64;
		to->items = xrealloc(to->items,
		    to->room * sizeof(*to->items));
	}
	to->items[to->count] = (struct reaction){
	    .type = type, .route = route, .order = to->count};
	return &to->items[to->count++];
}

static struct reaction *
add_call(struct reactions *to, enum reaction_type type, const struct scope *s,
    const struct call *c)
{
	struct reaction *r = add(to, type, s->route);

	r->line = c->line;
	r->at_us = c->closed_us;
	r->seconds = (double)(c->end_us -
			 (c->request_us != 0 ? c->request_us : c->start_us)) /
	    1e6;
	return r;
}

/* --- retries -------------------------------------------------------------- */

static enum retry_cause
cause_of(const struct call *c)
{
	if (c->outcome == CALL_ERROR)
		return c->status >= 500 ? AFTER_5XX : AFTER_OTHER;
	if (c->outcome == CALL_RESET)
		return AFTER_RESET;
	return c->outcome == CALL_SERVER_ABORT ? AFTER_REFUSED
					       : AFTER_TIMEOUT;
}

/* Nothing comes behind the last failure: after thrice the last pause. */
static void
add_stopped(const struct scope *s, const struct chains *all,
    const struct chain *c, struct reactions *to)
{
	const struct call *last = chain_call(all, c, c->length - 1);
	int64_t pause_us = c->length > 1
	    ? last->start_us - chain_call(all, c, c->length - 2)->end_us
	    : 0;
	int64_t known_us = last->end_us + MAX(3 * pause_us, SILENCE_US);
	struct reaction *r;

	if (!call_failed(last) || known_us > s->record->end_us)
		return;
	r = add(to, REACTION_STOPPED, s->route);
	r->at_us = known_us;
	r->attempts = c->length - 1;
}

static void
add_chain(const struct scope *s, const struct chains *all,
    const struct chain *c, struct reactions *to)
{
	const struct call *last = chain_call(all, c, c->length - 1);

	for (size_t n = 1; n < c->length; n++) {
		const struct call *before = chain_call(all, c, n - 1);
		const struct call *call = chain_call(all, c, n);
		struct reaction *r;

		if (call->outcome == CALL_OPEN)
			return;
		r = add_call(to, REACTION_RETRY, s, call);
		r->after = cause_of(before);
		r->attempts = n;
		r->seconds =
		    (double)MAX(call->start_us - before->end_us, 0) / 1e6;
	}
	if (c->length > 1 && last->outcome == CALL_OK)
		add_call(to, REACTION_SAVED, s, last)->attempts = c->length - 1;
	if (chain_call(all, c, 0)->kind != NULL)
		add_stopped(s, all, c, to);
}

/* Without a failure there is nothing to be found. */
static bool
any_failed(const struct calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		if (call_failed(&calls->items[i]))
			return true;
	}
	return false;
}

static void
find_chains(const struct scope *s, struct reactions *to)
{
	struct chains all;

	chains_build(s, &all);
	for (size_t i = 0; all.level < LEVEL_RATIO && i < all.count; i++)
		add_chain(s, &all, &all.items[i], to);
	chains_fini(&all);
}

static void
find_left(const struct scope *s, struct reactions *to)
{
	const struct calls *calls = &s->route->calls;

	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		/* Not one that had its answer: it just went. */
		if (c->outcome == CALL_CLIENT_ABORT && c->method != NULL &&
		    c->request_us != 0)
			add_call(to, REACTION_LEFT, s, c);
	}
}

/* --- breakers ------------------------------------------------------------- */

/* The first inbound call from i on whose attempt was good; NULL: none. */
static const struct call *
first_good(const struct inbounds *in, size_t i, size_t end)
{
	for (; i < end; i++) {
		const struct call *c = in->items[i].attempt;

		if (c != NULL && c->outcome == CALL_OK)
			return in->items[i].call;
	}
	return NULL;
}

/* Changes of one breaker, as they are found. */
struct changes {
	const struct scope *s;
	const struct inbounds *in;
	struct reactions *to;
	enum breaker_state state;
};

static void
change(struct changes *c, const struct call *call, enum breaker_state state)
{
	struct reaction *r = add_call(c->to, REACTION_BREAKER, c->s, call);

	r->from = c->state;
	r->to = state;
	c->state = state;
}

/* What run k shows. */
static void
add_run(struct changes *c, const struct breaker_trace *t, size_t k)
{
	const struct inbound *items = c->in->items;
	const struct breaker_run *r = &t->runs[k];
	bool last = k + 1 == t->runs_count;
	size_t end = last ? c->in->count : t->runs[k + 1].first;
	const struct call *good;

	change(c, items[r->first + t->at_least - 1].call, BREAKER_OPEN);
	if (r->end + 1 >= end)
		return;
	change(c, items[r->end + 1].call, BREAKER_HALF_OPEN);
	good = first_good(c->in, r->end + 1, end);
	if (good != NULL)
		change(c, good, BREAKER_CLOSED);
}

/* All changes, in order of windows; returns the state at the end. */
static enum breaker_state
find_breaker(const struct scope *s, struct reactions *to)
{
	struct breaker_trace *t;
	struct inbounds in;
	struct changes c = {s, &in, to, BREAKER_UNKNOWN};

	if (s->edge == NULL || s->edge->calls.count == 0)
		return BREAKER_UNKNOWN;
	if (s->windows_count == 0)
		return BREAKER_CLOSED;
	inbounds_match(s, 0, &in);
	t = xcalloc(1, sizeof(*t));
	if (in.count > 0)
		c.state = BREAKER_CLOSED;
	for (size_t i = 0; i < s->windows_count; i++) {
		breaker_trace(s, &in, &s->windows[i], t);
		for (size_t k = 0; k < t->runs_count; k++)
			add_run(&c, t, k);
	}
	free(t);
	inbounds_fini(&in);
	return c.state;
}

/* --- the end of it -------------------------------------------------------- */

static void
find_steady(const struct scope *s, struct reactions *to)
{
	struct steady t;

	steady_init(&t, s);
	for (size_t i = 0; t.base.n >= COMPARE_MIN && i < s->windows_count;
	     i++) {
		const struct window *w = &s->windows[i];
		int64_t at_us = w->lasts ? -1
					 : steady_find(&t, w->to_us,
					     steady_horizon(s->record,
						 w->to_us));
		struct reaction *r;

		if (at_us < 0)
			continue;
		r = add(to, REACTION_STEADY, s->route);
		r->at_us = at_us + STEADY_US;
		r->seconds = (double)(at_us - w->to_us) / 1e6;
	}
	steady_fini(&t);
}

static int
by_time(const void *a, const void *b)
{
	const struct reaction *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void
reactions_find(const struct record *record, struct reactions *to)
{
	to->breakers = xcalloc(record->routes_count + 1,
	    sizeof(*to->breakers));
	for (size_t i = 0; i < record->routes_count; i++) {
		const struct route *r = &record->routes[i];
		struct scope s;

		scope_init(&s, record, i, NULL);
		if (any_failed(&r->calls)) {
			find_chains(&s, to);
			find_left(&s, to);
		}
		to->breakers[i] = find_breaker(&s, to);
		if (s.windows_count > 0)
			find_steady(&s, to);
		scope_fini(&s);
	}
	if (to->count > 1)
		qsort(to->items, to->count, sizeof(*to->items), by_time);
}

void
reactions_fini(struct reactions *list)
{
	free(list->items);
	free(list->breakers);
	*list = (struct reactions){0};
}

const char *
breaker_state_name(enum breaker_state state)
{
	static const char *const words[] = {
#define X(id, word) [id] = word,
	    BREAKER_STATES(X)
#undef X
	};

	return words[state];
}

const char *
retry_cause_name(enum retry_cause cause)
{
	static const char *const words[] = {
#define X(id, word) [id] = word,
	    RETRY_CAUSES(X)
#undef X
	};

	return words[cause];
}
