/* SPDX-License-Identifier: Apache-2.0 */
/* Flows of datagrams: the engine keeps them whole, and every kind that works
 * on them passes, drops or delays each as one. */
#include <stdio.h>

#include "tests/harness/suite.h"

#define MS 1000

static void
send_numbers(struct harness_flow *f, enum link_dir dir, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		ck_assert(harness_send_datagram(f, dir, text));
	}
}

START_TEST(boundaries_are_kept_and_so_are_empty_datagrams)
{
	struct harness_flow *f = suite_udp(NULL);

	for (int round = 0; round < 2; round++) {
		harness_send_datagram(f, LINK_UP, "one");
		harness_send_datagram(f, LINK_UP, "");
		harness_send_datagram(f, LINK_UP, "three");
		harness_add(h, round == 0 ? "noop,stream=upstream"
					  : "noop,name=b,stream=upstream");
	}
	harness_expect_datagrams(f, LINK_UP, "one,,three,one,,three,");
	ck_assert_uint_eq(f->flow.links[LINK_UP].held, 0);
}
END_TEST

START_TEST(jitter_reorders_and_nothing_is_lost)
{
	struct harness_flow *f = suite_udp(NULL);
	unsigned seen = 0, swapped = 0;

	harness_add(h, "latency,latency=50ms,jitter=50ms");
	send_numbers(f, LINK_DOWN, 10);
	harness_advance(h, 200 * MS);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 10);
	for (unsigned i = 0; i < 10; i++) {
		unsigned digit =
		    (unsigned)(f->got[LINK_DOWN].bytes.text[i] - '0');

		seen |= 1u << digit;
		swapped += digit != i;
	}
	ck_assert_uint_eq(seen, 0x3ff);
	ck_assert_uint_gt(swapped, 0);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
}
END_TEST

START_TEST(a_delay_without_jitter_keeps_order_and_is_exact)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "latency,latency=20ms");
	harness_add(h, "latency,name=more,latency=5ms");
	harness_send_datagram(f, LINK_DOWN, "a");
	harness_send_datagram(f, LINK_DOWN, "");
	harness_advance(h, 3 * MS);
	harness_send_datagram(f, LINK_DOWN, "b");
	harness_advance(h, 22 * MS - 1);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 0);
	harness_advance(h, 1);
	harness_expect_datagrams(f, LINK_DOWN, "a,,");
	harness_advance(h, 3 * MS);
	harness_expect_datagrams(f, LINK_DOWN, "a,,b,");
}
END_TEST

START_TEST(removal_releases_what_is_held_in_due_order)
{
	struct harness_flow *f = suite_udp(NULL);
	char due_order[64] = "";

	/* What order the dice give, seen on a flow that is not touched. */
	for (int round = 0; round < 2; round++) {
		struct harness *other = harness_new(SUITE_SEED);
		struct harness_flow *g;

		other->protocol = "udp";
		g = harness_open_datagrams(other);
		harness_add(other, "latency,latency=50ms,jitter=50ms");
		send_numbers(g, LINK_DOWN, 9);
		if (round == 0) {
			harness_settle(other, 1000 * MS);
			strcpy(due_order, g->got[LINK_DOWN].bytes.text);
		} else {
			harness_remove(other, 0);
			ck_assert_str_eq(g->got[LINK_DOWN].bytes.text,
					 due_order);
			ck_assert_uint_eq(g->flow.links[LINK_DOWN].held, 0);
		}
		harness_free(other);
	}
	ck_assert_str_ne(due_order, "012345678");
	(void)f;
}
END_TEST

START_TEST(the_same_seed_delays_alike)
{
	char order[2][64];

	for (int i = 0; i < 2; i++) {
		struct harness *other = harness_new(7);
		struct harness_flow *f;

		other->protocol = "udp";
		harness_add(other, "latency,latency=50ms,jitter=40ms");
		harness_add(other, "loss,rate=30%");
		f = harness_open_datagrams(other);
		send_numbers(f, LINK_DOWN, 20);
		harness_settle(other, 1000 * MS);
		strcpy(order[i], f->got[LINK_DOWN].bytes.text);
		harness_free(other);
	}
	ck_assert_str_eq(order[0], order[1]);
}
END_TEST

START_TEST(loss_loses_its_share_for_good)
{
	struct harness_flow *f = suite_udp(NULL);
	size_t lost;

	harness_add(h, "loss,rate=20%,stream=upstream");
	send_numbers(f, LINK_UP, 5000);
	harness_settle(h, 1);
	lost = 5000 - f->got[LINK_UP].count;
	ck_assert_uint_ge(lost, 900);
	ck_assert_uint_le(lost, 1100);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "drop"), lost);
	ck_assert_uint_eq(f->flow.links[LINK_UP].held, 0);
}
END_TEST

/* The mean length of runs of lost datagrams. */
static double
mean_run(const char *fault)
{
	struct harness_flow *f = suite_udp(NULL);
	size_t runs = 0, lost = 0, before = 0;
	bool in_run = false;

	harness_add(h, fault);
	for (int i = 0; i < 20000; i++) {
		harness_send_datagram(f, LINK_DOWN, "x");
		if (f->got[LINK_DOWN].count == before) {
			lost++;
			runs += !in_run;
			in_run = true;
		} else {
			in_run = false;
		}
		before = f->got[LINK_DOWN].count;
	}
	return (double)lost / (double)runs;
}

START_TEST(bursts_are_as_long_as_asked)
{
	double mean = mean_run("loss,rate=10%,burst=5");

	ck_assert(mean > 4.5 && mean < 5.5);
}
END_TEST

START_TEST(bandwidth_lets_a_datagram_go_when_its_last_byte_is_through)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "bandwidth,rate=100KB/s");
	harness_send_datagram(f, LINK_DOWN,
			      "0123456789012345678901234567890123"
			      "456789012345678901234567890123456789012345678901"
			      "234567890123456789");
	harness_send_datagram(f, LINK_DOWN, "");
	harness_advance(h, 999);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 0);
	harness_advance(h, 1);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 2);
	ck_assert_uint_eq(f->got[LINK_DOWN].pieces[0].len, 100);
}
END_TEST

START_TEST(what_finds_the_buffer_full_is_lost)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "bandwidth,rate=1B/s");
	f->flow.links[LINK_DOWN].limit = 1024;
	for (int i = 0; i < 4; i++)
		ck_assert(harness_send_datagram(f, LINK_DOWN, ""));
	for (int i = 0; i < 4; i++)
		ck_assert(harness_send_datagram(f, LINK_DOWN, "x"));
	/* Each counts 256 bytes, and empty ones passed. */
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 1024);
	ck_assert(!harness_send_datagram(f, LINK_DOWN, "y"));
	harness_advance(h, 10000 * MS);
	harness_expect_datagrams(f, LINK_DOWN, ",,,,x,x,x,x,");
	ck_assert(harness_send_datagram(f, LINK_DOWN, "z"));
}
END_TEST

START_TEST(corrupt_hits_datagrams_by_share_and_keeps_their_length)
{
	struct harness_flow *f = suite_udp(NULL);
	size_t hit = 0;

	harness_add(h, "corrupt,rate=25%,per=packet");
	for (int i = 0; i < 2000; i++) {
		size_t at = f->got[LINK_DOWN].bytes.len;

		harness_send_datagram(f, LINK_DOWN, "aaaa");
		harness_send_datagram(f, LINK_DOWN, "");
		hit +=
		    memcmp(f->got[LINK_DOWN].bytes.text + at, "aaaa", 4) != 0;
	}
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 8000);
	ck_assert_uint_ge(hit, 430);
	ck_assert_uint_le(hit, 570);
}
END_TEST

START_TEST(corrupt_by_byte_passes_datagrams_whole)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "corrupt,rate=1");
	harness_send_datagram(f, LINK_DOWN, "");
	harness_send_datagram(f, LINK_DOWN, "abc");
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 2);
	ck_assert_str_ne(f->got[LINK_DOWN].bytes.text, "abc");
}
END_TEST

START_TEST(a_cut_wire_loses_and_a_jam_holds)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "blackhole,stream=both");
	send_numbers(f, LINK_UP, 3);
	harness_remove(h, 0);
	harness_expect_datagrams(f, LINK_UP, "");
	harness_add(h, "blackhole,stream=both,acknowledge=true");
	send_numbers(f, LINK_UP, 3);
	harness_expect_datagrams(f, LINK_UP, "");
	harness_remove(h, 0);
	harness_expect_datagrams(f, LINK_UP, "0,1,2,");
	harness_add(h, "blackhole,acknowledge=true,held=drop,stream=upstream");
	send_numbers(f, LINK_UP, 3);
	harness_remove(h, 0);
	harness_expect_datagrams(f, LINK_UP, "0,1,2,");
	ck_assert(!f->ended);
}
END_TEST

START_TEST(limit_data_ends_the_flow_between_datagrams)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "limit_data,bytes=7");
	harness_send_datagram(f, LINK_DOWN, "abc");
	harness_send_datagram(f, LINK_DOWN, "def");
	ck_assert(!f->ended);
	harness_send_datagram(f, LINK_DOWN, "gh");
	harness_expect_datagrams(f, LINK_DOWN, "abc,def,");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_FIN);
}
END_TEST

START_TEST(the_end_waits_for_datagrams_that_leave_later)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "limit_data,bytes=2");
	harness_add(h, "latency,latency=10ms");
	harness_send_datagram(f, LINK_DOWN, "a");
	harness_send_datagram(f, LINK_DOWN, "b");
	harness_send_datagram(f, LINK_DOWN, "c");
	ck_assert(!f->ended);
	harness_advance(h, 10 * MS);
	harness_expect_datagrams(f, LINK_DOWN, "a,b,");
	ck_assert(f->ended);
}
END_TEST

START_TEST(half_open_lets_whole_datagrams_through_and_dies)
{
	struct harness_flow *f = suite_udp(NULL);

	harness_add(h, "half_open,bytes=4");
	harness_send_datagram(f, LINK_DOWN, "abc");
	harness_send_datagram(f, LINK_DOWN, "def");
	harness_settle(h, MS);
	harness_expect_datagrams(f, LINK_DOWN, "abc,");
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_SILENT);
}
END_TEST

START_TEST(kinds_that_need_a_stream_are_refused)
{
	static const char *const kinds[] = {"slicer,average_size=5",
					    "slow_close",
					    "timeout",
					    "reset_peer",
					    "cut",
					    "connect_timeout",
					    "connect_delay,delay=1s"};

	h->protocol = "udp";
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		suite_complains(
		    kinds[i],
		    "works on connections and byte streams, and datagrams "
		    "have neither");
	suite_complains("abort,status=500", "works on HTTP exchanges");
	h->protocol = "tcp";
	suite_complains("duplicate,rate=1", "works on datagrams");
	suite_complains("dns,answer=empty", "works on DNS queries");
	h->protocol = "dns";
	suite_complains("reorder,rate=1", "needs flows of many datagrams");
	suite_complains("duplicate,rate=1", NULL);
}
END_TEST

int
main(void)
{
	return SUITE_RUN(
	    "datagrams", false, boundaries_are_kept_and_so_are_empty_datagrams,
	    jitter_reorders_and_nothing_is_lost,
	    a_delay_without_jitter_keeps_order_and_is_exact,
	    removal_releases_what_is_held_in_due_order,
	    the_same_seed_delays_alike, loss_loses_its_share_for_good,
	    bursts_are_as_long_as_asked,
	    bandwidth_lets_a_datagram_go_when_its_last_byte_is_through,
	    what_finds_the_buffer_full_is_lost,
	    corrupt_hits_datagrams_by_share_and_keeps_their_length,
	    corrupt_by_byte_passes_datagrams_whole,
	    a_cut_wire_loses_and_a_jam_holds,
	    limit_data_ends_the_flow_between_datagrams,
	    the_end_waits_for_datagrams_that_leave_later,
	    half_open_lets_whole_datagrams_through_and_dies,
	    kinds_that_need_a_stream_are_refused);
}
