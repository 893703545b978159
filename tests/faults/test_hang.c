/* SPDX-License-Identifier: Apache-2.0 */
/* hang: no answer, and nothing lost. */
#include "tests/harness/suite.h"

#define REQUEST "GET / HTTP/1.1\r\n\r\n"
#define ANSWER	"HTTP/1.1 200 OK\r\n\r\nbody"
#define HEAD	18

START_TEST(the_request_is_kept_from_the_server_until_removal)
{
	struct harness_flow *f;

	harness_add(h, "hang");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_eof(f, LINK_UP);
	harness_advance(h, 3600000000);
	harness_expect(f, LINK_UP, "");
	ck_assert(!f->ended);
	ck_assert_uint_gt(f->flow.links[LINK_UP].stage_holds, 0);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "hang"), 1);
	harness_remove(h, 0);
	harness_expect(f, LINK_UP, REQUEST);
	ck_assert(f->got[LINK_UP].eof);
}
END_TEST

START_TEST(after_keeps_the_answer_instead)
{
	struct harness_flow *f;

	harness_add(h, "hang,after=true,duration=5s");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_expect(f, LINK_UP, REQUEST);
	harness_send(f, LINK_DOWN, ANSWER);
	harness_advance(h, 4999999);
	harness_expect(f, LINK_DOWN, "");
	harness_advance(h, 1);
	harness_expect(f, LINK_DOWN, ANSWER);
	ck_assert(!link_at_eof(&f->flow.links[LINK_DOWN]));
}
END_TEST

START_TEST(the_exchange_goes_on_after_the_duration)
{
	struct harness_flow *f;
	const struct event_record *e;

	harness_add(h, "hang,duration=2s");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_send(f, LINK_UP, "body");
	harness_advance(h, 1000000);
	harness_send(f, LINK_UP, " more");
	harness_advance(h, 1000000);
	harness_expect(f, LINK_UP, REQUEST "body more");
	ck_assert_int_eq(harness_delivered_us(f, LINK_UP, 0), 2000000);
	ck_assert(link_wants(&f->flow.links[LINK_UP]));
	harness_send(f, LINK_UP, " and more");
	harness_expect(f, LINK_UP, REQUEST "body more and more");
	harness_close(f);
	e = harness_last(h, EVENT_MEASURE);
	ck_assert_ptr_nonnull(e);
	ck_assert_double_eq(e->achieved_us, 2000000);
}
END_TEST

START_TEST(a_duration_can_be_set_while_it_hangs)
{
	struct harness_flow *f;

	harness_add(h, "hang");
	f = suite_exchange(HEAD);
	harness_send(f, LINK_UP, REQUEST);
	harness_advance(h, 3000000);
	harness_set(h, 0, "hang,duration=4s");
	harness_advance(h, 999999);
	harness_expect(f, LINK_UP, "");
	harness_advance(h, 1);
	harness_expect(f, LINK_UP, REQUEST);
}
END_TEST

START_TEST(a_message_that_has_begun_to_pass_goes_on)
{
	struct harness_flow *f = suite_exchange(HEAD);

	harness_send(f, LINK_UP, REQUEST);
	harness_add(h, "hang");
	harness_send(f, LINK_UP, "body");
	harness_expect(f, LINK_UP, REQUEST "body");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("hang", true,
	    the_request_is_kept_from_the_server_until_removal,
	    after_keeps_the_answer_instead,
	    the_exchange_goes_on_after_the_duration,
	    a_duration_can_be_set_while_it_hangs,
	    a_message_that_has_begun_to_pass_goes_on);
}
