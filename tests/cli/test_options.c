/* SPDX-License-Identifier: Apache-2.0 */
/* Options from a table. */
#include "cli/options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

struct values {
	bool flag;
	const char *text;
	struct option_texts texts;
};

static const struct option_row rows[] = {
    {'f', "flag", OPTION_FLAG, offsetof(struct values, flag), NULL, "a flag"},
    {'t', "text", OPTION_TEXT, offsetof(struct values, text), "TEXT", "text"},
    {0, "many", OPTION_TEXTS, offsetof(struct values, texts), "T", "texts"},
    {0},
};

static int ran;

static int
run_add(int argc, char **argv)
{
	ck_assert_str_eq(argv[0], "add");
	ran = argc;
	return 42;
}

static const struct command add = {
    .name = "thing add", .summary = "Adds", .options = rows, .run = run_add};
static const struct command *const verbs[] = {&add, NULL};
static const struct command command = {.name = "thing",
				       .usage = "…",
				       .summary = "Does",
				       .options = rows,
				       .verbs = verbs};

static int
parse(struct values *to, const char *const *words)
{
	static char *argv[16];
	int argc = 1;

	argv[0] = (char *)"thing";
	while (words[argc - 1] != NULL) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	argv[argc] = NULL;
	*to = (struct values){0};
	return options_parse(&command, argc, argv, to);
}

#define PARSE(to, ...) parse(to, (const char *const[]){__VA_ARGS__, NULL})

/* What is said is not for the test's own output. */
static void
hush(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(values_land_where_the_table_says)
{
	struct values v;

	ck_assert_int_eq(
	    PARSE(&v, "-f", "--text", "x", "--many=a", "--many", "b"), 7);
	ck_assert(v.flag);
	ck_assert_str_eq(v.text, "x");
	ck_assert_uint_eq(v.texts.count, 2);
	ck_assert_str_eq(v.texts.items[0], "a");
	ck_assert_str_eq(v.texts.items[1], "b");
	free(v.texts.items);
	ck_assert_int_eq(PARSE(&v, "-tx"), 2);
	ck_assert_str_eq(v.text, "x");
}
END_TEST

START_TEST(what_is_no_option_comes_last)
{
	struct values v;

	ck_assert_int_eq(PARSE(&v, "a", "-f", "b"), 2);
	ck_assert(v.flag);
	ck_assert_int_eq(PARSE(&v, "--", "-f"), 2);
	ck_assert(!v.flag);
}
END_TEST

START_TEST(wrong_usage_and_the_call_for_help_are_told_apart)
{
	struct values v;

	hush();
	ck_assert_int_eq(PARSE(&v, "--unknown"), -1);
	ck_assert_int_eq(PARSE(&v, "-x"), -1);
	ck_assert_int_eq(PARSE(&v, "--text"), -1);
	ck_assert_int_eq(PARSE(&v, "--flag=1"), -1);
	ck_assert_int_eq(PARSE(&v, "--help"), -2);
	ck_assert_int_eq(PARSE(&v, "-h"), -2);
}
END_TEST

static const struct {
	const char *word, *said;
} mistakes[] = {
    {"--txet", "faultwire thing: there is no option \"--txet\"; did you mean "
	       "\"--text\"?\n"},
    {"--nothing=1", "faultwire thing: there is no option \"--nothing\"\n"},
    {"-x", "faultwire thing: there is no option \"-x\"\n"},
    {"--text", "faultwire thing: --text lacks its value; expected "
	       "--text TEXT\n"},
    {"-t", "faultwire thing: --text lacks its value; expected --text TEXT\n"},
    {"--flag=1", "faultwire thing: --flag takes no value; expected it alone\n"},
    {"--help=1", "faultwire thing: --help takes no value; expected it alone\n"},
};

START_TEST(a_mistake_is_told_with_what_was_expected)
{
	struct values v;
	char text[256];

	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		FILE *said = tmpfile();

		ck_assert_ptr_nonnull(said);
		ck_assert_int_ge(dup2(fileno(said), STDERR_FILENO), 0);
		ck_assert_int_eq(PARSE(&v, mistakes[i].word), -1);
		fflush(stderr);
		rewind(said);
		text[fread(text, 1, sizeof(text) - 1, said)] = '\0';
		fclose(said);
		text[MIN(strlen(text), strlen(mistakes[i].said))] = '\0';
		ck_assert_str_eq(text, mistakes[i].said);
	}
}
END_TEST

START_TEST(verbs_are_found_by_their_last_word)
{
	char thing[] = "thing", word[] = "add", near[] = "ad";
	char option[] = "--help";
	char *good[] = {thing, word, near, NULL};
	char *bad[] = {thing, near, NULL};
	char *help[] = {thing, option, NULL};

	hush();
	ck_assert_int_eq(options_run_verb(&command, 3, good), 42);
	ck_assert_int_eq(ran, 2);
	ck_assert_int_eq(options_run_verb(&command, 2, bad), EXIT_USAGE);
	ck_assert_int_eq(options_run_verb(&command, 1, good), EXIT_USAGE);
	ck_assert_int_eq(options_run_verb(&command, 2, help), EXIT_DONE);
	ck_assert_str_eq(options_verb(&add), "add");
	ck_assert_str_eq(options_verb(&command), "thing");
}
END_TEST

int
main(void)
{
	return check_run("options",
			 (const TTest *const[]){
			     values_land_where_the_table_says,
			     what_is_no_option_comes_last,
			     wrong_usage_and_the_call_for_help_are_told_apart,
			     a_mistake_is_told_with_what_was_expected,
			     verbs_are_found_by_their_last_word, NULL});
}
