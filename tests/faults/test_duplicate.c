/* SPDX-License-Identifier: Apache-2.0 */
/* duplicate: copies arrive, as many and as late as asked. */
#include "tests/harness/suite.h"

#define MS 1000

START_TEST(every_datagram_comes_twice_at_once)
{
	struct harness_flow *f = suite_udp("duplicate,rate=1,stream=upstream");

	harness_send_datagram(f, LINK_UP, "a");
	harness_send_datagram(f, LINK_UP, "");
	harness_expect_datagrams(f, LINK_UP, "a,a,,,");
	ck_assert_uint_eq(f->flow.links[LINK_UP].held, 0);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "duplicate"), 2);
}
END_TEST

START_TEST(copies_come_one_delay_after_another)
{
	struct harness_flow *f =
	    suite_udp("duplicate,rate=1,copies=2,delay=10ms");

	harness_send_datagram(f, LINK_DOWN, "a");
	harness_expect_datagrams(f, LINK_DOWN, "a,");
	harness_advance(h, 10 * MS);
	harness_expect_datagrams(f, LINK_DOWN, "a,a,");
	harness_advance(h, 10 * MS);
	harness_expect_datagrams(f, LINK_DOWN, "a,a,a,");
	ck_assert_int_eq(f->got[LINK_DOWN].pieces[2].time_us, 20 * MS);
}
END_TEST

START_TEST(the_share_is_met_and_the_same_in_every_replay)
{
	size_t counts[2];

	for (int i = 0; i < 2; i++) {
		struct harness_flow *f;

		harness_free(h);
		h = harness_new(SUITE_SEED);
		f = suite_udp("duplicate,rate=10%");
		for (int k = 0; k < 10000; k++)
			harness_send_datagram(f, LINK_DOWN, "x");
		counts[i] = f->got[LINK_DOWN].count;
	}
	ck_assert_uint_eq(counts[0], counts[1]);
	ck_assert_uint_ge(counts[0], 10900);
	ck_assert_uint_le(counts[0], 11100);
}
END_TEST

START_TEST(a_damaged_copy_leaves_the_original_alone)
{
	struct harness_flow *f = suite_udp("duplicate,rate=1");

	harness_add(h, "corrupt,rate=1,per=packet,count=1");
	harness_send_datagram(f, LINK_DOWN, "aaaa");
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 2);
	ck_assert_mem_ne(f->got[LINK_DOWN].bytes.text, "aaaa", 4);
	ck_assert_mem_eq(f->got[LINK_DOWN].bytes.text + 4, "aaaa", 4);
}
END_TEST

START_TEST(copies_on_their_way_arrive_at_once_on_removal)
{
	struct harness_flow *f = suite_udp("duplicate,rate=1,delay=1s");

	harness_send_datagram(f, LINK_DOWN, "a");
	harness_send_datagram(f, LINK_DOWN, "b");
	harness_remove(h, 0);
	harness_expect_datagrams(f, LINK_DOWN, "a,b,a,b,");
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("duplicate", false, every_datagram_comes_twice_at_once,
			 copies_come_one_delay_after_another,
			 the_share_is_met_and_the_same_in_every_replay,
			 a_damaged_copy_leaves_the_original_alone,
			 copies_on_their_way_arrive_at_once_on_removal);
}
