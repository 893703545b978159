/* SPDX-License-Identifier: Apache-2.0 */
/* What a mistyped word may have meant. */
#include "base/near.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *a, *b;
	size_t distance;
} distances[] = {
    {"", "", 0},
    {"latency", "latency", 0},
    {"latency", "LATENCY", 0},
    {"latncy", "latency", 1},
    {"latenccy", "latency", 1},
    {"latemcy", "latency", 1},
    {"altency", "latency", 1},
    {"jitter", "filter", 2},
    {"", "abc", 3},
    {"abc", "", 3},
    {"ab", "xyz", 3},
};

START_TEST(distance_counts_single_letter_mistakes)
{
	for (size_t i = 0; i < COUNT_OF(distances); i++)
		ck_assert_msg(near_distance(distances[i].a, distances[i].b) ==
				  distances[i].distance,
			      "%s and %s", distances[i].a, distances[i].b);
}
END_TEST

START_TEST(words_above_the_limit_are_infinitely_far)
{
	char longest[65 + 1];

	memset(longest, 'a', 65);
	longest[65] = '\0';
	ck_assert_uint_eq(near_distance(longest, "a"), (size_t)-1);
	ck_assert_uint_eq(near_distance("a", longest), (size_t)-1);
	ck_assert_uint_eq(near_distance(longest + 1, longest + 1), 0);
}
END_TEST

static const char *const words[] = {
    "latency", "jitter", "probability", "stream", "on", "off", NULL};

static const struct {
	const char *word, *meant; /* NULL: nothing near */
} misses[] = {
    {"latncy", "latency"},
    {"Latency", "latency"},
    {"jiter", "jitter"},
    {"prob", "probability"}, /* an abbreviation */
    {"pr", NULL},	     /* too short for one */
    {"steram", "stream"},
    {"offf", "off"},
    {"bandwidth", NULL},
    {"x", NULL},
    {"", NULL},
};

START_TEST(the_nearest_word_is_found_or_none)
{
	for (size_t i = 0; i < COUNT_OF(misses); i++) {
		struct near near;

		near_start(&near, misses[i].word);
		for (size_t j = 0; words[j] != NULL; j++)
			near_offer(&near, words[j]);
		if (misses[i].meant == NULL)
			ck_assert_ptr_null(near.best);
		else
			ck_assert_str_eq(near.best, misses[i].meant);
	}
}
END_TEST

START_TEST(a_message_ends_in_the_hint_or_in_nothing)
{
	struct near near;
	char text[64];

	near_start(&near, "latncy");
	snprintf(text, sizeof(text), "no" NEAR_HINT, NEAR_ARGS(&near));
	ck_assert_str_eq(text, "no");
	near_offer(&near, "latency");
	snprintf(text, sizeof(text), "no" NEAR_HINT, NEAR_ARGS(&near));
	ck_assert_str_eq(text, "no; did you mean \"latency\"?");
}
END_TEST

START_TEST(of_equally_near_words_the_first_is_meant)
{
	struct near near;

	near_start(&near, "cat");
	near_offer(&near, NULL);
	near_offer(&near, "bat");
	near_offer(&near, "hat");
	ck_assert_str_eq(near.best, "bat");
	near_offer(&near, "cat");
	ck_assert_str_eq(near.best, "cat");
}
END_TEST

START_TEST(a_word_of_others_means_ours_whatever_is_nearer)
{
	static const struct near_word others[] = {{"delay", "latency"}};
	struct near near;

	near_start(&near, "delay");
	near_offer_as(&near, "latency", others, 1);
	near_offer_as(&near, "delays", others, 1);
	ck_assert_str_eq(near.best, "latency");
	near_start(&near, "jiter");
	near_offer_as(&near, "latency", others, 1);
	ck_assert_ptr_null(near.best);
	near_offer_as(&near, "jitter", others, 1);
	ck_assert_str_eq(near.best, "jitter");
}
END_TEST

int
main(void)
{
	return check_run("near",
			 (const TTest *const[]){
			     distance_counts_single_letter_mistakes,
			     words_above_the_limit_are_infinitely_far,
			     the_nearest_word_is_found_or_none,
			     a_message_ends_in_the_hint_or_in_nothing,
			     of_equally_near_words_the_first_is_meant,
			     a_word_of_others_means_ours_whatever_is_nearer,
			     NULL});
}
