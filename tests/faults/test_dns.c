/* SPDX-License-Identifier: Apache-2.0 */
/* dns: queries are answered, in the server's place and the client's terms. */
#include "base/dns.h"

#include "tests/harness/suite.h"

/* A query for "Ab.test" of type A, number 0x1234, recursion desired. */
static const char query[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
			    "\2Ab\4test\0\0\1\0\1";

static struct harness_flow *
open_dns(const char *fault)
{
	h->protocol = "dns";
	harness_add(h, fault);
	return harness_open_datagrams(h);
}

static bool
ask(struct harness_flow *f)
{
	return link_feed_datagram(&f->flow.links[LINK_UP], query,
				  sizeof(query) - 1, clock_now(&h->clock));
}

START_TEST(the_answer_goes_back_and_the_server_sees_nothing)
{
	struct harness_flow *f = open_dns("dns,answer=nxdomain");
	struct dns_question q;
	char name[DNS_NAME_TEXT];
	const struct str *got = &f->got[LINK_DOWN].bytes;

	ck_assert(ask(f));
	ck_assert_uint_eq(f->got[LINK_UP].count, 0);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 1);
	ck_assert(dns_parse(got->text, got->len, &q, name));
	ck_assert(q.is_answer);
	ck_assert_uint_eq(q.id, 0x1234);
	ck_assert_str_eq(q.name, "ab.test");
	ck_assert_int_eq(got->text[3] & 0xf, DNS_NXDOMAIN);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "nxdomain"), 1);
	ck_assert_uint_eq(f->flow.links[LINK_UP].held, 0);
}
END_TEST

START_TEST(the_answer_meets_the_faults_of_its_direction)
{
	struct harness_flow *f = open_dns("latency,latency=10ms");

	harness_add(h, "dns,answer=servfail");
	ck_assert(ask(f));
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 0);
	harness_advance(h, 10000);
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 1);
}
END_TEST

START_TEST(what_is_no_query_passes)
{
	struct harness_flow *f = open_dns("dns,answer=refused");

	harness_send_datagram(f, LINK_UP, "no dns");
	harness_send_datagram(f, LINK_UP, "");
	harness_expect_datagrams(f, LINK_UP, "no dns,,");
	ck_assert_uint_eq(f->got[LINK_DOWN].count, 0);
}
END_TEST

START_TEST(parameters_are_checked)
{
	h->protocol = "dns";
	suite_complains("dns,answer=address", "expects an address");
	suite_complains("dns,answer=address,address=nobody", "is none");
	suite_complains("dns,answer=empty,address=1.2.3.4",
			"expects answer = \"address\"");
	suite_complains("dns,answer=nxdomian", "did you mean \"nxdomain\"");
	suite_complains("dns,answer=address,address=2001:db8::1", NULL);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("dns", false,
			 the_answer_goes_back_and_the_server_sees_nothing,
			 the_answer_meets_the_faults_of_its_direction,
			 what_is_no_query_passes, parameters_are_checked);
}
