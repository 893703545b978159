/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: parsing, bounds, printing, copying and comparing of every type. */
#include "config/field.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/config/fake_kinds.h"
#include "tests/harness/check_run.h"

static struct fake_params params;

static const struct conf_field *
field(const char *name)
{
	const struct conf_field *f = conf_field_find(fake_fields, name);

	ck_assert_ptr_nonnull(f);
	return f;
}

/* Sets one field in fresh defaults and prints it; "error: …" if refused. */
static char *
set(const char *name, const char *text)
{
	struct error err;
	struct str s = {0};

	conf_fields_fini(fake_fields, &params);
	params = (struct fake_params){0};
	conf_fields_default(fake_fields, &params);
	if (conf_field_parse(field(name), &params, text, &err))
		conf_field_print(field(name), &params, &s);
	else
		str_printf(&s, "error: %s", err.text);
	return str_take(&s);
}

static const struct {
	const char *name, *text, *printed;
} parsed[] = {
    {"delay", "80ms", "\"80ms\""},
    {"delay", "100", "\"100ms\""},
    {"delay", "1h", "\"1h\""},
    {"delay", "61m", "error: 61m is out of bounds; expected 0ms … 1h"},
    {"bytes", "2MiB", "\"2MiB\""},
    {"bytes", "7", "\"7B\""},
    {"count", "-1", "-1"},
    {"count", " 7 ", "7"},
    {"count", "-2", "error: -2 is out of bounds; expected -1 … 100"},
    {"count", "101", "error: 101 is out of bounds; expected -1 … 100"},
    {"count", "1.5",
     "error: \"1.5\" is not an integer; expected a whole number"},
    {"count", "", "error: \"\" is not an integer; expected a whole number"},
    {"count", "99999999999999999999",
     "error: \"99999999999999999999\" is not an integer; expected a "
     "whole number"},
    {"rate", "1", "\"1KB/s\""},
    {"rate", "8Mbit/s", "\"1MB/s\""},
    {"share", "20%", "0.2"},
    {"share", "0.00000001", "\"1e-08\""},
    {"factor", "-1.5", "-1.5"},
    {"factor", "1e1", "10"},
    {"factor", "11", "error: 11 is out of bounds; expected -10 … 10"},
    {"factor", "nan",
     "error: \"nan\" is not a number; expected a number such as 1.5"},
    {"factor", "0x1",
     "error: \"0x1\" is not a number; expected a number such as 1.5"},
    {"loud", "true", "true"},
    {"loud", "Off", "false"},
    {"loud", "yes", "true"},
    {"loud", "2",
     "error: \"2\" is neither true nor false; expected true or false"},
    {"shape", "pareto", "\"pareto\""},
    {"shape", "norml",
     "error: \"norml\" is unknown; expected one of uniform, normal, "
     "pareto; did you mean \"normal\"?"},
    {"shape", "cauchy",
     "error: \"cauchy\" is unknown; expected one of uniform, normal, "
     "pareto"},
    {"text", "a, \"b\"", "\"a, \\\"b\\\"\""},
    {"text", "", "\"\""},
    {"peer", "db:80", "\"db:80\""},
    {"peer", ":80",
     "error: \":80\" has no valid host; expected host:port, [v6]:port or "
     "unix:/path"},
    {"words", "x , y,z", "[ \"x\", \"y\", \"z\" ]"},
    {"words", "", "[ ]"},
    {"table", "1, 2s", "[ \"1ms\", \"2s\" ]"},
};

START_TEST(texts_become_values_within_bounds)
{
	for (size_t i = 0; i < COUNT_OF(parsed); i++) {
		char *got = set(parsed[i].name, parsed[i].text);

		ck_assert_str_eq(got, parsed[i].printed);
		free(got);
	}
	conf_fields_fini(fake_fields, &params);
}
END_TEST

START_TEST(a_refused_text_changes_nothing)
{
	static const char *const names[] = {"delay", "count", "share",
					    "shape", "peer",  "table"};
	struct fake_params before = {0};
	struct error err;

	conf_fields_default(fake_fields, &before);
	ck_assert(conf_field_parse(field("peer"), &before, "u:1", &err));
	ck_assert(conf_field_parse(field("table"), &before, "1,2", &err));
	conf_fields_copy(fake_fields, &params, &before);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert(
		    !conf_field_parse(field(names[i]), &params, "1,?", &err));
	ck_assert(conf_fields_equal(fake_fields, &params, &before));
	conf_fields_fini(fake_fields, &params);
	conf_fields_fini(fake_fields, &before);
}
END_TEST

static const struct {
	const char *name;
	double number;
	bool integral;
	const char *printed; /* NULL: refused */
} numbers[] = {
    {"delay", 100, true, "\"100ms\""},
    {"delay", 0.25, false, "\"250us\""},
    {"delay", 0.000001, false, "\"0ms\""},
    {"delay", -5, true, NULL},
    {"delay", 3600001, true, NULL},
    {"bytes", 100, true, "\"100B\""},
    {"count", 7, true, "7"},
    {"count", -1, true, "-1"},
    {"count", 7, false, NULL},
    {"count", 7.5, false, NULL},
    {"count", 1e17, true, NULL},
    {"rate", 1000, true, "\"1MB/s\""},
    {"rate", 0.0005, false, "\"0.5B/s\""},
    {"share", 0.2, false, "0.2"},
    {"share", 20, true, NULL},
    {"share", NAN, false, NULL},
    {"factor", -1.25, false, "-1.25"},
    {"factor", INFINITY, false, NULL},
    {"table", 5, true, "[ \"5ms\" ]"},
    {"loud", 1, true, NULL},
    {"shape", 1, true, NULL},
    {"text", 1, true, NULL},
    {"peer", 1, true, NULL},
    {"words", 1, true, NULL},
};

START_TEST(bare_numbers_count_in_the_unit_of_their_field)
{
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct str s = {0};
		struct error err = {0};
		bool ok = conf_field_number(field(numbers[i].name), &params,
					    numbers[i].number,
					    numbers[i].integral, &err);

		ck_assert_msg(ok == (numbers[i].printed != NULL), "%s %g",
			      numbers[i].name, numbers[i].number);
		if (ok) {
			conf_field_print(field(numbers[i].name), &params, &s);
			ck_assert_str_eq(s.text, numbers[i].printed);
		}
		str_fini(&s);
	}
	conf_fields_fini(fake_fields, &params);
}
END_TEST

START_TEST(items_keep_their_commas)
{
	const char *const items[] = {"a, b", "c"};
	struct error err;

	ck_assert(conf_field_items(field("words"), &params, items, 2, &err));
	ck_assert_uint_eq(params.words.count, 2);
	ck_assert_str_eq(params.words.items[0], "a, b");
	ck_assert(!conf_field_items(field("table"), &params, items, 2, &err));
	ck_assert(!conf_field_items(field("text"), &params, items, 2, &err));
	ck_assert(conf_field_items(field("text"), &params, items, 1, &err));
	ck_assert_str_eq(params.text, "a, b");
	ck_assert(
	    !conf_field_items(field("words"), &params, items, 10001, &err));
	conf_fields_fini(fake_fields, &params);
}
END_TEST

START_TEST(copies_are_equal_until_one_field_differs)
{
	static const struct {
		const char *name, *text;
	} changes[] = {{"delay", "1"},	 {"bytes", "1"},      {"count", "1"},
		       {"rate", "1"},	 {"share", "1"},      {"factor", "1"},
		       {"loud", "true"}, {"shape", "pareto"}, {"text", "1"},
		       {"peer", "u:1"},	 {"words", "1"},      {"words", "a, c"},
		       {"table", "1"}};
	struct error err;

	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		const struct conf_field *f = field(changes[i].name);
		struct fake_params a = {0}, b = {0};

		conf_fields_default(fake_fields, &a);
		ck_assert(conf_field_parse(f, &a, changes[i].text, &err));
		conf_fields_copy(fake_fields, &b, &a);
		ck_assert(conf_fields_equal(fake_fields, &a, &b));
		conf_fields_fini(fake_fields, &b);
		b = (struct fake_params){0};
		conf_fields_default(fake_fields, &b);
		ck_assert(!conf_fields_equal(fake_fields, &a, &b));
		ck_assert(!conf_field_equal(f, &a, &b));
		conf_fields_copy(fake_fields, &a, &b);
		ck_assert(conf_fields_equal(fake_fields, &a, &b));
		conf_fields_fini(fake_fields, &a);
		conf_fields_fini(fake_fields, &b);
	}
}
END_TEST

static const struct {
	const char *name, *type, *bounds;
} words[] = {
    {"delay", "duration", "0ms … 1h"},
    {"bytes", "size", NULL},
    {"count", "integer", "-1 … 100"},
    {"share", "fraction", "0 … 1"},
    {"shape", "one of uniform, normal, pareto", NULL},
    {"loud", "true or false", NULL},
    {"peer", "address", NULL},
    {"words", "list of texts", NULL},
    {"table", "list of durations", NULL},
};

START_TEST(a_field_that_is_reset_has_its_default_again)
{
	struct fake_params fresh = {0};

	conf_fields_default(fake_fields, &fresh);
	for (const struct conf_field *f = fake_fields; f->name != NULL; f++) {
		conf_fields_fini(fake_fields, &params);
		params = (struct fake_params){0};
		conf_fields_default(fake_fields, &params);
		/* As good as any other value: what it owns is freed. */
		if (f->type == CONF_STRING || f->type == CONF_STRINGS)
			free(set(f->name, "x"));
		if (f->type == CONF_DURATION || f->type == CONF_NUMBERS)
			free(set(f->name, "77ms"));
		conf_field_reset(f, &params);
		ck_assert_msg(conf_fields_equal(fake_fields, &params, &fresh),
			      "%s", f->name);
	}
	conf_fields_fini(fake_fields, &fresh);
}
END_TEST

START_TEST(an_unknown_name_is_answered_with_a_near_one_or_all)
{
	const struct conf_field *const tables[] = {fake_fields};
	struct str s = {0};

	conf_fields_unknown(tables, 1, "dealy", &s);
	ck_assert_str_eq(s.text, "did you mean \"delay\"?");
	str_clear(&s);
	conf_fields_unknown(tables, 1, "xyzzyxyzzy", &s);
	ck_assert_ptr_nonnull(strstr(s.text, "expected one of "));
	ck_assert_ptr_nonnull(strstr(s.text, "delay, "));
	str_fini(&s);
}
END_TEST

/* The file says what Toxiproxy's API may have set: limit_data's bytes. */
START_TEST(sizes_below_zero_are_read_as_they_are_printed)
{
	struct conf_field f = {.type = CONF_SIZE, .min = -100, .max = 100};
	struct str s = {0};
	struct error err;
	int64_t bytes = 0, again = 0;

	ck_assert(conf_field_number(&f, &bytes, -5, true, &err));
	conf_field_print(&f, &bytes, &s);
	ck_assert_str_eq(s.text, "\"-5B\"");
	ck_assert(conf_field_parse(&f, &again, "-5B", &err));
	ck_assert_int_eq(again, -5);
	ck_assert(!conf_field_parse(&f, &again, "-101B", &err));
	f.min = 0;
	ck_assert(!conf_field_parse(&f, &again, "-5B", &err));
	ck_assert(!conf_field_number(&f, &again, -5, true, &err));
	str_fini(&s);
}
END_TEST

START_TEST(types_and_bounds_have_words)
{
	const struct conf_field least = {.type = CONF_SIZE, .min = 1024};
	struct str s = {0};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		str_clear(&s);
		conf_field_type_text(field(words[i].name), &s);
		ck_assert_str_eq(s.text, words[i].type);
		str_fini(&s);
		conf_field_bounds_text(field(words[i].name), &s);
		ck_assert_pstr_eq(s.text, words[i].bounds);
	}
	str_fini(&s);
	conf_field_bounds_text(&least, &s);
	ck_assert_str_eq(s.text, "at least 1KiB");
	str_fini(&s);
}
END_TEST

START_TEST(hints_leave_out_what_users_must_not_know)
{
	struct str s = {0};

	conf_field_hint(fake_fields, "secrt", &s);
	ck_assert_uint_eq(s.len, 0);
	conf_field_hint(fake_fields, "dealy", &s);
	ck_assert_str_eq(s.text, "; did you mean \"delay\"?");
	str_fini(&s);
	ck_assert_ptr_null(conf_field_find(fake_fields, "dealy"));
}
END_TEST

int
main(void)
{
	return check_run("field",
			 (const TTest *const[]){
			     texts_become_values_within_bounds,
			     a_refused_text_changes_nothing,
			     bare_numbers_count_in_the_unit_of_their_field,
			     items_keep_their_commas,
			     copies_are_equal_until_one_field_differs,
			     a_field_that_is_reset_has_its_default_again,
			     an_unknown_name_is_answered_with_a_near_one_or_all,
			     sizes_below_zero_are_read_as_they_are_printed,
			     types_and_bounds_have_words,
			     hints_leave_out_what_users_must_not_know, NULL});
}
