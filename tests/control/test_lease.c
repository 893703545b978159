/* SPDX-License-Identifier: Apache-2.0 */
/* Leases under a clock that stands still until it is told. */
#include "control/lease.h"

#include <string.h>

#include "tests/harness/check_run.h"

static struct leases set;
static struct clock now;
static uint64_t ended[10];
static size_t ended_count;

static void
on_expired(void *arg, const struct lease *lease)
{
	ck_assert_ptr_eq(arg, &set);
	ck_assert_ptr_null(lease_find(&set, lease->id));
	ended[ended_count++] = lease->number;
}

static void
setup(void)
{
	now = clock_fake(5000000);
	ended_count = 0;
	leases_init(&set, &now, on_expired, &set);
}

START_TEST(a_lease_ends_when_its_time_is_over_and_not_before)
{
	struct lease *l;

	setup();
	l = lease_grant(&set, 1000, "me");
	ck_assert_int_eq(leases_run(&set), 5001000);
	now.fake_us += 999;
	leases_run(&set);
	ck_assert_uint_eq(ended_count, 0);
	ck_assert_int_eq(lease_left(l), 1);
	now.fake_us += 1;
	ck_assert_int_eq(leases_run(&set), DEADLINE_NEVER);
	ck_assert_uint_eq(ended_count, 1);
	ck_assert_uint_eq(set.count, 0);
	leases_fini(&set);
}
END_TEST

START_TEST(a_renewed_lease_begins_anew_perhaps_with_another_time)
{
	struct lease *l;

	setup();
	l = lease_grant(&set, 1000, NULL);
	now.fake_us += 900;
	lease_renew(l, 500);
	ck_assert_int_eq(lease_left(l), 500);
	now.fake_us += 499;
	leases_run(&set);
	ck_assert_uint_eq(ended_count, 0);
	now.fake_us += 1;
	leases_run(&set);
	ck_assert_uint_eq(ended_count, 1);
	leases_fini(&set);
}
END_TEST

START_TEST(leases_end_in_order_of_time_and_leave_the_others_alone)
{
	struct lease *kept;

	setup();
	lease_grant(&set, 3000, NULL);
	lease_grant(&set, 1000, NULL);
	kept = lease_grant(&set, 9000, NULL);
	lease_grant(&set, 2000, NULL);
	now.fake_us += 3000;
	ck_assert_int_eq(leases_run(&set), 5009000);
	ck_assert_uint_eq(ended_count, 3);
	ck_assert_uint_eq(ended[0], 2);
	ck_assert_uint_eq(ended[1], 4);
	ck_assert_uint_eq(ended[2], 1);
	ck_assert_ptr_eq(lease_find(&set, kept->id), kept);
	leases_fini(&set);
}
END_TEST

START_TEST(one_that_is_given_back_tells_nobody)
{
	setup();
	lease_end(lease_grant(&set, 1000, NULL));
	now.fake_us += 5000;
	leases_run(&set);
	ck_assert_uint_eq(ended_count, 0);
	leases_fini(&set);
}
END_TEST

START_TEST(ids_are_never_given_twice_and_there_is_a_limit)
{
	char first[24];
	struct lease *l;

	setup();
	l = lease_grant(&set, 1000, NULL);
	memcpy(first, l->id, sizeof(first));
	lease_end(l);
	for (size_t i = 0; i < LEASES_MAX; i++) {
		l = lease_grant(&set, 1000, NULL);
		ck_assert_ptr_nonnull(l);
		ck_assert_str_ne(l->id, first);
	}
	ck_assert_ptr_null(lease_grant(&set, 1000, NULL));
	leases_fini(&set);
}
END_TEST

int
main(void)
{
	return check_run(
	    "lease", (const TTest *const[]){
			 a_lease_ends_when_its_time_is_over_and_not_before,
			 a_renewed_lease_begins_anew_perhaps_with_another_time,
			 leases_end_in_order_of_time_and_leave_the_others_alone,
			 one_that_is_given_back_tells_nobody,
			 ids_are_never_given_twice_and_there_is_a_limit,
			 NULL,
		     });
}
