/* SPDX-License-Identifier: Apache-2.0 */
/* The dice: replayable, unbiased, independent. */
#include "base/rng.h"

#include <check.h>
#include <stdlib.h>

static const struct rng_key key = {42, 1, 2, 3};

START_TEST(same_key_gives_same_bits_in_every_release)
{
	/* Pinned: whoever changes these changes every replay. */
	ck_assert_int_eq(RNG_DICE_VERSION, 1);
	ck_assert(rng_bits(&key, 0) == rng_bits(&key, 0));
	ck_assert(rng_bits(&key, 0) != rng_bits(&key, 1));
	ck_assert_uint_eq(rng_hash("api-db"), rng_hash("api-db"));
	ck_assert(rng_hash("api-db") != rng_hash("db-api"));
}
END_TEST

START_TEST(every_part_of_the_key_matters)
{
	struct rng_key keys[4] = {key, key, key, key};

	keys[0].seed++;
	keys[1].route++;
	keys[2].fault++;
	keys[3].flow++;
	for (int i = 0; i < 4; i++)
		ck_assert(rng_bits(&keys[i], 0) != rng_bits(&key, 0));
}
END_TEST

START_TEST(chance_meets_its_probability)
{
	struct rng_key k = key;
	int hits = 0;

	for (k.flow = 0; k.flow < 100000; k.flow++)
		hits += rng_chance(&k, 0, 0.05);
	ck_assert_int_ge(hits, 4700);
	ck_assert_int_le(hits, 5300);
}
END_TEST

START_TEST(chance_at_the_ends_is_certain)
{
	struct rng_key k = key;

	for (k.flow = 0; k.flow < 1000; k.flow++) {
		ck_assert(!rng_chance(&k, 0, 0));
		ck_assert(rng_chance(&k, 0, 1));
	}
}
END_TEST

START_TEST(below_stays_below_and_reaches_all)
{
	unsigned seen[7] = {0};

	ck_assert_uint_eq(rng_below(&key, 5, 0), 0);
	for (uint64_t draw = 0; draw < 7000; draw++) {
		uint64_t n = rng_below(&key, draw, 7);

		ck_assert_uint_lt(n, 7);
		seen[n]++;
	}
	for (int i = 0; i < 7; i++)
		ck_assert_uint_gt(seen[i], 850);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rng");
	TCase *tc = tcase_create("rng");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, same_key_gives_same_bits_in_every_release);
	tcase_add_test(tc, every_part_of_the_key_matters);
	tcase_add_test(tc, chance_meets_its_probability);
	tcase_add_test(tc, chance_at_the_ends_is_certain);
	tcase_add_test(tc, below_stays_below_and_reaches_all);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
