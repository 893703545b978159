/* SPDX-License-Identifier: Apache-2.0 */
/* When requests are due: rates, distributions, steps, ramps, replay. */
#include "load/arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "tests/harness/check_run.h"

#define N 20000

static struct conf_load
load_of(double rate, int arrivals)
{
	return (struct conf_load){
	    .name = (char *)"users", .rate = rate, .arrivals = arrivals};
}

/* How many are due before that time. */
static size_t
count_until(struct arrivals *a, int64_t until_us)
{
	size_t n = 0;

	while (arrivals_due(a) < until_us) {
		arrivals_take(a);
		n++;
	}
	return n;
}

static size_t
count_of(const struct conf_load *load, int64_t until_us)
{
	struct arrivals a;

	arrivals_init(&a, load, 1);
	return count_until(&a, until_us);
}

/* The gaps of `n` arrivals: mean and relative spread. */
static void
gaps(int arrivals, double *mean, double *spread, double range[2])
{
	struct conf_load load = load_of(100, arrivals);
	double sum = 0, squares = 0, was;
	struct arrivals a;

	arrivals_init(&a, &load, 7);
	was = (double)arrivals_due(&a);
	range[0] = INFINITY;
	range[1] = 0;
	for (int i = 0; i < N; i++) {
		double gap;

		arrivals_take(&a);
		gap = (double)arrivals_due(&a) - was;
		was += gap;
		sum += gap;
		squares += gap * gap;
		range[0] = fmin(range[0], gap);
		range[1] = fmax(range[1], gap);
	}
	*mean = sum / N;
	*spread = sqrt(squares / N - *mean * *mean) / *mean;
}

START_TEST(each_kind_of_arrivals_keeps_the_rate_and_has_its_spread)
{
	double mean, spread, range[2];

	gaps(ARRIVALS_CONSTANT, &mean, &spread, range);
	ck_assert_double_eq_tol(mean, 10000, 1);
	ck_assert(range[0] >= 9999 && range[1] <= 10001);
	gaps(ARRIVALS_JITTER, &mean, &spread, range);
	ck_assert_double_eq_tol(mean, 10000, 100);
	ck_assert_double_eq_tol(spread, 1 / sqrt(12), 0.005);
	ck_assert(range[0] >= 4999 && range[1] <= 15001);
	gaps(ARRIVALS_POISSON, &mean, &spread, range);
	ck_assert_double_eq_tol(mean, 10000, 250);
	ck_assert_double_eq_tol(spread, 1, 0.03);
	ck_assert(range[0] < 100 && range[1] > 60000);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_times_and_another_others)
{
	struct conf_load load = load_of(50, ARRIVALS_JITTER), other = load;
	struct arrivals a, b, c, d;
	int same_seed = 0, same_name = 0;

	other.name = (char *)"health";
	arrivals_init(&a, &load, 3);
	arrivals_init(&b, &load, 3);
	arrivals_init(&c, &load, 4);
	arrivals_init(&d, &other, 3);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(arrivals_due(&a), arrivals_due(&b));
		same_seed += arrivals_due(&a) == arrivals_due(&c);
		same_name += arrivals_due(&a) == arrivals_due(&d);
		arrivals_take(&a);
		arrivals_take(&b);
		arrivals_take(&c);
		arrivals_take(&d);
	}
	ck_assert_int_lt(same_seed, 10);
	ck_assert_int_lt(same_name, 10);
}
END_TEST

START_TEST(steps_are_a_stair)
{
	struct conf_load_step steps[] = {
	    {10000000, 100}, {20000000, 0}, {30000000, 10}};
	struct conf_load load = load_of(20, ARRIVALS_CONSTANT);
	struct arrivals a;

	load.steps = steps;
	load.steps_count = 3;
	arrivals_init(&a, &load, 1);
	ck_assert_uint_eq(count_until(&a, 10000000), 200);
	ck_assert_uint_eq(count_until(&a, 20000000), 1000);
	ck_assert_uint_eq(count_until(&a, 30000000), 0);
	ck_assert_uint_eq(count_until(&a, 40000000), 100);
}
END_TEST

START_TEST(a_ramp_goes_straight_from_step_to_step)
{
	struct conf_load_step steps[] = {
	    {10000000, 100}, {20000000, 100}, {30000000, 0}};
	struct conf_load load = load_of(0, ARRIVALS_CONSTANT);
	struct arrivals a;

	load.steps = steps;
	load.steps_count = 3;
	load.ramp = true;
	arrivals_init(&a, &load, 1);
	/* The area below a line from 0 to 50, then from 50 to 100. */
	ck_assert_uint_eq(count_until(&a, 5000000), 125);
	ck_assert_uint_eq(count_until(&a, 10000000), 375);
	ck_assert_uint_eq(count_until(&a, 20000000), 1000);
	ck_assert_uint_eq(count_until(&a, 25000000), 375);
	ck_assert_uint_eq(count_until(&a, 30000000), 125);
	ck_assert(arrivals_due(&a) == ARRIVALS_NEVER);
}
END_TEST

START_TEST(a_scale_counts_from_when_it_is_set)
{
	struct conf_load load = load_of(10, ARRIVALS_CONSTANT);
	struct arrivals a;
	int64_t due_us;

	arrivals_init(&a, &load, 1);
	ck_assert_uint_eq(count_until(&a, 10000000), 100);
	arrivals_scale(&a, 10000000, 4);
	ck_assert_uint_eq(count_until(&a, 20000000), 400);
	arrivals_scale(&a, 20000000, 0);
	ck_assert(arrivals_due(&a) == ARRIVALS_NEVER);
	arrivals_scale(&a, 50000000, 1);
	ck_assert_uint_eq(count_until(&a, 60000000), 100);
	/* Half a gap at one rate, half at another. */
	due_us = arrivals_due(&a);
	arrivals_take(&a);
	arrivals_scale(&a, due_us + 50000, 0.5);
	ck_assert_int_le(llabs(arrivals_due(&a) - due_us - 150000), 1);
}
END_TEST

START_TEST(what_was_due_stays_due_when_the_scale_changes)
{
	struct conf_load load = load_of(10, ARRIVALS_CONSTANT);
	struct arrivals a;
	int64_t due_us;

	arrivals_init(&a, &load, 1);
	due_us = arrivals_due(&a);
	arrivals_scale(&a, due_us + 30000, 2);
	ck_assert_int_eq(arrivals_due(&a), due_us);
	arrivals_take(&a);
	ck_assert_int_le(llabs(arrivals_due(&a) - due_us - 50000), 1);
}
END_TEST

START_TEST(waiting_moves_what_was_due_and_nothing_else)
{
	struct conf_load load = load_of(10, ARRIVALS_CONSTANT);
	struct arrivals a;
	int64_t due_us;

	arrivals_init(&a, &load, 1);
	due_us = arrivals_due(&a);
	arrivals_wait(&a, due_us - 1);
	ck_assert_int_eq(arrivals_due(&a), due_us);
	arrivals_wait(&a, due_us + 700000);
	ck_assert_int_eq(arrivals_due(&a), due_us + 700000);
	ck_assert_uint_eq(a.number, 1);
	arrivals_take(&a);
	ck_assert_int_le(llabs(arrivals_due(&a) - due_us - 800000), 1);
}
END_TEST

START_TEST(a_rate_of_nothing_never_fires)
{
	struct conf_load load = load_of(0, ARRIVALS_POISSON);

	ck_assert_uint_eq(count_of(&load, INT64_MAX - 1), 0);
}
END_TEST

int
main(void)
{
	return check_run(
	    "arrivals",
	    (const TTest *const[]){
		each_kind_of_arrivals_keeps_the_rate_and_has_its_spread,
		the_same_seed_gives_the_same_times_and_another_others,
		steps_are_a_stair,
		a_ramp_goes_straight_from_step_to_step,
		a_scale_counts_from_when_it_is_set,
		what_was_due_stays_due_when_the_scale_changes,
		waiting_moves_what_was_due_and_nothing_else,
		a_rate_of_nothing_never_fires,
		NULL,
	    });
}
