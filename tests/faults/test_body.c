/* SPDX-License-Identifier: Apache-2.0 */
/* body: replaced, or substituted wherever the borders lie. */
#include "tests/harness/message_fake.h"
#include "tests/harness/suite.h"

/* A response with that body passes in pieces of `piece` bytes. */
static void
expect_body(const char *body, size_t piece, const char *becomes)
{
	struct harness_flow *f = suite_exchange(0);
	size_t len = strlen(body);
	struct message_fake m;

	message_fake_init(&m, 200, -1);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert(m.filter.run != NULL);
	for (size_t at = 0; at < len; at += piece)
		m.filter.run(m.filter.arg, &m.body, body + at,
		    piece < len - at ? piece : len - at, false);
	message_fake_body(&m, "", true);
	ck_assert_uint_eq(m.body.len, strlen(becomes));
	ck_assert_str_eq(m.body.text != NULL ? m.body.text : "", becomes);
	message_fake_fini(&m);
}

START_TEST(a_text_is_substituted_wherever_the_pieces_part_it)
{
	static const struct {
		const char *fault, *body, *becomes;
	} cases[] = {
	    {"body,name=x,from=ok,to=bad", "ok, ok; book", "bad, bad; bobad"},
	    {"body,name=x,from=ok", "ok, look", ", lo"},
	    {"body,name=x,from=aab,to=X", "aaab aaaab aa", "aX aaX aa"},
	    {"body,name=x,from=abab,to=-", "abababab aba", "-- aba"},
	    {"body,name=x,from=aa,to=b", "aaaaa", "bba"},
	    {"body,name=x,from=abcabd,to=!", "abcabcabd", "abc!"},
	    {"body,name=x,from=aabaaac,to=X", "aabaaabaaac", "aabaX"},
	    {"body,name=x,from=a,to=aa", "banana", "baanaanaa"},
	    {"body,name=x,from=zz,to=!", "", ""},
	    {"body,name=x,from=OK,to=!", "ok", "ok"},
	};

	harness_add(h, cases[0].fault);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		harness_set(h, 0, cases[i].fault);
		for (size_t piece = 1; piece <= 9; piece++)
			expect_body(cases[i].body, piece, cases[i].becomes);
	}
}
END_TEST

START_TEST(a_body_is_replaced_as_a_whole_with_its_status)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,replace=nothing to see,status=500");
	f = suite_exchange(0);
	message_fake_init(&m, 200, 1000);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert(m.has_body);
	ck_assert_str_eq(m.body.text, "nothing to see");
	ck_assert_str_eq(m.edits.text, "status 500\n");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "replace"), 1);
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_status_alone_leaves_the_body_alone)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,status=404");
	f = suite_exchange(0);
	message_fake_init(&m, 200, 1000);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert(!m.has_body);
	ck_assert(m.filter.run == NULL);
	ck_assert_str_eq(m.edits.text, "status 404\n");
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_request_has_no_status_to_change)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,replace=x,status=404,stream=upstream");
	f = suite_exchange(0);
	message_fake_init(&m, 0, 1000);
	m.message.is_request = true;
	flow_message(&f->flow, LINK_UP, &m.message);
	ck_assert_ptr_null(m.edits.text);
	ck_assert_str_eq(m.body.text, "x");
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_message_without_a_body_is_not_filtered)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,from=a,to=b");
	f = suite_exchange(0);
	message_fake_init(&m, 204, 0);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert(m.filter.run == NULL);
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_body_under_way_keeps_the_substitution_it_began_with)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,name=x,from=abc,to=1");
	f = suite_exchange(0);
	message_fake_init(&m, 200, -1);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	message_fake_body(&m, "abc ab", false);
	harness_set(h, 0, "body,name=x,from=z,to=2");
	message_fake_body(&m, "c z", true);
	ck_assert_str_eq(m.body.text, "1 1 z");
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_body_under_way_outlives_its_fault)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,from=abc,to=1");
	f = suite_exchange(0);
	message_fake_init(&m, 200, -1);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	message_fake_body(&m, "abc ab", false);
	harness_remove(h, 0);
	message_fake_body(&m, "c ab", false);
	message_fake_body(&m, "", true);
	ck_assert_str_eq(m.body.text, "1 1 ab");
	message_fake_fini(&m);
}
END_TEST

/* The leak checker is the judge. */
START_TEST(a_body_that_breaks_off_after_its_fault_is_gone_leaves_nothing)
{
	struct harness_flow *f;
	struct message_fake m;

	harness_add(h, "body,from=abc,to=1");
	f = suite_exchange(0);
	message_fake_init(&m, 200, -1);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	message_fake_body(&m, "abc ab", false);
	harness_remove(h, 0);
	harness_close(f);
	message_fake_fini(&m);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("body", "nothing to do");
	suite_complains("body,to=x", "to without from");
	suite_complains("body,from=,to=x", "from is empty");
	suite_complains("body,replace=x,from=y", "replace beside");
	suite_complains("body,status=100", "200 to 599");
	suite_complains("body,replace=", NULL);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("body", true,
	    a_text_is_substituted_wherever_the_pieces_part_it,
	    a_body_is_replaced_as_a_whole_with_its_status,
	    a_status_alone_leaves_the_body_alone,
	    a_request_has_no_status_to_change,
	    a_message_without_a_body_is_not_filtered,
	    a_body_under_way_keeps_the_substitution_it_began_with,
	    a_body_under_way_outlives_its_fault,
	    a_body_that_breaks_off_after_its_fault_is_gone_leaves_nothing,
	    bad_parameters_are_refused);
}
