/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen at and to connect to. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "config/model.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *text, *host; /* host NULL: every address */
	int port;
	bool only_listen;
} good[] = {
    {"127.0.0.1:8474", "127.0.0.1", 8474, false},
    {"db:5432", "db", 5432, false},
    {"my_db-1.example.com:1", "my_db-1.example.com", 1, false},
    {"[::1]:80", "::1", 80, false},
    {"[fe80::1%eth0]:80", "fe80::1%eth0", 80, false},
    {"localhost:65535", "localhost", 65535, false},
    {":80", NULL, 80, true},
    {":0", NULL, 0, true},
    {"localhost:0", "localhost", 0, true},
};

START_TEST(hosts_and_ports_are_taken_apart)
{
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct conf_address a;
		struct error err;

		ck_assert(conf_address_parse(good[i].text, true, &a, &err));
		ck_assert_str_eq(a.text, good[i].text);
		ck_assert_pstr_eq(a.host, good[i].host);
		ck_assert_int_eq(a.port, good[i].port);
		ck_assert(!a.is_unix);
		conf_address_fini(&a);
		ck_assert_msg(conf_address_parse(good[i].text, false, &a,
						 &err) != good[i].only_listen,
			      "%s", good[i].text);
		conf_address_fini(&a);
	}
}
END_TEST

START_TEST(unix_sockets_have_a_path_that_fits)
{
	char text[5 + 108 + 1] = "unix:";
	struct conf_address a;
	struct error err;

	ck_assert(conf_address_parse("unix:/run/x:1.sock", false, &a, &err));
	ck_assert(a.is_unix);
	ck_assert_str_eq(a.path, "/run/x:1.sock");
	conf_address_fini(&a);
	ck_assert(!conf_address_parse("unix:", true, &a, &err));
	memset(text + 5, 'a', 108);
	ck_assert(!conf_address_parse(text, true, &a, &err));
	text[5 + 107] = '\0';
	ck_assert(conf_address_parse(text, true, &a, &err));
	conf_address_fini(&a);
}
END_TEST

static const struct {
	const char *text, *said;
} bad[] = {
    {"", "has no port"},
    {"db", "has no port"},
    {"http://db:80", "is a URL"},
    {"db:", "no valid port"},
    {"db:x", "no valid port"},
    {"db:65536", "no valid port"},
    {"db:-1", "no valid port"},
    {"db:+1", "no valid port"},
    {"db: 80", "no valid port"},
    {"db:000080", "no valid port"},
    {"d b:80", "no valid host"},
    {"[::1:80", "no valid host"},
    {"[db]:80", "no valid host"},
    {"[]:80", "no valid host"},
    {"]:80", "no valid host"},
    {"::1", "expected brackets"},
    {"fe80::1:80", "expected brackets"},
    {"a:b:80", "no valid host"},
};

START_TEST(others_are_refused_with_what_was_expected)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct conf_address a;
		struct error err = {0};

		ck_assert_msg(!conf_address_parse(bad[i].text, true, &a, &err),
			      "%s", bad[i].text);
		ck_assert_msg(strstr(err.text, bad[i].said) != NULL, "%s: %s",
			      bad[i].text, err.text);
	}
}
END_TEST

START_TEST(upstreams_need_a_host_and_a_port)
{
	struct conf_address a;
	struct error err;
	char host[300];

	ck_assert(!conf_address_parse(":80", false, &a, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "no valid host"));
	ck_assert(!conf_address_parse("db:0", false, &a, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "port 0"));
	memset(host, 'a', sizeof(host));
	strcpy(host + 254, ":80");
	ck_assert(!conf_address_parse(host, false, &a, &err));
	ck_assert(conf_address_parse(host + 1, false, &a, &err));
	conf_address_fini(&a);
}
END_TEST

static const struct {
	const char *text;
	bool local;
} reach[] = {
    {"127.0.0.1:1", true}, {"127.9.9.9:1", true}, {"localhost:1", true},
    {"LocalHost:1", true}, {"[::1]:1", true},	  {"unix:/x", true},
    {":1", false},	   {"0.0.0.0:1", false},  {"[::]:1", false},
    {"10.0.0.1:1", false}, {"db:1", false},	  {"127.example:1", false},
};

START_TEST(loopback_and_unix_sockets_are_local)
{
	for (size_t i = 0; i < COUNT_OF(reach); i++) {
		struct conf_address a;

		ck_assert(conf_address_parse(reach[i].text, true, &a, NULL));
		ck_assert_msg(conf_address_is_local(&a) == reach[i].local, "%s",
			      reach[i].text);
		conf_address_fini(&a);
	}
}
END_TEST

int
main(void)
{
	return check_run(
	    "address",
	    (const TTest *const[]){hosts_and_ports_are_taken_apart,
				   unix_sockets_have_a_path_that_fits,
				   others_are_refused_with_what_was_expected,
				   upstreams_need_a_host_and_a_port,
				   loopback_and_unix_sockets_are_local, NULL});
}
