/* SPDX-License-Identifier: Apache-2.0 */
/* Globs: stars, question marks, case, and time that stays bounded. */
#include "base/glob.h"

#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *glob, *text;
	bool nocase, met;
} cases[] = {
    {"", "", false, true},
    {"", "a", false, false},
    {"*", "", false, true},
    {"**", "", false, true},
    {"*", "/a/b", false, true},
    {"?", "", false, false},
    {"?", "a", false, true},
    {"?", "ab", false, false},
    {"abc", "abc", false, true},
    {"abc", "ab", false, false},
    {"ab", "abc", false, false},
    {"/orders/*", "/orders/", false, true},
    {"/orders/*", "/orders/17/items", false, true},
    {"/orders/*", "/orders", false, false},
    {"*.json", "/a.json.json", false, true},
    {"*.json", "/a.json5", false, false},
    {"*a*b*c", "xxaxxbxxbxxc", false, true},
    {"*a*b*c", "xxaxxcxxb", false, false},
    {"a*?b", "ab", false, false},
    {"a*?b", "axb", false, true},
    {"Api.*", "api.example", false, false},
    {"Api.*", "aPI.example", true, true},
    {"[a]", "[A]", true, true},
    {"@", "`", true, false}, /* letters only are folded */
    {"\xc3\xa9*", "\xc3\xa9t\xc3\xa9", true, true},
};

START_TEST(globs_meet_what_they_should)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_msg(glob_match(view_of(cases[i].glob),
					 view_of(cases[i].text),
					 cases[i].nocase) == cases[i].met,
			      "%s on %s", cases[i].glob, cases[i].text);
}
END_TEST

START_TEST(text_needs_no_end_and_may_hold_nul)
{
	ck_assert(
	    glob_match(view_of("a?c*"), (struct view){"a\0cdef", 3}, false));
	ck_assert(
	    !glob_match(view_of("a?c"), (struct view){"a\0cdef", 4}, false));
	ck_assert(glob_match(view_of("*"), (struct view){NULL, 0}, false));
}
END_TEST

START_TEST(many_stars_do_not_take_forever)
{
	static char glob[201], text[20001];

	for (size_t i = 0; i < 200; i += 2)
		memcpy(glob + i, "*a", 2);
	memset(text, 'a', 20000);
	text[19999] = 'b';
	ck_assert(!glob_match(view_of(glob), view_of(text), false));
}
END_TEST

int
main(void)
{
	return check_run("glob", (const TTest *const[]){
				     globs_meet_what_they_should,
				     text_needs_no_end_and_may_hold_nul,
				     many_stars_do_not_take_forever, NULL});
}
