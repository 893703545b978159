/* SPDX-License-Identifier: Apache-2.0 */
/* malform: each way to be wrong is wrong in that way only. */
#include "tests/harness/message_fake.h"
#include "tests/harness/suite.h"

static struct message_fake m;

static void
malform(const char *text)
{
	struct harness_flow *f;

	harness_add(h, text);
	f = suite_exchange(0);
	message_fake_init(&m, 201, 10);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert(m.has_raw);
}

START_TEST(empty_is_nothing_at_all)
{
	malform("malform,flaw=empty");
	ck_assert_uint_eq(m.raw.len, 0);
	ck_assert_int_eq(m.how, END_FIN);
	message_fake_fini(&m);
}
END_TEST

START_TEST(frames_of_http2_are_not_broken)
{
	static const char *const refused[] = {"malform,flaw=garbage",
	    "malform,flaw=bad_chunk", "malform,flaw=cut_head"};

	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct harness_flow *f;

		harness_add(h, refused[i]);
		f = suite_exchange(0);
		message_fake_init(&m, 200, 10);
		m.message.on_wire = false;
		flow_message(&f->flow, LINK_DOWN, &m.message);
		ck_assert(!m.has_raw);
		ck_assert_uint_eq(
		    harness_events(h, EVENT_EFFECT, "not_on_http2"), i + 1);
		message_fake_fini(&m);
		harness_remove(h, 0);
	}
}
END_TEST

START_TEST(a_reset_comes_behind_the_bytes)
{
	malform("malform,flaw=cut_head,how=rst");
	ck_assert_int_eq(m.how, END_RST_AFTER);
	message_fake_fini(&m);
}
END_TEST

START_TEST(garbage_never_passes_for_a_status_line_and_replays)
{
	struct str first;

	malform("malform,flaw=garbage,bytes=1000");
	ck_assert_uint_eq(m.raw.len, 1000);
	ck_assert(m.raw.text[0] & 0x80);
	ck_assert(memcmp(m.raw.text + 1, m.raw.text + 501, 499) != 0);
	first = m.raw;
	suite_teardown();
	suite_setup_http();
	malform("malform,flaw=garbage,bytes=1000");
	ck_assert_mem_eq(first.text, m.raw.text, 1000);
	str_fini(&first);
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_bad_chunk_has_a_good_head)
{
	static const char head[] = "HTTP/1.1 201 \r\n"
				   "Content-Type: text/plain\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";

	malform("malform,flaw=bad_chunk");
	ck_assert_uint_eq(m.raw.len, sizeof(head) - 1 + 64);
	ck_assert_mem_eq(m.raw.text, head, sizeof(head) - 1);
	ck_assert(m.raw.text[sizeof(head) - 1] & 0x80);
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_wrong_length_is_short_by_so_many_bytes)
{
	const char *length, *body;

	malform("malform,flaw=wrong_length,bytes=100");
	length = strstr(m.raw.text, "Content-Length: ");
	body = strstr(m.raw.text, "\r\n\r\n");
	ck_assert_ptr_nonnull(length);
	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(atoi(length + 16), (int)strlen(body + 4) + 100);
	message_fake_fini(&m);
}
END_TEST

START_TEST(a_cut_head_is_the_servers_own_first_half)
{
	malform("malform,flaw=cut_head");
	ck_assert_uint_eq(m.raw.len, m.message.head.len / 2);
	ck_assert_mem_eq(m.raw.text, m.message.head.at, m.raw.len);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "cut_head"), 1);
	message_fake_fini(&m);
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
	suite_complains("malform", "flaw");
	suite_complains("malform,flaw=odd", "flaw");
	suite_complains("malform,flaw=garbage,bytes=0", "bytes");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("malform", true, empty_is_nothing_at_all,
	    a_reset_comes_behind_the_bytes,
	    frames_of_http2_are_not_broken,
	    garbage_never_passes_for_a_status_line_and_replays,
	    a_bad_chunk_has_a_good_head,
	    a_wrong_length_is_short_by_so_many_bytes,
	    a_cut_head_is_the_servers_own_first_half,
	    bad_parameters_are_refused);
}
