/* SPDX-License-Identifier: Apache-2.0 */
/* The deadline heap against a plain list. */
#include "base/deadline.h"

#include <check.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"

static int ran;
static int64_t last_us;

static void
on_due(struct deadline *d, int64_t now_us)
{
	ck_assert_int_le(d->at_us, now_us);
	ck_assert_int_ge(d->at_us, last_us);
	ck_assert(!deadline_armed(d));
	last_us = d->at_us;
	ran++;
}

START_TEST(deadlines_run_in_order_of_time)
{
	struct deadline_heap heap = {0};
	struct deadline d[500] = {0};
	struct rng_key key = {1, 2, 3, 4};
	int armed = 0;

	ran = 0;
	last_us = 0;
	for (size_t i = 0; i < COUNT_OF(d); i++) {
		d[i].on_due = on_due;
		deadline_arm(&heap, &d[i], (int64_t)rng_below(&key, i, 1000));
	}
	for (size_t i = 0; i < COUNT_OF(d); i += 3)
		deadline_disarm(&heap, &d[i]);
	for (size_t i = 1; i < COUNT_OF(d); i += 3)
		deadline_arm(&heap, &d[i],
		    (int64_t)rng_below(&key, 1000 + i, 1000));
	for (size_t i = 0; i < COUNT_OF(d); i++)
		armed += deadline_armed(&d[i]);
	for (int64_t now = 0; now <= 1000; now += 7)
		deadline_run(&heap, now);
	ck_assert_int_eq(ran, armed);
	ck_assert_int_eq(deadline_next(&heap), DEADLINE_NEVER);
	deadline_heap_fini(&heap);
}
END_TEST

static struct deadline_heap again_heap;

static void
on_due_again(struct deadline *d, int64_t now_us)
{
	ran++;
	deadline_arm(&again_heap, d, now_us);
}

START_TEST(one_that_arms_itself_for_now_does_not_spin)
{
	struct deadline d = {.on_due = on_due_again};

	ran = 0;
	deadline_arm(&again_heap, &d, 5);
	deadline_run(&again_heap, 10);
	ck_assert_int_eq(ran, 1);
	ck_assert(deadline_armed(&d));
	deadline_heap_fini(&again_heap);
	ck_assert(!deadline_armed(&d));
}
END_TEST

START_TEST(disarming_twice_is_nothing)
{
	struct deadline_heap heap = {0};
	struct deadline d = {.on_due = on_due};

	deadline_disarm(&heap, &d);
	deadline_arm(&heap, &d, 1);
	deadline_disarm(&heap, &d);
	deadline_disarm(&heap, &d);
	ck_assert_int_eq(deadline_next(&heap), DEADLINE_NEVER);
	deadline_heap_fini(&heap);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tc = tcase_create("deadline");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, deadlines_run_in_order_of_time);
	tcase_add_test(tc, one_that_arms_itself_for_now_does_not_spin);
	tcase_add_test(tc, disarming_twice_is_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
