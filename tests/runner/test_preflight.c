/* SPDX-License-Identifier: Apache-2.0 */
/* Which upstreams are tried before a run. */
#include "runner/preflight.h"

#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

/* Nobody listens there, whoever runs the tests. */
#define NOWHERE "upstream = \"unix:/nowhere/at/all\"; "

static bool
look(const char *routes, struct str *problems)
{
	struct conf_model *m = runner_load(routes);
	bool all = preflight_upstreams(m, problems);

	conf_model_unref(m);
	return all;
}

START_TEST(an_upstream_that_accepts_nobody_is_told_with_its_route)
{
	struct str problems = {0};

	ck_assert(!look("routes = ( { name = \"r\"; listen = \":1\"; " NOWHERE
			"} );",
			&problems));
	ck_assert_str_eq(problems.text,
			 "route \"r\": upstream unix:/nowhere/at/all: No such "
			 "file or directory");
	str_fini(&problems);
}
END_TEST

START_TEST(what_leads_nowhere_yet_is_not_tried)
{
	struct str problems = {0};

	ck_assert(look("routes = ( { name = \"off\"; listen = \":1\"; " NOWHERE
		       "enabled = false; }, { name = \"asked\"; listen = "
		       "\":2\"; accept = \"socks5\"; upstream = "
		       "\"destination\"; }, { name = \"dns\"; listen = \":3\"; "
		       "protocol = \"dns\"; upstream = \"127.0.0.1:1\"; } );",
		       &problems));
	ck_assert_uint_eq(problems.len, 0);
	str_fini(&problems);
}
END_TEST

int
main(void)
{
	return check_run(
	    "preflight",
	    (const TTest *const[]){
		an_upstream_that_accepts_nobody_is_told_with_its_route,
		what_leads_nowhere_yet_is_not_tried, NULL});
}
