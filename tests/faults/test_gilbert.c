/* SPDX-License-Identifier: Apache-2.0 */
/* The chain's long-run loss and burst length. */
#include "faults/gilbert.h"

#include <check.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"

#define PACKETS 400000

static void
run(const struct gilbert *g, double *loss, double *burst)
{
	struct rng_key key = {3, 1, 4, 1};
	bool bad = gilbert_start(g, rng_unit(&key, 0)), before = false;
	unsigned lost = 0, bursts = 0;

	for (uint64_t i = 1; i <= PACKETS; i++) {
		bool now = gilbert_step(
		    g, &bad, rng_unit(&key, 2 * i), rng_unit(&key, 2 * i + 1));

		lost += now;
		bursts += now && !before;
		before = now;
	}
	*loss = lost / (double)PACKETS;
	*burst = bursts > 0 ? lost / (double)bursts : 0;
}

static const struct {
	double rate, burst;
} bursts[] = {{0.01, 1.5}, {0.01, 8}, {0.2, 2}, {0.2, 20}, {0.6, 4}};

START_TEST(bursts_keep_the_rate_and_have_the_length)
{
	struct gilbert g = gilbert_bursts(bursts[_i].rate, bursts[_i].burst);
	double loss, burst;

	ck_assert_double_le(g.p, 1);
	ck_assert_double_eq_tol(g.p / (g.p + g.r), bursts[_i].rate, 1e-12);
	run(&g, &loss, &burst);
	ck_assert_double_eq_tol(loss, bursts[_i].rate, bursts[_i].rate * 0.15);
	ck_assert_double_eq_tol(
	    burst, bursts[_i].burst, bursts[_i].burst * 0.1);
}
END_TEST

START_TEST(independent_losses_have_short_bursts)
{
	struct gilbert g = gilbert_independent(0.2);
	double loss, burst;

	run(&g, &loss, &burst);
	ck_assert_double_eq_tol(loss, 0.2, 0.004);
	ck_assert_double_eq_tol(burst, 1.25, 0.02);
}
END_TEST

START_TEST(the_full_chain_loses_what_its_formula_says)
{
	struct gilbert g = {.p = 0.01, .r = 0.1, .h = 0.3, .k = 0.99};
	double loss, burst;

	run(&g, &loss, &burst);
	ck_assert_double_eq_tol(loss, (0.01 * 0.7 + 0.1 * 0.01) / 0.11, 0.004);
}
END_TEST

START_TEST(nothing_and_everything_can_be_lost)
{
	struct gilbert none = gilbert_independent(0);
	struct gilbert all = gilbert_independent(1);
	bool bad = false;

	ck_assert(!gilbert_step(&none, &bad, 0x1.fffffffffffffp-1, 0));
	ck_assert(gilbert_step(&all, &bad, 0, 0));
}
END_TEST

START_TEST(short_flows_start_bad_as_often_as_long_ones_are)
{
	struct gilbert g = gilbert_bursts(0.25, 10);

	ck_assert(gilbert_start(&g, 0.249));
	ck_assert(!gilbert_start(&g, 0.251));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gilbert");
	TCase *tc = tcase_create("gilbert");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, bursts_keep_the_rate_and_have_the_length, 0,
	    (int)COUNT_OF(bursts));
	tcase_add_test(tc, independent_losses_have_short_bursts);
	tcase_add_test(tc, the_full_chain_loses_what_its_formula_says);
	tcase_add_test(tc, nothing_and_everything_can_be_lost);
	tcase_add_test(tc, short_flows_start_bad_as_often_as_long_ones_are);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
