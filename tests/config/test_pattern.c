/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and status ranges. */
#include "config/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *pattern, *text;
	bool nocase, met;
} patterns[] = {
    {NULL, "anything", false, true},
    {"", "", false, true},
    {"", "x", false, false},
    {"/orders/*", "/orders/1", false, true},
    {"/orders/*", "/Orders/1", false, false},
    {"/orders/*", "/Orders/1", true, true},
    {"!/health", "/health", false, false},
    {"!/health", "/x", false, true},
    {"~^/a[0-9]+$", "/a17", false, true},
    {"~^/a[0-9]+$", "/a17/", false, false},
    {"~b", "abc", false, true},
    {"~B", "abc", true, true},
    {"!~^GET|HEAD$", "POST", false, true},
    {"!~^(GET|HEAD)$", "GET", false, false},
    {"~", "x", false, true},
    {"~^$", "", false, true},
    {"~a{3}", "aaa", false, true},
    {"~a{2,3}b", "ab", false, false},
    {"~[{]1000000000", "{1000000000", false, true},
    {"~^[]a{9999}]$", "]", false, true},
    {"~^[^]]+$", "a]", false, false},
    {"~^\\{2}\\(a$", "{2}(a", false, true},
    {"~^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
     "01234567-89ab-cdef-0123-456789abcdef", false, true},
    {"~^.{1,255}$", "abc", false, true},
};

START_TEST(patterns_are_globs_or_regexes_perhaps_negated)
{
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		struct conf_pattern p = {.text = (char *)patterns[i].pattern};
		struct error err = {0};

		ck_assert_msg(
		    conf_pattern_compile(&p, patterns[i].nocase, &err),
		    "%s: %s", patterns[i].pattern, err.text);
		ck_assert_msg(
		    conf_pattern_match(&p, view_of(patterns[i].text)) ==
			patterns[i].met,
		    "%s on %s", patterns[i].pattern, patterns[i].text);
		conf_pattern_clear(&p);
	}
}
END_TEST

START_TEST(a_regex_looks_at_the_view_only)
{
	struct conf_pattern p = {.text = (char *)"~^ab$"};
	struct conf_pattern empty = {.text = (char *)"~^$"};

	ck_assert(conf_pattern_compile(&p, false, NULL));
	ck_assert(conf_pattern_match(&p, (struct view){"abc", 2}));
	ck_assert(!conf_pattern_match(&p, (struct view){"abc", 3}));
	ck_assert(conf_pattern_compile(&empty, false, NULL));
	ck_assert(conf_pattern_match(&empty, (struct view){NULL, 0}));
	conf_pattern_clear(&p);
	conf_pattern_clear(&empty);
}
END_TEST

static const struct {
	const char *pattern, *said;
} bad_patterns[] = {
    {"~(", "is not a regex"},
    {"!~[", "is not a regex"},
    {"~(a)\\1", "refers back"},
    {"~{\\1", "refers back"},
    {"~(a{100}){21}", "too large when its repeats"},
    {"~a{2049}", "too large when its repeats"},
    {"~a{2000,}b{100}", "too large when its repeats"},
    {"~a{,99999999999999999999999}", "too large when its repeats"},
    {"~(a{1,100}b{2,}){2,100}", "too large when its repeats"},
    {"~a{9}{9}{9}{9}", "too large when its repeats"},
    {"~(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+", "too large when its repeats"},
    {"~[]x{1000}](abc){700}", "too large when its repeats"},
};

START_TEST(regexes_that_cost_too_much_are_refused)
{
	char text[1100];
	struct conf_pattern p = {0};
	struct error err;

	for (size_t i = 0; i < COUNT_OF(bad_patterns); i++) {
		p.text = (char *)bad_patterns[i].pattern;
		ck_assert_msg(!conf_pattern_compile(&p, false, &err), "%s",
			      p.text);
		ck_assert_msg(strstr(err.text, bad_patterns[i].said) != NULL,
			      "%s: %s", p.text, err.text);
		ck_assert(!p.is_regex);
	}
	memset(text, 'a', sizeof(text));
	text[1025] = '\0';
	p.text = text;
	ck_assert(!conf_pattern_compile(&p, false, &err));
	text[1024] = '\0';
	ck_assert(conf_pattern_compile(&p, false, &err));
}
END_TEST

static const struct {
	const char *text;
	int min, max; /* 0: refused */
} statuses[] = {
    {"503", 503, 503},
    {"5xx", 500, 599},
    {"500-504", 500, 504},
    {"100-599", 100, 599},
    {"600", 0, 0},
    {"99", 0, 0},
    {"0xx", 0, 0},
    {"6xx", 0, 0},
    {"504-500", 0, 0},
    {"50x", 0, 0},
    {"500-", 0, 0},
    {"500-504x", 0, 0},
    {"", 0, 0},
};

START_TEST(statuses_are_numbers_classes_or_ranges)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		int min = 0, max = 0;

		ck_assert_msg(conf_status_parse(statuses[i].text, &min, &max,
						NULL) == (statuses[i].min > 0),
			      "%s", statuses[i].text);
		ck_assert_int_eq(min, statuses[i].min);
		ck_assert_int_eq(max, statuses[i].max);
	}
}
END_TEST

int
main(void)
{
	return check_run("pattern",
			 (const TTest *const[]){
			     patterns_are_globs_or_regexes_perhaps_negated,
			     a_regex_looks_at_the_view_only,
			     regexes_that_cost_too_much_are_refused,
			     statuses_are_numbers_classes_or_ranges, NULL});
}
