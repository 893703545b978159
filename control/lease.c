/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and their time. */
#include "control/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/attr.h"
#include "base/xalloc.h"

void
leases_init(struct leases *set, const struct clock *clock,
	    void (*expired)(void *, const struct lease *), void *arg)
{
	*set = (struct leases){.clock = clock, .expired = expired, .arg = arg};
}

static void
lease_free(struct lease *l)
{
	deadline_disarm(&l->leases->heap, &l->deadline);
	free(l->name);
	free(l);
}

void
leases_fini(struct leases *set)
{
	for (size_t i = 0; i < set->count; i++)
		lease_free(set->items[i]);
	free(set->items);
	deadline_heap_fini(&set->heap);
	*set = (struct leases){0};
}

static void
take_out(struct lease *l)
{
	struct leases *set = l->leases;
	size_t at = 0;

	while (set->items[at] != l)
		at++;
	set->count--;
	memmove(&set->items[at], &set->items[at + 1],
		(set->count - at) * sizeof(struct lease *));
}

static void
on_due(struct deadline *d, int64_t now_us)
{
	struct lease *l = CONTAINER_OF(d, struct lease, deadline);

	(void)now_us;
	take_out(l);
	l->leases->expired(l->leases->arg, l);
	lease_free(l);
}

/* The number makes it unique, the rest hard to guess. */
static void
make_id(struct lease *l)
{
	uint32_t dice = 0;

	if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
		dice = (uint32_t)clock_wall_us();
	snprintf(l->id, sizeof(l->id), "%llu-%08x",
		 (unsigned long long)(l->number % 10000000000), dice);
}

struct lease *
lease_grant(struct leases *set, int64_t ttl_us, const char *name)
{
	struct lease *l;

	if (set->count >= LEASES_MAX)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->leases = set;
	l->number = ++set->granted;
	l->name = xstrdup(name);
	l->deadline.on_due = on_due;
	make_id(l);
	set->items =
	    xrealloc(set->items, (set->count + 1) * sizeof(struct lease *));
	set->items[set->count++] = l;
	lease_renew(l, ttl_us);
	return l;
}

struct lease *
lease_find(const struct leases *set, const char *id)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->items[i]->id, id) == 0)
			return set->items[i];
	}
	return NULL;
}

const char *
leases_experiment(const struct leases *set, const struct conf_leased *leased)
{
	bool any = set != NULL && (leased->made > 0 || leased->enabled > 0);

	for (size_t i = 0; any && i < set->count; i++) {
		const struct lease *l = set->items[i];

		if (l->name != NULL && (l->number == leased->made ||
					l->number == leased->enabled))
			return l->name;
	}
	return NULL;
}

void
lease_renew(struct lease *l, int64_t ttl_us)
{
	l->ttl_us = ttl_us;
	deadline_arm(&l->leases->heap, &l->deadline,
		     clock_now(l->leases->clock) + ttl_us);
}

void
lease_end(struct lease *l)
{
	take_out(l);
	lease_free(l);
}

int64_t
lease_left(const struct lease *l)
{
	return MAX(l->deadline.at_us - clock_now(l->leases->clock), 0);
}

int64_t
leases_run(struct leases *set)
{
	deadline_run(&set->heap, clock_now(set->clock));
	return deadline_next(&set->heap);
}
