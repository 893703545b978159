/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting messages. */
#include "config/diag.h"

#include <string.h>

#include "tests/harness/check_run.h"

START_TEST(every_message_says_where)
{
	const struct conf_where line = {"a.conf", 7}, option = {"--listen", 0};
	struct conf_diag diag = {0};

	conf_error(&diag, &line, "bad %s; expected %d", "thing", 5);
	conf_error(&diag, &option, "x");
	conf_error(&diag, &(struct conf_where){0}, "y");
	conf_warn(&diag, NULL, "z");
	ck_assert_uint_eq(diag.count, 4);
	ck_assert_uint_eq(diag.errors, 3);
	ck_assert_str_eq(diag.messages[0].where, "a.conf:7");
	ck_assert_str_eq(diag.messages[0].text, "bad thing; expected 5");
	ck_assert(!diag.messages[0].warning);
	ck_assert_str_eq(diag.messages[1].where, "--listen");
	ck_assert_str_eq(diag.messages[2].where, "configuration");
	ck_assert_str_eq(diag.messages[3].where, "configuration");
	ck_assert(diag.messages[3].warning);
	conf_diag_fini(&diag);
	ck_assert_uint_eq(diag.count, 0);
	conf_diag_fini(&diag);
}
END_TEST

START_TEST(the_first_error_is_found_behind_warnings)
{
	struct conf_diag diag = {0};

	conf_warn(&diag, NULL, "odd");
	ck_assert_ptr_null(conf_diag_first(&diag));
	ck_assert_str_eq(conf_diag_text(&diag), "refused");
	conf_error(&diag, NULL, "wrong");
	conf_error(&diag, NULL, "worse");
	ck_assert_ptr_eq(conf_diag_first(&diag), &diag.messages[1]);
	ck_assert_str_eq(conf_diag_text(&diag), "wrong");
	conf_diag_fini(&diag);
}
END_TEST

START_TEST(beyond_a_thousand_messages_are_only_counted)
{
	struct conf_diag diag = {0};

	for (int i = 0; i < 1500; i++)
		conf_error(&diag, NULL, "%d", i);
	ck_assert_uint_eq(diag.count, 1000);
	ck_assert_uint_eq(diag.errors, 1500);
	ck_assert_str_eq(diag.messages[999].text, "999");
	conf_diag_fini(&diag);
}
END_TEST

START_TEST(a_conflict_is_an_error_of_its_own)
{
	struct conf_diag diag = {0};

	conf_error(&diag, NULL, "wrong");
	conf_conflict(&diag, NULL, "taken");
	conf_warn(&diag, NULL, "odd");
	ck_assert_uint_eq(diag.errors, 2);
	ck_assert_uint_eq(diag.conflicts, 1);
	ck_assert(!diag.messages[1].warning);
	conf_diag_fini(&diag);
}
END_TEST

START_TEST(a_message_is_cut_between_letters)
{
	struct conf_diag diag = {0};
	char text[3000];

	memset(text, 'a', sizeof(text));
	memcpy(text + 1999, "\xc3\xa4", 3);
	conf_error(&diag, NULL, "%s", text);
	memcpy(text + 1998, "\xc3\xa4", 3);
	conf_error(&diag, NULL, "%s", text);
	ck_assert_uint_eq(strlen(diag.messages[0].text), 1999);
	ck_assert_uint_eq(strlen(diag.messages[1].text), 2000);
	conf_diag_fini(&diag);
}
END_TEST

int
main(void)
{
	return check_run(
	    "diag",
	    (const TTest *const[]){every_message_says_where,
				   the_first_error_is_found_behind_warnings,
				   beyond_a_thousand_messages_are_only_counted,
				   a_conflict_is_an_error_of_its_own,
				   a_message_is_cut_between_letters, NULL});
}
