/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of degraded answers, wherever the pieces begin. */
#include "config/pattern.h"
#include "load/marks.h"

#include <string.h>

#include "tests/harness/check_run.h"

static bool
is_degraded(const struct conf_mark *mark, const char *body, size_t piece)
{
	struct conf_load load = {.degraded_when = (struct conf_mark *)mark,
				 .degraded_count = 1};
	struct conf_pattern none = {0};
	struct load_seen seen = {0};
	struct load_marks marks;
	struct error err;
	size_t len = strlen(body);
	bool degraded;

	ck_assert(load_marks_init(&marks, &load, &err));
	for (size_t at = 0; at < len; at += piece)
		load_seen_body(&seen, &marks, &none,
			       (struct view){body + at, MIN(piece, len - at)});
	load_seen_end(&seen, &marks);
	degraded = seen.degraded;
	ck_assert_uint_eq(seen.bytes, len);
	ck_assert_uint_lt(seen.tail.len, MAX(marks.longest, 1));
	load_seen_fini(&seen);
	load_marks_fini(&marks);
	return degraded;
}

static const struct {
	const char *text, *body;
	bool degraded;
} bodies[] = {
    {"stale", "this is stale now", true},
    {"stale", "stale", true},
    {"stale", "ststale", true},
    {"stale", "this is stal", false},
    {"stale", "stalstals tale", false},
    {"aab", "aaaaaaaab", true},
    {"x", "yyyyyyyx", true},
    {"x", "yyyyyyyy", false},
    {"a longer text than most pieces are",
     "say a longer text than most "
     "pieces are!",
     true},
    {"a longer text than the body", "longer text", false},
};

START_TEST(text_is_found_across_all_borders)
{
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct conf_mark mark = {.body_contains =
					     (char *)bodies[i].text};
		size_t len = strlen(bodies[i].body);

		for (size_t piece = 1; piece <= len; piece++)
			ck_assert_msg(is_degraded(&mark, bodies[i].body,
						  piece) == bodies[i].degraded,
				      "%s in %s by %zu", bodies[i].text,
				      bodies[i].body, piece);
	}
}
END_TEST

START_TEST(a_body_below_a_size_is_degraded)
{
	struct conf_mark mark = {.size_below = 5};

	ck_assert(is_degraded(&mark, "", 1));
	ck_assert(is_degraded(&mark, "1234", 3));
	ck_assert(!is_degraded(&mark, "12345", 3));
}
END_TEST

static const struct {
	const char *mark, *name, *value;
	bool degraded;
} headers[] = {
    {"X-Degraded", "x-degraded", "", true},
    {"X-Degraded", "X-Degraded", "no", true},
    {"X-Degraded", "X-Degrade", "yes", false},
    {"X-Cache: stale*", "x-cache", " stale-if-error ", true},
    {"X-Cache: stale*", "x-cache", "fresh", false},
    {"X-Cache:~^(stale|old)$", "x-cache", "old", true},
    {"X-Cache:~^(stale|old)$", "x-cache", "older", false},
};

START_TEST(headers_mark_by_name_or_value)
{
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct conf_mark mark = {.header = (char *)headers[i].mark};
		struct conf_load load = {.degraded_when = &mark,
					 .degraded_count = 1};
		struct load_seen seen = {0};
		struct load_marks marks;
		struct error err;

		ck_assert(load_marks_init(&marks, &load, &err));
		load_seen_header(&seen, &marks, view_of(headers[i].name),
				 view_of(headers[i].value));
		ck_assert_msg(seen.degraded == headers[i].degraded, "%s: %s",
			      headers[i].mark, headers[i].value);
		load_seen_fini(&seen);
		load_marks_fini(&marks);
	}
}
END_TEST

START_TEST(a_mark_that_is_no_pattern_is_refused)
{
	struct conf_mark mark = {.header = (char *)"X: ~(("};
	struct conf_load load = {.degraded_when = &mark, .degraded_count = 1};
	struct load_marks marks;
	struct error err;

	ck_assert(!load_marks_init(&marks, &load, &err));
	load_marks_fini(&marks);
}
END_TEST

START_TEST(only_so_much_of_a_body_is_kept_for_a_pattern)
{
	struct conf_pattern expect = {.text = (char *)"*"};
	struct load_seen seen = {0};
	struct load_marks marks = {0};
	char piece[1000] = "";

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 100; i++)
		load_seen_body(&seen, &marks, &expect,
			       (struct view){piece, sizeof(piece)});
	ck_assert_uint_eq(seen.bytes, 100000);
	ck_assert_uint_eq(seen.body.len, EXPECT_ROOM);
	load_seen_fini(&seen);
}
END_TEST

int
main(void)
{
	return check_run("marks",
			 (const TTest *const[]){
			     text_is_found_across_all_borders,
			     a_body_below_a_size_is_degraded,
			     headers_mark_by_name_or_value,
			     a_mark_that_is_no_pattern_is_refused,
			     only_so_much_of_a_body_is_kept_for_a_pattern,
			     NULL,
			 });
}
