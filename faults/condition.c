/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that every fault takes: one mechanism for all kinds. */
#include "faults/condition.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "config/build.h"

#define DRAW_PROBABILITY 0

bool
condition_in_force(const struct armed_fault *f, int64_t now_us,
    int64_t *next_us)
{
	const struct conf_conditions *c = &f->conf->conditions;
	int64_t age = now_us - f->shared->armed_us;
	int64_t phase, change = DEADLINE_NEVER;
	bool on = true;

	if (!f->conf->enabled)
		return false;
	if (c->for_us > 0) {
		if (age >= c->for_us)
			return false;
		change = f->shared->armed_us + c->for_us;
	}
	if (c->on_us > 0 && c->off_us > 0) {
		phase = age % (c->on_us + c->off_us);
		on = phase < c->on_us;
		change = MIN(change,
		    now_us - phase + (on ? c->on_us : c->on_us + c->off_us));
	}
	*next_us = MIN(*next_us, change);
	return on;
}

enum listener_effect
condition_listener(const struct armed_route *r, int64_t now_us,
    int64_t *next_us)
{
	enum listener_effect effect = LISTENER_OPEN;

	for (size_t i = 0; i < r->faults_count; i++) {
		const struct armed_fault *f = &r->faults[i];
		enum listener_effect wish;

		if (!f->at_listener || !condition_in_force(f, now_us, next_us))
			continue;
		wish = f->ops->listener(f->conf->params, f->conf->stream);
		effect = MAX(effect, wish);
	}
	return effect;
}

static bool
fact_matches(const struct flow *f, enum fact fact,
    const struct conf_pattern *pattern)
{
	struct view text;

	if (pattern->text == NULL)
		return true;
	if (f->ops->fact == NULL || !f->ops->fact(f, fact, &text))
		return false;
	return conf_pattern_match(pattern, text);
}

/* Of several commands any counts; a pattern that is turned around must hold
 * for all. */
static bool
command_matches(const struct flow *f, const struct conf_pattern *pattern)
{
	struct view command;
	size_t n = 0;

	if (pattern->text == NULL)
		return true;
	if (f->ops->command == NULL)
		return false;
	for (; f->ops->command(f, n, &command); n++) {
		if (conf_pattern_match(pattern, command) != pattern->negated)
			return !pattern->negated;
	}
	return pattern->negated && n > 0;
}

/* True while a command to come may still decide. */
static bool
command_is_open(const struct flow *f, const struct conf_pattern *pattern)
{
	return f->asking && pattern->text != NULL &&
	    command_matches(f, pattern) == pattern->negated;
}

static bool
client_matches(const struct flow *f, const struct conf_when *w)
{
	if (!w->has_clients)
		return true;
	for (size_t i = 0; i < w->clients_count; i++) {
		if (conf_cidr_contains(&w->clients[i], &f->client))
			return true;
	}
	return false;
}

static bool
header_matches(const struct flow *f, const struct conf_header_match *m)
{
	struct view value;

	if (f->ops->header == NULL)
		return false;
	for (size_t n = 0; f->ops->header(f, m->name, n, &value); n++) {
		if (m->value.text == NULL ||
		    conf_pattern_match(&m->value, value))
			return true;
	}
	return false;
}

static bool
status_matches(const struct flow *f, const struct conf_when *w)
{
	int status;

	if (w->status_min == 0)
		return true;
	status = f->ops->status != NULL ? f->ops->status(f) : 0;
	return status >= w->status_min && status <= w->status_max;
}

const char *
condition_when_fails(const struct flow *f, const struct conf_when *w)
{
	if (!client_matches(f, w))
		return "client";
	if (!fact_matches(f, FACT_SNI, &w->sni))
		return "sni";
	if (!fact_matches(f, FACT_ALPN, &w->alpn))
		return "alpn";
	if (!fact_matches(f, FACT_HOST, &w->host))
		return "host";
	if (!fact_matches(f, FACT_METHOD, &w->method))
		return "method";
	if (!fact_matches(f, FACT_PATH, &w->path))
		return "path";
	if (!fact_matches(f, FACT_QUERY, &w->query))
		return "query";
	if (!command_matches(f, &w->command))
		return "command";
	if (!fact_matches(f, FACT_DNS_NAME, &w->dns_name))
		return "dns_name";
	if (!fact_matches(f, FACT_DNS_TYPE, &w->dns_type))
		return "dns_type";
	for (size_t i = 0; i < w->headers_count; i++) {
		if (!header_matches(f, &w->headers[i]))
			return "header";
	}
	return status_matches(f, w) ? NULL : "status";
}

static uint64_t
base_of(const struct flow *f, const struct fault_shared *shared)
{
	bool connection = f->type == FLOW_CONNECTION ||
	    (f->layer == LAYER_WIRE &&
		conf_protocol_has_exchanges(f->route->conf->protocol));

	return connection ? shared->base_connection : shared->base_flow;
}

bool
condition_age(const struct flow *f, const struct armed_fault *fault)
{
	bool is_new = f->number >= base_of(f, fault->shared);

	switch ((enum conf_flows)fault->conf->conditions.flows) {
	case FLOWS_ALL:
		return true;
	case FLOWS_NEW:
		return is_new;
	case FLOWS_EXISTING:
		return !is_new;
	}
	return true;
}

/* True if first, skip and every let a flow act that has this place. */
static bool
place_fits(const struct conf_conditions *c, uint64_t place)
{
	if (place < (uint64_t)c->skip)
		return false;
	place -= (uint64_t)c->skip;
	if (c->every > 0) {
		if (place % (uint64_t)c->every != 0)
			return false;
		place /= (uint64_t)c->every;
	}
	return c->first == 0 || place < (uint64_t)c->first;
}

bool
condition_counts(const struct conf_conditions *c)
{
	return c->first > 0 || c->skip > 0 || c->every > 0;
}

bool
condition_place(const struct flow *f, const struct armed_fault *fault)
{
	uint64_t base = base_of(f, fault->shared);

	return f->number >= base &&
	    place_fits(&fault->conf->conditions, f->number - base);
}

/* first, skip, every: the flow's place among those that meet `when`. Without
 * a `when` that place follows from the flow's number, so that it is the same
 * whatever the threads do. */
static bool
count_matches(const struct flow *f, const struct armed_fault *fault)
{
	const struct conf_conditions *c = &fault->conf->conditions;

	if (!condition_counts(c))
		return true;
	if (!c->has_when || f->number < base_of(f, fault->shared))
		return condition_place(f, fault);
	return place_fits(c, atomic_fetch_add(&fault->shared->matched, 1));
}

double
condition_draw(const struct flow *f, const struct armed_fault *fault)
{
	struct rng_key key = {
	    .seed = f->engine->seed,
	    .route = f->route->hash,
	    .fault = fault->hash,
	    .flow = f->number,
	};

	return rng_unit(&key, DRAW_PROBABILITY);
}

static void
tell(const struct flow *f, const struct armed_fault *fault,
    enum event_verdict verdict, double draw)
{
	struct event_record e;

	if (!flow_event(f, EVENT_DECISION, &e))
		return;
	e.fault = fault->name;
	e.kind = fault->ops->kind.name;
	e.dir = conf_fault_direction(fault->conf);
	e.verdict = verdict;
	e.matched = verdict == VERDICT_APPLIED || verdict == VERDICT_NOT_DRAWN;
	e.drawn = verdict == VERDICT_APPLIED;
	e.draw = draw;
	flow_emit(f, &e);
}

static enum event_verdict
judge(const struct flow *f, const struct armed_fault *fault, double *draw)
{
	const struct conf_conditions *c = &fault->conf->conditions;

	*draw = condition_draw(f, fault);
	if (!condition_age(f, fault) ||
	    (c->has_when && condition_when_fails(f, &c->when) != NULL))
		return VERDICT_NOT_MATCHED;
	if (!count_matches(f, fault))
		return VERDICT_NOT_COUNTED;
	if (*draw >= c->probability)
		return VERDICT_NOT_DRAWN;
	return VERDICT_APPLIED;
}

static void
count_skipped(struct flow *f, const struct armed_fault *fault,
    enum skip_reason reason)
{
	struct fault_counts *counts =
	    counters_fault(f->counts, fault->counted_as);

	counter_add(&counts->skipped[reason], 1);
}

struct decision *
condition_decided(const struct flow *f, const struct armed_fault *fault)
{
	struct decision *d = f->decisions;

	while (d != NULL && d->fault != fault->shared)
		d = d->next;
	return d;
}

const struct armed_fault *
condition_armed(const struct flow *f, const struct armed_fault *fault)
{
	const struct decision *d = condition_decided(f, fault);

	return d != NULL && d->own != NULL ? d->own : fault;
}

/* What the flow asks for, owned; NULL: nothing of that kind. */
static struct armed_fault *
ask(const struct flow *f, const struct armed_fault *fault)
{
	struct conf_fault *conf = xcalloc(1, sizeof(*conf));
	struct armed_fault *own;

	if (!fault->ask(f, fault, conf)) {
		conf_fault_fini(conf);
		free(conf);
		return NULL;
	}
	own = xmalloc(sizeof(*own));
	*own = *fault;
	own->conf = conf;
	return own;
}

void
condition_forget(struct decision *d)
{
	if (d->own != NULL) {
		conf_fault_fini((struct conf_fault *)d->own->conf);
		free((struct conf_fault *)d->own->conf);
	}
	free(d->own);
	free(d);
}

struct decision *
condition_decide(struct flow *f, const struct armed_fault *fault)
{
	const struct conf_conditions *c = &fault->conf->conditions;
	struct decision *d = condition_decided(f, fault);
	struct armed_fault *own = NULL;
	enum event_verdict verdict;
	double draw;

	if (d != NULL)
		return d;
	if (c->has_when && c->when.status_min > 0 && !f->responded)
		return NULL;
	if (c->has_when && command_is_open(f, &c->when.command))
		return NULL;
	if (fault->ask != NULL && (own = ask(f, fault)) == NULL)
		return NULL;
	verdict = judge(f, own != NULL ? own : fault, &draw);
	d = xcalloc(1, sizeof(*d));
	d->fault = fault->shared;
	d->own = own;
	d->applies = verdict == VERDICT_APPLIED;
	d->next = f->decisions;
	f->decisions = d;
	if (!d->applies)
		count_skipped(f, fault, verdict == VERDICT_NOT_DRAWN
			? SKIP_PROBABILITY
			: SKIP_FILTER);
	tell(f, fault, verdict, draw);
	return d;
}

bool
condition_enter(struct flow *f, const struct armed_fault *fault,
    struct decision *d)
{
	int64_t max = fault->conf->conditions.max_active;

	if (d->active)
		return true;
	if (atomic_fetch_add(&fault->shared->active, 1) >= max && max > 0) {
		atomic_fetch_sub(&fault->shared->active, 1);
		if (!d->limited)
			count_skipped(f, fault, SKIP_LIMIT);
		d->limited = true;
		tell(f, fault, VERDICT_LIMIT, 0);
		return false;
	}
	d->active = true;
	return true;
}

void
condition_leave(const struct armed_fault *fault, struct decision *d)
{
	if (!d->active)
		return;
	d->active = false;
	atomic_fetch_sub(&fault->shared->active, 1);
}
