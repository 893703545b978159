/* SPDX-License-Identifier: Apache-2.0 */
/* reorder: a datagram is overtaken by just as many as asked. */
#include "tests/harness/suite.h"

#define MS 1000

START_TEST(with_a_share_of_one_all_move_alike_and_order_stays)
{
	struct harness_flow *f = suite_udp("reorder,rate=1,distance=2,wait=1s");

	harness_send_datagram(f, LINK_DOWN, "a");
	harness_send_datagram(f, LINK_DOWN, "b");
	harness_expect_datagrams(f, LINK_DOWN, "");
	harness_send_datagram(f, LINK_DOWN, "c");
	harness_expect_datagrams(f, LINK_DOWN, "a,");
	harness_advance(h, 1000 * MS);
	harness_expect_datagrams(f, LINK_DOWN, "a,b,c,");
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
}
END_TEST

/* How far each of n datagrams stands behind where it was sent; fails if one
 * is missing. Datagrams are one byte, numbered modulo 251. */
static void
displacements(const struct harness_flow *f, int n, int *late)
{
	const char *text = f->got[LINK_DOWN].bytes.text;

	ck_assert_uint_eq(f->got[LINK_DOWN].count, (size_t)n);
	for (int i = 0; i < n; i++)
		late[i] = -1;
	for (int i = 0; i < n; i++) {
		int number = (unsigned char)text[i] - 1;

		ck_assert_int_eq(late[number], -1);
		late[number] = i - number;
	}
}

START_TEST(single_ones_fall_behind_by_the_distance)
{
	struct harness_flow *f =
	    suite_udp("reorder,rate=10%,distance=3,wait=1s");
	int late[200], fell = 0;

	for (int i = 0; i < 200; i++) {
		char text[2] = {(char)(i + 1), '\0'};

		harness_send_datagram(f, LINK_DOWN, text);
	}
	harness_advance(h, 2000 * MS);
	displacements(f, 200, late);
	for (int i = 0; i < 190; i++) {
		ck_assert_int_le(late[i], 3);
		fell += late[i] > 0;
	}
	ck_assert_int_eq(
	    (size_t)fell <= harness_events(h, EVENT_EFFECT, "reorder"), true);
	ck_assert_int_ge(fell, 8);
	ck_assert_int_le(fell, 32);
}
END_TEST

START_TEST(nobody_follows_and_it_goes_on_all_the_same)
{
	struct harness_flow *f =
	    suite_udp("reorder,rate=1,distance=5,wait=30ms");

	harness_send_datagram(f, LINK_DOWN, "");
	harness_advance(h, 10 * MS);
	harness_send_datagram(f, LINK_DOWN, "b");
	harness_advance(h, 20 * MS - 1);
	harness_expect_datagrams(f, LINK_DOWN, "");
	harness_advance(h, 1);
	harness_expect_datagrams(f, LINK_DOWN, ",");
	harness_advance(h, 10 * MS);
	harness_expect_datagrams(f, LINK_DOWN, ",b,");
}
END_TEST

START_TEST(removal_lets_held_ones_go_in_order)
{
	struct harness_flow *f =
	    suite_udp("reorder,rate=1,distance=64,wait=1h");

	for (char c = 'a'; c <= 'e'; c++)
		harness_send_datagram(f, LINK_DOWN, (char[]){c, '\0'});
	harness_expect_datagrams(f, LINK_DOWN, "");
	harness_remove(h, 0);
	harness_expect_datagrams(f, LINK_DOWN, "a,b,c,d,e,");
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
}
END_TEST

START_TEST(the_largest_distance_works)
{
	struct harness_flow *f =
	    suite_udp("reorder,rate=1,distance=64,wait=1h");

	for (int i = 0; i < 200; i++) {
		harness_send_datagram(f, LINK_DOWN,
				      (char[]){(char)(i + 1), '\0'});
		ck_assert_uint_eq(f->got[LINK_DOWN].count,
				  (size_t)(i < 64 ? 0 : i - 63));
	}
	for (int i = 0; i < 136; i++)
		ck_assert_int_eq(f->got[LINK_DOWN].bytes.text[i],
				 (char)(i + 1));
}
END_TEST

START_TEST(a_smaller_distance_holds_at_once)
{
	struct harness_flow *f = suite_udp("reorder,rate=1,distance=9,wait=1h");

	for (char c = 'a'; c <= 'd'; c++)
		harness_send_datagram(f, LINK_DOWN, (char[]){c, '\0'});
	harness_set(h, 0, "reorder,rate=1,distance=2,wait=1h");
	harness_expect_datagrams(f, LINK_DOWN, "a,b,");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("reorder", false,
			 with_a_share_of_one_all_move_alike_and_order_stays,
			 single_ones_fall_behind_by_the_distance,
			 nobody_follows_and_it_goes_on_all_the_same,
			 removal_lets_held_ones_go_in_order,
			 the_largest_distance_works,
			 a_smaller_distance_holds_at_once);
}
