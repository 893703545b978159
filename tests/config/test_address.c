/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen at and to connect to, and ranges of addresses. */
#include "config/address.h"

#include <arpa/inet.h>
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

static const struct {
	const char *range, *address;
	bool inside;
} ranges[] = {
    {"10.1.0.0/16", "10.1.255.255", true},
    {"10.1.0.0/16", "10.2.0.0", false},
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {"0.0.0.0/0", "255.1.2.3", true},
    {"0.0.0.0/0", "::1", false},
    {"::/0", "10.0.0.1", true}, /* mapped */
    {"::ffff:10.0.0.0/104", "10.9.9.9", true},
    {"fd00::/9", "fd7f::1", true},
    {"fd00::/9", "fd80::1", false},
    {"::1", "::1", true},
    {"::1/128", "::2", false},
    {"192.168.0.0/17", "192.168.127.1", true},
    {"192.168.0.0/17", "192.168.128.1", false},
};

static struct in6_addr
mapped(const char *text)
{
	struct in6_addr a = {0};

	if (inet_pton(AF_INET, text, &a.s6_addr[12]) == 1)
		memset(&a.s6_addr[10], 0xff, 2);
	else
		ck_assert_int_eq(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

START_TEST(ranges_hold_their_addresses)
{
	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		struct in6_addr a = mapped(ranges[i].address);
		struct conf_cidr c;

		ck_assert(conf_cidr_parse(ranges[i].range, &c, NULL));
		ck_assert_msg(conf_cidr_contains(&c, &a) == ranges[i].inside,
			      "%s in %s", ranges[i].address, ranges[i].range);
	}
}
END_TEST

START_TEST(ranges_that_are_none_are_refused)
{
	static const char *const no_ranges[] = {
	    "",
	    "10.1.0.0/33",
	    "10.1.0.0/",
	    "10.1.0.0/x",
	    "10.1.0/16",
	    "::1/129",
	    "db",
	    "10.1.0.1/16",
	    "fd00::1/64",
	    "10.0.0.1/-1",
	    "/8",
	    "10.0.0.0/0008",
	    "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/128"};
	struct conf_cidr c;

	for (size_t i = 0; i < COUNT_OF(no_ranges); i++)
		ck_assert_msg(!conf_cidr_parse(no_ranges[i], &c, NULL), "%s",
			      no_ranges[i]);
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
				   loopback_and_unix_sockets_are_local,
				   ranges_hold_their_addresses,
				   ranges_that_are_none_are_refused, NULL});
}
