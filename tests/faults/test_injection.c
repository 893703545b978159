/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a fault's first effect on a flow. */
#include <string.h>

#include "tests/harness/suite.h"

static struct {
	int calls;
	char fault[32], effect[32];
	double amount;
	struct log_sample *lines;
} told;

static void
on_injected(const struct injection *i, struct log_sample *lines)
{
	told.calls++;
	strcpy(told.fault, i->fault->name);
	strcpy(told.effect, i->effect != NULL ? i->effect : "");
	told.amount = i->amount;
	told.lines = lines;
}

static void
listen_to(const char *fault)
{
	memset(&told, 0, sizeof(told));
	harness_add(h, fault);
	h->engine.injected = on_injected;
}

static uint64_t
injected(void)
{
	const struct route_counts *c = counters_first(&h->shared.counters);

	return counter_get(&counters_first_fault(c)->injected);
}

START_TEST(the_first_effect_on_a_flow_is_told_and_later_ones_are_not)
{
	struct harness_flow *f;

	listen_to("latency,name=slow,latency=10ms");
	f = harness_open(h);
	for (int i = 0; i < 3; i++) {
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 20000);
	}
	ck_assert_int_eq(told.calls, 1);
	ck_assert_str_eq(told.fault, "slow");
	ck_assert_str_eq(told.effect, "delay");
	ck_assert_double_eq_tol(told.amount, 10000, 1);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_advance(h, 20000);
	ck_assert_int_eq(told.calls, 2);
	ck_assert_uint_eq(injected(), 2);
}
END_TEST

START_TEST(both_directions_of_a_flow_are_one_injection)
{
	struct harness_flow *f;

	listen_to("latency,stream=both,latency=10ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_send(f, LINK_UP, "x");
	harness_advance(h, 20000);
	ck_assert_int_eq(told.calls, 1);
	ck_assert_uint_eq(injected(), 1);
}
END_TEST

START_TEST(a_kind_has_its_own_samples)
{
	struct harness_flow *f;

	listen_to("slicer,average_size=4");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "0123456789");
	ck_assert_int_eq(told.calls, 1);
	ck_assert_str_eq(told.effect, "");
	ck_assert(log_sample_take(told.lines, harness_now(h)));
}
END_TEST

START_TEST(without_a_listener_it_is_counted_all_the_same)
{
	struct harness_flow *f;

	harness_add(h, "latency,latency=10ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "x");
	harness_advance(h, 20000);
	ck_assert_uint_eq(injected(), 1);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("injection", false,
	    the_first_effect_on_a_flow_is_told_and_later_ones_are_not,
	    both_directions_of_a_flow_are_one_injection,
	    a_kind_has_its_own_samples,
	    without_a_listener_it_is_counted_all_the_same);
}
