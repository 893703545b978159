/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses of simulated policies: what is said of them is right, or cautious. */
#include "experiment/backoff.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "tests/experiment/simulate.h"

/* Policies of each sort; 144 of 15 sorts would be the 2,160 of the contract. */
#define CASES sim_volume(20, 480)

/* The pause before retry k, µs, without jitter. */
static double
exponential2(double base, size_t k)
{
	return base * pow(2, (double)k);
}
static double
exponential3(double base, size_t k)
{
	return base * pow(3, (double)k);
}
static double
linear(double base, size_t k)
{
	return base * (double)(k + 1);
}
static double
constant(double base, size_t k)
{
	return base;
}
static double
fibonacci(double base, size_t k)
{
	static const double numbers[] = {1, 2, 3, 5, 8, 13, 21, 34};

	return base * numbers[k];
}

struct policy {
	double (*pause)(double base, size_t k);
	enum backoff_shape shape;
	double low; /* jitter: uniform from low to high times the pause */
	double high;
	enum backoff_jitter jitter;
};

static const struct policy policies[] = {
    {exponential2, BACKOFF_EXPONENTIAL, 1, 1, JITTER_NONE},
    {exponential3, BACKOFF_EXPONENTIAL, 1, 1, JITTER_NONE},
    {linear, BACKOFF_LINEAR, 1, 1, JITTER_NONE},
    {constant, BACKOFF_CONSTANT, 1, 1, JITTER_NONE},
    {fibonacci, BACKOFF_INCREASING, 1, 1, JITTER_NONE},
    {exponential2, BACKOFF_EXPONENTIAL, 0.8, 1.2, JITTER_BOUNDED},
    {constant, BACKOFF_CONSTANT, 0.8, 1.2, JITTER_BOUNDED},
    {exponential2, BACKOFF_EXPONENTIAL, 0.5, 1, JITTER_EQUAL},
    {exponential3, BACKOFF_EXPONENTIAL, 0.5, 1, JITTER_EQUAL},
    {linear, BACKOFF_LINEAR, 0.5, 1, JITTER_EQUAL},
    {constant, BACKOFF_CONSTANT, 0.5, 1, JITTER_EQUAL},
    {exponential2, BACKOFF_EXPONENTIAL, 0, 1, JITTER_FULL},
    {exponential3, BACKOFF_EXPONENTIAL, 0, 1, JITTER_FULL},
    {linear, BACKOFF_LINEAR, 0, 1, JITTER_FULL},
    {constant, BACKOFF_CONSTANT, 0, 1, JITTER_FULL},
};

struct pauses {
	double values[BACKOFF_STEPS * 64];
	size_t at[65];
};

static struct stat_rows
rows_of(const struct pauses *p, size_t chains)
{
	return (struct stat_rows){p->values, p->at, chains};
}

static void
make(struct sim *s, const struct policy *policy, size_t chains,
    struct pauses *to)
{
	double base = sim_between(s, 60000, 400000);
	size_t steps = 4 + stat_rng_below(&s->rng, 3), used = 0;

	for (size_t c = 0; c < chains; c++) {
		to->at[c] = used;
		for (size_t k = 0; k < steps; k++) {
			double pause = policy->pause(base, k);

			to->values[used++] = pause *
				sim_between(s, policy->low, policy->high) +
			    sim_noise(s);
		}
	}
	to->at[chains] = used;
}

/* Says nothing wrong: the right shape, or the cautious word. */
static bool
is_wrong(const struct policy *policy, const struct backoff *b)
{
	if (b->shape == policy->shape || b->shape == BACKOFF_UNKNOWN)
		return false;
	return b->shape != BACKOFF_INCREASING ||
	    policy->shape == BACKOFF_CONSTANT;
}

/* One in `share` at most; of a few cases, two. */
static bool
are_few(size_t wrong, size_t cases, size_t share)
{
	return wrong <= MAX(2, cases / share);
}

struct score {
	size_t cases, wrong, right, jitter_right, jitter_open;
};

static struct score
play(const struct policy *policy, size_t chains, uint64_t seed)
{
	struct score score = {.cases = CASES};
	struct sim s;

	sim_init(&s, seed);
	for (size_t i = 0; i < score.cases; i++) {
		struct pauses *p = xcalloc(1, sizeof(*p));
		struct stat_rows rows;
		struct backoff b;

		make(&s, policy, chains, p);
		rows = rows_of(p, chains);
		backoff_classify(&rows, SIM_NOISE_US, i, &b);
		score.wrong += is_wrong(policy, &b);
		score.right += b.shape == policy->shape;
		score.jitter_right += b.jitter == policy->jitter;
		score.jitter_open += b.jitter == JITTER_UNKNOWN;
		free(p);
	}
	sim_fini(&s);
	return score;
}

/* Jitter is told wherever a pause is long enough. Constant ones below 100 ms,
 * 12 % of those here, stray by less than three times our noise, as a late
 * client's do: that is left open, and a third of them look like none. */
START_TEST(sixty_chains_are_not_misjudged)
{
	const struct policy *policy = &policies[_i];
	struct score score = play(policy, 60, 1);
	bool is_short = policy->pause == constant;

	ck_assert(are_few(score.wrong, score.cases, 50));
	ck_assert_uint_ge(score.jitter_right * 100,
	    score.cases * (is_short ? 85 : 99));
	ck_assert_uint_ge((score.jitter_right + score.jitter_open) * 100,
	    score.cases * (is_short ? 95 : 99));
	if (policy->jitter == JITTER_NONE)
		ck_assert_uint_eq(score.right, score.cases);
}
END_TEST

/* A client on a busy machine: late by up to five times of our own lateness, or
 * by far more where we are hardly late at all. */
START_TEST(a_late_client_is_not_said_to_have_jitter)
{
	static const struct {
		double ours_us, clients_us;
	} late[] = {{27000, 140000}, {1000, 100000}, {3000, 200000}};
	struct pauses *p = xcalloc(1, sizeof(*p));
	struct stat_rows rows;
	struct backoff b;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	for (size_t i = 0; i < 45 * 3; i++)
		p->values[i] = 300000 * pow(2, (double)(i % 3)) +
		    sim_between(&s, 0, late[_i % 3].clients_us);
	for (size_t c = 0; c <= 45; c++)
		p->at[c] = c * 3;
	rows = rows_of(p, 45);
	backoff_classify(&rows, late[_i % 3].ours_us, 1, &b);
	ck_assert(b.jitter == JITTER_NONE || b.jitter == JITTER_UNKNOWN);
	free(p);
	sim_fini(&s);
}
END_TEST

START_TEST(twenty_chains_are_not_misjudged)
{
	struct score score = play(&policies[_i], 20, 2);

	ck_assert(are_few(score.wrong, score.cases, 50));
	if (policies[_i].jitter == JITTER_NONE)
		ck_assert_uint_eq(score.right, score.cases);
}
END_TEST

START_TEST(five_chains_are_hardly_misjudged)
{
	struct score score = play(&policies[_i], 5, 3);

	/* 7 %, and more where constant pauses of five vary wildly. */
	ck_assert(are_few(score.wrong, score.cases, 14));
	if (policies[_i].jitter == JITTER_NONE)
		ck_assert_uint_eq(score.right, score.cases);
}
END_TEST

START_TEST(most_laws_under_jitter_are_found)
{
	size_t right = 0, all = 0;

	for (size_t i = 0; i < COUNT_OF(policies); i++) {
		struct score score;

		if (policies[i].jitter == JITTER_NONE)
			continue;
		score = play(&policies[i], 60, 4);
		right += score.right;
		all += score.cases;
	}
	ck_assert_uint_ge(right * 10, all * 8);
}
END_TEST

/* sleep = random(base, last * 3), as some libraries do. */
static void
make_decorrelated(struct sim *s, size_t chains, struct pauses *to)
{
	double base = sim_between(s, 60000, 200000);
	size_t used = 0;

	for (size_t c = 0; c < chains; c++) {
		double last = base;

		to->at[c] = used;
		for (size_t k = 0; k < 5; k++) {
			last = sim_between(s, base, last * 3);
			to->values[used++] = last + sim_noise(s);
		}
	}
	to->at[chains] = used;
}

START_TEST(decorrelated_jitter_is_not_called_a_law)
{
	static const size_t sizes[] = {5, 20, 60};
	size_t wrong = 0, cases = CASES;
	struct sim s;

	sim_init(&s, 5);
	for (size_t i = 0; i < cases; i++) {
		struct pauses *p = xcalloc(1, sizeof(*p));
		struct stat_rows rows;
		struct backoff b;

		make_decorrelated(&s, sizes[_i], p);
		rows = rows_of(p, sizes[_i]);
		backoff_classify(&rows, SIM_NOISE_US, i, &b);
		wrong += b.shape == BACKOFF_EXPONENTIAL ||
		    b.shape == BACKOFF_LINEAR;
		free(p);
	}
	ck_assert(are_few(wrong, cases, 50));
	sim_fini(&s);
}
END_TEST

START_TEST(the_numbers_of_a_law_are_right)
{
	static const double v[] = {100e3, 200e3, 400e3, 800e3, 800e3, 800e3};
	static const size_t at[] = {0, 6};
	struct stat_rows rows = {v, at, 1};
	struct backoff b;

	backoff_classify(&rows, 1000, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_EXPONENTIAL);
	ck_assert_int_eq(b.jitter, JITTER_NONE);
	ck_assert_double_eq_tol(b.factor, 2, 0.01);
	ck_assert_double_eq_tol(b.first_us, 100e3, 1);
	ck_assert_double_eq_tol(b.cap_us, 800e3, 1);
}
END_TEST

START_TEST(a_first_retry_at_once_is_told_apart)
{
	static const double v[] = {50, 200e3, 400e3, 800e3, 1600e3};
	static const size_t at[] = {0, 5};
	struct stat_rows rows = {v, at, 1};
	struct backoff b;

	backoff_classify(&rows, 1000, 1, &b);
	ck_assert(b.first_immediate);
	ck_assert_int_eq(b.shape, BACKOFF_EXPONENTIAL);
	ck_assert_double_eq_tol(b.first_us, 200e3, 1);
}
END_TEST

/* Lateness only ever adds: a pause that never was shorter is a real one. */
START_TEST(a_pause_within_our_lateness_is_not_called_none)
{
	static const double v[] = {50e3, 100e3, 200e3, 51e3, 101e3, 201e3};
	static const double late[] = {1e3, 2e3, 50e3, 4e4, 2e3, 1e3};
	static const size_t at[] = {0, 3, 6};
	struct backoff b;

	backoff_classify(&(struct stat_rows){v, at, 2}, 20e3, 1, &b);
	ck_assert(!b.first_immediate);
	ck_assert_double_eq_tol(b.first_us, 50e3, 1e3);
	backoff_classify(&(struct stat_rows){late, at, 2}, 20e3, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_IMMEDIATE);
}
END_TEST

START_TEST(too_little_is_called_too_little)
{
	static const double fast[] = {300, 500, 900}, two[] = {1e5, 2e5};
	static const size_t three_of[] = {0, 3}, two_of[] = {0, 2};
	static const size_t one_of[] = {0, 1};
	struct backoff b;

	backoff_classify(&(struct stat_rows){fast, three_of, 1}, 1000, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_IMMEDIATE);
	/* Two pauses do not separate +100 ms from times two. */
	backoff_classify(&(struct stat_rows){two, two_of, 1}, 1000, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_INCREASING);
	ck_assert_double_eq_tol(b.factor, 2, 0.01);
	backoff_classify(&(struct stat_rows){two, one_of, 1}, 1000, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_UNKNOWN);
	backoff_classify(&(struct stat_rows){two, one_of, 0}, 1000, 1, &b);
	ck_assert_int_eq(b.shape, BACKOFF_UNKNOWN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backoff");
	TCase *tc = tcase_create("backoff");
	SRunner *runner = srunner_create(suite);
	int all = (int)COUNT_OF(policies);

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, sixty_chains_are_not_misjudged, 0, all);
	tcase_add_loop_test(tc, a_late_client_is_not_said_to_have_jitter, 0,
	    30);
	tcase_add_loop_test(tc, twenty_chains_are_not_misjudged, 0, all);
	tcase_add_loop_test(tc, five_chains_are_hardly_misjudged, 0, all);
	tcase_add_test(tc, most_laws_under_jitter_are_found);
	tcase_add_loop_test(tc, decorrelated_jitter_is_not_called_a_law, 0, 3);
	tcase_add_test(tc, the_numbers_of_a_law_are_right);
	tcase_add_test(tc, a_first_retry_at_once_is_told_apart);
	tcase_add_test(tc, a_pause_within_our_lateness_is_not_called_none);
	tcase_add_test(tc, too_little_is_called_too_little);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
