/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that runs a job when it is woken, when time is over, and once at
 * its end. */
#include "telemetry/courier.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"

struct job {
	int64_t again_us; /* after so long; 0: never */
	bool stuck;	  /* it waits until it is to give up */
};

static atomic_int runs, lasts, frees;

static int64_t
run(void *arg, int cancel_fd, bool last)
{
	struct job *job = arg;
	struct pollfd p = {.fd = cancel_fd, .events = POLLIN};

	if (job->stuck)
		poll(&p, 1, -1);
	atomic_fetch_add(&runs, 1);
	if (last)
		atomic_fetch_add(&lasts, 1);
	return job->again_us > 0 ? clock_now(&clock_real) + job->again_us
				 : COURIER_NEVER;
}

static void
release(void *arg)
{
	atomic_fetch_add(&frees, 1);
	free(arg);
}

static struct courier *
start(int64_t again_us, bool stuck)
{
	struct job *job = xcalloc(1, sizeof(*job));
	struct courier *c;
	struct error err;

	job->again_us = again_us;
	job->stuck = stuck;
	c = courier_new(&(struct courier_job){run, release, job}, &err);
	ck_assert_ptr_nonnull(c);
	return c;
}

static void
wait_for(const atomic_int *value, int least)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	for (int i = 0; i < 20000 && atomic_load(value) < least; i++)
		nanosleep(&moment, NULL);
	ck_assert_int_ge(atomic_load(value), least);
}

START_TEST(it_runs_when_it_is_woken)
{
	struct courier *c = start(0, false);

	courier_wake(c);
	wait_for(&runs, 1);
	courier_wake(c);
	wait_for(&runs, 2);
	ck_assert_int_eq(atomic_load(&lasts), 0);
	courier_end(c, 20000000);
	ck_assert_int_eq(atomic_load(&lasts), 1);
	ck_assert_int_eq(atomic_load(&frees), 1);
}
END_TEST

START_TEST(it_runs_again_when_it_said)
{
	struct courier *c = start(1000, false);

	courier_wake(c);
	wait_for(&runs, 5);
	courier_end(c, 20000000);
	ck_assert_int_eq(atomic_load(&lasts), 1);
}
END_TEST

START_TEST(what_was_never_woken_runs_at_its_end)
{
	courier_end(start(0, false), 20000000);
	ck_assert_int_eq(atomic_load(&runs), 1);
	ck_assert_int_eq(atomic_load(&frees), 1);
}
END_TEST

START_TEST(a_job_that_waits_is_told_to_give_up)
{
	struct courier *c = start(0, true);
	int64_t start_us = clock_now(&clock_real);

	courier_end(c, 50000);
	wait_for(&frees, 1);
	ck_assert_int_lt(clock_now(&clock_real) - start_us, 10000000);
}
END_TEST

START_TEST(nobody_needs_to_wait_for_the_end)
{
	courier_end(start(0, false), 0);
	wait_for(&frees, 1);
	ck_assert_int_eq(atomic_load(&lasts), 1);
	courier_end(NULL, 0);
}
END_TEST

int
main(void)
{
	return check_run("courier",
	    (const TTest *const[]){it_runs_when_it_is_woken,
		it_runs_again_when_it_said,
		what_was_never_woken_runs_at_its_end,
		a_job_that_waits_is_told_to_give_up,
		nobody_needs_to_wait_for_the_end, NULL});
}
