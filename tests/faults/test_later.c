/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of datagrams that leave at a time of their own. */
#include "faults/later.h"

#include "base/deadline.h"
#include "base/rng.h"
#include "tests/harness/check_run.h"

static struct bytes_pool pool;
static struct later_heap heap;

static void
put(unsigned char what, int64_t due_us)
{
	struct bytes q;

	bytes_init(&q, &pool);
	bytes_add_datagram(&q, &what, 1, 0);
	later_add(&heap, bytes_cut(&q, 0), due_us);
}

static unsigned char
take(int64_t *due_us)
{
	struct later_item item = later_take(&heap);
	unsigned char what = item.seg->slab->data[0];

	*due_us = item.due_us;
	seg_put(&pool, item.seg);
	return what;
}

static void
finish(void)
{
	later_fini(&heap);
	bytes_pool_fini(&pool);
}

START_TEST(what_is_due_first_comes_first)
{
	struct rng_key key = {1, 2, 3, 4};
	int64_t before = 0, due;

	ck_assert_int_eq(later_next(&heap), DEADLINE_NEVER);
	for (uint64_t i = 0; i < 1000; i++)
		put(0, (int64_t)rng_below(&key, i, 5000));
	for (int i = 0; i < 1000; i++) {
		int64_t next = later_next(&heap);

		take(&due);
		ck_assert_int_eq(due, next);
		ck_assert_int_ge(due, before);
		before = due;
	}
	finish();
}
END_TEST

START_TEST(of_those_due_together_the_first_to_come_goes_first)
{
	int64_t due;

	put('z', 50);
	for (unsigned char c = 'a'; c <= 'p'; c++)
		put(c, 100);
	ck_assert_int_eq(take(&due), 'z');
	for (unsigned char c = 'a'; c <= 'p'; c++)
		ck_assert_int_eq(take(&due), c);
	finish();
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    what_is_due_first_comes_first,
	    of_those_due_together_the_first_to_come_goes_first,
	    NULL,
	};

	return check_run("later", tests);
}
