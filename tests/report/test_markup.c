/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside in each format: whatever a name or a message holds. */
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "report/views.h"
#include "tests/harness/check_run.h"
#include "tests/report/planted.h"

static const struct {
	const char *text, *markup;
} rows[] = {
    {"", ""},
    {"plain", "plain"},
    {"<a href='x'>&\"", "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"},
    {"one\ntwo\tthree\x01\x7f", "one two three  "},
    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa5",
     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa5"},
    /* cut, overlong, a surrogate, a lone byte */
    {"a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc0\xafz", "\xef\xbf\xbd\xef\xbf\xbdz"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xff<", "\xef\xbf\xbd&lt;"},
};

START_TEST(text_is_escaped_for_xml)
{
	struct str to = {0};

	markup_add(&to, rows[_i].text);
	str_add(&to, "");
	ck_assert_str_eq(to.text, rows[_i].markup);
	str_fini(&to);
}
END_TEST

/* A note and a scenario's reason with everything that could hurt. */
START_TEST(no_format_is_broken_by_a_message)
{
	static const char nasty[] = "]]> --> </script> | `x` \\ \xff \x01 \r\n"
				    "# <b> &amp; \"q\" {seq} %s _a_ *b*";
	static const struct {
		void (*view)(const struct report *, struct str *);
		bool marks; /* < is markup */
	} views[] = {{view_markdown, true},
		     {view_html, true},
		     {view_json, false},
		     {view_junit, true},
		     {view_sarif, false}};
	struct run run = {0};
	struct report r;

	planted_run(&run, 7, WITHOUT_PROOF | WITHOUT_END);
	for (size_t i = 0; i < 2; i++) {
		free(run.scenarios[i + 1].why);
		run.scenarios[i + 1].why = xstrdup(nasty);
	}
	free(run.notes[0].text);
	run.notes[0].text = xstrdup(nasty);
	free(run.rollback_problem);
	run.rollback_problem = xstrdup(nasty);
	report_build(&r, &run, NULL);
	for (size_t i = 0; i < COUNT_OF(views); i++) {
		struct str text = {0};

		views[i].view(&r, &text);
		ck_assert(!views[i].marks || strstr(text.text, "<b>") == NULL);
		ck_assert(!views[i].marks ||
			  strstr(text.text, "</script>") == NULL);
		ck_assert_ptr_null(strstr(text.text, "\xff"));
		ck_assert_ptr_null(strstr(text.text, "\x01"));
		str_fini(&text);
	}
	report_fini(&r);
	run_fini(&run);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("markup");
	TCase *tc = tcase_create("markup");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, text_is_escaped_for_xml, 0, COUNT_OF(rows));
	tcase_add_test(tc, no_format_is_broken_by_a_message);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
