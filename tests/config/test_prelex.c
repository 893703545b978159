/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in raw text before libconfig sees it. */
#include "config/prelex.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/harness/check_run.h"

/* What is said about the text, "" if nothing; owned. */
static char *
scan(const char *text, size_t len)
{
	struct conf_diag diag = {0};
	struct prelex p = {.diag = &diag, .where = {.file = "t"}};
	struct str s = {0};
	bool ok = prelex_scan(&p, text, len);

	ck_assert(ok == (diag.errors == 0));
	for (size_t i = 0; i < diag.count; i++)
		str_printf(&s, "%s: %s|", diag.messages[i].where,
			   diag.messages[i].text);
	prelex_fini(&p);
	conf_diag_fini(&diag);
	return str_take(&s);
}

static const char *const harmless[] = {
    "",
    "a = 1;",
    "a = 2147483647; b = -2147483648; c = +5;",
    "a = 5000000000L; b = 9223372036854775807LL; c = -5000000000L;",
    "a = 0x7fffffff; b = 0x7fffffffffffffffL;",
    "a = 5000000000.0; b = 1e20; c = 99999999999e-1;",
    "a5000000000 = 1; r-5000000000 = 2; *5000000000 = 3;",
    "a = \"5000000000\"; # 5000000000\nb = 1; // 5000000000",
    "/* 5000000000 \" */ a = \"/*\";",
    "a = \"\\\"5000000000\\\\\";",
    "a = { b : ( 1, [ 2 ] ) }",
    "a = \"@include\"; # @include \"x\"",
    "))))]]]]}}}}",
};

START_TEST(what_keeps_its_value_passes)
{
	for (size_t i = 0; i < COUNT_OF(harmless); i++) {
		char *said = scan(harmless[i], strlen(harmless[i]));

		ck_assert_msg(said[0] == '\0', "%s: %s", harmless[i], said);
		free(said);
	}
}
END_TEST

static const struct {
	const char *text, *said;
} harmful[] = {
    {"\na = 2147483648;", "t:2: the integer 2147483648 is too large; "
			  "expected at most 32 bits, or L behind it for 64 "
			  "bits|"},
    {"a = -2147483649;", "t:1: the integer -2147483649 is too large"},
    {"a = 4294967295;", "t:1: the integer 4294967295"},
    {"a = 0x80000000;", "t:1: the integer 0x80000000"},
    {"a = 99999999999999999999;", "t:1: the integer 9999"},
    {"a = 99999999999999999999L;", "expected at most 64 bits|"},
    {"a = 0xffffffffffffffffL;", "expected at most 64 bits|"},
    {"a = 1;\n/* x\n\n", "t:2: the comment never ends"},
    {"a = 1;\nb = \"x\n\n", "t:2: the string never ends"},
    {"a = \"x\\", "t:1: the string never ends"},
    {"a = \"x\\x00y\";", "t:1: the string holds \\x00"},
    {"\xef\xbb\xbf"
     "a = 1;",
     "t:1: the file begins with a byte order mark"},
    {"a = 1; @include \"x\"", "t:1: this is not an include"},
    {"@include x", "this is not an include"},
    {"@include \"\"", "this is not an include"},
    {"@include \"a\nb\"", "this is not an include"},
    {"@incline \"a\"", "this is not an include"},
};

START_TEST(what_libconfig_would_take_silently_is_told)
{
	for (size_t i = 0; i < COUNT_OF(harmful); i++) {
		char *said = scan(harmful[i].text, strlen(harmful[i].text));

		ck_assert_msg(strstr(said, harmful[i].said) != NULL, "%s: %s",
			      harmful[i].text, said);
		free(said);
	}
}
END_TEST

START_TEST(all_wrapped_integers_are_told_at_once)
{
	const char text[] = "a = 5000000000;\nb = \"\n\"; c = 6000000000;";
	char *said = scan(text, strlen(text));

	ck_assert_ptr_nonnull(strstr(said, "t:1: the integer 5000000000"));
	ck_assert_ptr_nonnull(strstr(said, "t:3: the integer 6000000000"));
	free(said);
}
END_TEST

START_TEST(nul_bytes_are_found_behind_everything)
{
	char *said = scan("a = 1;\n\0b", 9);

	ck_assert_str_eq(said, "t:2: the file holds a NUL byte; expected "
			       "text|");
	free(said);
}
END_TEST

/* The complaints about `part`, `times` over; owned. */
static char *
scan_repeated(const char *part, size_t times)
{
	struct str text = {0};
	char *said;

	for (size_t i = 0; i < times; i++)
		str_add(&text, part);
	said = scan(text.text, text.len);
	str_fini(&text);
	return said;
}

START_TEST(nesting_and_groups_have_a_bound)
{
	static const struct {
		const char *part;
		size_t times;
		const char *said; /* NULL: nothing */
	} cases[] = {
	    {"(", 32, NULL},	   {"(", 33, "nest too deeply"},
	    {"a=1;", 1000, NULL},  {"a=1;", 1001, "too many settings"},
	    {"{a=1}", 2000, NULL},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *said = scan_repeated(cases[i].part, cases[i].times);

		if (cases[i].said == NULL)
			ck_assert_str_eq(said, "");
		else
			ck_assert_ptr_nonnull(strstr(said, cases[i].said));
		free(said);
	}
}
END_TEST

START_TEST(includes_are_listed_with_their_lines)
{
	const char text[] = "a = 1;\n  @include \"x.conf\"\n"
			    "@include\t\"dir/y.conf\"\n";
	struct conf_diag diag = {0};
	struct prelex p = {.diag = &diag, .where = {.file = "t"}};

	ck_assert(prelex_scan(&p, text, strlen(text)));
	ck_assert_uint_eq(p.includes_count, 2);
	ck_assert_str_eq(p.includes[0].path, "x.conf");
	ck_assert_uint_eq(p.includes[0].line, 2);
	ck_assert_str_eq(p.includes[1].path, "dir/y.conf");
	ck_assert_uint_eq(p.includes[1].line, 3);
	prelex_fini(&p);
	conf_diag_fini(&diag);
}
END_TEST

int
main(void)
{
	return check_run(
	    "prelex",
	    (const TTest *const[]){what_keeps_its_value_passes,
				   what_libconfig_would_take_silently_is_told,
				   all_wrapped_integers_are_told_at_once,
				   nul_bytes_are_found_behind_everything,
				   nesting_and_groups_have_a_bound,
				   includes_are_listed_with_their_lines, NULL});
}
