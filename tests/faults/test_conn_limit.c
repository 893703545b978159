/* SPDX-License-Identifier: Apache-2.0 */
/* conn_limit: so many places and no more, all given back. */
#include "tests/harness/suite.h"

static long long
places_taken(void)
{
	return atomic_load(&h->route->faults[0].shared->words[0]);
}

START_TEST(connections_beyond_the_limit_are_reset)
{
	struct harness_flow *f;

	harness_add(h, "conn_limit,max=2");
	ck_assert(harness_open(h)->opened);
	ck_assert(harness_open(h)->opened);
	f = harness_open(h);
	ck_assert(f->ended && !f->opened);
	ck_assert_int_eq(f->how, END_RST);
	ck_assert_int_eq(places_taken(), 2);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "reset"), 1);
}
END_TEST

START_TEST(they_are_closed_if_asked)
{
	struct harness_flow *f;

	harness_add(h, "conn_limit,max=0,how=fin");
	f = harness_open(h);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
}
END_TEST

START_TEST(a_place_is_free_once_its_holder_has_gone)
{
	struct harness_flow *f;

	harness_add(h, "conn_limit,max=1");
	f = harness_open(h);
	harness_close(harness_open(h));
	harness_close(f);
	ck_assert_int_eq(places_taken(), 0);
	ck_assert(harness_open(h)->opened);
}
END_TEST

START_TEST(a_queued_connection_is_dialled_once_a_place_is_free)
{
	struct harness_flow *first, *second;

	harness_add(h, "conn_limit,max=1,how=queue");
	first = harness_open(h);
	second = harness_open(h);
	harness_send(second, LINK_UP, "early");
	harness_advance(h, 10000000);
	ck_assert(!second->opened && !second->ended);
	harness_close(first);
	harness_advance(h, 64000);
	ck_assert(second->opened);
	harness_expect(second, LINK_UP, "early");
	ck_assert_int_eq(places_taken(), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "admit"), 1);
	ck_assert_int_eq(deadline_next(&h->engine.deadlines), DEADLINE_NEVER);
}
END_TEST

START_TEST(a_queue_never_lets_in_more_than_the_limit)
{
	struct harness_flow *f[10];
	unsigned in = 0;

	harness_add(h, "conn_limit,max=3,how=queue");
	for (int i = 0; i < 10; i++)
		f[i] = harness_open(h);
	harness_close(f[0]);
	harness_close(f[1]);
	harness_advance(h, 1000000);
	for (int i = 2; i < 10; i++)
		in += f[i]->opened;
	ck_assert_uint_eq(in, 3);
	ck_assert_int_eq(places_taken(), 3);
}
END_TEST

START_TEST(one_who_gives_up_waiting_takes_no_place_away)
{
	struct harness_flow *first, *second;

	harness_add(h, "conn_limit,max=1,how=queue");
	first = harness_open(h);
	second = harness_open(h);
	harness_close(second);
	ck_assert_int_eq(places_taken(), 1);
	harness_close(first);
	ck_assert_int_eq(places_taken(), 0);
}
END_TEST

START_TEST(open_connections_count_and_are_never_ended)
{
	struct harness_flow *a = harness_open(h), *b = harness_open(h);

	harness_add(h, "conn_limit,max=1");
	ck_assert(!a->ended && !b->ended);
	ck_assert_int_eq(places_taken(), 2);
	ck_assert(harness_open(h)->ended);
	harness_close(a);
	ck_assert(harness_open(h)->ended);
	harness_close(b);
	ck_assert(harness_open(h)->opened);
}
END_TEST

START_TEST(a_higher_limit_and_removal_let_waiting_ones_in)
{
	struct harness_flow *a, *b;

	harness_add(h, "conn_limit,max=0,how=queue");
	a = harness_open(h);
	b = harness_open(h);
	harness_set(h, 0, "conn_limit,max=1,how=queue");
	harness_advance(h, 64000);
	ck_assert_int_eq(a->opened + b->opened, 1);
	harness_remove(h, 0);
	ck_assert(a->opened && b->opened);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("conn_limit", false,
	    connections_beyond_the_limit_are_reset, they_are_closed_if_asked,
	    a_place_is_free_once_its_holder_has_gone,
	    a_queued_connection_is_dialled_once_a_place_is_free,
	    a_queue_never_lets_in_more_than_the_limit,
	    one_who_gives_up_waiting_takes_no_place_away,
	    open_connections_count_and_are_never_ended,
	    a_higher_limit_and_removal_let_waiting_ones_in);
}
