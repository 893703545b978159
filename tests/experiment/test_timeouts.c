/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated clients that wait: for ever, for so long, for a sign of life. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "tests/experiment/simulate.h"

#define HANG_FROM_US 10000000
#define HANG_TO_US   100000000
#define DRIP_FROM_US 110000000
#define DRIP_TO_US   200000000
#define CALL_US	     10000000 /* a call may last so long */
#define PIECE_US     300000   /* between drops */

struct client {
	double hang_us, drip_us; /* when it leaves; 0: it stays */
	const char *kind;	 /* what is to be said; NULL: ABSENT */
};

static const struct client clients[] = {
    {1e6, 1e6, "total"},
    {1.2e6, 1.21e6, "total"},
    {1e6, 0, "idle"},
    {2.2e6, 4e6, "low_speed"},
    {0, 0, NULL},
};

static void
waits(struct sim *s, const char *kind, int64_t at_us, double leaves_us)
{
	double stays = leaves_us > 0 ? leaves_us + sim_noise(s) : CALL_US;
	struct call *c = sim_call(s, sim_api(s), at_us,
	    at_us + (int64_t)stays,
	    leaves_us > 0 ? CALL_CLIENT_ABORT : CALL_RESET);

	c->kind = intern(kind);
	if (strcmp(kind, "drip") != 0)
		return;
	c->first_us = at_us + 1000;
	c->last_us = c->end_us - (int64_t)sim_between(s, 0, PIECE_US);
}

static void
run(struct sim *s, const struct client *o, bool drip)
{
	sim_fault(sim_api(s), "hang", HANG_FROM_US, HANG_TO_US);
	if (drip)
		sim_fault(sim_api(s), "drip", DRIP_FROM_US, DRIP_TO_US);
	for (int i = 0; i < 20; i++) {
		waits(s, "hang", HANG_FROM_US + i * 1000000, o->hang_us);
		if (drip)
			waits(s, "drip", DRIP_FROM_US + i * 1000000,
			    o->drip_us);
	}
	sim_judge(s, DRIP_TO_US);
}

START_TEST(two_faults_tell_the_kind_of_a_time_out)
{
	const struct client *o = &clients[_i];
	const struct verdict *v;
	struct sim s;

	sim_init(&s, (uint64_t)_i);
	run(&s, o, true);
	v = sim_verdict(&s, "timeout");
	if (o->kind == NULL) {
		ck_assert_int_eq(v->state, STATE_ABSENT);
		ck_assert_double_eq(verdict_fact(v, "horizon_s")->value.lo,
		    10);
	} else {
		ck_assert_int_eq(v->state, STATE_CONFIRMED);
		ck_assert_str_eq(verdict_fact(v, "kind")->word, o->kind);
		ck_assert_double_eq_tol(verdict_fact(v, "after_s")->value.lo,
		    o->hang_us / 1e6, 0.01);
		ck_assert_double_le(verdict_fact(v, "ci_s")->value.lo,
		    o->hang_us / 1e6);
		ck_assert_str_eq(verdict_fact(v, "modes")->word, "one");
	}
	sim_fini(&s);
}
END_TEST

START_TEST(one_fault_leaves_the_kind_open)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run(&s, &clients[0], false);
	v = sim_verdict(&s, "timeout");
	ck_assert_str_eq(verdict_fact(v, "kind")->word, "unknown");
	ck_assert_ptr_nonnull(strstr(v->decide, "drip"));
	sim_fini(&s);
}
END_TEST

START_TEST(who_was_answered_did_not_wait_in_silence)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	for (int i = 0; i < 20; i++) {
		waits(&s, "hang", HANG_FROM_US + i * 1000000, 5e6);
		sim_api(&s)->calls.items[i].first_us = HANG_FROM_US;
	}
	run(&s, &clients[0], false);
	v = sim_verdict(&s, "timeout");
	ck_assert_uint_eq(v->n, 20);
	ck_assert_double_eq_tol(verdict_fact(v, "after_s")->value.lo, 1, 0.01);
	sim_fini(&s);
}
END_TEST

/* Without requests in it: some leave, some stay, and the fault ends one, which
 * is among the calls, too, then. */
START_TEST(connections_wait_as_requests_do)
{
	const struct verdict *v;
	struct route *r;
	struct sim s;

	sim_init(&s, 1);
	r = sim_api(&s);
	sim_fault(r, "timeout", HANG_FROM_US, HANG_TO_US);
	for (int i = 0; i < 31; i++) {
		struct call *c = record_add(&r->connections);

		c->line = ++s.line;
		c->kind = intern("timeout");
		c->start_us = HANG_FROM_US + i * 1000000;
		c->request_us = c->start_us + 1000;
		c->end_us = c->closed_us = c->start_us + (i < 20 ? 1000000
								 : CALL_US);
		c->outcome = i < 20 ? CALL_CLIENT_ABORT
		    : i < 30	    ? CALL_SERVER_ABORT
				    : CALL_RESET;
	}
	*record_add(&r->calls) = r->connections.items[30];
	sim_judge(&s, HANG_TO_US);
	v = sim_verdict(&s, "timeout");
	ck_assert_int_eq(v->state, STATE_PARTIAL);
	ck_assert_str_eq(v->why, "20 clients left after 0.999 s, 11 stayed "
				 "longer");
	sim_fini(&s);
}
END_TEST

/* The hang is lifted, and who still waits gets an answer. */
START_TEST(who_waits_until_a_hang_is_lifted_has_no_time_out)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "hang", HANG_FROM_US, HANG_FROM_US + CALL_US);
	for (int i = 0; i < 20; i++) {
		int64_t at_us = HANG_FROM_US + i * 400000;
		struct call *c = sim_call(&s, sim_api(&s), at_us,
		    HANG_FROM_US + CALL_US + 1000, CALL_OK);

		c->kind = intern("hang");
	}
	sim_judge(&s, HANG_TO_US);
	v = sim_verdict(&s, "timeout");
	ck_assert_int_eq(v->state, STATE_ABSENT);
	ck_assert_double_eq_tol(verdict_fact(v, "horizon_s")->value.lo, 10,
	    0.01);
	sim_fini(&s);
}
END_TEST

START_TEST(answers_that_are_late_show_no_time_out_nor_none)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "latency", HANG_FROM_US, HANG_TO_US);
	for (int i = 0; i < 20; i++)
		sim_call(&s, sim_api(&s), HANG_FROM_US + i * 400000,
		    HANG_FROM_US + i * 400000 + 800000, CALL_OK)
		    ->kind = intern("latency");
	sim_judge(&s, HANG_TO_US);
	ck_assert_int_eq(sim_verdict(&s, "timeout")->state,
	    STATE_NOT_EXERCISED);
	ck_assert(strstr(sim_verdict(&s, "timeout")->why, "but late") != NULL);
	sim_fini(&s);
}
END_TEST

static const struct {
	double hang_us, drip_us;
	double quiet_us; /* since the last drop */
	int stay;	 /* so many see the drips to the end */
	const char *kind;
} leavers[] = {
    /* A drop came later than the time-out: whose was it? */
    {1e6, 1.01e6, 1e6, 0, "unknown"},
    {1e6, 2.3e6, 1e6, 0, "idle"},
    {1e6, 1.01e6, 2e5, 0, "total"},
    /* Some drips are fast enough. */
    {2e6, 2.01e6, 2e5, 10, "low_speed"},
    /* curl -y 2 looks every second: a deadline, or a speed? */
    {2.2e6, 2e6, 2e5, 0, "unknown"},
    {2.2e6, 2e6, 2e5, 10, "low_speed"},
};

START_TEST(the_last_drop_tells_what_clients_go_by)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "hang", HANG_FROM_US, HANG_TO_US);
	sim_fault(sim_api(&s), "drip", DRIP_FROM_US, DRIP_TO_US);
	for (int i = 0; i < 20 + leavers[_i].stay; i++) {
		int64_t at_us = DRIP_FROM_US + i * 1000000;
		struct call *c;

		waits(&s, "hang", at_us - DRIP_FROM_US + HANG_FROM_US,
		    leavers[_i].hang_us);
		waits(&s, "drip", at_us, i < 20 ? leavers[_i].drip_us : 0);
		c = &sim_api(&s)->calls.items[sim_api(&s)->calls.count - 1];
		c->last_us = c->end_us - (int64_t)leavers[_i].quiet_us;
	}
	sim_judge(&s, DRIP_TO_US);
	v = sim_verdict(&s, "timeout");
	ck_assert_str_eq(verdict_fact(v, "kind")->word, leavers[_i].kind);
	sim_fini(&s);
}
END_TEST

START_TEST(a_cut_wire_hides_who_left)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "blackhole", HANG_FROM_US, HANG_TO_US);
	waits(&s, "blackhole", HANG_FROM_US, 0);
	sim_judge(&s, HANG_TO_US);
	ck_assert_int_eq(sim_verdict(&s, "timeout")->state,
	    STATE_NOT_OBSERVABLE);
	sim_fini(&s);
}
END_TEST

START_TEST(a_time_within_our_own_lateness_is_no_number)
{
	struct client o = {.hang_us = 30000};
	struct sim s;

	sim_init(&s, 1);
	run(&s, &o, false);
	ck_assert_int_eq(sim_verdict(&s, "timeout")->state,
	    STATE_INCONCLUSIVE);
	sim_fini(&s);
}
END_TEST

START_TEST(four_samples_are_too_few)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "hang", HANG_FROM_US, HANG_TO_US);
	for (int i = 0; i < 4; i++)
		waits(&s, "hang", HANG_FROM_US + i, 1e6);
	sim_judge(&s, HANG_TO_US);
	ck_assert_int_eq(sim_verdict(&s, "timeout")->state,
	    STATE_INCONCLUSIVE);
	sim_fini(&s);
}
END_TEST

/* The edge answers after a second; the call behind it lives on, or not. */
static void
run_edge(struct sim *s, bool leaks, enum call_outcome edge)
{
	sim_fault(sim_api(s), "hang", HANG_FROM_US, HANG_TO_US);
	for (int i = 0; i < 20; i++) {
		int64_t at_us = HANG_FROM_US + i * 2000000;

		sim_call(s, sim_edge(s), at_us, at_us + 1000000, edge);
		waits(s, "hang", at_us + 1000, leaks ? 0 : 990000);
	}
	sim_judge(s, HANG_TO_US);
}

/* Four callers at a time, whose calls end with theirs; nothing tells which is
 * whose. */
START_TEST(calls_of_many_callers_at_once_are_no_leaks)
{
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "hang", HANG_FROM_US, HANG_TO_US);
	for (int i = 0; i < 80; i++) {
		int64_t at_us = HANG_FROM_US + i * 250000;

		sim_call(&s, sim_edge(&s), at_us, at_us + 1000000, CALL_ERROR)
		    ->token = 0;
		waits(&s, "hang", at_us + 1000, 990000);
	}
	sim_judge(&s, HANG_TO_US);
	ck_assert_int_eq(sim_verdict(&s, "leaked_calls")->state,
	    STATE_NOT_OBSERVABLE);
	sim_fini(&s);
}
END_TEST

START_TEST(calls_that_nobody_waits_for_are_leaks)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run_edge(&s, true, CALL_ERROR);
	v = sim_verdict(&s, "leaked_calls");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_eq_tol(
	    verdict_fact(v, "abandoned_after_s")->value.lo, 1, 0.01);
	ck_assert_int_eq(sim_verdict(&s, "timeout_order")->state,
	    STATE_CONFIRMED);
	sim_fini(&s);

	sim_init(&s, 1);
	run_edge(&s, false, CALL_CLIENT_ABORT);
	ck_assert_int_eq(sim_verdict(&s, "leaked_calls")->state, STATE_ABSENT);
	ck_assert_int_eq(sim_verdict(&s, "timeout_order")->state,
	    STATE_ABSENT);
	ck_assert_ptr_nonnull(strstr(sim_verdict(&s, "timeout_order")->why,
	    "inverted"));
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("timeouts");
	TCase *tc = tcase_create("timeouts");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, two_faults_tell_the_kind_of_a_time_out, 0,
	    (int)COUNT_OF(clients));
	tcase_add_test(tc, one_fault_leaves_the_kind_open);
	tcase_add_test(tc, who_was_answered_did_not_wait_in_silence);
	tcase_add_test(tc, connections_wait_as_requests_do);
	tcase_add_test(tc,
	    who_waits_until_a_hang_is_lifted_has_no_time_out);
	tcase_add_test(tc, answers_that_are_late_show_no_time_out_nor_none);
	tcase_add_loop_test(tc, the_last_drop_tells_what_clients_go_by, 0,
	    (int)COUNT_OF(leavers));
	tcase_add_test(tc, a_cut_wire_hides_who_left);
	tcase_add_test(tc, a_time_within_our_own_lateness_is_no_number);
	tcase_add_test(tc, four_samples_are_too_few);
	tcase_add_test(tc, calls_of_many_callers_at_once_are_no_leaks);
	tcase_add_test(tc, calls_that_nobody_waits_for_are_leaks);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
