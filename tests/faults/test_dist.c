/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions against their own definition, over many draws. */
#include "faults/dist.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"

#define DRAWS 200000

struct summary {
	double mean, spread, min, max, neighbours;
	double *values; /* sorted */
};

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct summary
sample(const struct dist *d, double correlation)
{
	struct summary s = {.min = INFINITY, .max = -INFINITY};
	struct rng_key key = {7, 7, 7, 7};
	struct dist_walk walk = {0};
	double squares = 0, products = 0, before = 0;

	s.values = calloc(DRAWS, sizeof(*s.values));
	for (uint64_t i = 0; i < DRAWS; i++) {
		double z = dist_walk_step(&walk, correlation,
		    rng_unit(&key, 2 * i), rng_unit(&key, 2 * i + 1));
		double x = dist_value(d, z);

		s.values[i] = x;
		s.mean += x / DRAWS;
		squares += x * x / DRAWS;
		if (i > 0)
			products += x * before / DRAWS;
		before = x;
		s.min = fmin(s.min, x);
		s.max = fmax(s.max, x);
	}
	s.spread = sqrt(squares - s.mean * s.mean);
	s.neighbours = (products - s.mean * s.mean) / (s.spread * s.spread);
	qsort(s.values, DRAWS, sizeof(*s.values), by_value);
	return s;
}

static double
quantile(const struct summary *s, double q)
{
	return s->values[(size_t)(q * (DRAWS - 1))];
}

static const struct {
	struct dist dist;
	double spread; /* expected over mean 1000 */
	double min, max;
} shapes[] = {
    {{.shape = DIST_UNIFORM, .mean = 1000, .spread = 300}, 173.2, 700, 1300},
    {{.shape = DIST_NORMAL, .mean = 1000, .spread = 100}, 100, 0, 2000},
    {{.shape = DIST_PARETO, .mean = 1000, .spread = 100}, 100, 942, 1e7},
    {{.shape = DIST_LOGNORMAL, .mean = 1000, .spread = 400}, 400, 0, 1e5},
};

START_TEST(mean_and_deviation_are_as_asked)
{
	struct summary s = sample(&shapes[_i].dist, 0);

	ck_assert_double_eq_tol(s.mean, 1000, 5);
	/* The fourth moment of a Pareto variable is infinite: be patient. */
	ck_assert_double_eq_tol(
	    s.spread, shapes[_i].spread, shapes[_i].spread * 0.12);
	ck_assert_double_ge(s.min, shapes[_i].min);
	ck_assert_double_le(s.max, shapes[_i].max);
	free(s.values);
}
END_TEST

START_TEST(correlation_keeps_the_distribution)
{
	struct summary free_draws = sample(&shapes[_i].dist, 0);
	struct summary alike = sample(&shapes[_i].dist, 0.75);

	for (double q = 0.05; q < 0.96; q += 0.15)
		ck_assert_double_eq_tol(quantile(&alike, q),
		    quantile(&free_draws, q), shapes[_i].spread * 0.06);
	ck_assert_double_lt(fabs(free_draws.neighbours), 0.02);
	ck_assert_double_gt(alike.neighbours, 0.5);
	free(free_draws.values);
	free(alike.values);
}
END_TEST

START_TEST(values_never_fall_as_the_deviate_grows)
{
	static const int64_t table[] = {1, 5, 5, 9};
	struct dist all[] = {shapes[0].dist, shapes[1].dist, shapes[2].dist,
	    shapes[3].dist,
	    {.shape = DIST_PERCENTILES, .p50 = 10, .p95 = 20, .p99 = 500},
	    {.shape = DIST_PERCENTILES, .p50 = 10, .p99 = 10},
	    {.shape = DIST_TABLE, .table = table, .count = 4}};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		double before = -INFINITY;

		for (double z = -9; z <= 9; z += 0.01) {
			double x = dist_value(&all[i], z);

			ck_assert(isfinite(x));
			ck_assert_double_ge(x, before);
			before = x;
		}
	}
}
END_TEST

START_TEST(percentiles_are_met_and_the_tail_is_cut)
{
	struct dist d = {
	    .shape = DIST_PERCENTILES, .p50 = 20, .p95 = 80, .p99 = 400};
	struct summary s = sample(&d, 0.5);

	ck_assert_double_eq_tol(quantile(&s, 0.50), 20, 0.5);
	ck_assert_double_eq_tol(quantile(&s, 0.95), 80, 3);
	ck_assert_double_eq_tol(quantile(&s, 0.99), 400, 25);
	ck_assert_double_le(s.max, dist_value(&d, 3.0902323061678132) + 1e-6);
	ck_assert_double_gt(s.min, 0);
	free(s.values);
}
END_TEST

START_TEST(each_entry_of_a_table_is_equally_likely)
{
	static const int64_t table[] = {10, 20, 30, 40};
	struct dist d = {.shape = DIST_TABLE, .table = table, .count = 4};
	struct summary s = sample(&d, 0.9);

	ck_assert_double_eq_tol(s.mean, 25, 0.5);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(
		    quantile(&s, 0.125 + 0.25 * i), (double)table[i]);
	free(s.values);
}
END_TEST

START_TEST(extreme_dice_give_finite_values)
{
	struct dist_walk walk = {0};

	ck_assert(isfinite(dist_walk_step(&walk, 0, 0, 0)));
	ck_assert(isfinite(dist_walk_step(&walk, 1, 1 - 0x1p-53, 0.5)));
	ck_assert_double_eq(walk.z, 0);
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		ck_assert(isfinite(dist_value(&shapes[i].dist, 40)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dist");
	TCase *tc = tcase_create("dist");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, mean_and_deviation_are_as_asked, 0, (int)COUNT_OF(shapes));
	tcase_add_loop_test(
	    tc, correlation_keeps_the_distribution, 0, (int)COUNT_OF(shapes));
	tcase_add_test(tc, values_never_fall_as_the_deviate_grows);
	tcase_add_test(tc, percentiles_are_met_and_the_tail_is_cut);
	tcase_add_test(tc, each_entry_of_a_table_is_equally_likely);
	tcase_add_test(tc, extreme_dice_give_finite_values);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
