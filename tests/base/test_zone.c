/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: apart from each other, zeroed, and given back by the block. */
#include "base/zone.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/rng.h"
#include "tests/harness/check_run.h"

#define MANY 5000
#define SIZE 1000

static unsigned char *taken[MANY];

static bool
is_all(const unsigned char *at, int value)
{
	return at[0] == value && memcmp(at, at + 1, SIZE - 1) == 0;
}

static void
take(struct zone *c, int i)
{
	taken[i] = zone_take(c, SIZE);
	ck_assert(is_all(taken[i], 0));
	ck_assert_uint_eq((uintptr_t)taken[i] % _Alignof(max_align_t), 0);
	memset(taken[i], i % 255 + 1, SIZE);
}

static void
give(struct zone *c, int i)
{
	ck_assert(is_all(taken[i], i % 255 + 1));
	zone_give(c, taken[i]);
	taken[i] = NULL;
}

START_TEST(each_is_apart_and_zeroed_whatever_the_order)
{
	struct zone c = {0};

	for (unsigned n = 0; n < 40000; n++) {
		int i = (int)(rng_mix(n) % MANY);

		if (taken[i] == NULL)
			take(&c, i);
		else
			give(&c, i);
	}
	for (int i = 0; i < MANY; i++) {
		if (taken[i] != NULL)
			give(&c, i);
	}
	ck_assert_uint_eq(c.blocks, 1);
	zone_fini(&c);
	ck_assert_uint_eq(c.blocks, 0);
}
END_TEST

START_TEST(a_burst_is_given_back_but_for_one_block)
{
	struct zone c = {0};
	size_t blocks;

	for (int i = 0; i < MANY; i++)
		take(&c, i);
	blocks = c.blocks;
	ck_assert_uint_ge(blocks, (size_t)MANY * SIZE / ZONE_BLOCK);
	ck_assert_uint_le(blocks, (size_t)MANY * SIZE / ZONE_BLOCK + 4);
	/* Every other one leaves no block empty. */
	for (int i = 0; i < MANY; i += 2)
		give(&c, i);
	ck_assert_uint_eq(c.blocks, blocks);
	for (int i = 1; i < MANY; i += 2)
		give(&c, i);
	ck_assert_uint_eq(c.blocks, 1);
	/* That one is used again. */
	take(&c, 0);
	ck_assert_uint_eq(c.blocks, 1);
	give(&c, 0);
	zone_give(&c, NULL);
	zone_fini(&c);
}
END_TEST

START_TEST(as_large_as_allowed_and_as_small_as_a_pointer)
{
	struct zone large = {0}, small = {0};
	void *a = zone_take(&large, ZONE_SIZE_MAX);
	void *b = zone_take(&large, ZONE_SIZE_MAX);
	void *s = zone_take(&small, sizeof(void *));

	memset(a, 1, ZONE_SIZE_MAX);
	memset(b, 2, ZONE_SIZE_MAX);
	ck_assert_uint_eq(((unsigned char *)a)[ZONE_SIZE_MAX - 1], 1);
	zone_give(&large, b);
	zone_give(&large, a);
	zone_give(&small, s);
	zone_fini(&large);
	zone_fini(&small);
}
END_TEST

int
main(void)
{
	return check_run("zone",
	    (const TTest *const[]){
		each_is_apart_and_zeroed_whatever_the_order,
		a_burst_is_given_back_but_for_one_block,
		as_large_as_allowed_and_as_small_as_a_pointer, NULL});
}
