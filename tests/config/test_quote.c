/* SPDX-License-Identifier: Apache-2.0 */
/* The environment inside of texts, and quoting so that texts come back. */
#include "config/quote.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *text, *expanded; /* NULL: refused */
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"${FW_SET}", "value"},
    {"a${FW_SET}b${FW_SET}", "avaluebvalue"},
    {"${FW_SET:-other}", "value"},
    {"${FW_UNSET:-other}", "other"},
    {"${FW_UNSET:-}", ""},
    {"${FW_EMPTY}", ""},
    {"${FW_EMPTY:-other}", "other"},
    {"${FW_UNSET:-$x}", "$x"},
    {"$FW_SET", "$FW_SET"},
    {"~^/a$", "~^/a$"},
    {"$$", "$"},
    {"$$$$", "$$"},
    {"$${FW_SET}", "${FW_SET}"},
    {"5 $ each", "5 $ each"},
    {"${FW_UNSET}", NULL},
    {"${FW_SET", NULL},
    {"${}", NULL},
    {"${FW_SET-x}", NULL},
    {"${FW SET}", NULL},
    {"${1A}", NULL},
};

START_TEST(variables_are_replaced_and_dollars_kept)
{
	setenv("FW_SET", "value", 1);
	setenv("FW_EMPTY", "", 1);
	unsetenv("FW_UNSET");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str s = {0};
		struct error err = {0};
		bool ok;

		str_add(&s, "");
		ok = env_expand(cases[i].text, &s, &err);
		ck_assert_msg(ok == (cases[i].expanded != NULL), "%s",
			      cases[i].text);
		if (ok)
			ck_assert_str_eq(s.text, cases[i].expanded);
		else
			ck_assert_ptr_nonnull(strstr(err.text, "expected"));
		str_fini(&s);
	}
}
END_TEST

START_TEST(an_unset_variable_is_named)
{
	struct str s = {0};
	struct error err;

	unsetenv("FW_UNSET");
	ck_assert(!env_expand("x${FW_UNSET}", &s, &err));
	ck_assert_str_eq(err.text, "the environment has no FW_UNSET; expected "
				   "it to be set, or ${FW_UNSET:-default}");
	str_fini(&s);
}
END_TEST

START_TEST(quoted_texts_come_back_from_a_file)
{
	static const char *const texts[] = {"",
					    "plain",
					    "\"quotes\"",
					    "back\\slash",
					    "line\nfeed\ttab\x7f\x01",
					    "$",
					    "$$",
					    "${X}",
					    "$${X}",
					    "$$$",
					    "a$",
					    "~^/x$",
					    "\xc3\xa4\xff"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct str s = {0};
		struct conf_model *m;
		const struct fake_params *p;

		str_add(&s, "routes = ( { name = \"r\"; listen = \":1\"; "
			    "upstream = \"u:1\"; faults = ( { type = "
			    "\"every_type\"; text = ");
		quote_add(&s, texts[i]);
		str_add(&s, "; } ); } );");
		m = fake_load(s.text);
		p = m->routes[0].faults[0].params;
		ck_assert_str_eq(p->text, texts[i]);
		conf_model_unref(m);
		str_fini(&s);
	}
}
END_TEST

int
main(void)
{
	return check_run(
	    "quote",
	    (const TTest *const[]){variables_are_replaced_and_dollars_kept,
				   an_unset_variable_is_named,
				   quoted_texts_come_back_from_a_file, NULL});
}
