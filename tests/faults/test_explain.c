/* SPDX-License-Identifier: Apache-2.0 */
/* Why a fault acts on a flow or does not, told without deciding anything. */
#include "faults/explain.h"

#include <string.h>

#include "tests/harness/suite.h"

/* What is told of the flow and the n-th fault. */
static struct explanation
told(const struct harness_flow *f, size_t n, bool live)
{
	struct explanation e;

	explain(&f->flow, &h->route->faults[n], live, &e);
	return e;
}

static void
expect(const struct explanation *e, enum event_verdict verdict,
       enum known applies, const char *why)
{
	if (e->verdict != verdict || e->applies != applies ||
	    strstr(e->why, why) == NULL)
		ck_abort_msg("verdict %d, applies %d: %s; expected %d, %d: %s",
			     (int)e->verdict, (int)e->applies, e->why,
			     (int)verdict, (int)applies, why);
}

static struct harness_flow *
exchange(const char *path)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);

	f->facts[FACT_PATH] = path;
	harness_begin(f);
	return f;
}

START_TEST(a_fault_that_acts_has_every_condition_met)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,when.path=/a");
	f = exchange("/a");
	e = told(f, 0, true);
	expect(&e, VERDICT_APPLIED, KNOWN_YES, "every condition holds");
	ck_assert(e.in_force && e.decided && e.active && e.drawn);
	ck_assert_int_eq(e.matched, KNOWN_YES);
}
END_TEST

START_TEST(what_is_not_in_force_says_why)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,enabled=false");
	harness_add(h, "noop,name=brief,for=2s");
	harness_add(h, "noop,name=flap,on=1s,off=9s");
	f = harness_open(h);
	harness_advance(h, 3000000);
	e = told(f, 0, true);
	expect(&e, VERDICT_DISABLED, KNOWN_NO, "not enabled");
	e = told(f, 1, true);
	expect(&e, VERDICT_INACTIVE, KNOWN_NO, "its time (for) has run out");
	e = told(f, 2, true);
	expect(&e, VERDICT_INACTIVE, KNOWN_NO, "flapping");
	ck_assert(!e.in_force);
}
END_TEST

START_TEST(a_condition_that_fails_is_named)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,when.path=/a,when.method=GET");
	f = exchange("/a");
	e = told(f, 0, true);
	expect(&e, VERDICT_NOT_MATCHED, KNOWN_NO, "`when` is not met");
	ck_assert_str_eq(e.key, "method");
}
END_TEST

START_TEST(a_status_that_has_not_come_is_not_known)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,when.status=5xx");
	f = exchange("/a");
	e = told(f, 0, true);
	expect(&e, VERDICT_NONE, KNOWN_NOT, "status is not known yet");
	ck_assert_str_eq(e.key, "status");
	ck_assert_int_eq(e.matched, KNOWN_NOT);
	f->status = 404;
	flow_respond(&f->flow);
	e = told(f, 0, true);
	expect(&e, VERDICT_NOT_MATCHED, KNOWN_NO, "`when` is not met");
}
END_TEST

START_TEST(of_a_flow_that_ended_what_it_asked_for_is_not_known)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,when.path=/a");
	harness_add(h, "noop,name=counted,when.path=/a,first=1");
	harness_add(h, "noop,name=plain");
	f = exchange("/a");
	e = told(f, 0, false);
	expect(&e, VERDICT_NONE, KNOWN_NOT, "known of live flows only");
	ck_assert(!e.decided);
	e = told(f, 1, false);
	ck_assert_int_eq(e.counted, KNOWN_NOT);
	e = told(f, 2, false);
	expect(&e, VERDICT_APPLIED, KNOWN_YES, "every condition holds");
}
END_TEST

START_TEST(the_age_of_a_flow_counts)
{
	struct harness_flow *f = harness_open(h);
	struct explanation e;

	harness_advance(h, 1000);
	harness_add(h, "noop,flows=new");
	harness_add(h, "noop,name=before,flows=existing");
	e = told(f, 0, true);
	expect(&e, VERDICT_NOT_MATCHED, KNOWN_NO, "began before it was armed");
	e = told(f, 1, true);
	expect(&e, VERDICT_APPLIED, KNOWN_YES, "every condition holds");
	harness_advance(h, 1000);
	f = harness_open(h);
	e = told(f, 1, true);
	expect(&e, VERDICT_NOT_MATCHED, KNOWN_NO, "began after it was armed");
}
END_TEST

START_TEST(a_place_that_is_left_out_is_told)
{
	struct harness_flow *first, *second;
	struct explanation e;

	harness_add(h, "noop,first=1");
	first = harness_open(h);
	second = harness_open(h);
	e = told(first, 0, true);
	expect(&e, VERDICT_APPLIED, KNOWN_YES, "every condition holds");
	e = told(second, 0, true);
	expect(&e, VERDICT_NOT_COUNTED, KNOWN_NO, "leaves the flow out");
}
END_TEST

START_TEST(a_place_among_those_that_matched_is_known_while_they_live)
{
	struct harness_flow *first, *second;
	struct explanation e;

	harness_add(h, "noop,when.path=/a,first=1");
	first = exchange("/a");
	second = exchange("/a");
	e = told(first, 0, true);
	expect(&e, VERDICT_APPLIED, KNOWN_YES, "every condition holds");
	e = told(second, 0, true);
	expect(&e, VERDICT_NOT_COUNTED, KNOWN_NO, "leaves the flow out");
}
END_TEST

START_TEST(a_draw_that_missed_is_told_with_its_number)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,probability=0.000001");
	f = harness_open(h);
	e = told(f, 0, true);
	expect(&e, VERDICT_NOT_DRAWN, KNOWN_NO, "not below the probability");
	ck_assert(e.draw >= 0.000001 && e.draw < 1);
}
END_TEST

START_TEST(a_limit_without_room_is_told)
{
	struct harness_flow *f;
	struct explanation e;

	harness_add(h, "noop,max_active=1");
	harness_open(h);
	f = harness_open(h);
	e = told(f, 0, true);
	expect(&e, VERDICT_LIMIT, KNOWN_NO, "max_active has no room");
	ck_assert(e.decided && !e.active);
}
END_TEST

START_TEST(being_told_decides_nothing)
{
	struct harness_flow *f;

	harness_add(h, "noop,first=2");
	f = harness_open(h);
	for (int i = 0; i < 5; i++) {
		told(f, 0, true);
		told(f, 0, false);
	}
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 1);
	ck_assert_ptr_nonnull(harness_open(h)->flow.links[LINK_DOWN].first);
	ck_assert_ptr_null(harness_open(h)->flow.links[LINK_DOWN].first);
}
END_TEST

int
main(void)
{
	return SUITE_RUN(
	    "faults/explain", true, a_fault_that_acts_has_every_condition_met,
	    what_is_not_in_force_says_why, a_condition_that_fails_is_named,
	    a_status_that_has_not_come_is_not_known,
	    of_a_flow_that_ended_what_it_asked_for_is_not_known,
	    the_age_of_a_flow_counts, a_place_that_is_left_out_is_told,
	    a_place_among_those_that_matched_is_known_while_they_live,
	    a_draw_that_missed_is_told_with_its_number,
	    a_limit_without_room_is_told, being_told_decides_nothing);
}
