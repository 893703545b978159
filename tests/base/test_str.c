/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings, and views of what belongs to others. */
#include "base/str.h"

#include <stdlib.h>

#include "tests/harness/check_run.h"

START_TEST(what_is_added_stands_in_order_and_ends_with_nul)
{
	struct str s = {0};

	str_add(&s, "a");
	str_add_char(&s, 'b');
	str_add_bytes(&s, "c\0d", 3);
	str_add_uint(&s, 0);
	str_add_uint(&s, UINT64_MAX);
	str_printf(&s, "%s", "");
	str_printf(&s, "-%d", 7);
	ck_assert_uint_eq(s.len, 5 + 1 + 20 + 2);
	ck_assert_mem_eq(s.text, "abc\0d018446744073709551615-7", s.len + 1);
	str_clear(&s);
	ck_assert_str_eq(s.text, "");
	str_fini(&s);
	ck_assert_ptr_null(s.text);
}
END_TEST

START_TEST(an_empty_string_is_taken_as_one)
{
	struct str s = {0};
	char *text = str_take(&s);

	ck_assert_str_eq(text, "");
	free(text);
	str_reserve(&s, 1000);
	ck_assert_uint_ge(s.room, 1001);
	text = str_take(&s);
	ck_assert_str_eq(text, "");
	ck_assert_ptr_null(s.text);
	free(text);
}
END_TEST

START_TEST(views_compare_by_their_bytes_even_without_any)
{
	struct view none = view_of(NULL), word = {"GETx", 3};

	ck_assert(view_is(none, ""));
	ck_assert(view_is_nocase(none, ""));
	ck_assert(view_equal(none, VIEW("")));
	ck_assert(!view_is(none, "x"));
	ck_assert(view_is(word, "GET"));
	ck_assert(!view_is(word, "GETx"));
	ck_assert(!view_is(word, "get"));
	ck_assert(view_is_nocase(word, "get"));
	ck_assert(!view_is_nocase(word, "ge"));
}
END_TEST

START_TEST(blanks_and_tabs_around_a_view_are_trimmed)
{
	ck_assert(view_is(view_trim(VIEW(" \ta b\t ")), "a b"));
	ck_assert_uint_eq(view_trim(VIEW(" \t ")).len, 0);
	ck_assert_uint_eq(view_trim(view_of(NULL)).len, 0);
	ck_assert(view_is(view_trim(VIEW("\na")), "\na"));
}
END_TEST

int
main(void)
{
	return check_run("str",
			 (const TTest *const[]){
			     what_is_added_stands_in_order_and_ends_with_nul,
			     an_empty_string_is_taken_as_one,
			     views_compare_by_their_bytes_even_without_any,
			     blanks_and_tabs_around_a_view_are_trimmed, NULL});
}
