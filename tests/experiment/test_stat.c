/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals against published tables: Newcombe, Statistics in Medicine 17
 * (1998), pages 857 and 873, and the binomial law. */
#include "experiment/stat.h"

#include <check.h>
#include <stdlib.h>

#include "base/attr.h"

static const struct {
	size_t k, n;
	double lo, hi;
} wilson[] = {
    {81, 263, 0.2553, 0.3662},
    {15, 148, 0.0624, 0.1605},
    {0, 20, 0, 0.1611},
    {1, 29, 0.0061, 0.1718},
    {0, 100, 0, 0.0370},
    {0, 300, 0, 0.0126},
    {29, 29, 0.8830, 1},
    {0, 0, 0, 1},
};

START_TEST(proportions_have_wilsons_interval)
{
	struct range r = stat_wilson(wilson[_i].k, wilson[_i].n);

	ck_assert_double_eq_tol(r.lo, wilson[_i].lo, 1e-4);
	ck_assert_double_eq_tol(r.hi, wilson[_i].hi, 1e-4);
}
END_TEST

static const struct {
	size_t k2, n2, k1, n1;
	double lo, hi;
} newcombe[] = {
    {56, 70, 48, 80, 0.0524, 0.3339},
    {9, 10, 3, 10, 0.1705, 0.8090},
    {6, 7, 2, 7, 0.0582, 0.8062},
    {5, 56, 0, 29, -0.0381, 0.1926},
    {0, 10, 0, 20, -0.1611, 0.2775},
    {10, 10, 0, 20, 0.6791, 1},
    {10, 10, 0, 10, 0.6075, 1},
    {1, 1, 0, 0, -1, 1},
};

START_TEST(differences_have_newcombes_interval)
{
	struct range r = stat_newcombe(newcombe[_i].k1, newcombe[_i].n1,
	    newcombe[_i].k2, newcombe[_i].n2);

	ck_assert_double_eq_tol(r.lo, newcombe[_i].lo, 1e-4);
	ck_assert_double_eq_tol(r.hi, newcombe[_i].hi, 1e-4);
}
END_TEST

static const struct {
	double p;
	size_t least;
} smallest[] = {{0.95, 72}, {0.99, 368}, {0.999, 3688}};

START_TEST(a_quantile_needs_so_many_samples)
{
	size_t lo, hi;

	ck_assert(stat_quantile_ranks(smallest[_i].least, smallest[_i].p, &lo,
	    &hi));
	ck_assert(!stat_quantile_ranks(smallest[_i].least - 1,
	    smallest[_i].p, &lo, &hi));
}
END_TEST

START_TEST(ranks_enclose_a_quantile)
{
	size_t lo, hi;

	ck_assert(stat_quantile_ranks(200, 0.95, &lo, &hi));
	ck_assert_uint_eq(lo + 1, 184);
	ck_assert_uint_eq(hi + 1, 197);
	/* The sign test's table: a median of 10 between the 2nd and 9th. */
	ck_assert(stat_quantile_ranks(10, 0.5, &lo, &hi));
	ck_assert_uint_eq(lo + 1, 2);
	ck_assert_uint_eq(hi + 1, 9);
	ck_assert(!stat_quantile_ranks(5, 0.5, &lo, &hi));
}
END_TEST

START_TEST(quantiles_lie_between_ranks)
{
	double v[] = {4, 1, 3, 2};

	stat_sort(v, 4);
	ck_assert_double_eq(stat_quantile(v, 4, 0), 1);
	ck_assert_double_eq(stat_quantile(v, 4, 0.5), 2.5);
	ck_assert_double_eq(stat_quantile(v, 4, 1), 4);
	ck_assert_double_eq(stat_quantile(v, 1, 0.5), 1);
	ck_assert_double_eq(stat_quantile_range(v, 4, 0.5).hi, 4);
}
END_TEST

START_TEST(growth_is_told_from_chance)
{
	static const double up[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
	static const double flat[] = {2, 3, 1, 3, 1, 2, 1, 3, 2, 3, 2, 1};
	static const size_t at[] = {0, 3, 6, 9, 12};
	struct stat_rows rows = {up, at, 4};

	ck_assert_double_lt(stat_growth_p(&rows, 999, 1), 0.01);
	rows.values = flat;
	ck_assert_double_gt(stat_growth_p(&rows, 999, 1), 0.2);
	rows.count = 0;
	ck_assert_double_eq(stat_growth_p(&rows, 999, 1), 1);
}
END_TEST

START_TEST(dice_are_even_and_replay)
{
	struct stat_rng a = {7}, b = {7};
	size_t seen[6] = {0};

	for (int i = 0; i < 60000; i++) {
		size_t n = stat_rng_below(&a, 6);

		ck_assert_uint_eq(n, stat_rng_below(&b, 6));
		seen[n]++;
	}
	for (int i = 0; i < 6; i++)
		ck_assert(seen[i] > 9600 && seen[i] < 10400);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stat");
	TCase *tc = tcase_create("stat");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, proportions_have_wilsons_interval, 0,
	    (int)COUNT_OF(wilson));
	tcase_add_loop_test(tc, differences_have_newcombes_interval, 0,
	    (int)COUNT_OF(newcombe));
	tcase_add_loop_test(tc, a_quantile_needs_so_many_samples, 0,
	    (int)COUNT_OF(smallest));
	tcase_add_test(tc, ranks_enclose_a_quantile);
	tcase_add_test(tc, quantiles_lie_between_ranks);
	tcase_add_test(tc, growth_is_told_from_chance);
	tcase_add_test(tc, dice_are_even_and_replay);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
