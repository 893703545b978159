/* SPDX-License-Identifier: Apache-2.0 */
/* corrupt flips bits at offsets that depend on the seed alone. */
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define LEN 400000

/* Sends LEN zero bytes in chunks; returns what arrived, owned. */
static char *
damage(uint64_t seed, const char *text, size_t chunk, unsigned *bits)
{
	struct harness *h = harness_new(seed);
	struct harness_flow *f;
	char *zeros = xcalloc(1, chunk), *got;

	harness_add(h, text);
	f = harness_open(h);
	for (size_t sent = 0; sent < LEN; sent += MIN(chunk, LEN - sent))
		harness_send_bytes(f, LINK_DOWN, zeros, MIN(chunk, LEN - sent));
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, LEN);
	got = xmemdup0(f->got[LINK_DOWN].bytes.text, LEN);
	*bits = 0;
	for (size_t i = 0; i < LEN; i++)
		*bits += (unsigned)__builtin_popcount((unsigned char)got[i]);
	free(zeros);
	harness_free(h);
	return got;
}

START_TEST(the_rate_per_byte_is_met_with_one_bit_each)
{
	unsigned bits, hit = 0;
	char *got = damage(1, "corrupt,rate=1%", 10000, &bits);

	for (size_t i = 0; i < LEN; i++)
		hit += got[i] != 0;
	ck_assert_uint_eq(hit, bits);
	ck_assert_uint_ge(bits, LEN / 100 * 95 / 100);
	ck_assert_uint_le(bits, LEN / 100 * 105 / 100);
	free(got);
}
END_TEST

START_TEST(the_rate_per_packet_hits_packets_once)
{
	unsigned bits, packets = (LEN + 1459) / 1460, hit = 0;
	char *got = damage(1, "corrupt,rate=50%,per=packet", 5000, &bits);

	for (size_t p = 0; p < packets; p++) {
		size_t end = MIN((p + 1) * 1460, (size_t)LEN), here = 0;

		for (size_t i = p * 1460; i < end; i++)
			here += got[i] != 0;
		ck_assert_uint_le(here, 1);
		hit += here;
	}
	ck_assert_uint_eq(hit, bits);
	ck_assert_uint_ge(hit, packets * 35 / 100);
	ck_assert_uint_le(hit, packets * 65 / 100);
	free(got);
}
END_TEST

START_TEST(the_same_seed_hits_the_same_offsets_whatever_the_reads)
{
	unsigned bits;
	char *a = damage(7, "corrupt,rate=0.1%", 65536, &bits);
	char *b = damage(7, "corrupt,rate=0.1%", 777, &bits);
	char *c = damage(8, "corrupt,rate=0.1%", 777, &bits);

	ck_assert_mem_eq(a, b, LEN);
	ck_assert_mem_ne(a, c, LEN);
	free(a);
	free(b);
	free(c);
}
END_TEST

START_TEST(the_count_is_a_limit)
{
	unsigned bits;
	char *got = damage(1, "corrupt,rate=100%,count=5", 3, &bits);

	ck_assert_uint_eq(bits, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_int_ne(got[i], 0);
	free(got);
}
END_TEST

START_TEST(rates_at_the_edges_work)
{
	unsigned bits;

	free(damage(1, "corrupt,rate=0", 65536, &bits));
	ck_assert_uint_eq(bits, 0);
	free(damage(1, "corrupt,rate=1", 65536, &bits));
	ck_assert_uint_eq(bits, LEN);
	free(damage(1, "corrupt,rate=0.000000000001", 65536, &bits));
	ck_assert_uint_eq(bits, 0);
}
END_TEST

START_TEST(only_its_direction_is_hit)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "corrupt,rate=1,stream=upstream");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "clean");
	harness_send(f, LINK_UP, "dirty");
	harness_expect(f, LINK_DOWN, "clean");
	ck_assert_str_ne(f->got[LINK_UP].bytes.text, "dirty");
	harness_free(h);
}
END_TEST

START_TEST(heads_of_http_messages_are_spared)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "corrupt,rate=1");
	f = harness_prepare(h, FLOW_EXCHANGE);
	f->flow.links[LINK_DOWN].head_len = 6;
	harness_begin(f);
	harness_send(f, LINK_DOWN, "head\r\nbody");
	ck_assert_mem_eq(f->got[LINK_DOWN].bytes.text, "head\r\n", 6);
	for (int i = 0; i < 4; i++)
		ck_assert_int_ne(
		    f->got[LINK_DOWN].bytes.text[6 + i], "body"[i]);
	harness_free(h);
}
END_TEST

START_TEST(a_new_rate_holds_from_here_and_removal_heals)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "corrupt,rate=0");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "ab");
	harness_set(h, 0, "corrupt,rate=1");
	harness_send(f, LINK_DOWN, "cd");
	harness_remove(h, 0);
	harness_send(f, LINK_DOWN, "ef");
	ck_assert_mem_eq(f->got[LINK_DOWN].bytes.text, "ab", 2);
	ck_assert_int_ne(f->got[LINK_DOWN].bytes.text[2], 'c');
	ck_assert_int_ne(f->got[LINK_DOWN].bytes.text[3], 'd');
	ck_assert_str_eq(f->got[LINK_DOWN].bytes.text + 4, "ef");
	harness_free(h);
}
END_TEST

START_TEST(hits_are_reported_and_back_pressure_goes_through)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent;

	harness_add(h, "corrupt,rate=1,count=3");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	sent = harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536);
	ck_assert_uint_lt(sent, 64 << 20);
	harness_block(f, LINK_DOWN, false);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, sent);
	harness_close(f);
	ck_assert_double_eq(harness_last(h, EVENT_MEASURE)->amount, 3);
	harness_free(h);
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {"corrupt", "corrupt,rate=-1",
	    "corrupt,rate=2", "corrupt,rate=1,count=-1",
	    "corrupt,rate=1,per=bit"};
	struct harness *h = harness_new(1);

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char *text = harness_complaints(h, texts[i]);

		ck_assert_msg(text[0] != '\0', "accepted: %s", texts[i]);
		free(text);
	}
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_rate_per_byte_is_met_with_one_bit_each,
	    the_rate_per_packet_hits_packets_once,
	    the_same_seed_hits_the_same_offsets_whatever_the_reads,
	    the_count_is_a_limit,
	    rates_at_the_edges_work,
	    only_its_direction_is_hit,
	    heads_of_http_messages_are_spared,
	    a_new_rate_holds_from_here_and_removal_heals,
	    hits_are_reported_and_back_pressure_goes_through,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("corrupt", tests);
}
