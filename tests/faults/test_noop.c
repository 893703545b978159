/* SPDX-License-Identifier: Apache-2.0 */
/* noop changes nothing and says so. */
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

START_TEST(bytes_and_eof_pass_in_order_both_ways)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "noop,stream=both");
	f = harness_open(h);
	harness_send_pattern(f, LINK_UP, 300000, 7000);
	harness_send_pattern(f, LINK_DOWN, 300000, 7000);
	harness_eof(f, LINK_UP);
	harness_expect_pattern(f, LINK_UP, 300000);
	harness_expect_pattern(f, LINK_DOWN, 300000);
	ck_assert(f->got[LINK_UP].eof);
	ck_assert(!f->got[LINK_DOWN].eof);
	ck_assert_int_eq(harness_delivered_us(f, LINK_UP, 299999), 0);
	harness_free(h);
}
END_TEST

START_TEST(it_is_decided_but_never_counts_as_injected)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "noop");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_close(f);
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 1);
	ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, NULL), 0);
	ck_assert_uint_eq(harness_events(h, EVENT_MEASURE, NULL), 0);
	harness_free(h);
}
END_TEST

START_TEST(back_pressure_goes_through)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;
	size_t sent;

	harness_add(h, "noop");
	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	sent = harness_send_pattern(f, LINK_DOWN, 64 << 20, 65536);
	ck_assert_uint_lt(sent, 64 << 20);
	harness_block(f, LINK_DOWN, false);
	harness_expect_pattern(f, LINK_DOWN, sent);
	harness_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bytes_and_eof_pass_in_order_both_ways,
	    it_is_decided_but_never_counts_as_injected,
	    back_pressure_goes_through,
	    NULL,
	};

	return check_run("noop", tests);
}
