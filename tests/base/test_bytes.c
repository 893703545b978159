/* SPDX-License-Identifier: Apache-2.0 */
/* Byte queues: order and number of bytes are kept whatever is done. */
#include "base/bytes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static struct bytes_pool pool;
static struct bytes a, b;

static void
setup(void)
{
	bytes_init(&a, &pool);
	bytes_init(&b, &pool);
}

static void
teardown(void)
{
	bytes_fini(&a);
	bytes_fini(&b);
	bytes_pool_trim(&pool);
	bytes_pool_fini(&pool);
}

START_TEST(random_moves_keep_the_stream)
{
	struct rng_key key = {7, 0, 0, 0};
	unsigned char in = 0, out = 0, buf[3000], expected[3000];
	uint64_t draw = 0;

	for (int round = 0; round < 5000; round++) {
		size_t n = rng_below(&key, draw++, sizeof(buf));

		for (size_t i = 0; i < n; i++)
			buf[i] = in++;
		bytes_add(&a, buf, n, (int64_t)rng_below(&key, draw++, 3));
		n = rng_below(&key, draw++, a.len + 1);
		bytes_move(&b, &a, n, -1);
		n = rng_below(&key, draw++, MIN(b.len, sizeof(buf)) + 1);
		ck_assert_uint_eq(bytes_peek(&b, 0, buf, n), n);
		for (size_t i = 0; i < n; i++)
			expected[i] = out++;
		ck_assert_mem_eq(buf, expected, n);
		bytes_drop(&b, n);
	}
}
END_TEST

START_TEST(a_flipped_byte_does_not_show_in_a_shared_slab)
{
	char text[8] = {0};

	bytes_add(&a, "abcdefgh", 8, 0);
	bytes_move(&b, &a, 4, -1);
	bytes_xor(&b, 1, 'b' ^ 'X');
	bytes_peek(&b, 0, text, 4);
	ck_assert_mem_eq(text, "aXcd", 4);
	bytes_peek(&a, 0, text, 4);
	ck_assert_mem_eq(text, "efgh", 4);
}
END_TEST

START_TEST(datagrams_stay_whole_and_may_be_empty)
{
	struct seg *seg;

	bytes_add_datagram(&a, "ab", 2, 5);
	bytes_add_datagram(&a, NULL, 0, 5);
	bytes_add_datagram(&a, "c", 1, 5);
	ck_assert_uint_eq(a.len, 3);
	seg = bytes_cut(&a, 1);
	ck_assert_uint_eq(seg->len, 0);
	bytes_put(&b, seg_copy(&pool, seg));
	bytes_put(&b, seg);
	ck_assert(!bytes_empty(&b));
	ck_assert_uint_eq(b.len, 0);
	seg = bytes_cut(&a, 1);
	ck_assert_ptr_eq(a.tail, a.head);
	bytes_put(&a, seg);
	bytes_join(&a, &b);
	ck_assert(bytes_empty(&b));
	bytes_drop(&a, a.len);
	ck_assert(!bytes_empty(&a));
	bytes_fini(&a);
	ck_assert(bytes_empty(&a));
	ck_assert_uint_eq(pool.live_bytes, 0);
}
END_TEST

START_TEST(a_needle_is_found_over_segment_borders)
{
	bytes_add(&a, "xxCOM", 5, 1);
	bytes_add(&a, "MI", 2, 2);
	bytes_add(&a, "T;COMMIT", 8, 3);
	ck_assert_uint_eq(bytes_find(&a, 0, "COMMIT", 6), 2);
	ck_assert_uint_eq(bytes_find(&a, 3, "COMMIT", 6), 9);
	ck_assert_uint_eq(bytes_find(&a, 10, "COMMIT", 6), SIZE_MAX);
	ck_assert_uint_eq(bytes_find(&a, 0, "ROLLBACK", 8), SIZE_MAX);
}
END_TEST

START_TEST(moving_stamps_only_when_asked)
{
	bytes_add(&a, "ab", 2, 10);
	bytes_move(&b, &a, 1, -1);
	ck_assert_int_eq(b.head->time_us, 10);
	bytes_move(&b, &a, 1, 99);
	ck_assert_int_eq(b.tail->time_us, 99);
}
END_TEST

START_TEST(small_pieces_do_not_pin_large_slabs)
{
	for (int i = 0; i < 1000; i++)
		bytes_add(&a, "x", 1, i);
	ck_assert_uint_lt(pool.live_bytes, 1000 * 512);
}
END_TEST

START_TEST(io_vectors_cover_the_front_up_to_the_limit)
{
	struct iovec iov[4];

	bytes_add(&a, "abc", 3, 1);
	bytes_add(&a, "defg", 4, 2);
	ck_assert_int_eq(bytes_iov(&a, iov, 4, 5), 2);
	ck_assert_uint_eq(iov[0].iov_len, 3);
	ck_assert_uint_eq(iov[1].iov_len, 2);
	ck_assert_int_eq(bytes_iov(&a, iov, 1, 100), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tc = tcase_create("bytes");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, random_moves_keep_the_stream);
	tcase_add_test(tc, a_flipped_byte_does_not_show_in_a_shared_slab);
	tcase_add_test(tc, a_needle_is_found_over_segment_borders);
	tcase_add_test(tc, datagrams_stay_whole_and_may_be_empty);
	tcase_add_test(tc, moving_stamps_only_when_asked);
	tcase_add_test(tc, small_pieces_do_not_pin_large_slabs);
	tcase_add_test(tc, io_vectors_cover_the_front_up_to_the_limit);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
