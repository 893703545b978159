/* SPDX-License-Identifier: Apache-2.0 */
/* Single reactions: each of them, once, in order. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/reactions.h"
#include "tests/experiment/simulate.h"

#define FAULT_US 20000000
#define LIFT_US	 60000000

static struct reactions list;

static void
find(struct sim *s, int64_t end_us)
{
	s->record.end_us = end_us;
	record_finish(&s->record);
	list = (struct reactions){0};
	reactions_find(&s->record, &list);
}

static size_t
count(enum reaction_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < list.count; i++)
		n += list.items[i].type == type;
	return n;
}

static const struct reaction *
first(enum reaction_type type)
{
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].type == type)
			return &list.items[i];
	}
	return NULL;
}

/* A request of three attempts, the last of which is `last`. */
static void
retry(struct sim *s, int64_t at, enum call_outcome last)
{
	uint64_t same = s->unique++;

	for (int i = 0; i < 3; i++) {
		struct call *c = sim_call(s, sim_api(s), at + i * 300000,
		    at + i * 300000 + 100000, i == 2 ? last : CALL_ERROR);

		c->request = same;
		c->kind = "abort";
	}
}

START_TEST(retries_and_what_came_of_them)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < FAULT_US; at += 200000)
		sim_call(&s, sim_api(&s), at, at + 1000, CALL_OK);
	retry(&s, 21000000, CALL_OK);
	retry(&s, 25000000, CALL_RESET);
	retry(&s, 58000000, CALL_ERROR); /* may go on */
	sim_call(&s, sim_api(&s), 30000000, 32000000, CALL_CLIENT_ABORT);
	find(&s, LIFT_US);
	ck_assert_uint_eq(count(REACTION_RETRY), 6);
	ck_assert_uint_eq(count(REACTION_SAVED), 1);
	ck_assert_uint_eq(count(REACTION_STOPPED), 1);
	ck_assert_uint_eq(count(REACTION_LEFT), 1);
	ck_assert_uint_eq(first(REACTION_SAVED)->attempts, 2);
	ck_assert_uint_eq(first(REACTION_STOPPED)->attempts, 2);
	ck_assert_double_eq_tol(first(REACTION_RETRY)->seconds, 0.2, 1e-6);
	ck_assert_int_eq(first(REACTION_RETRY)->after, AFTER_5XX);
	ck_assert_double_eq_tol(first(REACTION_LEFT)->seconds, 2, 1e-6);
	for (size_t i = 1; i < list.count; i++)
		ck_assert_int_le(list.items[i - 1].at_us,
		    list.items[i].at_us);
	reactions_fini(&list);
	sim_fini(&s);
}
END_TEST

START_TEST(a_breaker_changes_its_state_in_order)
{
	static const enum breaker_state states[] = {BREAKER_CLOSED,
	    BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_OPEN, BREAKER_HALF_OPEN,
	    BREAKER_CLOSED};
	const struct reaction *seen[8];
	size_t n = 0;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "abort", FAULT_US, LIFT_US);
	/* Five failures, open for 20 s, a probe that fails, 25 s more. */
	for (int64_t at = 0; at < 80000000; at += 100000) {
		bool through = at < FAULT_US + 500000 ||
		    at == FAULT_US + 20500000 || at >= FAULT_US + 45500000;

		sim_call(&s, sim_edge(&s), at, at + 5000, CALL_OK);
		if (through)
			sim_call(&s, sim_api(&s), at + 1000, at + 2000,
			    at >= FAULT_US && at < LIFT_US ? CALL_ERROR
							   : CALL_OK);
	}
	find(&s, 80000000);
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].type == REACTION_BREAKER)
			seen[n++] = &list.items[i];
	}
	ck_assert_uint_eq(n, 5);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(seen[i]->from, states[i]);
		ck_assert_int_eq(seen[i]->to, states[i + 1]);
	}
	ck_assert_int_eq(list.breakers[1], BREAKER_CLOSED);
	ck_assert_int_eq(list.breakers[0], BREAKER_UNKNOWN);
	ck_assert_uint_eq(count(REACTION_STEADY), 1);
	reactions_fini(&list);
	sim_fini(&s);
}
END_TEST

START_TEST(calls_under_way_are_neither_skipped_nor_given_up)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "hang", FAULT_US, LIFT_US);
	for (int64_t at = 0; at < 30000000; at += 100000) {
		bool hangs = at >= FAULT_US;

		sim_call(&s, sim_edge(&s), at,
		    hangs ? 30000000 : at + 5000, hangs ? CALL_OPEN : CALL_OK);
		/* What was not led on yet may still be. */
		if (at < 29500000)
			sim_call(&s, sim_api(&s), at + 1000,
			    hangs ? 30000000 : at + 2000,
			    hangs ? CALL_OPEN : CALL_OK);
	}
	find(&s, 30000000);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_int_eq(list.breakers[1], BREAKER_CLOSED);
	reactions_fini(&list);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reactions");
	TCase *tc = tcase_create("reactions");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, retries_and_what_came_of_them);
	tcase_add_test(tc, a_breaker_changes_its_state_in_order);
	tcase_add_test(tc, calls_under_way_are_neither_skipped_nor_given_up);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
