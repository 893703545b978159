/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text. */
#include "observe/event.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

START_TEST(addresses_read_as_people_write_them)
{
	static const char *const texts[] = {"0.0.0.0", "127.0.0.1",
	    "10.20.100.9", "255.255.255.255", "2001:db8::1", "::1"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char buf[INET6_ADDRSTRLEN], mapped[INET6_ADDRSTRLEN + 8];
		bool v4 = strchr(texts[i], ':') == NULL;
		struct in6_addr a;

		snprintf(mapped, sizeof(mapped), "%s%s", v4 ? "::ffff:" : "",
		    texts[i]);
		ck_assert_int_eq(inet_pton(AF_INET6, mapped, &a), 1);
		ck_assert_str_eq(event_address(&a, buf), texts[i]);
	}
}
END_TEST

START_TEST(unix_sockets_have_none)
{
	char buf[INET6_ADDRSTRLEN];

	ck_assert_ptr_null(event_address(&in6addr_any, buf));
}
END_TEST

int
main(void)
{
	return check_run("event",
	    (const TTest *const[]){
		addresses_read_as_people_write_them,
		unix_sockets_have_none, NULL});
}
