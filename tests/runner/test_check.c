/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations that speak of routes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/check.h"
#include "tests/runner/runner_load.h"

/* What a scenario expects, and what is wrong with it; NULL: nothing. */
static const struct {
	const char *expect, *problem;
} rows[] = {
    {"breaker = { on = \"api\"; };", NULL},
    {"breaker = { on = \"apo\"; };",
     "breaker.on: there is no route \"apo\"; expected one of routes; did you "
     "mean \"api\"?"},
    {"breaker = { on = \"a:2\"; };",
     "breaker.on: there is no route \"a:2\"; expected one of routes"},
    {"failover = { to = \"edge\"; };", NULL},
    {"failover = { to = \"a:2\"; };", NULL},
    {"failover = { to = \"egde\"; };",
     "failover.to: there is no route \"egde\", nor one with that upstream; "
     "expected one of routes; did you mean \"edge\"?"},
    {"blast_radius = [ \"api\", \"db\" ];",
     "blast_radius: there is no route \"db\"; expected one of routes"},
    {"lost_acked = \"few\";",
     "lost_acked: \"few\" is no whole number from 0 on"},
};

START_TEST(routes_of_expectations_exist)
{
	static const char format[] =
	    HEAD "scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "
		 "type = \"down\"; for = \"1s\"; } ); expect = { %s }; } );";
	struct conf_diag diag = {0};
	struct conf_model *model;
	char text[1024];

	snprintf(text, sizeof(text), format, rows[_i].expect);
	model = runner_load(text);
	check_expectations(model, &diag);
	ck_assert_msg(diag.errors == (rows[_i].problem != NULL), "%s: %zu",
		      rows[_i].expect, diag.errors);
	if (rows[_i].problem != NULL)
		ck_assert_str_eq(diag.messages[0].text, rows[_i].problem);
	conf_diag_fini(&diag);
	conf_model_unref(model);
}
END_TEST

START_TEST(an_experiment_without_scenarios_decides_nothing)
{
	static const char *const scenarios[] = {
	    "",
	    "scenarios = ( { name = \"s\"; enabled = false; faults = ( { "
	    "route = \"api\"; type = \"down\"; for = \"1s\"; } ); } );"};
	struct conf_diag diag = {0};
	struct conf_model *model;
	char text[1024];

	snprintf(text, sizeof(text), HEAD "%s", scenarios[_i]);
	model = runner_load(text);
	check_expectations(model, &diag);
	ck_assert_uint_eq(diag.errors, 0);
	ck_assert_uint_eq(diag.count, 1);
	ck_assert_ptr_nonnull(
	    strstr(diag.messages[0].text, "none is enabled"));
	conf_diag_fini(&diag);
	conf_model_unref(model);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("check");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, routes_of_expectations_exist, 0,
			    COUNT_OF(rows));
	tcase_add_loop_test(
	    tc, an_experiment_without_scenarios_decides_nothing, 0, 2);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
