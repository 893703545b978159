/* SPDX-License-Identifier: Apache-2.0 */
/* slicer cuts into pieces of the asked mean and pauses behind each. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

START_TEST(pieces_have_the_size_and_the_gap)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	const struct harness_side *got;

	harness_add(h, "slicer,average_size=100,delay=500");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 1000, 1000);
	harness_settle(h, 10 * MS);
	harness_expect_pattern(f, LINK_DOWN, 1000);
	got = &f->got[LINK_DOWN];
	ck_assert_uint_eq(got->count, 10);
	for (size_t i = 0; i < 10; i++) {
		ck_assert_uint_eq(got->pieces[i].len, 100);
		ck_assert_int_eq(got->pieces[i].time_us, (int64_t)i * 500);
	}
	harness_free(h);
}
END_TEST

START_TEST(the_mean_is_the_average_size)
{
	struct harness *h = harness_new(4);
	struct harness_flow *f;
	const struct harness_side *got;
	size_t least = SIZE_MAX, most = 0;

	harness_add(h, "slicer,average_size=100,size_variation=60,delay=10us");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 1000000, 50000);
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect_pattern(f, LINK_DOWN, 1000000);
	ck_assert(f->got[LINK_DOWN].eof);
	got = &f->got[LINK_DOWN];
	ck_assert_uint_ge(got->count, 9800);
	ck_assert_uint_le(got->count, 10200);
	for (size_t i = 0; i + 1 < got->count; i++) {
		least = MIN(least, got->pieces[i].len);
		most = MAX(most, got->pieces[i].len);
	}
	ck_assert_uint_eq(least, 40);
	ck_assert_uint_eq(most, 160);
	harness_free(h);
}
END_TEST

START_TEST(without_a_delay_pieces_still_leave_one_by_one)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slicer,average_size=1");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "abcde");
	harness_settle(h, 10 * MS);
	harness_expect(f, LINK_DOWN, "abcde");
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 5);
	harness_free(h);
}
END_TEST

/* Offsets at which pieces ended, sent in chunks of `chunk`. */
static size_t
cuts(uint64_t seed, size_t chunk, size_t *ends, size_t max)
{
	struct harness *h = harness_new(seed);
	struct harness_flow *f;
	size_t n = 0, off = 0;

	harness_add(h, "slicer,average_size=50,size_variation=40,delay=1ms");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 20000, chunk);
	harness_settle(h, 1000 * MS);
	for (; n < f->got[LINK_DOWN].count && n < max; n++)
		ends[n] = off += f->got[LINK_DOWN].pieces[n].len;
	harness_free(h);
	return n;
}

START_TEST(the_same_seed_cuts_at_the_same_offsets_whatever_the_reads)
{
	size_t a[1000], b[1000], c[1000];
	size_t n = cuts(8, 20000, a, 300);

	ck_assert_uint_eq(n, 300);
	cuts(8, 6667, b, 300);
	cuts(9, 20000, c, 300);
	ck_assert_mem_eq(a, b, n * sizeof(*a));
	ck_assert_mem_ne(a, c, n * sizeof(*a));
}
END_TEST

START_TEST(removal_while_slicing_loses_nothing)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slicer,average_size=10,delay=1s,stream=upstream");
	f = harness_open(h);
	harness_send_pattern(f, LINK_UP, 10000, 1000);
	harness_eof(f, LINK_UP);
	harness_advance(h, 2500 * MS);
	ck_assert_uint_eq(f->got[LINK_UP].bytes.len, 30);
	harness_remove(h, 0);
	harness_expect_pattern(f, LINK_UP, 10000);
	ck_assert(f->got[LINK_UP].eof);
	harness_free(h);
}
END_TEST

START_TEST(new_sizes_begin_with_a_new_piece)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slicer,average_size=1GiB");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "0123456789");
	harness_expect(f, LINK_DOWN, "0123456789");
	harness_set(h, 0, "slicer,average_size=2,delay=1ms");
	harness_send(f, LINK_DOWN, "abcdef");
	harness_settle(h, 10 * MS);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 4);
	harness_expect(f, LINK_DOWN, "0123456789abcdef");
	harness_free(h);
}
END_TEST

START_TEST(a_slow_slicer_pushes_back)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "slicer,average_size=10,delay=1s");
	f = harness_open(h);
	ck_assert_uint_lt(
	    harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536), 64 << 20);
	harness_free(h);
}
END_TEST

START_TEST(no_variation_makes_a_piece_empty_or_moves_the_mean)
{
	static const char *const texts[] = {
	    "slicer,average_size=20,size_variation=20,delay=10us",
	    "slicer,average_size=20,size_variation=100000,delay=10us",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct harness *h = harness_new(4);
		struct harness_flow *f;
		size_t least = SIZE_MAX, most = 0;

		harness_add(h, texts[i]);
		f = harness_open(h);
		harness_send_pattern(f, LINK_DOWN, 100000, 50000);
		harness_eof(f, LINK_DOWN);
		harness_settle(h, 1000 * MS);
		harness_expect_pattern(f, LINK_DOWN, 100000);
		for (size_t n = 0; n + 1 < f->got[LINK_DOWN].count; n++) {
			size_t len = f->got[LINK_DOWN].pieces[n].len;

			least = MIN(least, len);
			most = MAX(most, len);
		}
		ck_assert_uint_eq(least, 1);
		ck_assert_uint_eq(most, 39);
		ck_assert_uint_ge(f->got[LINK_DOWN].count, 4800);
		ck_assert_uint_le(f->got[LINK_DOWN].count, 5200);
		harness_free(h);
	}
}
END_TEST

START_TEST(absurd_parameters_are_refused)
{
	static const char *const texts[] = {
	    "slicer",
	    "slicer,average_size=0",
	    "slicer,average_size=-4",
	    "slicer,average_size=10,size_variation=-1",
	    "slicer,average_size=10,delay=-1",
	};
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
	    pieces_have_the_size_and_the_gap,
	    the_mean_is_the_average_size,
	    without_a_delay_pieces_still_leave_one_by_one,
	    the_same_seed_cuts_at_the_same_offsets_whatever_the_reads,
	    removal_while_slicing_loses_nothing,
	    new_sizes_begin_with_a_new_piece,
	    a_slow_slicer_pushes_back,
	    no_variation_makes_a_piece_empty_or_moves_the_mean,
	    absurd_parameters_are_refused,
	    NULL,
	};

	return check_run("slicer", tests);
}
