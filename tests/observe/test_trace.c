/* SPDX-License-Identifier: Apache-2.0 */
/* traceparent, by the letter. */
#include "observe/trace.h"

#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

START_TEST(a_good_header_gives_its_ids_and_flags)
{
	struct trace_context t;
	char text[TRACE_ID_TEXT];

	ck_assert(trace_parse(VIEW("00-" ID "-" PARENT "-01"), &t));
	trace_id_text(t.trace_id, text);
	ck_assert_str_eq(text, ID);
	ck_assert_uint_eq(t.parent_id[0], 0x00);
	ck_assert_uint_eq(t.parent_id[7], 0xb7);
	ck_assert(t.flags & TRACE_SAMPLED);
	ck_assert(trace_parse(VIEW("00-" ID "-" PARENT "-00"), &t));
	ck_assert(!(t.flags & TRACE_SAMPLED));
}
END_TEST

START_TEST(blanks_around_it_are_none_of_it)
{
	struct trace_context t;

	ck_assert(trace_parse(VIEW(" \t00-" ID "-" PARENT "-01\t "), &t));
}
END_TEST

START_TEST(later_versions_may_go_on_behind_a_dash)
{
	struct trace_context t;

	ck_assert(trace_parse(VIEW("01-" ID "-" PARENT "-01"), &t));
	ck_assert(trace_parse(VIEW("cc-" ID "-" PARENT "-01-more"), &t));
	ck_assert(trace_parse(VIEW("cc-" ID "-" PARENT "-01-"), &t));
	ck_assert(!trace_parse(VIEW("cc-" ID "-" PARENT "-01more"), &t));
}
END_TEST

START_TEST(everything_else_is_invalid)
{
	static const char *const bad[] = {
	    "",
	    "00",
	    "00-" ID "-" PARENT,
	    "00-" ID "-" PARENT "-",
	    "00-" ID "-" PARENT "-0",
	    "00-" ID "-" PARENT "-1x",
	    "00-" ID "-" PARENT "-01-",
	    "00-" ID "-" PARENT "-01 00",
	    "00-" ID "-" PARENT "-0100",
	    "ff-" ID "-" PARENT "-01",
	    "0x-" ID "-" PARENT "-01",
	    "00_" ID "-" PARENT "-01",
	    "00-" ID "_" PARENT "-01",
	    "00-" ID "-" PARENT "_01",
	    "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
	    "00-" ID "-00F067AA0BA902B7-01",
	    "00-00000000000000000000000000000000-" PARENT "-01",
	    "00-" ID "-0000000000000000-01",
	    "00-4bf92f3577b34da6a3ce929d0e0e473-" PARENT "-01",
	    "00-4bf92f3577b34da6a3ce929d0e0e47366" PARENT "-01",
	    "00-4bf92f3577b34da6a3ce929d0e0e473.-" PARENT "-01",
	};
	struct trace_context t;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (trace_parse(view_of(bad[i]), &t))
			ck_abort_msg("\"%s\" was taken", bad[i]);
	}
}
END_TEST

START_TEST(what_goes_on_is_version_00_with_the_flags_that_we_know)
{
	struct trace_context t;
	char text[TRACE_PARENT_TEXT];

	ck_assert(trace_parse(VIEW("cc-" ID "-" PARENT "-ff-more"), &t));
	trace_print(&t, text);
	ck_assert_str_eq(text, "00-" ID "-" PARENT "-03");
}
END_TEST

START_TEST(members_of_tracestate_are_gathered_in_order)
{
	struct str state = {0};

	ck_assert(trace_state_add(&state, VIEW("a=1, b=2,,")));
	ck_assert(trace_state_add(&state, VIEW("")));
	ck_assert(trace_state_add(&state, VIEW("\tc=3,a=4")));
	ck_assert_str_eq(state.text, "a=1,b=2,c=3");
	/* "a" is not "aa". */
	ck_assert(trace_state_add(&state, VIEW("aa=1")));
	ck_assert_str_eq(state.text, "a=1,b=2,c=3,aa=1");
	ck_assert(!trace_state_add(&state, VIEW("d=4,E=5")));
	str_fini(&state);
}
END_TEST

int
main(void)
{
	return check_run("trace",
	    (const TTest *const[]){a_good_header_gives_its_ids_and_flags,
		blanks_around_it_are_none_of_it,
		later_versions_may_go_on_behind_a_dash,
		everything_else_is_invalid,
		what_goes_on_is_version_00_with_the_flags_that_we_know,
		members_of_tracestate_are_gathered_in_order, NULL});
}
