/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults and partitions of a plan are in force at a moment. */
#include "proxy/plan_clock.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/xalloc.h"

struct plan_clock {
	const struct plan *plan; /* borrowed */
	bool *faults;		 /* by route and place on it */
	bool *partitions;	 /* by place in the model */
};

static size_t
faults_count(const struct plan *plan)
{
	size_t sum = 0;

	for (size_t i = 0; i < plan->routes_count; i++)
		sum += plan->routes[i].faults_count;
	return sum;
}

/* The model's partition that put this fault on its route, or SIZE_MAX. */
static size_t
partition_of(const struct plan *plan, const struct armed_fault *f)
{
	const struct conf_model *m = plan->model;

	for (size_t i = 0; i < m->partitions_count; i++) {
		if (conf_partition_made(f->name, m->partitions[i].name))
			return i;
	}
	return SIZE_MAX;
}

struct look {
	void (*tell)(void *arg, const struct plan_change_item *item);
	void *arg;
	bool *up; /* partitions with a fault in force */
	int64_t now_us, next_us;
};

static void
look_at(struct plan_clock *c, size_t route, size_t first, struct look *look)
{
	const struct armed_route *r = &c->plan->routes[route];

	for (size_t i = 0; i < r->faults_count; i++) {
		const struct armed_fault *f = &r->faults[i];
		bool now = condition_in_force(f, look->now_us, &look->next_us);
		size_t partition = partition_of(c->plan, f);
		struct plan_change_item item = {
		    .change = now ? CHANGE_FAULT_ARMED : CHANGE_FAULT_CLEARED,
		    .route = r->name,
		    .fault = f->name,
		    .kind = f->ops->kind.name,
		};

		if (partition != SIZE_MAX && now)
			look->up[partition] = true;
		if (now != c->faults[first + i] && look->tell != NULL)
			look->tell(look->arg, &item);
		c->faults[first + i] = now;
	}
}

int64_t
plan_clock_look(struct plan_clock *c, int64_t now_us,
    void (*tell)(void *, const struct plan_change_item *), void *arg)
{
	size_t count = c->plan->model->partitions_count, first = 0;
	struct look look = {
	    .tell = tell,
	    .arg = arg,
	    .up = xcalloc(count, sizeof(bool)),
	    .now_us = now_us,
	    .next_us = DEADLINE_NEVER,
	};

	for (size_t i = 0; i < c->plan->routes_count; i++) {
		look_at(c, i, first, &look);
		first += c->plan->routes[i].faults_count;
	}
	for (size_t i = 0; i < count; i++) {
		struct plan_change_item item = {
		    .change = look.up[i] ? CHANGE_PARTITION_UP
					 : CHANGE_PARTITION_DOWN,
		    .fault = c->plan->model->partitions[i].name,
		};

		if (look.up[i] != c->partitions[i] && tell != NULL)
			tell(arg, &item);
		c->partitions[i] = look.up[i];
	}
	free(look.up);
	return look.next_us;
}

struct plan_clock *
plan_clock_new(const struct plan *plan, int64_t now_us)
{
	struct plan_clock *c = xcalloc(1, sizeof(*c));

	c->plan = plan;
	c->faults = xcalloc(faults_count(plan), sizeof(bool));
	c->partitions = xcalloc(plan->model->partitions_count, sizeof(bool));
	plan_clock_look(c, now_us, NULL, NULL);
	return c;
}

bool
plan_clock_partition_up(const struct plan_clock *c, size_t n)
{
	return c->partitions[n];
}

void
plan_clock_free(struct plan_clock *c)
{
	if (c == NULL)
		return;
	free(c->faults);
	free(c->partitions);
	free(c);
}
