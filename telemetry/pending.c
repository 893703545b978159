/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of flows. */
#include "telemetry/pending.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define BUCKETS 4096 /* a power of two */

struct pendings {
	struct pending *buckets[BUCKETS];
	size_t count;
};

static size_t
bucket_of(const struct event_record *e)
{
	uint64_t hash = (uintptr_t)e->route >> 4;

	hash = (hash ^ e->session) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ e->flow ^ e->is_connection) * 0x9e3779b97f4a7c15u;
	return (hash >> 40) % BUCKETS;
}

/* The link that leads to the flow's entry, or to where it would be. */
static struct pending **
find(struct pendings *all, const struct event_record *e)
{
	struct pending **at = &all->buckets[bucket_of(e)];

	while (*at != NULL &&
	    ((*at)->route != e->route || (*at)->session != e->session ||
		(*at)->flow != e->flow ||
		(*at)->is_connection != e->is_connection))
		at = &(*at)->next;
	return at;
}

/* NULL: there are too many. */
static struct pending *
get(struct pendings *all, const struct event_record *e)
{
	struct pending **at = find(all, e), *p;

	if (*at != NULL || all->count == PENDING_MAX)
		return *at;
	p = *at = xcalloc(1, sizeof(*p));
	p->route = e->route;
	p->session = e->session;
	p->flow = e->flow;
	p->is_connection = e->is_connection;
	all->count++;
	return p;
}

struct pendings *
pendings_new(void)
{
	return xcalloc(1, sizeof(struct pendings));
}

void
pendings_free(struct pendings *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (all->buckets[i] != NULL) {
			struct pending *p = all->buckets[i];

			all->buckets[i] = p->next;
			free(p);
		}
	}
	free(all);
}

static void
add_effect(struct pending *p, const struct pending_effect *effect)
{
	if (p->count == PENDING_EFFECTS)
		p->dropped++;
	else
		p->effects[p->count++] = *effect;
}

static void
note_effect(struct pendings *all, const struct event_record *e)
{
	struct pending *p = get(all, e);

	if (p != NULL)
		add_effect(p, &(struct pending_effect){
		    .time_us = e->time_us,
		    .fault = e->fault,
		    .kind = e->kind,
		    .what = e->what,
		    .unit = e->unit,
		    .amount = e->amount,
		});
}

/* Sums that came in place of single effects. */
static void
note_measure(struct pendings *all, const struct event_record *e)
{
	bool delayed = e->count > 0 && e->asked_us > 0;
	struct pending *p;

	if (e->first_us == 0 || (!delayed && e->amount == 0))
		return;
	p = get(all, e);
	if (p != NULL)
		add_effect(p, &(struct pending_effect){
		    .time_us = e->first_us,
		    .fault = e->fault,
		    .kind = e->kind,
		    .what = delayed ? "delay" : "bytes",
		    .unit = delayed ? "us" : "bytes",
		    .amount = delayed ? e->achieved_us : e->amount,
		});
}

void
pendings_note(struct pendings *all, const struct event_record *e)
{
	if (!e->has_flow)
		return;
	if (e->type == EVENT_EFFECT)
		note_effect(all, e);
	else if (e->type == EVENT_MEASURE)
		note_measure(all, e);
}

struct pending *
pendings_take(struct pendings *all, const struct event_record *e)
{
	struct pending **at = find(all, e), *p = *at;

	if (p == NULL)
		return NULL;
	*at = p->next;
	all->count--;
	return p;
}
