/* SPDX-License-Identifier: Apache-2.0 */
/* connect_delay: dialled late, exactly so. */
#include "tests/harness/suite.h"

START_TEST(the_server_is_dialled_after_the_delay_and_not_before)
{
	struct harness_flow *f;
	const struct event_record *e;

	harness_add(h, "connect_delay,delay=500ms");
	f = harness_open(h);
	harness_send(f, LINK_UP, "early");
	harness_advance(h, 499999);
	ck_assert(!f->opened);
	harness_advance(h, 1);
	ck_assert(f->opened);
	ck_assert_int_eq(f->opened_us, 500000);
	harness_expect(f, LINK_UP, "early");
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_ptr_nonnull(e);
	ck_assert_double_eq(e->asked_us, 500000);
	ck_assert_double_eq(e->achieved_us, 500000);
}
END_TEST

START_TEST(jitter_stays_within_its_bounds_and_uses_them)
{
	int64_t least = INT64_MAX, most = 0;

	harness_add(h, "connect_delay,delay=100ms,jitter=50ms");
	for (int i = 0; i < 400; i++) {
		struct harness_flow *f = harness_open(h);
		int64_t start = harness_now(h), took;

		harness_settle(h, 200000);
		ck_assert(f->opened);
		took = f->opened_us - start;
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	ck_assert_int_ge(least, 50000);
	ck_assert_int_le(least, 53000);
	ck_assert_int_le(most, 150000);
	ck_assert_int_ge(most, 147000);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_delays)
{
	struct harness *again = harness_new(SUITE_SEED);

	harness_add(h, "connect_delay,delay=100ms,jitter=100ms");
	harness_add(again, "connect_delay,delay=100ms,jitter=100ms");
	for (int i = 0; i < 20; i++) {
		struct harness_flow *a = harness_open(h);
		struct harness_flow *b = harness_open(again);

		harness_advance(h, 200000);
		harness_advance(again, 200000);
		ck_assert_int_eq(a->opened_us, b->opened_us);
	}
	harness_free(again);
}
END_TEST

START_TEST(a_shorter_delay_counts_from_the_start_of_the_connection)
{
	struct harness_flow *f;

	harness_add(h, "connect_delay,delay=10s");
	f = harness_open(h);
	harness_advance(h, 1000000);
	harness_set(h, 0, "connect_delay,delay=3s");
	harness_advance(h, 1999999);
	ck_assert(!f->opened);
	harness_advance(h, 1);
	ck_assert(f->opened);
}
END_TEST

START_TEST(removal_dials_at_once)
{
	struct harness_flow *f;

	harness_add(h, "connect_delay,delay=10s");
	f = harness_open(h);
	harness_remove(h, 0);
	ck_assert(f->opened);
}
END_TEST

START_TEST(open_connections_are_left_alone)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "connect_delay,delay=10s");
	harness_send(f, LINK_UP, "request");
	harness_expect(f, LINK_UP, "request");
	ck_assert_int_eq(deadline_next(&h->engine.deadlines), DEADLINE_NEVER);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("connect_delay", "delay");
	suite_complains("connect_delay,delay=10ms,jitter=11ms",
	    "jitter is larger than delay");
	suite_complains("connect_delay,delay=10ms,jitter=10ms", NULL);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("connect_delay", false,
	    the_server_is_dialled_after_the_delay_and_not_before,
	    jitter_stays_within_its_bounds_and_uses_them,
	    the_same_seed_gives_the_same_delays,
	    a_shorter_delay_counts_from_the_start_of_the_connection,
	    removal_dials_at_once, open_connections_are_left_alone,
	    bad_parameters_are_refused);
}
