/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one plan to the next. */
#include "proxy/plan_diff.h"

#include <string.h>

#include "config/tables.h"

static const char *const words[] = {
    [CHANGE_ROUTE_ADDED] = "route_added",
    [CHANGE_ROUTE_UPDATED] = "route_updated",
    [CHANGE_ROUTE_REMOVED] = "route_removed",
    [CHANGE_FAULT_ARMED] = "fault_armed",
    [CHANGE_FAULT_UPDATED] = "fault_updated",
    [CHANGE_FAULT_CLEARED] = "fault_cleared",
    [CHANGE_PARTITION_UP] = "partition_up",
    [CHANGE_PARTITION_DOWN] = "partition_down",
};

struct teller {
	void (*tell)(void *arg, const struct plan_change_item *item);
	void *arg;
};

const char *
plan_change_word(enum plan_change change)
{
	return words[change];
}

static void
say(const struct teller *t, enum plan_change change, const char *route,
    const struct armed_fault *fault)
{
	struct plan_change_item item = {.change = change, .route = route};

	if (fault != NULL) {
		item.fault = fault->name;
		item.kind = fault->ops->kind.name;
	}
	t->tell(t->arg, &item);
}

static const struct armed_fault *
find_fault(const struct armed_route *r, const char *name)
{
	for (size_t i = 0; r != NULL && i < r->faults_count; i++) {
		if (r->faults[i].name == name && r->faults[i].conf->enabled)
			return &r->faults[i];
	}
	return NULL;
}

/* Faults of `now` beside those of `before` (either may be NULL). */
static void
diff_faults(const struct teller *t, const struct armed_route *before,
    const struct armed_route *now)
{
	for (size_t i = 0; now != NULL && i < now->faults_count; i++) {
		const struct armed_fault *f = &now->faults[i], *old;

		if (!f->conf->enabled)
			continue;
		old = find_fault(before, f->name);
		if (old == NULL || old->shared != f->shared)
			say(t, CHANGE_FAULT_ARMED, now->name, f);
		else if (!conf_fault_equal(old->conf, f->conf))
			say(t, CHANGE_FAULT_UPDATED, now->name, f);
	}
	for (size_t i = 0; before != NULL && i < before->faults_count; i++) {
		const struct armed_fault *f = &before->faults[i];

		if (f->conf->enabled && find_fault(now, f->name) == NULL)
			say(t, CHANGE_FAULT_CLEARED, before->name, f);
	}
}

/* True if both say the same, their faults aside. */
static bool
routes_equal(const struct conf_route *a, const struct conf_route *b)
{
	return conf_fields_equal(conf_route_fields, a, b) &&
	    conf_fields_equal(conf_match_fields, a, b) &&
	    conf_fields_equal(conf_tls_fields, a, b) &&
	    conf_fields_equal(conf_upstream_tls_fields, a, b);
}

static bool
is_up(const struct plan *plan, const char *name)
{
	for (size_t i = 0; plan && i < plan->model->partitions_count; i++) {
		const struct conf_partition *p = &plan->model->partitions[i];

		if (p->enabled && strcmp(p->name, name) == 0)
			return true;
	}
	return false;
}

/* Partitions that are up in `a` and not in `b`. */
static void
diff_partitions(const struct teller *t, const struct plan *a,
    const struct plan *b, enum plan_change change)
{
	for (size_t i = 0; a != NULL && i < a->model->partitions_count; i++) {
		const struct conf_partition *p = &a->model->partitions[i];
		struct plan_change_item item = {
		    .change = change, .fault = p->name};

		if (p->enabled && !is_up(b, p->name))
			t->tell(t->arg, &item);
	}
}

void
plan_diff(const struct plan *before, const struct plan *after,
    void (*tell)(void *, const struct plan_change_item *), void *arg)
{
	struct teller t = {tell, arg};

	for (size_t i = 0; before != NULL && i < before->routes_count; i++) {
		const struct armed_route *r = &before->routes[i];

		if (plan_route(after, r->name) != NULL)
			continue;
		diff_faults(&t, r, NULL);
		say(&t, CHANGE_ROUTE_REMOVED, r->name, NULL);
	}
	for (size_t i = 0; i < after->routes_count; i++) {
		const struct armed_route *r = &after->routes[i];
		const struct armed_route *old =
		    before != NULL ? plan_route(before, r->name) : NULL;

		if (old == NULL)
			say(&t, CHANGE_ROUTE_ADDED, r->name, NULL);
		else if (!routes_equal(old->conf, r->conf))
			say(&t, CHANGE_ROUTE_UPDATED, r->name, NULL);
		diff_faults(&t, old, r);
	}
	diff_partitions(&t, before, after, CHANGE_PARTITION_DOWN);
	diff_partitions(&t, after, before, CHANGE_PARTITION_UP);
}
