/* SPDX-License-Identifier: Apache-2.0 */
/* lifetime: an age, whatever the traffic. */
#include "tests/harness/suite.h"

START_TEST(traffic_does_not_prolong_a_life)
{
	struct harness_flow *f;

	harness_add(h, "lifetime,duration=1s");
	f = harness_open(h);
	for (int i = 0; i < 20 && !f->ended; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 100000);
	}
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
	ck_assert_int_eq(f->ended_us, 1000000);
	harness_expect(f, LINK_DOWN, "xxxxxxxxxx");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "close"), 1);
}
END_TEST

START_TEST(it_ends_with_a_reset_if_asked)
{
	struct harness_flow *f;

	harness_add(h, "lifetime,duration=1s,how=rst");
	f = harness_open(h);
	harness_advance(h, 1000000);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
}
END_TEST

START_TEST(a_connection_older_than_that_ends_when_the_fault_comes)
{
	struct harness_flow *old = harness_open(h), *young;

	harness_advance(h, 5000000);
	young = harness_open(h);
	harness_add(h, "lifetime,duration=2s");
	harness_advance(h, 0);
	ck_assert(old->ended && !young->ended);
	harness_advance(h, 2000000);
	ck_assert(young->ended);
}
END_TEST

START_TEST(jitter_spreads_the_ends_within_its_bounds)
{
	int64_t least = INT64_MAX, most = 0;

	harness_add(h, "lifetime,duration=10s,jitter=2s");
	for (int i = 0; i < 400; i++)
		harness_open(h);
	harness_advance(h, 20000000);
	for (struct harness_flow *f = h->flows; f != NULL; f = f->next) {
		ck_assert(f->ended);
		least = f->ended_us < least ? f->ended_us : least;
		most = f->ended_us > most ? f->ended_us : most;
	}
	ck_assert_int_ge(least, 8000000);
	ck_assert_int_le(least, 8100000);
	ck_assert_int_le(most, 12000000);
	ck_assert_int_ge(most, 11900000);
}
END_TEST

START_TEST(a_new_duration_counts_from_the_start_of_the_connection)
{
	struct harness_flow *f;

	harness_add(h, "lifetime,duration=1s");
	f = harness_open(h);
	harness_advance(h, 500000);
	harness_set(h, 0, "lifetime,duration=3s");
	harness_advance(h, 2499999);
	ck_assert(!f->ended);
	harness_advance(h, 1);
	ck_assert(f->ended);
}
END_TEST

START_TEST(removal_and_early_ends_are_as_usual)
{
	struct harness_flow *f;

	harness_add(h, "lifetime,duration=1s");
	f = harness_open(h);
	harness_eof(f, LINK_UP);
	ck_assert(f->got[LINK_UP].eof);
	harness_remove(h, 0);
	harness_advance(h, 5000000);
	ck_assert(!f->ended);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("lifetime", "duration");
	suite_complains("lifetime,duration=1s,jitter=2s",
	    "jitter is larger than duration");
	suite_complains("lifetime,duration=1s,how=silent", "how");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("lifetime", false, traffic_does_not_prolong_a_life,
	    it_ends_with_a_reset_if_asked,
	    a_connection_older_than_that_ends_when_the_fault_comes,
	    jitter_spreads_the_ends_within_its_bounds,
	    a_new_duration_counts_from_the_start_of_the_connection,
	    removal_and_early_ends_are_as_usual, bad_parameters_are_refused);
}
