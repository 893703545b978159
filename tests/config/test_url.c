/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of those whom we tell something. */
#include "config/url.h"

#include <string.h>

#include "tests/harness/check_run.h"

START_TEST(urls_are_taken_apart)
{
	static const struct {
		const char *text, *address, *path;
		bool tls;
	} cases[] = {
	    {"http://host", "host:80", "", false},
	    {"https://host", "host:443", "", true},
	    {"http://host:4318/", "host:4318", "/", false},
	    {"http://[::1]", "[::1]:80", "", false},
	    {"https://[::1]:1/a/b?c=d", "[::1]:1", "/a/b?c=d", true},
	    {"http://host?x", "host:80", "/?x", false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf_url url;
		struct error err;

		ck_assert(conf_url_parse(cases[i].text, &url, &err));
		ck_assert_str_eq(url.address.text, cases[i].address);
		ck_assert_str_eq(url.path, cases[i].path);
		ck_assert_int_eq(url.tls, cases[i].tls);
		conf_url_fini(&url);
	}
}
END_TEST

START_TEST(what_is_none_is_refused_with_a_reason)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "neither"},
	    {"host:80", "neither"},
	    {"ftp://host", "neither"},
	    {"http://", "names no host"},
	    {"http:///path", "names no host"},
	    {"http://u:p@host", "token file"},
	    {"http://host/a b", "bytes"},
	    {"http://host/\r\nx: y", "bytes"},
	    {"http://host/#f", "bytes"},
	    {"http://host:99999", "no valid port"},
	    {"http://host:x", "no valid port"},
	    {"http://unix", "names a unix socket"},
	    {"http://unix:path", "names a unix socket"},
	    {"https://unix:80/", "names a unix socket"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf_url url;
		struct error err;

		ck_assert(!conf_url_parse(cases[i].text, &url, &err));
		ck_assert_ptr_nonnull(strstr(err.text, cases[i].why));
		conf_url_fini(&url);
	}
}
END_TEST

START_TEST(a_password_is_not_repeated)
{
	struct conf_url url;
	struct error err;

	ck_assert(!conf_url_parse("http://u:secret@host", &url, &err));
	ck_assert_ptr_null(strstr(err.text, "secret"));
	conf_url_fini(&url);
}
END_TEST

int
main(void)
{
	return check_run("url",
	    (const TTest *const[]){urls_are_taken_apart,
		what_is_none_is_refused_with_a_reason,
		a_password_is_not_repeated, NULL});
}
