/* SPDX-License-Identifier: Apache-2.0 */
/* What became of simulated writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/data_loss.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/check_run.h"

#define FAULT_US 20000000
#define LIFT_US	 40000000
#define END_US	 70000000

/* A write by its parts, within the fault unless it is early. */
static struct call *
write_at(struct sim *s, int64_t at_us, enum call_part forwarded,
    enum call_part delivered)
{
	struct call *c = sim_call(s, sim_api(s), at_us, at_us + 1000,
	    delivered == CALL_WHOLE ? CALL_OK : CALL_RESET);

	c->method = "INSERT";
	c->stores = true;
	c->forwarded = (uint8_t)forwarded;
	c->delivered = (uint8_t)delivered;
	c->answered = (uint8_t)delivered;
	return c;
}

static double
number(const struct verdict *v, const char *key)
{
	return verdict_fact(v, key)->value.lo;
}

START_TEST(fates_follow_from_what_was_seen)
{
	static const struct {
		struct call call;
		enum write_fate fate;
	} cases[] = {
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_WHOLE,
		 .delivered = CALL_WHOLE}, WRITE_ACKED},
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_WHOLE,
		 .delivered = CALL_NONE}, WRITE_AMBIGUOUS},
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_NONE,
		 .delivered = CALL_NONE}, WRITE_AMBIGUOUS},
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_SOME,
		 .delivered = CALL_SOME}, WRITE_AMBIGUOUS},
	    {{.stores = true, .forwarded = CALL_SOME, .answered = CALL_NONE,
		 .delivered = CALL_NONE}, WRITE_CUT},
	    {{.stores = true, .forwarded = CALL_NONE, .answered = CALL_NONE,
		 .delivered = CALL_NONE}, WRITE_CUT},
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_WHOLE,
		 .delivered = CALL_WHOLE, .refused = true}, WRITE_REFUSED},
	    {{.stores = true, .forwarded = CALL_WHOLE, .answered = CALL_NONE,
		 .delivered = CALL_NONE, .refused = true}, WRITE_AMBIGUOUS},
	    {{.stores = false, .forwarded = CALL_WHOLE}, WRITE_NONE},
	    {{.stores = true}, WRITE_NONE},
	    /* Within a transaction its commit decides. */
	    {{.stores = true, .forwarded = CALL_WHOLE,
		 .in_transaction = true}, WRITE_NONE},
	    {{.stores = true, .forwarded = CALL_WHOLE, .in_transaction = true,
		 .commit = true, .delivered = CALL_NONE}, WRITE_AMBIGUOUS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_msg(write_fate_of(&cases[i].call) == cases[i].fate,
		    "case %zu", i);
}
END_TEST

START_TEST(writes_in_doubt_are_counted)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "reset_peer", FAULT_US, LIFT_US);
	/* Not within the fault. */
	write_at(&s, 1000, CALL_WHOLE, CALL_NONE);
	for (int i = 0; i < 10; i++)
		write_at(&s, FAULT_US + i * 100000, CALL_WHOLE, CALL_WHOLE);
	for (int i = 0; i < 4; i++)
		write_at(&s, FAULT_US + 2000000 + i, CALL_WHOLE, CALL_NONE)
		    ->commit = i == 0;
	for (int i = 0; i < 3; i++)
		write_at(&s, FAULT_US + 3000000 + i, CALL_SOME, CALL_NONE);
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "data_loss");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_uint_eq(v->n, 17);
	ck_assert_double_eq(number(v, "acked"), 10);
	ck_assert_double_eq(number(v, "ambiguous"), 4);
	ck_assert_double_eq(number(v, "commits_in_doubt"), 1);
	ck_assert_double_eq(number(v, "cut"), 3);
	ck_assert_double_eq(number(v, "resent"), 0);
	ck_assert(v->line_first > 0 && v->line_last >= v->line_first);
	sim_fini(&s);
}
END_TEST

START_TEST(writes_in_doubt_that_are_sent_again_are_told)
{
	const struct verdict *v;
	struct call *first;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "reset_peer", FAULT_US, LIFT_US);
	for (int i = 0; i < 20; i++) {
		int64_t at = FAULT_US + i * 500000;
		uint64_t request;

		first = write_at(&s, at, i % 2 ? CALL_SOME : CALL_WHOLE,
		    CALL_NONE);
		first->id = (uint64_t)i + 1;
		request = first->request;
		first = write_at(&s, at + 100000, CALL_WHOLE, CALL_WHOLE);
		first->request = request;
		first->id = (uint64_t)i + 1;
	}
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "data_loss");
	ck_assert_double_eq(number(v, "resent"), 20);
	ck_assert_double_eq(number(v, "resent_in_doubt"), 10);
	sim_fini(&s);
}
END_TEST

START_TEST(what_was_not_exercised_or_not_seen_is_no_good_news)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "reset_peer", FAULT_US, LIFT_US);
	write_at(&s, FAULT_US + 1, CALL_WHOLE, CALL_WHOLE)->stores = false;
	sim_judge(&s, END_US);
	ck_assert_int_eq(sim_verdict(&s, "data_loss")->state,
	    STATE_NOT_EXERCISED);
	sim_fini(&s);
	sim_init(&s, 1);
	sim_fault(sim_api(&s), "reset_peer", FAULT_US, LIFT_US);
	write_at(&s, FAULT_US + 1, CALL_UNKNOWN, CALL_UNKNOWN);
	sim_judge(&s, END_US);
	ck_assert_ptr_null(sim_verdict(&s, "data_loss"));
	sim_fini(&s);
}
END_TEST

START_TEST(writes_that_are_all_told_are_not_in_doubt)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "reset_peer", FAULT_US, LIFT_US);
	write_at(&s, FAULT_US + 1, CALL_WHOLE, CALL_WHOLE);
	write_at(&s, FAULT_US + 2, CALL_NONE, CALL_NONE);
	write_at(&s, FAULT_US + 3, CALL_WHOLE, CALL_NONE)->in_transaction =
	    true;
	sim_judge(&s, END_US);
	v = sim_verdict(&s, "data_loss");
	ck_assert_int_eq(v->state, STATE_ABSENT);
	ck_assert_double_eq(number(v, "transactions_undone"), 1);
	ck_assert(strstr(v->decide, "reading back") != NULL);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	return check_run("data_loss",
	    (const TTest *const[]){
		fates_follow_from_what_was_seen,
		writes_in_doubt_are_counted,
		writes_in_doubt_that_are_sent_again_are_told,
		what_was_not_exercised_or_not_seen_is_no_good_news,
		writes_that_are_all_told_are_not_in_doubt,
		NULL,
	    });
}
