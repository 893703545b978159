/* SPDX-License-Identifier: Apache-2.0 */
/* headers: what is edited, in which order, and what is refused. */
#include "tests/harness/message_fake.h"
#include "tests/harness/suite.h"

static void
expect_edits(const char *text, enum link_dir dir, const char *edits)
{
	struct message_fake m;
	struct harness_flow *f;

	harness_add(h, text);
	f = suite_exchange(0);
	message_fake_init(&m, 200, 0);
	flow_message(&f->flow, dir, &m.message);
	ck_assert_str_eq(m.edits.text != NULL ? m.edits.text : "", edits);
	message_fake_fini(&m);
}

START_TEST(removals_come_first_then_set_then_add)
{
	expect_edits("headers,add=X-B:  two,set=X-A: one: more,remove=ETag",
	    LINK_DOWN, "remove ETag\nset X-A=one: more\nadd X-B=two\n");
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "headers"), 1);
}
END_TEST

START_TEST(a_value_may_be_empty)
{
	expect_edits("headers,set=X-A:", LINK_DOWN, "set X-A=\n");
}
END_TEST

START_TEST(requests_are_left_alone_unless_asked)
{
	expect_edits("headers,set=X-A: 1", LINK_UP, "");
}
END_TEST

START_TEST(requests_are_edited_if_asked)
{
	expect_edits("headers,set=X-A: 1,stream=upstream", LINK_UP,
	    "set X-A=1\n");
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("headers", "nothing to do");
	suite_complains("headers,set=X-A", "is not a header");
	suite_complains("headers,add=: x", "is not a header");
	suite_complains("headers,add=X A: x", "is not a header");
	suite_complains("headers,set=X: a\nY: b", "line break");
	suite_complains("headers,remove=X: a", "not the name of a header");
	suite_complains("headers,remove=X\r\n", "not the name of a header");
	suite_complains("headers,set=transfer-encoding: x", "malform");
	suite_complains("headers,remove=Content-Length", "malform");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("headers", true, removals_come_first_then_set_then_add,
	    a_value_may_be_empty, requests_are_left_alone_unless_asked,
	    requests_are_edited_if_asked, bad_parameters_are_refused);
}
