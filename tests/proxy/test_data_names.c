/* SPDX-License-Identifier: Apache-2.0 */
/* What was prepared is found again, whatever was forgotten beside it. */
#include "proxy/data_names.h"

#include "tests/harness/check_run.h"

#define NAMES 64

START_TEST(what_was_not_dropped_is_found)
{
	struct data_names n = {0};
	bool has[NAMES + 1] = {false};
	uint64_t draw = 1;

	ck_assert_ptr_null(data_names_find(&n, 1));
	data_names_drop(&n, 1);
	for (int i = 0; i < 20000; i++) {
		size_t wrong = 0;
		uint64_t name;

		draw = draw * 6364136223846793005u + 1442695040888963407u;
		/* Few of them, which crowd in the same places. */
		name = 1 + (draw >> 33) % NAMES;
		if (draw >> 63) {
			data_names_add(&n, name * 1024)->text = name;
			has[name] = true;
		} else {
			data_names_drop(&n, name * 1024);
			has[name] = false;
		}
		for (uint64_t k = 1; k <= NAMES; k++) {
			const struct data_name *found =
			    data_names_find(&n, k * 1024);

			wrong += (found != NULL) != has[k] ||
			    (found != NULL && found->text != k);
		}
		ck_assert_uint_eq(wrong, 0);
	}
	data_names_fini(&n);
	ck_assert_uint_eq(n.count, 0);
}
END_TEST

START_TEST(those_that_come_and_go_push_none_out)
{
	struct data_names n = {0};

	data_names_add(&n, 1);
	for (uint64_t i = 2; i < 100000; i++) {
		data_names_add(&n, i);
		data_names_drop(&n, i);
	}
	ck_assert_ptr_nonnull(data_names_find(&n, 1));
	ck_assert_uint_eq(n.room, 8);
	data_names_fini(&n);
}
END_TEST

int
main(void)
{
	return check_run("data_names",
	    (const TTest *const[]){what_was_not_dropped_is_found,
		those_that_come_and_go_push_none_out, NULL});
}
