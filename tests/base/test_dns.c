/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages: what they ask, and short answers. */
#include "base/dns.h"

#include <check.h>
#include <string.h>

#include "tests/harness/check_run.h"

#define BYTES(text) text, sizeof(text) - 1
/* Number 0x1234, recursion desired, one question. */
#define HEAD "\x12\x34\x01\x00\0\1\0\0\0\0\0\0"

static struct dns_question q;
static char name[DNS_NAME_TEXT];
static unsigned char to[DNS_REPLY_MAX];

START_TEST(a_question_is_read)
{
	ck_assert(
	    dns_parse(BYTES(HEAD "\3WWW\7eXample\3org\0\0\x1c\0\1"), &q, name));
	ck_assert_uint_eq(q.id, 0x1234);
	ck_assert(!q.is_answer);
	ck_assert_str_eq(q.name, "www.example.org");
	ck_assert_uint_eq(q.type, 28);
	ck_assert_uint_eq(q.class, 1);
}
END_TEST

START_TEST(odd_names_are_read_unambiguously)
{
	ck_assert(dns_parse(BYTES(HEAD "\0\0\2\0\1"), &q, name));
	ck_assert_str_eq(q.name, ".");
	ck_assert(dns_parse(BYTES(HEAD "\4a.b \3c\\\xff\0\0\1\0\1"), &q, name));
	ck_assert_str_eq(q.name, "a\\046b\\032.c\\092\\255");
}
END_TEST

START_TEST(a_message_without_a_question_has_a_number)
{
	ck_assert(dns_parse(BYTES("\1\2\x81\x82\0\0\0\0\0\0\0\0"), &q, name));
	ck_assert_uint_eq(q.id, 0x102);
	ck_assert(q.is_answer);
	ck_assert_ptr_null(q.name);
}
END_TEST

START_TEST(malformed_messages_are_told)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
	    {BYTES("")},
	    {BYTES("\x12\x34\x01\x00\0\1\0\0\0\0\0")},
	    {BYTES(HEAD)},
	    {BYTES(HEAD "\3www")},
	    {BYTES(HEAD "\3www\0\0\1\0")},
	    {BYTES(HEAD "\x40"
			"aaaa\0\0\1\0\1")},
	    /* Pointers to themselves, forwards, into the header, in a ring. */
	    {BYTES(HEAD "\xc0\x0c\0\1\0\1")},
	    {BYTES(HEAD "\xc0\x0e\0\0\1\0\1")},
	    {BYTES(HEAD "\xc0\x02\0\1\0\1")},
	    {BYTES(HEAD "\1a\xc0\x0c\0\1\0\1")},
	    {BYTES(HEAD "\1a\xc0")},
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(!dns_parse(bad[i].data, bad[i].len, &q, name),
			      "case %zu", i);
}
END_TEST

START_TEST(a_name_has_255_bytes_at_most)
{
	char data[600] = HEAD;
	size_t at = 12;

	memcpy(data, HEAD, 12);
	for (int i = 0; i < 3; i++, at += 64) {
		data[at] = 63;
		memset(data + at + 1, '\xff', 63);
	}
	data[at] = 61;
	memset(data + at + 1, '\xff', 61);
	data[at + 62] = 0;
	memcpy(data + at + 63, "\0\1\0\1", 4);
	ck_assert(dns_parse(data, at + 67, &q, name));
	ck_assert_uint_eq(strlen(name), 4 * (3 * 63 + 61) + 3);
	data[at] = 62;
	data[at + 62] = 'x';
	data[at + 63] = 0;
	ck_assert(!dns_parse(data, at + 68, &q, name));
}
END_TEST

START_TEST(answers_find_their_question)
{
	struct dns_question a = {.is_answer = true,
				 .id = 7,
				 .type = 1,
				 .class = 1,
				 .name = "a.b"},
			    b = a;

	ck_assert(dns_answers(&a, &b));
	b.type = 28;
	ck_assert(!dns_answers(&a, &b));
	a.name = NULL;
	ck_assert(dns_answers(&a, &b));
	b.id = 8;
	ck_assert(!dns_answers(&a, &b));
}
END_TEST

START_TEST(types_have_names)
{
	char text[DNS_TYPE_TEXT];

	dns_type_text(28, text);
	ck_assert_str_eq(text, "AAAA");
	dns_type_text(65280, text);
	ck_assert_str_eq(text, "TYPE65280");
}
END_TEST

START_TEST(an_answer_repeats_the_question_and_edns)
{
	struct dns_reply reply = {.code = DNS_NXDOMAIN};
	/* Checking disabled; one OPT record with 4 bytes of data and DO. */
	static const char query[] = "\x12\x34\x01\x10\0\1\0\0\0\0\0\1"
				    "\1a\0\0\1\0\1"
				    "\0\0\x29\x10\0\0\0\x80\0\0\4abcd";
	static const char expected[] = "\x12\x34\x81\x93\0\1\0\0\0\0\0\1"
				       "\1a\0\0\1\0\1"
				       "\0\0\x29\4\xd0\0\0\x80\0\0\0";

	ck_assert_uint_eq(dns_answer(BYTES(query), &reply, to),
			  sizeof(expected) - 1);
	ck_assert_mem_eq(to, expected, sizeof(expected) - 1);
}
END_TEST

START_TEST(an_address_is_given_to_those_who_ask_for_its_kind)
{
	struct dns_reply reply = {
	    .address = {192, 0, 2, 1}, .address_len = 4, .ttl = 0x010203};
	static const char expected[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
				       "\1a\0\0\1\0\1"
				       "\xc0\x0c\0\1\0\1\0\1\2\3\0\4\xc0\0\2\1";

	ck_assert_uint_eq(dns_answer(BYTES(HEAD "\1a\0\0\1\0\1"), &reply, to),
			  sizeof(expected) - 1);
	ck_assert_mem_eq(to, expected, sizeof(expected) - 1);
	ck_assert_uint_eq(dns_answer(BYTES(HEAD "\1a\0\0\x1c\0\1"), &reply, to),
			  19);
	ck_assert_uint_eq(to[7], 0);
	reply = (struct dns_reply){.truncated = true};
	ck_assert_uint_eq(dns_answer(BYTES(HEAD "\1a\0\0\1\0\1"), &reply, to),
			  19);
	ck_assert_uint_eq(to[2], 0x83);
}
END_TEST

START_TEST(what_is_no_plain_query_is_not_answered)
{
	static const struct {
		const char *data;
		size_t len;
	} others[] = {
	    {BYTES("")},
	    {BYTES("\x12\x34\x81\x00\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")},
	    {BYTES("\x12\x34\x28\x00\0\1\0\0\0\0\0\0\1a\0\0\6\0\1")},
	    {BYTES("\x12\x34\x01\x00\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1b\0\0\1\0"
		   "\1")},
	    {BYTES("\x12\x34\x01\x00\0\1\0\0\0\0\0\1\1a\0\0\1\0\1")},
	    {BYTES("\x12\x34\x01\x00\0\1\0\0\0\0\0\1\1a\0\0\1\0\1\0\0\x29\4"
		   "\xd0\0\0\0\0\0\4abc")},
	};
	struct dns_reply reply = {0};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		ck_assert_uint_eq(
		    dns_answer(others[i].data, others[i].len, &reply, to), 0);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    a_question_is_read,
	    odd_names_are_read_unambiguously,
	    a_message_without_a_question_has_a_number,
	    malformed_messages_are_told,
	    a_name_has_255_bytes_at_most,
	    answers_find_their_question,
	    types_have_names,
	    an_answer_repeats_the_question_and_edns,
	    an_address_is_given_to_those_who_ask_for_its_kind,
	    what_is_no_plain_query_is_not_answered,
	    NULL,
	};

	return check_run("dns", tests);
}
