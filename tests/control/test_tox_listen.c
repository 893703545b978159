/* SPDX-License-Identifier: Apache-2.0 */
/* Where a proxy listens, in Go's words. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "control/tox.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *listen, *resolved;
} good[] = {
    {"127.0.0.1:80", "127.0.0.1:80"}, {"localhost:8080", "127.0.0.1:8080"},
    {"127.0.0.1:+80", "127.0.0.1:80"}, {"127.0.0.1:080", "127.0.0.1:80"},
    {"127.0.0.1:http", "127.0.0.1:80"}, {"[::1]:5", "[::1]:5"},
    {"[0:0::1]:5", "[::1]:5"}, {"unix:/run/x", "unix:/run/x"},
    {"127.0.0.1:65535", "127.0.0.1:65535"},
};

START_TEST(addresses_become_numeric)
{
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct error err;
		char *got = tox_listen_resolve(good[i].listen, &err);

		ck_assert_msg(got != NULL, "%s: %s", good[i].listen, err.text);
		ck_assert_str_eq(got, good[i].resolved);
		free(got);
	}
}
END_TEST

static const struct {
	const char *listen, *error;
} bad[] = {
    {"x", "address x: missing port in address"},
    {"[::1]", "address [::1]: missing port in address"},
    {"[::1]x:1", "address [::1]x:1: missing port in address"},
    {"[::1]:1:2", "address [::1]:1:2: too many colons in address"},
    {"::1", "address ::1: too many colons in address"},
    {"a:b:1", "address a:b:1: too many colons in address"},
    {"[::1:5", "address [::1:5: missing ']' in address"},
    {"a]:1", "address a]:1: unexpected ']' in address"},
    {"a[:1", "address a[:1: unexpected '[' in address"},
    {"127.0.0.1:65536", "address 65536: invalid port"},
    {"127.0.0.1:-1", "address -1: invalid port"},
    {"127.0.0.1:99999999999999999999", "address 99999999999999999999: "
				       "invalid port"},
    {"127.0.0.1:no-such", "lookup tcp/no-such: unknown port"},
};

START_TEST(what_is_wrong_is_said_as_go_says_it)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct error err;
		char *got = tox_listen_resolve(bad[i].listen, &err);

		ck_assert_msg(got == NULL, "%s became %s", bad[i].listen, got);
		ck_assert_msg(strncmp(err.text, "listen tcp: ", 12) == 0,
		    "%s", err.text);
		ck_assert_str_eq(tox_address_text(&err), bad[i].error);
	}
}
END_TEST

START_TEST(port_0_becomes_a_free_one)
{
	static const char *const texts[] = {
	    "127.0.0.1:0", "127.0.0.1:", "localhost:0", "", ":0", ":"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct error err;
		char *got = tox_listen_resolve(texts[i], &err);

		ck_assert_msg(got != NULL, "%s: %s", texts[i], err.text);
		ck_assert_int_gt(atoi(strrchr(got, ':') + 1), 0);
		ck_assert(tox_listen_probe(got, &err));
		free(got);
	}
}
END_TEST

START_TEST(an_address_of_another_machine_cannot_be_bound)
{
	struct error err;

	ck_assert(!tox_listen_probe("192.0.2.1:1", &err));
	ck_assert_str_eq(err.text, "listen tcp 192.0.2.1:1: bind: cannot "
				   "assign requested address");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    addresses_become_numeric,
	    what_is_wrong_is_said_as_go_says_it,
	    port_0_becomes_a_free_one,
	    an_address_of_another_machine_cannot_be_bound,
	    NULL,
	};

	return check_run("tox_listen", tests);
}
