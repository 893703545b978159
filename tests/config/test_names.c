/* SPDX-License-Identifier: Apache-2.0 */
/* The set of names. */
#include "config/names.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check_run.h"

START_TEST(a_name_that_comes_twice_tells_who_was_first)
{
	struct names n = {0};
	size_t first = 99;

	ck_assert(!names_has(&n, "a"));
	ck_assert(names_add(&n, "a", 7, &first));
	ck_assert(names_add(&n, "b", 8, &first));
	ck_assert_uint_eq(first, 99);
	ck_assert(!names_add(&n, "a", 9, &first));
	ck_assert_uint_eq(first, 7);
	ck_assert(names_has(&n, "b"));
	ck_assert(!names_has(&n, "c"));
	names_fini(&n);
	ck_assert(!names_has(&n, "a"));
	names_fini(&n);
}
END_TEST

START_TEST(a_set_grows_and_loses_nothing)
{
	static char texts[5000][8];
	struct names n = {0};
	size_t first;

	for (size_t i = 0; i < 5000; i++) {
		snprintf(texts[i], sizeof(texts[i]), "r%zu", i);
		ck_assert(names_add(&n, texts[i], i, &first));
	}
	ck_assert_uint_eq(n.count, 5000);
	for (size_t i = 0; i < 5000; i++) {
		ck_assert(!names_add(&n, texts[i], 0, &first));
		ck_assert_uint_eq(first, i);
	}
	names_fini(&n);
}
END_TEST

int
main(void)
{
	return check_run(
	    "names",
	    (const TTest *const[]){a_name_that_comes_twice_tells_who_was_first,
				   a_set_grows_and_loses_nothing, NULL});
}
