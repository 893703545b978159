/* SPDX-License-Identifier: Apache-2.0 */
/* tls_truncate, and certificate: what a TLS layer is told when it asks. */
#include <string.h>

#include "base/attr.h"
#include "faults/tls_turn.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

/* A record of ten bytes. */
#define RECORD "\x17\x03\x03\x00\x05" "12345"
#define RECORD_LEN 10

START_TEST(the_end_comes_behind_the_record_with_that_byte)
{
	static const struct {
		const char *fault;
		size_t passes; /* of 40 bytes */
	} cases[] = {
	    {"tls_truncate,after=1", 10},
	    {"tls_truncate,after=10", 10},
	    {"tls_truncate,after=11", 20},
	    {"tls_truncate,after=40", 40},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (size_t step = 1; step <= 40; step += 13) {
			struct harness *h = harness_new(1);
			const char *data = RECORD RECORD RECORD RECORD;
			struct harness_flow *f;

			harness_add(h, cases[i].fault);
			f = harness_open(h);
			for (size_t at = 0; at < 40; at += step)
				harness_send_bytes(f, LINK_DOWN, data + at,
				    MIN(step, 40 - at));
			ck_assert(f->ended);
			ck_assert_int_eq(f->how, END_FIN);
			ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len,
			    cases[i].passes);
			harness_free(h);
		}
	}
}
END_TEST

START_TEST(a_head_that_breaks_off_waits_for_the_rest)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_truncate,after=100");
	f = harness_open(h);
	harness_send_bytes(f, LINK_DOWN, RECORD RECORD, 13);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, RECORD_LEN);
	harness_send_bytes(f, LINK_DOWN, RECORD + 3, 7);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, 20);
	harness_free(h);
}
END_TEST

/* What the flow's faults answer. */
static struct tls_turn
asked(const char *fault, enum tls_question question, enum link_dir dir)
{
	struct tls_turn turn = {.question = question};
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	h->tls = true;
	harness_add(h, fault);
	f = harness_prepare(h, FLOW_WIRE);
	f->flow.layer = LAYER_WIRE;
	harness_begin(f);
	flow_tls(&f->flow, dir, &turn);
	harness_free(h);
	return turn;
}

START_TEST(the_end_is_not_announced_where_it_stands)
{
	ck_assert(asked("tls_truncate", TLS_CLOSE, LINK_DOWN).silent);
	ck_assert(!asked("tls_truncate", TLS_CLOSE, LINK_UP).silent);
	ck_assert(asked("tls_truncate,stream=upstream", TLS_CLOSE,
	    LINK_UP).silent);
	ck_assert(!asked("tls_truncate", TLS_CERTIFICATE, LINK_DOWN).silent);
	ck_assert(!asked("latency,latency=1,layer=wire", TLS_CLOSE,
	    LINK_DOWN).silent);
}
END_TEST

START_TEST(each_flaw_of_a_certificate_is_said)
{
	static const struct {
		const char *fault;
		enum tls_flaw flaw;
	} cases[] = {
	    {"certificate,flaw=expired", TLS_FLAW_EXPIRED},
	    {"certificate,flaw=not_yet_valid", TLS_FLAW_NOT_YET_VALID},
	    {"certificate,flaw=wrong_name", TLS_FLAW_WRONG_NAME},
	    {"certificate,flaw=self_signed", TLS_FLAW_SELF_SIGNED},
	    {"certificate,flaw=unknown_ca", TLS_FLAW_UNKNOWN_CA},
	    {"certificate,flaw=missing_intermediate",
		TLS_FLAW_MISSING_INTERMEDIATE},
	    {"noop,layer=wire", TLS_FLAW_NONE},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_int_eq(asked(cases[i].fault, TLS_CERTIFICATE,
				     LINK_DOWN).flaw, cases[i].flaw);
}
END_TEST

int
main(void)
{
	return check_run("tls_truncate",
	    (const TTest *const[]){
		the_end_comes_behind_the_record_with_that_byte,
		a_head_that_breaks_off_waits_for_the_rest,
		the_end_is_not_announced_where_it_stands,
		each_flaw_of_a_certificate_is_said, NULL});
}
