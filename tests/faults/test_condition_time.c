/* SPDX-License-Identifier: Apache-2.0 */
/* When a fault is in force: enabled, for, on and off; and what that means for
 * a port. */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "faults/condition.h"
#include "faults/registry.h"
#include "tests/harness/check_run.h"

#define MS    1000
#define ARMED (500 * MS) /* when the faults came into force */

/* A fault that was armed at ARMED; each test sets what it is about. */
struct timed {
	struct conf_fault conf;
	struct fault_shared shared;
	struct armed_fault armed;
};

static struct armed_fault *
timed_init(struct timed *t, const struct fault_ops *ops)
{
	memset(t, 0, sizeof(*t));
	t->conf.enabled = true;
	t->conf.conditions.probability = 1;
	t->shared.armed_us = ARMED;
	t->armed = (struct armed_fault){
	    .conf = &t->conf,
	    .ops = ops,
	    .shared = &t->shared,
	    .name = "timed",
	    .counted_as = ops->kind.name,
	    .at_listener = ops->listener != NULL,
	};
	return &t->armed;
}

/* What the fault does at ARMED + age_us, and for how long. */
static void
expect(const struct timed *t, int64_t age_us, bool on, int64_t change_age_us)
{
	int64_t next = DEADLINE_NEVER;

	ck_assert_int_eq(
	    condition_in_force(&t->armed, ARMED + age_us, &next), on);
	ck_assert_int_eq(next,
	    change_age_us < 0 ? DEADLINE_NEVER : ARMED + change_age_us);
}

START_TEST(a_plain_fault_is_in_force_for_good)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	expect(&t, 0, true, -1);
	expect(&t, (int64_t)1 << 50, true, -1);
}
END_TEST

START_TEST(a_disabled_fault_never_changes)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	t.conf.enabled = false;
	t.conf.conditions.for_us = 10 * MS;
	t.conf.conditions.on_us = t.conf.conditions.off_us = MS;
	expect(&t, 0, false, -1);
	expect(&t, 5 * MS, false, -1);
}
END_TEST

START_TEST(a_fault_with_a_term_ends_once_and_for_all)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	t.conf.conditions.for_us = 10 * MS;
	expect(&t, 0, true, 10 * MS);
	expect(&t, 10 * MS - 1, true, 10 * MS);
	expect(&t, 10 * MS, false, -1);
	expect(&t, 99 * MS, false, -1);
}
END_TEST

START_TEST(flapping_starts_on_and_alternates_exactly)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	t.conf.conditions.on_us = 3 * MS;
	t.conf.conditions.off_us = 7 * MS;
	expect(&t, 0, true, 3 * MS);
	expect(&t, 3 * MS - 1, true, 3 * MS);
	expect(&t, 3 * MS, false, 10 * MS);
	expect(&t, 10 * MS - 1, false, 10 * MS);
	expect(&t, 10 * MS, true, 13 * MS);
	expect(&t, 1000 * 10 * MS + 3 * MS, false, 1001 * 10 * MS);
}
END_TEST

START_TEST(on_without_off_is_no_flapping)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	t.conf.conditions.on_us = 3 * MS;
	expect(&t, 50 * MS, true, -1);
	t.conf.conditions.on_us = 0;
	t.conf.conditions.off_us = 3 * MS;
	expect(&t, 50 * MS, true, -1);
}
END_TEST

START_TEST(flapping_ends_with_the_term)
{
	struct timed t;

	timed_init(&t, &noop_ops);
	t.conf.conditions.on_us = t.conf.conditions.off_us = 4 * MS;
	t.conf.conditions.for_us = 10 * MS;
	expect(&t, 0, true, 4 * MS);
	expect(&t, 5 * MS, false, 8 * MS);
	expect(&t, 9 * MS, true, 10 * MS);
	expect(&t, 10 * MS, false, -1);
}
END_TEST

START_TEST(the_earliest_change_of_several_faults_is_kept)
{
	struct timed a, b;
	int64_t next = DEADLINE_NEVER;

	timed_init(&a, &noop_ops);
	timed_init(&b, &noop_ops);
	a.conf.conditions.for_us = 20 * MS;
	b.conf.conditions.for_us = 5 * MS;
	condition_in_force(&a.armed, ARMED, &next);
	condition_in_force(&b.armed, ARMED, &next);
	ck_assert_int_eq(next, ARMED + 5 * MS);
	condition_in_force(&a.armed, ARMED, &next);
	ck_assert_int_eq(next, ARMED + 5 * MS);
}
END_TEST

/* What a route with both faults does to its port at ARMED + age_us. */
static enum listener_effect
effect_at(const struct timed *a, const struct timed *b, int64_t age_us)
{
	struct armed_fault faults[] = {a->armed, b->armed};
	struct armed_route r = {.faults = faults, .faults_count = 2};
	int64_t next = DEADLINE_NEVER;

	return condition_listener(&r, ARMED + age_us, &next);
}

START_TEST(a_route_without_faults_at_its_port_is_open)
{
	struct armed_route none = {0};
	struct timed a, b;
	int64_t next = DEADLINE_NEVER;

	ck_assert_int_eq(condition_listener(&none, 0, &next), LISTENER_OPEN);
	timed_init(&a, &noop_ops);
	timed_init(&b, &latency_ops);
	ck_assert_int_eq(effect_at(&a, &b, 0), LISTENER_OPEN);
	ck_assert_int_eq(next, DEADLINE_NEVER);
}
END_TEST

START_TEST(the_strongest_effect_on_the_port_wins)
{
	struct timed refuse, ignore;

	timed_init(&refuse, &refuse_ops);
	timed_init(&ignore, &connect_timeout_ops);
	ck_assert_int_eq(effect_at(&refuse, &ignore, 0), LISTENER_IGNORE);
	ck_assert_int_eq(effect_at(&ignore, &refuse, 0), LISTENER_IGNORE);
	ignore.conf.enabled = false;
	ck_assert_int_eq(effect_at(&refuse, &ignore, 0), LISTENER_REFUSE);
	refuse.conf.enabled = false;
	ck_assert_int_eq(effect_at(&refuse, &ignore, 0), LISTENER_OPEN);
}
END_TEST

START_TEST(a_port_follows_its_faults_through_time)
{
	struct timed refuse, ignore;

	timed_init(&refuse, &refuse_ops);
	timed_init(&ignore, &connect_timeout_ops);
	refuse.conf.conditions.on_us = 2 * MS;
	refuse.conf.conditions.off_us = 2 * MS;
	ignore.conf.conditions.for_us = MS;
	ck_assert_int_eq(effect_at(&refuse, &ignore, 0), LISTENER_IGNORE);
	ck_assert_int_eq(effect_at(&refuse, &ignore, MS), LISTENER_REFUSE);
	ck_assert_int_eq(effect_at(&refuse, &ignore, 2 * MS), LISTENER_OPEN);
	ck_assert_int_eq(effect_at(&refuse, &ignore, 4 * MS), LISTENER_REFUSE);
}
END_TEST

START_TEST(a_fault_that_picks_single_flows_leaves_the_port_alone)
{
	struct timed refuse, noop;
	struct armed_route r;
	int64_t next = DEADLINE_NEVER;

	timed_init(&refuse, &refuse_ops);
	timed_init(&noop, &noop_ops);
	refuse.armed.at_listener = false;
	refuse.conf.conditions.for_us = MS;
	ck_assert_int_eq(effect_at(&refuse, &noop, 0), LISTENER_OPEN);
	/* Nor does the port change when the fault ends. */
	r = (struct armed_route){.faults = &refuse.armed, .faults_count = 1};
	condition_listener(&r, ARMED, &next);
	ck_assert_int_eq(next, DEADLINE_NEVER);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_plain_fault_is_in_force_for_good,
	    a_disabled_fault_never_changes,
	    a_fault_with_a_term_ends_once_and_for_all,
	    flapping_starts_on_and_alternates_exactly,
	    on_without_off_is_no_flapping,
	    flapping_ends_with_the_term,
	    the_earliest_change_of_several_faults_is_kept,
	    a_route_without_faults_at_its_port_is_open,
	    the_strongest_effect_on_the_port_wins,
	    a_port_follows_its_faults_through_time,
	    a_fault_that_picks_single_flows_leaves_the_port_alone,
	    NULL,
	};

	return check_run("condition_time", tests);
}
