/* SPDX-License-Identifier: Apache-2.0 */
/* Flags as Go's flag package takes them. */
#include "cli/go_flags.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

#define WORDS_MAX 8

struct options {
	const char *text;
	bool on;
	struct option_texts list;
};

static const struct option_row table[] = {
    {'t', "text", OPTION_TEXT, offsetof(struct options, text), NULL, NULL},
    {0, "other", OPTION_TEXT, offsetof(struct options, text), NULL, NULL},
    {'o', "on", OPTION_FLAG, offsetof(struct options, on), NULL, NULL},
    {'l', "list", OPTION_TEXTS, offsetof(struct options, list), NULL, NULL},
    {0},
};

/* Parses words separated by blanks; they live in `copy`. */
static bool
parse(char *copy, bool anywhere, struct options *to, struct go_words *words,
    struct error *err)
{
	static char *items[WORDS_MAX];

	*to = (struct options){0};
	*words = (struct go_words){items, 0, anywhere};
	for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
		items[words->count++] = w;
	return go_flags_parse(table, words, to, err);
}

static const struct {
	const char *line;
	bool anywhere;
	const char *text;
	bool on;
	int words;
} good[] = {
    {"-text a", false, "a", false, 0}, {"--text=a", false, "a", false, 0},
    {"-t=a -on", false, "a", true, 0}, {"-other a", false, "a", false, 0},
    {"-on=false x", false, NULL, false, 1}, {"-o=T", false, NULL, true, 0},
    {"x -on", false, NULL, false, 2}, {"x -on y", true, NULL, true, 2},
    {"-- -on", true, NULL, false, 1}, {"- -on", true, NULL, true, 1},
    {"-text -on", true, "-on", false, 0}, {"-text=", false, "", false, 0},
    {"-text=a=b", false, "a=b", false, 0}, {"-t a -t b", false, "b", false, 0},
};

START_TEST(one_dash_or_two_with_or_without_equals)
{
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		char copy[64];
		struct options o;
		struct go_words words;
		struct error err = {0};

		strcpy(copy, good[i].line);
		ck_assert_msg(
		    parse(copy, good[i].anywhere, &o, &words, &err),
		    "%s: %s", good[i].line, err.text);
		ck_assert_msg(words.count == good[i].words && o.on ==
			good[i].on, "%s", good[i].line);
		if (good[i].text == NULL)
			ck_assert_ptr_null(o.text);
		else
			ck_assert_str_eq(o.text, good[i].text);
	}
}
END_TEST

START_TEST(a_list_gathers_its_values)
{
	char copy[] = "x -l a --list=b y -list c";
	struct options o;
	struct go_words words;
	struct error err;

	ck_assert(parse(copy, true, &o, &words, &err));
	ck_assert_uint_eq(o.list.count, 3);
	ck_assert_str_eq(o.list.items[2], "c");
	ck_assert_int_eq(words.count, 2);
	ck_assert_str_eq(words.items[1], "y");
	free(o.list.items);
}
END_TEST

static const struct {
	const char *line, *error;
} bad[] = {
    {"-nosuch", "flag provided but not defined: -nosuch"},
    {"--tex=a", "flag provided but not defined: -tex"},
    {"-text", "flag needs an argument: -text"},
    {"-on=maybe", "invalid boolean value \"maybe\" for -on: parse error"},
    {"---on", "bad flag syntax: ---on"}, {"-=a", "bad flag syntax: -=a"},
};

START_TEST(what_is_wrong_is_said_as_go_says_it)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		char copy[64];
		struct options o;
		struct go_words words;
		struct error err = {0};

		strcpy(copy, bad[i].line);
		ck_assert(!parse(copy, true, &o, &words, &err));
		ck_assert_str_eq(err.text, bad[i].error);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    one_dash_or_two_with_or_without_equals,
	    a_list_gathers_its_values,
	    what_is_wrong_is_said_as_go_says_it,
	    NULL,
	};

	return check_run("go_flags", tests);
}
