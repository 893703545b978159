/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions by the path of their datagrams. */
#include <arpa/inet.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/udp.h"
#include "tests/harness/check_run.h"

static struct udp_path
path_of(const char *client, unsigned port, const char *local)
{
	struct udp_path path = {0};

	path.client.in6.sin6_family = AF_INET6;
	path.client.in6.sin6_port = htons((uint16_t)port);
	inet_pton(AF_INET6, client, &path.client.in6.sin6_addr);
	if (local != NULL) {
		path.local.in.sin_family = AF_INET;
		inet_pton(AF_INET, local, &path.local.in.sin_addr);
	}
	return path;
}

START_TEST(many_sessions_are_found_until_they_are_removed)
{
	enum { COUNT = 5000 };
	struct udp_session *all = xcalloc(COUNT, sizeof(*all));
	struct udp_table t = {.key = 42};

	for (unsigned i = 0; i < COUNT; i++) {
		all[i].path = path_of("2001:db8::1", i, NULL);
		ck_assert_ptr_null(udp_table_find(&t, &all[i].path));
		udp_table_add(&t, &all[i]);
	}
	for (unsigned i = 0; i < COUNT; i += 2)
		udp_table_remove(&t, &all[i]);
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(udp_table_find(&t, &all[i].path),
				 i % 2 == 0 ? NULL : &all[i]);
	ck_assert_uint_eq(t.count, COUNT / 2);
	udp_table_fini(&t);
	free(all);
}
END_TEST

START_TEST(every_part_of_a_path_tells_sessions_apart)
{
	struct udp_session s[5] = {0};
	struct udp_table t = {0};
	struct udp_path other;

	s[0].path = path_of("::1", 1, NULL);
	s[1].path = path_of("::1", 2, NULL);
	s[2].path = path_of("::2", 1, NULL);
	s[3].path = path_of("::1", 1, "127.0.0.1");
	s[4].path = path_of("::1", 1, "127.0.0.2");
	for (size_t i = 0; i < COUNT_OF(s); i++)
		udp_table_add(&t, &s[i]);
	for (size_t i = 0; i < COUNT_OF(s); i++)
		ck_assert_ptr_eq(udp_table_find(&t, &s[i].path), &s[i]);
	other = s[0].path;
	other.client.in6.sin6_scope_id = 3;
	ck_assert_ptr_null(udp_table_find(&t, &other));
	udp_table_fini(&t);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    many_sessions_are_found_until_they_are_removed,
	    every_part_of_a_path_tells_sessions_apart,
	    NULL,
	};

	return check_run("udp_table", tests);
}
