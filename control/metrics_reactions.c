/* SPDX-License-Identifier: Apache-2.0 */
/* One route's samples of each family about reactions. */
#include "control/metrics_reactions.h"

/* A route's labels, and one sample's own. */
struct labels {
	struct str common, own;
};

static struct metric_labels
views(const struct labels *l)
{
	return (struct metric_labels){{l->common.text, l->common.len},
	    {l->own.text, l->own.len}};
}

static void
add_histogram(struct exposition *e, struct labels *l,
    const struct histogram_scale *scale, const struct histogram *h)
{
	struct histogram_sum sum = {0};

	histogram_read(h, &sum);
	exposition_histogram(e, views(l), scale, &sum, NULL);
}

static void
add_retries(struct exposition *e, struct labels *l, const struct observed *o)
{
	for (int i = 0; i < RETRY_CAUSE_COUNT; i++) {
		str_clear(&l->own);
		exposition_label(&l->own, "after",
		    view_of(retry_cause_name(i)));
		exposition_uint(e, views(l), counter_get(&o->retries[i]),
		    NULL);
	}
}

static void
add_intervals(struct exposition *e, struct labels *l, const struct observed *o)
{
	add_histogram(e, l, &histogram_durations, &o->pauses);
}

static void
add_attempts(struct exposition *e, struct labels *l, const struct observed *o)
{
	add_histogram(e, l, &histogram_attempts, &o->attempts);
}

static void
add_recovered(struct exposition *e, struct labels *l, const struct observed *o)
{
	exposition_uint(e, views(l), counter_get(&o->saved), NULL);
}

static void
add_given_up(struct exposition *e, struct labels *l, const struct observed *o)
{
	exposition_uint(e, views(l), counter_get(&o->stopped), NULL);
}

static void
add_waits(struct exposition *e, struct labels *l, const struct observed *o)
{
	add_histogram(e, l, &histogram_durations, &o->waits);
}

static void
add_client(struct labels *l, const struct observed *o)
{
	exposition_label(&l->common, "client",
	    view_of(o->client != NULL ? o->client : ""));
}

static void
add_state(struct exposition *e, struct labels *l, const struct observed *o)
{
	add_client(l, o);
	for (int i = 0; i < BREAKER_STATE_COUNT; i++) {
		str_clear(&l->own);
		exposition_label(&l->own, "state",
		    view_of(breaker_state_name(i)));
		exposition_uint(e, views(l), (int)o->breaker == i, NULL);
	}
}

/* The usual ones are there from 0. */
static void
add_transition(struct exposition *e, struct labels *l,
    const struct observed *o, enum breaker_state from, enum breaker_state to)
{
	static const bool usual[BREAKER_STATE_COUNT][BREAKER_STATE_COUNT] = {
	    [BREAKER_CLOSED] = {[BREAKER_OPEN] = true},
	    [BREAKER_OPEN] = {[BREAKER_HALF_OPEN] = true},
	    [BREAKER_HALF_OPEN] =
		{[BREAKER_OPEN] = true, [BREAKER_CLOSED] = true},
	};
	uint64_t n = counter_get(&o->transitions[from][to]);

	if (n == 0 && !usual[from][to])
		return;
	str_clear(&l->own);
	exposition_label(&l->own, "from", view_of(breaker_state_name(from)));
	exposition_label(&l->own, "to", view_of(breaker_state_name(to)));
	exposition_uint(e, views(l), n, NULL);
}

static void
add_transitions(struct exposition *e, struct labels *l,
    const struct observed *o)
{
	add_client(l, o);
	for (int i = 0; i < BREAKER_STATE_COUNT; i++) {
		for (int k = 0; k < BREAKER_STATE_COUNT; k++)
			add_transition(e, l, o, i, k);
	}
}

static void
add_recovery(struct exposition *e, struct labels *l, const struct observed *o)
{
	if (o->recovery_s >= 0)
		exposition_double(e, views(l), o->recovery_s);
}

static void (*const families[])(struct exposition *e, struct labels *l,
    const struct observed *o) = {
    [METRIC_RETRIES_OBSERVED] = add_retries,
    [METRIC_RETRY_INTERVAL] = add_intervals,
    [METRIC_RETRY_ATTEMPTS] = add_attempts,
    [METRIC_REQUESTS_RECOVERED] = add_recovered,
    [METRIC_REQUESTS_GIVEN_UP] = add_given_up,
    [METRIC_CLIENT_TIMEOUT] = add_waits,
    [METRIC_BREAKER_STATE] = add_state,
    [METRIC_BREAKER_TRANSITIONS] = add_transitions,
    [METRIC_RECOVERY] = add_recovery,
};

void
metrics_add_reaction(struct exposition *e, enum metric_id id,
    const struct observed *o)
{
	struct labels l = {0};

	exposition_label(&l.common, "route", view_of(o->route));
	str_add(&l.own, "");
	families[id](e, &l, o);
	str_fini(&l.common);
	str_fini(&l.own);
}
