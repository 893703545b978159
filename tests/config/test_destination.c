/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of destinations: what they take, and what is refused. */
#include "config/destination.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Is host:port taken by the pattern? */
static bool
takes(const char *pattern, const char *host, uint16_t port)
{
	struct conf_destination d;
	struct conf_wanted wanted = {.host = host, .port = port};
	struct in6_addr ip = IN6ADDR_ANY_INIT;
	struct error err;
	bool taken;

	ck_assert_msg(conf_destination_parse(pattern, &d, &err), "%s: %s",
	    pattern, err.text);
	if (inet_pton(AF_INET, host, &ip.s6_addr[12]) == 1) {
		ip.s6_addr[10] = ip.s6_addr[11] = 0xff;
		wanted.ip = &ip;
	} else if (inet_pton(AF_INET6, host, &ip) == 1) {
		wanted.ip = &ip;
	}
	taken = conf_destination_match(&d, &wanted);
	conf_destination_fini(&d);
	return taken;
}

static const struct {
	const char *pattern, *host;
	uint16_t port;
	bool taken;
} cases[] = {
	{"db:5432", "db", 5432, true},
	{"db:5432", "DB", 5432, true},
	{"db:5432", "db", 5433, false},
	{"db:5432", "db2", 5432, false},
	{"db", "db", 1, true},
	{"db:*", "db", 65535, true},
	{"*.example.com:443", "a.b.example.com", 443, true},
	{"*.example.com:443", "example.com", 443, false},
	{"*:443", "10.1.2.3", 443, true},
	{"*:443", "::1", 443, true},
	{"*:443", "any.name", 444, false},
	{"*", "x", 1, true},
	{"*:8000-8999", "x", 8000, true},
	{"*:8000-8999", "x", 8999, true},
	{"*:8000-8999", "x", 7999, false},
	{"*:8000-8999", "x", 9000, false},
	{"10.0.0.0/8:5432", "10.200.0.1", 5432, true},
	{"10.0.0.0/8:5432", "11.0.0.1", 5432, false},
	{"10.0.0.0/8", "10.0.0.1", 7, true},
	{"10.0.0.1:80", "10.0.0.1", 80, true},
	{"10.0.0.1:80", "10.0.0.2", 80, false},
	/* A name is no address, whatever it may resolve to. */
	{"0.0.0.0/0", "localhost", 80, false},
	{"0.0.0.0/0", "::1", 80, false},
	{"10.*:80", "10.9.8.7", 80, true},
	{"[::1]:443", "::1", 443, true},
	{"[2001:db8::/32]:443", "2001:db8:1::5", 443, true},
	{"[2001:db8::/32]:443", "2001:db9::5", 443, false},
	{"2001:db8::/32", "2001:db8::1", 9, true},
	{"::/0", "fe80::1", 9, true},
	{"::1", "::1", 9, true},
};

START_TEST(a_pattern_takes_its_destinations_only)
{
	ck_assert_msg(takes(cases[_i].pattern, cases[_i].host,
			  cases[_i].port) == cases[_i].taken,
	    "%s and %s:%u", cases[_i].pattern, cases[_i].host,
	    cases[_i].port);
}
END_TEST

static const struct {
	const char *pattern, *says;
} wrong[] = {
	{"", "is not a host"},
	{":80", "is not a host"},
	{"db:", "no valid port"},
	{"db:0", "no valid port"},
	{"db:65536", "no valid port"},
	{"db:9-8", "no valid port"},
	{"db:8-", "no valid port"},
	{"db:+8", "no valid port"},
	{"db:80x", "no valid port"},
	{"a b:80", "is not a host"},
	{"http://x", "no valid port"},
	{"10.0.0.1/8:80", "bits behind its prefix"},
	{"10.0.0.0/33", "is not an address or a range"},
	{"[::1", "no end of its brackets"},
	{"[::1]x", "no end of its brackets"},
	{"[::1]:", "no valid port"},
	{"1:2:3", "is not an address or a range"},
};

START_TEST(what_is_no_pattern_is_refused_with_what_was_expected)
{
	struct conf_destination d;
	struct error err;

	ck_assert_msg(!conf_destination_parse(wrong[_i].pattern, &d, &err),
	    "%s", wrong[_i].pattern);
	ck_assert_msg(strstr(err.text, wrong[_i].says) != NULL, "%s: %s",
	    wrong[_i].pattern, err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "expected"));
}
END_TEST

START_TEST(a_route_takes_any_of_its_patterns_and_all_without_any)
{
	struct conf_destination d[2];
	struct conf_route r = {.name = NULL};
	struct conf_wanted a = {.host = "a", .port = 1};
	struct conf_wanted b = {.host = "b", .port = 2};
	struct conf_wanted c = {.host = "c", .port = 3};
	struct error err;

	ck_assert(conf_route_wants(&r, &c));
	ck_assert(conf_destination_parse("a:1", &d[0], &err));
	ck_assert(conf_destination_parse("b:2", &d[1], &err));
	r.destinations = d;
	r.destinations_count = 2;
	ck_assert(conf_route_wants(&r, &a));
	ck_assert(conf_route_wants(&r, &b));
	ck_assert(!conf_route_wants(&r, &c));
	conf_destination_fini(&d[0]);
	conf_destination_fini(&d[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config/destination");
	TCase *tcase = tcase_create("patterns");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, a_pattern_takes_its_destinations_only, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase,
	    what_is_no_pattern_is_refused_with_what_was_expected, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tcase,
	    a_route_takes_any_of_its_patterns_and_all_without_any);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
