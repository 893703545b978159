/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: nesting, commas, escapes, numbers. */
#include "base/json.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

START_TEST(members_are_separated_and_levels_closed)
{
	struct str s = {0};
	struct jsonw w;

	jsonw_init(&w, &s);
	ck_assert(!jsonw_done(&w));
	jsonw_object(&w);
	jsonw_key(&w, "empty");
	jsonw_array(&w);
	jsonw_array_end(&w);
	jsonw_key(&w, "list");
	jsonw_array(&w);
	jsonw_int(&w, -1);
	jsonw_object(&w);
	jsonw_put_bool(&w, "yes", true);
	jsonw_put_string(&w, "none", NULL);
	jsonw_object_end(&w);
	jsonw_array(&w);
	jsonw_null(&w);
	jsonw_raw(&w, VIEW("{\"x\":1}"));
	jsonw_array_end(&w);
	jsonw_array_end(&w);
	jsonw_put_uint(&w, "max", UINT64_MAX);
	jsonw_put_int(&w, "min", INT64_MIN);
	ck_assert(!jsonw_done(&w));
	jsonw_object_end(&w);
	ck_assert(jsonw_done(&w));
	ck_assert_str_eq(s.text,
	    "{\"empty\":[],\"list\":[-1,{\"yes\":true,\"none\":null},"
	    "[null,{\"x\":1}]],\"max\":18446744073709551615,"
	    "\"min\":-9223372036854775808}");
	str_fini(&s);
}
END_TEST

START_TEST(a_document_may_be_nested_to_the_limit)
{
	struct str s = {0};
	struct jsonw w;

	jsonw_init(&w, &s);
	for (int i = 0; i < JSONW_DEPTH; i++)
		jsonw_array(&w);
	for (int i = 0; i < JSONW_DEPTH; i++)
		jsonw_array_end(&w);
	ck_assert(jsonw_done(&w));
	ck_assert_uint_eq(s.len, 2 * JSONW_DEPTH);
	str_fini(&s);
}
END_TEST

static const struct {
	struct view text;
	const char *json;
} quotes[] = {
	{VIEW(""), "\"\""},
	{VIEW("plain"), "\"plain\""},
	{VIEW("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
	{VIEW("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
	{VIEW("\x00x\x1f\x7f"), "\"\\u0000x\\u001f\\u007f\""},
	{VIEW("\xc2\x9b" "31m"), "\"\\u009b31m\""},
	{VIEW("\xc2\xa0\xc3\xa9"), "\"\xc2\xa0\xc3\xa9\""},
	{VIEW("\xe2\x82\xac\xf0\x9f\x98\x80"),
	    "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
	/* lone continuation, overlong, surrogate, too large, cut short */
	{VIEW("a\x80z"), "\"a\xef\xbf\xbdz\""},
	{VIEW("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	{VIEW("\xe0\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{VIEW("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{VIEW("\xf4\x90\x80\x80"),
	    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{VIEW("\xff"), "\"\xef\xbf\xbd\""},
	{VIEW("x\xe2\x82"), "\"x\xef\xbf\xbd\xef\xbf\xbd\""},
	{VIEW("\xe2\x82\"\n"), "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\\n\""},
};

START_TEST(text_is_escaped_and_always_valid_utf8)
{
	struct str s = {0};

	jsonw_quote(&s, quotes[_i].text);
	ck_assert_str_eq(s.text, quotes[_i].json);
	str_fini(&s);
}
END_TEST

static const struct {
	double value;
	const char *text;
} numbers[] = {
	{0, "0"}, {1, "1"}, {-1.5, "-1.5"}, {0.1, "0.1"}, {1e6, "1000000"},
	{0.30000000000000004, "0.30000000000000004"}, {1e300, "1e+300"},
	{9007199254740993.0, "9007199254740992"},
	{1.0 / 3, "0.3333333333333333"}, {100.07, "100.07"},
};

START_TEST(doubles_are_short_and_read_back_the_same)
{
	struct str s = {0};

	jsonw_number(&s, numbers[_i].value);
	ck_assert_str_eq(s.text, numbers[_i].text);
	ck_assert(strtod(s.text, NULL) == numbers[_i].value);
	str_fini(&s);
}
END_TEST

START_TEST(extreme_doubles_read_back_and_non_numbers_are_null)
{
	const double values[] = {DBL_MAX, DBL_MIN, DBL_EPSILON, -DBL_MAX,
	    5e-324, M_PI};
	struct str s = {0};
	struct jsonw w;

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		str_clear(&s);
		jsonw_number(&s, values[i]);
		ck_assert(strtod(s.text, NULL) == values[i]);
	}
	str_clear(&s);
	jsonw_init(&w, &s);
	jsonw_array(&w);
	jsonw_double(&w, NAN);
	jsonw_double(&w, -INFINITY);
	jsonw_array_end(&w);
	ck_assert_str_eq(s.text, "[null,null]");
	str_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json");
	TCase *c = tcase_create("json");
	SRunner *r;

	tcase_add_test(c, members_are_separated_and_levels_closed);
	tcase_add_test(c, a_document_may_be_nested_to_the_limit);
	tcase_add_loop_test(c, text_is_escaped_and_always_valid_utf8, 0,
	    COUNT_OF(quotes));
	tcase_add_loop_test(c, doubles_are_short_and_read_back_the_same, 0,
	    COUNT_OF(numbers));
	tcase_add_test(c, extreme_doubles_read_back_and_non_numbers_are_null);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
