/* SPDX-License-Identifier: Apache-2.0 */
/* Pacing: the rate over seconds, the evenness over milliseconds. */
#include "faults/token_bucket.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"

#define START_US 5000000

static const double rates[] = {1, 300, 1e4, 1e6, 3333333, 1e7, 1e8, 3e9};

struct run {
	double bytes;
	double most; /* in any 10 ms, by whole ms */
	int64_t now_us;
};

/* A saturated flow for `us`, woken late by up to late_us. */
static struct run
saturate(double rate, int64_t us, int64_t late_us)
{
	struct bucket_limit limit = {rate, 0, NULL};
	struct bucket b = {0};
	struct rng_key key = {1, 1, 1, 1};
	struct run run = {.now_us = START_US};
	static double sent[20000];
	uint64_t draw = 0;

	for (size_t i = 0; i < COUNT_OF(sent); i++)
		sent[i] = 0;
	bucket_restart(&b, START_US);
	for (;;) {
		size_t n = bucket_slice(rate);
		int64_t ready;

		bucket_reserve(&b, &limit, n, START_US, run.now_us);
		ready = bucket_ready_us(&b);
		if (ready > run.now_us)
			run.now_us = ready + (int64_t)rng_below(&key, draw++,
						 (uint64_t)late_us + 1);
		if (run.now_us > START_US + us)
			break;
		bucket_take(&b, run.now_us);
		sent[(run.now_us - START_US) / 1000] += (double)n;
		run.bytes += (double)n;
	}
	for (int64_t i = 0; i + 10 <= us / 1000; i++) {
		double window = 0;

		for (int64_t k = i; k < i + 10; k++)
			window += sent[k];
		run.most = fmax(run.most, window);
	}
	return run;
}

START_TEST(the_rate_holds_over_five_seconds)
{
	double rate = rates[_i];
	struct run run = saturate(rate, 5000000, 0);

	ck_assert_double_eq_tol(run.bytes / 5, rate, rate * 0.001 + 1);
}
END_TEST

START_TEST(late_wake_ups_are_made_good)
{
	double rate = rates[_i];
	struct run run = saturate(rate, 5000000, 400);

	ck_assert_double_eq_tol(run.bytes / 5, rate, rate * 0.005 + 1);
}
END_TEST

START_TEST(no_window_of_ten_ms_shows_a_burst)
{
	double rate = rates[_i];

	if (rate < 1e4)
		return; /* less than a hundred bytes a window */
	for (int64_t late = 0; late <= 3000; late += 500) {
		struct run run = saturate(rate, 2000000, late);

		ck_assert_double_le(run.most, 1.5 * rate / 100 + 1);
	}
}
END_TEST

START_TEST(a_lone_message_takes_its_size_over_the_rate)
{
	struct bucket_limit limit = {1000, 0, NULL};
	struct bucket b = {0};

	bucket_restart(&b, START_US);
	bucket_reserve(&b, &limit, 1, START_US + 700000, START_US + 700000);
	ck_assert_int_eq(bucket_ready_us(&b), START_US + 701000);
}
END_TEST

START_TEST(an_idle_line_saves_up_nothing)
{
	struct bucket_limit limit = {1000, 0, NULL};
	struct bucket b = {0};

	bucket_restart(&b, START_US);
	for (int i = 0; i < 2; i++) {
		int64_t later = START_US + 10000000;

		bucket_reserve(&b, &limit, 2, later, later);
		ck_assert_int_eq(bucket_ready_us(&b), later + 2000 * (i + 1));
		bucket_take(&b, bucket_ready_us(&b));
	}
}
END_TEST

START_TEST(old_input_gives_no_credit)
{
	struct bucket_limit limit = {1e6, 0, NULL};
	struct bucket b = {0};
	int64_t now = START_US + 60000000;
	int64_t sent = 0;

	/* It waited a minute somewhere else. */
	for (;;) {
		bucket_reserve(&b, &limit, 1000, START_US, now);
		if (bucket_ready_us(&b) > now + 10000)
			break;
		now = bucket_ready_us(&b) > now ? bucket_ready_us(&b) : now;
		bucket_take(&b, now);
		sent += 1000;
		if (now > START_US + 60010000)
			break;
	}
	ck_assert_int_le(sent, 15000);
}
END_TEST

START_TEST(a_burst_passes_at_once_and_no_more_than_that)
{
	struct bucket_limit limit = {1e6, 50000, NULL};
	struct bucket b = {0};
	int64_t now = START_US + 3000000, sent = 0;

	bucket_restart(&b, START_US);
	for (;;) {
		bucket_reserve(&b, &limit, 1000, now, now);
		if (bucket_ready_us(&b) > now)
			break;
		bucket_take(&b, now);
		sent += 1000;
	}
	ck_assert_int_eq(sent, 50000);
	ck_assert_int_eq(bucket_ready_us(&b), now + 1000);
}
END_TEST

START_TEST(fractions_of_a_nanosecond_are_not_lost)
{
	struct bucket_limit limit = {3e9, 0, NULL};
	struct bucket b = {0};

	bucket_restart(&b, START_US);
	for (int i = 0; i < 30000; i++) {
		bucket_reserve(&b, &limit, 1, START_US, START_US);
		bucket_take(&b, START_US);
	}
	ck_assert_int_ge(b.line_ns, (int64_t)START_US * 1000 + 9999);
	ck_assert_int_le(b.line_ns, (int64_t)START_US * 1000 + 10000);
}
END_TEST

START_TEST(flows_on_a_shared_line_divide_it)
{
	atomic_llong line = 0;
	struct bucket_limit limit = {1e6, 0, &line};
	struct bucket flows[4] = {0};
	int64_t now = START_US;
	size_t sent[4] = {0}, total = 0;

	while (now < START_US + 1000000) {
		int64_t next = INT64_MAX;

		for (size_t i = 0; i < 4; i++) {
			struct bucket *b = &flows[i];

			if (b->reserved == 0)
				bucket_reserve(b, &limit, 1000, START_US, now);
			if (bucket_ready_us(b) <= now) {
				sent[i] += b->reserved;
				total += b->reserved;
				bucket_take(b, now);
				bucket_reserve(b, &limit, 1000, START_US, now);
			}
			next = MIN(next, bucket_ready_us(b));
		}
		now = MAX(next, now + 1);
	}
	ck_assert_int_ge((int64_t)total, 990000);
	ck_assert_int_le((int64_t)total, 1005000);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_ge((int64_t)sent[i], 240000);
}
END_TEST

START_TEST(slices_are_small_and_never_empty)
{
	ck_assert_uint_eq(bucket_slice(1), 1);
	ck_assert_uint_eq(bucket_slice(1000), 2);
	ck_assert_uint_eq(bucket_slice(1e6), 1460);
	ck_assert_uint_eq(bucket_slice(1e8), 100000);
	ck_assert_uint_le(bucket_slice(1e12), 1000000000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("token_bucket");
	TCase *tc = tcase_create("token_bucket");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, the_rate_holds_over_five_seconds, 0, (int)COUNT_OF(rates));
	tcase_add_loop_test(
	    tc, late_wake_ups_are_made_good, 0, (int)COUNT_OF(rates));
	tcase_add_loop_test(
	    tc, no_window_of_ten_ms_shows_a_burst, 0, (int)COUNT_OF(rates));
	tcase_add_test(tc, a_lone_message_takes_its_size_over_the_rate);
	tcase_add_test(tc, an_idle_line_saves_up_nothing);
	tcase_add_test(tc, old_input_gives_no_credit);
	tcase_add_test(tc, a_burst_passes_at_once_and_no_more_than_that);
	tcase_add_test(tc, fractions_of_a_nanosecond_are_not_lost);
	tcase_add_test(tc, flows_on_a_shared_line_divide_it);
	tcase_add_test(tc, slices_are_small_and_never_empty);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
