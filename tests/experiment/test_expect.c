/* SPDX-License-Identifier: Apache-2.0 */
/* Values of expectations, and what decides them. */
#include "experiment/expect.h"

#include <string.h>

#include "tests/harness/check_run.h"

static const struct {
	const char *key, *value, *complaint; /* NULL: none */
} values[] = {
    {"recovery_max", "5s", NULL},
    {"recovery_max", "5", "recovery_max: "},
    {"retries.max", "3", NULL},
    {"retries.max", "3.5", "\"3.5\" is no whole number"},
    {"retries.max", "-1", "no whole number"},
    {"retries.jitter", "true", NULL},
    {"retries.jitter", "yes", "expected true or false"},
    {"retries.backoff", "exponential", NULL},
    {"retries.backoff", "exponental", "did you mean \"exponential\"?"},
    {"edge_success_min", "99%", NULL},
    {"edge_success_min", "1.5", "edge_success_min: "},
    {"amplification_max", "1.2", NULL},
    {"amplification_max", "1.2x", "no number"},
    {"amplification_max", "nan", "no number"},
    {"breaker.on", "db", NULL},
    {"breaker.on", "", "expected a route"},
    {"breaker.open_mix", "5s", "did you mean \"breaker.open_max\"?"},
    {"zebra", "5s", "unknown expectation \"zebra\""},
};

START_TEST(values_are_checked_and_hints_are_given)
{
	struct error err = {0};
	bool ok = expect_check(values[_i].key, values[_i].value, &err);

	ck_assert_msg(ok == (values[_i].complaint == NULL), "%s", err.text);
	if (!ok)
		ck_assert_msg(strstr(err.text, values[_i].complaint) != NULL,
			      "%s", err.text);
}
END_TEST

START_TEST(every_key_can_be_found_and_says_how_it_is_judged)
{
	const struct expect_key *k;

	for (size_t i = 0; (k = expect_key_at(i)) != NULL; i++) {
		ck_assert_ptr_eq(expect_find(k->name), k);
		ck_assert((k->rule != NULL) != (k->measure != NULL));
		ck_assert((k->rule != NULL) == (k->mech != NULL));
		ck_assert_uint_gt(strlen(k->help), 10);
		ck_assert_ptr_nonnull(expect_type_name(k));
		ck_assert_int_eq(k->type == EXPECT_WORD, k->words != NULL);
	}
	ck_assert_ptr_null(expect_find("breaker"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("expect");
	TCase *tc = tcase_create("expect");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, values_are_checked_and_hints_are_given, 0,
			    sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, every_key_can_be_found_and_says_how_it_is_judged);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
