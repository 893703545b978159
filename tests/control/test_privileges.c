/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming an ordinary user. What needs root is not tried without. */
#include "control/privileges.h"

#include <check.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

START_TEST(users_and_groups_are_names_or_numbers)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct privileges p;
	struct error err;

	ck_assert(privileges_parse("12345:23456", &p, &err));
	ck_assert_uint_eq(p.uid, 12345);
	ck_assert_uint_eq(p.gid, 23456);
	if (nobody == NULL)
		return;
	ck_assert(privileges_parse("nobody", &p, &err));
	ck_assert_uint_eq(p.uid, nobody->pw_uid);
	ck_assert_uint_eq(p.gid, nobody->pw_gid);
	ck_assert(privileges_parse("nobody:7", &p, &err));
	ck_assert_uint_eq(p.gid, 7);
}
END_TEST

START_TEST(who_is_nobody_known_or_root_is_refused)
{
	static const char *const cases[][2] = {
	    {"", "there is no user \"\""},
	    {"no-such-user", "there is no user \"no-such-user\""},
	    {"1:no-such-group", "there is no group \"no-such-group\""},
	    {"1:", "there is no group \"\""},
	    {"-1", "there is no user \"-1\""},
	    {"4294967295", "there is no user"},
	    {"99999999999999999999", "there is no user"},
	    {"987654321", "expected USER:GROUP"},
	    {"0:1", "is root"},
	    {"root", "is root"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct privileges p;
		struct error err = {0};

		ck_assert_msg(!privileges_parse(cases[i][0], &p, &err), "%s",
		    cases[i][0]);
		ck_assert_msg(strstr(err.text, cases[i][1]) != NULL, "%s",
		    err.text);
	}
}
END_TEST

/* A thread that was there before the ids changed. */
static void *
look(void *arg)
{
	atomic_int *ready = arg;

	atomic_store(ready, 1);
	while (atomic_load(ready) == 1)
		usleep(1000);
	atomic_store(ready, getuid() == 12345 && geteuid() == 12345 &&
		getgid() == 23456 && getgroups(0, NULL) == 0 &&
		setuid(0) != 0 ? 3 : 4);
	return NULL;
}

START_TEST(no_thread_finds_its_way_back_to_root)
{
	static const struct privileges to = {12345, 23456};
	atomic_int ready = 0;
	struct error err = {0};
	pthread_t thread;

	if (geteuid() != 0) {
		ck_assert(!privileges_drop(&to, &err));
		ck_assert_str_eq(err.text,
		    "only root can become another user");
		return;
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, look, &ready), 0);
	while (atomic_load(&ready) == 0)
		usleep(1000);
	ck_assert_msg(privileges_drop(&to, &err), "%s", err.text);
	atomic_store(&ready, 2);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&ready), 3);
	ck_assert_int_ne(setuid(0), 0);
	/* Who is the user already has nothing to do. */
	ck_assert(privileges_drop(&to, &err));
}
END_TEST

int
main(void)
{
	return check_run("privileges",
	    (const TTest *const[]){users_and_groups_are_names_or_numbers,
		who_is_nobody_known_or_root_is_refused,
		no_thread_finds_its_way_back_to_root, NULL});
}
