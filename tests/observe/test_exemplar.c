/* SPDX-License-Identifier: Apache-2.0 */
/* Exemplars: the newest wins, and nobody sees half of one. */
#include "observe/exemplar.h"

#include <pthread.h>
#include <string.h>

#include "tests/harness/check_run.h"

#define WRITES 200000

static void
set(struct exemplar_slot *slot, unsigned char mark, int64_t number)
{
	unsigned char id[TRACE_ID_SIZE];

	memset(id, mark, sizeof(id));
	exemplar_set(slot, id, number, number);
}

START_TEST(what_was_set_is_read)
{
	struct exemplar_slot slot = {0};
	struct exemplar read = {0};

	exemplar_read(&slot, &read);
	ck_assert_int_eq(read.wall_us, 0);
	set(&slot, 7, 42);
	exemplar_read(&slot, &read);
	ck_assert_int_eq(read.value_us, 42);
	ck_assert_uint_eq(read.trace_id[15], 7);
}
END_TEST

START_TEST(of_several_slots_the_newest_is_kept)
{
	struct exemplar_slot slots[3] = {0};
	struct exemplar read = {0};

	set(&slots[0], 1, 10);
	set(&slots[1], 2, 30);
	set(&slots[2], 3, 20);
	for (int i = 0; i < 3; i++)
		exemplar_read(&slots[i], &read);
	ck_assert_uint_eq(read.trace_id[0], 2);
}
END_TEST

START_TEST(a_slot_that_is_being_written_is_passed_over)
{
	struct exemplar_slot slot = {0};
	struct exemplar read = {0};

	set(&slot, 1, 10);
	atomic_fetch_add(&slot.sequence, 1);
	exemplar_read(&slot, &read);
	ck_assert_int_eq(read.wall_us, 0);
}
END_TEST

static void *
write_many(void *arg)
{
	for (int64_t i = 1; i <= WRITES; i++)
		set(arg, (unsigned char)i, i);
	return NULL;
}

START_TEST(readers_beside_a_writer_see_whole_ones_only)
{
	struct exemplar_slot slot = {0};
	struct exemplar read = {0};
	pthread_t writer;
	int64_t last = 0;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_many, &slot), 0);
	while (last < WRITES) {
		exemplar_read(&slot, &read);
		ck_assert_int_eq(read.value_us, read.wall_us);
		ck_assert_uint_eq(read.trace_id[0],
		    (unsigned char)read.wall_us);
		ck_assert_uint_eq(read.trace_id[15], read.trace_id[0]);
		ck_assert_int_ge(read.wall_us, last);
		last = read.wall_us;
	}
	pthread_join(writer, NULL);
}
END_TEST

int
main(void)
{
	return check_run("exemplar",
	    (const TTest *const[]){what_was_set_is_read,
		of_several_slots_the_newest_is_kept,
		a_slot_that_is_being_written_is_passed_over,
		readers_beside_a_writer_see_whole_ones_only, NULL});
}
