/* SPDX-License-Identifier: Apache-2.0 */
/* The main of a test program: runs its tests as one suite. */
#ifndef HARNESS_CHECK_RUN_H
#define HARNESS_CHECK_RUN_H

#include <check.h>
#include <stdlib.h>

/* Runs the tests (NULL-ended) and prints their results as the environment
 * says. Returns the exit status: failures are told in the output. */
static inline int
check_run(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	for (; *tests != NULL; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}

#endif
