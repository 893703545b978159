/* SPDX-License-Identifier: Apache-2.0 */
/* Header lines: parted as users mean them. */
#include "faults/header.h"
#include "tests/harness/suite.h"

START_TEST(a_line_is_parted_at_its_first_colon)
{
	ck_assert(view_is(header_name("X-A: b: c"), "X-A"));
	ck_assert_str_eq(header_value("X-A: \tb: c"), "b: c");
	ck_assert_str_eq(header_value("X-A:"), "");
	ck_assert_str_eq(header_value("X-A"), "");
}
END_TEST

START_TEST(names_are_found_in_any_case)
{
	char first[] = "Content-Type: a", second[] = "X-B: c";
	char *items[] = {first, second};
	struct conf_strings list = {items, 2};

	ck_assert(header_listed(&list, "content-type"));
	ck_assert(header_listed(&list, "x-b"));
	ck_assert(!header_listed(&list, "Content"));
}
END_TEST

START_TEST(a_value_stays_on_its_line)
{
	char tab[] = "A: a\tb \xc3\xa9", feed[] = "A: a\nb", cr[] = "A: a\rb";
	char rubout[] = "A: a\x7f";
	char *items[] = {tab, feed, cr, rubout};
	struct conf_strings good = {items, 1}, bad = {items + 1, 3};
	struct conf_diag diag = {0};

	header_check_lines(&good, "x", NULL, &diag);
	ck_assert_uint_eq(diag.errors, 0);
	header_check_lines(&bad, "x", NULL, &diag);
	ck_assert_uint_eq(diag.errors, 3);
	conf_diag_fini(&diag);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("header", true, a_line_is_parted_at_its_first_colon,
	    names_are_found_in_any_case, a_value_stays_on_its_line);
}
