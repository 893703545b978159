/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bodies as encoding/json would read them. */
#include "control/json_in.h"

#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static json_t *
parse(const char *text, struct error *err)
{
	return json_in_parse((struct view){text, strlen(text)}, err);
}

START_TEST(the_first_value_counts_whatever_follows)
{
	static const char *const texts[] = {
	    "{\"a\":1}", " \t\r\n{\"a\":1} x", "{\"a\":1}{\"a\":2}",
	    "{\"a\":1},"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct error err;
		json_t *value = parse(texts[i], &err);

		ck_assert_msg(value != NULL, "%s: %s", texts[i], err.text);
		ck_assert_int_eq(
		    json_integer_value(json_object_get(value, "a")), 1);
		json_decref(value);
	}
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
    {"", "EOF"}, {" \n", "EOF"}, {"{", "unexpected EOF"},
    {"{\"a\":", "unexpected EOF"}, {"[1,", "unexpected EOF"},
    {"\"a", "unexpected EOF"}, {"x", NULL}, {"{a:1}", NULL}, {"01", NULL},
    {"\xff", NULL}, {"9223372036854775808", NULL}, {"{\"a\":\"\\u0000\"}",
	NULL},
};

START_TEST(what_is_no_json_says_why)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct error err = {0};
		json_t *value = parse(bad[i].text, &err);

		if (value != NULL && strcmp(bad[i].text, "01") == 0) {
			/* The value is 0; what follows is not read. */
			json_decref(value);
			continue;
		}
		ck_assert_msg(value == NULL, "\"%s\" was read", bad[i].text);
		if (bad[i].error != NULL)
			ck_assert_str_eq(err.text, bad[i].error);
		else
			ck_assert_str_ne(err.text, "");
	}
}
END_TEST

START_TEST(members_are_found_whatever_their_case_and_null_is_none)
{
	struct error err;
	json_t *o = parse("{\"NaMe\":\"x\",\"n\":null,\"a\":1,\"A\":2}", &err);

	ck_assert_str_eq(json_string_value(json_in_get(o, "name")), "x");
	ck_assert_ptr_null(json_in_get(o, "n"));
	ck_assert_ptr_null(json_in_get(o, "other"));
	ck_assert_int_eq(json_integer_value(json_in_get(o, "a")), 1);
	ck_assert_int_eq(json_integer_value(json_in_get(o, "A")), 2);
	json_decref(o);
}
END_TEST

START_TEST(members_of_a_wrong_type_are_named_and_absent_ones_left)
{
	struct error err;
	json_t *o = parse("{\"s\":1,\"b\":\"x\",\"n\":true,\"huge\":1e39,"
			  "\"z\":null,\"good\":0.5}", &err);
	const char *text = "as it was";
	double number = 7;
	bool flag = true;

	ck_assert(!json_in_string(o, "s", &text, &err));
	ck_assert_str_eq(err.text, "json: cannot unmarshal number into field "
				   "s of type string");
	ck_assert(!json_in_bool(o, "b", &flag, &err));
	ck_assert(!json_in_number(o, "n", &number, &err));
	ck_assert(!json_in_number(o, "huge", &number, &err));
	ck_assert(json_in_string(o, "z", &text, &err));
	ck_assert(json_in_bool(o, "z", &flag, &err));
	ck_assert(json_in_number(o, "nowhere", &number, &err));
	ck_assert_str_eq(text, "as it was");
	ck_assert(flag && number == 7);
	ck_assert(json_in_number(o, "good", &number, &err) && number == 0.5);
	json_decref(o);
}
END_TEST

START_TEST(null_counts_as_an_empty_object)
{
	static const char *const others[] = {"[]", "1", "\"x\"", "true"};
	struct error err;
	json_t *value = parse("null", &err);

	ck_assert(json_in_is_object(value, "a proxy", &err));
	json_decref(value);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		value = parse(others[i], &err);
		ck_assert(!json_in_is_object(value, "a proxy", &err));
		ck_assert_ptr_nonnull(strstr(err.text, "into a proxy"));
		json_decref(value);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_first_value_counts_whatever_follows,
	    what_is_no_json_says_why,
	    members_are_found_whatever_their_case_and_null_is_none,
	    members_of_a_wrong_type_are_named_and_absent_ones_left,
	    null_counts_as_an_empty_object,
	    NULL,
	};

	return check_run("json_in", tests);
}
