/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured over the driver's samples and over parts of a record:
 * totals, availability, spread, and expectations that these decide. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "experiment/uptime.h"
#include "experiment/expect.h"
#include "experiment/part.h"
#include "experiment/spread.h"
#include "experiment/totals.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/check_run.h"

#define S(seconds) ((int64_t)((seconds)*1000000))

static struct conf_load loads[2] = {
    {.name = (char[]){"users"}},
    {.name = (char[]){"health"}, .probe = (char[]){"health"}}};
static struct conf_step conf_steps[1];
static struct conf_scenario scenarios[1] = {
    {.steps = conf_steps, .steps_count = 1}};
static const struct conf_experiment experiment = {.loads = loads,
						  .loads_count = 2,
						  .scenarios = scenarios,
						  .scenarios_count = 1};

struct fixture {
	struct run run;
	struct run_scenario scenario;
	struct run_step step;
};

/* A run of a minute, with a fault from 20 to 40 s. */
static void
set_up(struct fixture *f)
{
	*f = (struct fixture){
	    .run = {.asked = &experiment, .duration_us = S(60)}};
	f->step = (struct run_step){.armed_us = S(20), .lifted_us = S(40)};
	f->scenario = (struct run_scenario){.asked = &scenarios[0],
					    .steps = &f->step,
					    .from_us = S(20),
					    .to_us = S(60)};
	f->run.scenarios = &f->scenario;
}

static void
add(struct fixture *f, uint32_t load, double at, enum sample_outcome outcome)
{
	struct samples *all = &f->run.samples;

	all->items =
	    realloc(all->items, (all->count + 1) * sizeof(*all->items));
	all->items[all->count++] = (struct sample){.load = load,
						   .intended_us = S(at),
						   .start_us = S(at) + 10,
						   .end_us = S(at) + 1000,
						   .outcome = (uint8_t)outcome};
}

static void
tear_down(struct fixture *f)
{
	free(f->run.samples.items);
}

START_TEST(totals_count_what_should_have_started_within_spans)
{
	struct fixture f;
	struct periods during;
	struct totals t;

	set_up(&f);
	add(&f, 0, 19.999999, SAMPLE_FAILED);
	add(&f, 0, 20, SAMPLE_FAILED);
	add(&f, 0, 30, SAMPLE_OK);
	add(&f, 0, 31, SAMPLE_LOST);
	add(&f, 0, 32, SAMPLE_OPEN);
	add(&f, 1, 33, SAMPLE_OK);
	add(&f, 0, 40, SAMPLE_OK);
	periods_of_run(&f.run, &during);
	totals_samples(&f.run, TOTALS_ALL, &during, &t);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_uint_eq(t.failed, 1);
	ck_assert_uint_eq(t.lost, 1);
	ck_assert_double_eq(totals_at(&t, 0.5).us, 1000);
	ck_assert(!totals_at(&t, 0.5).known);
	totals_fini(&t);
	totals_samples(&f.run, 1, &during, &t);
	ck_assert_uint_eq(t.n, 1);
	totals_fini(&t);
	periods_fini(&during);
	tear_down(&f);
}
END_TEST

START_TEST(spans_that_touch_are_one)
{
	struct period items[] = {{50, 60}, {10, 20}, {15, 30}, {30, 40}};
	struct periods s = {items, COUNT_OF(items)};

	periods_merge(&s);
	ck_assert_uint_eq(s.count, 2);
	ck_assert_int_eq(s.items[0].from_us, 10);
	ck_assert_int_eq(s.items[0].to_us, 40);
	ck_assert_int_eq(s.items[1].from_us, 50);
}
END_TEST

START_TEST(availability_is_by_requests_and_by_time)
{
	struct uptime a;
	struct fixture f;

	set_up(&f);
	/* Ten a second; all fail from 20 to 25 s, and the last two seconds. */
	for (int i = 0; i < 600; i++) {
		bool bad = (i >= 200 && i < 250) || i >= 580;

		add(&f, 0, i / 10.0, bad ? SAMPLE_FAILED : SAMPLE_OK);
	}
	add(&f, 1, 30.5, SAMPLE_FAILED);
	add(&f, 0, 30.6, SAMPLE_LOST);
	uptime_measure(&f.run, 0.9, &a);
	ck_assert_uint_eq(a.requests, 600);
	ck_assert_uint_eq(a.good, 530);
	ck_assert_uint_eq(a.windows, 60);
	ck_assert_uint_eq(a.bad, 7);
	ck_assert_uint_eq(a.outages_count, 2);
	ck_assert_int_eq(a.outages[0].from_us, S(20));
	ck_assert_int_eq(a.outages[0].to_us, S(25));
	ck_assert(!a.outages[0].open && a.outages[1].open);
	ck_assert_double_eq(a.longest_s, 5);
	ck_assert_double_eq_tol(a.budget_burn, 70.0 / 600 / 0.1, 1e-9);
	ck_assert(a.burn_ci.lo < a.budget_burn && a.budget_burn < a.burn_ci.hi);
	uptime_fini(&a);
	tear_down(&f);
}
END_TEST

START_TEST(no_request_is_no_availability)
{
	struct uptime a;
	struct fixture f;

	set_up(&f);
	uptime_measure(&f.run, 0.999, &a);
	ck_assert_uint_eq(a.requests, 0);
	ck_assert_double_eq(a.ci.lo, 0);
	ck_assert_double_eq(a.ci.hi, 1);
	ck_assert_uint_eq(a.outages_count, 0);
	ck_assert_double_eq(a.longest_s, UPTIME_NONE);
	uptime_fini(&a);
}
END_TEST

/* n requests during the fault, some of which fail, against a wish. */
static const struct {
	int n, failed;
	const char *asked;
	enum expect_state expected;
} shares[] = {
    {0, 0, "0.99", EXPECT_UNDECIDED},
    {100, 0, "0.99", EXPECT_UNDECIDED}, /* too few to show it */
    {400, 0, "0.99", EXPECT_MET},
    {400, 4, "0.99", EXPECT_MET},
    {400, 5, "0.99", EXPECT_VIOLATED},
    {100, 50, "0.99", EXPECT_VIOLATED}, /* few, and clear */
    {20, 0, "1", EXPECT_UNDECIDED},
    {40, 0, "1", EXPECT_MET},
    {40, 1, "1", EXPECT_VIOLATED},
    {40, 10, "0", EXPECT_MET},
};

START_TEST(success_is_met_only_if_n_could_show_it)
{
	struct conf_expect expect = {.key = (char[]){"edge_success_min"}};
	struct run_expect to = {.asked = &expect};
	struct record part = {0};
	struct fixture f;

	expect.value = strdup(shares[_i].asked);
	set_up(&f);
	for (int i = 0; i < shares[_i].n; i++)
		add(&f, 0, 20 + i * 0.04,
		    i < shares[_i].failed ? SAMPLE_BROKEN : SAMPLE_OK);
	expect_judge(&f.run, 0, &part, &to);
	ck_assert_msg(to.state == shares[_i].expected, "%s", to.why);
	free(to.found);
	free(to.why);
	free(expect.value);
	tear_down(&f);
}
END_TEST

START_TEST(alerts_are_matched_with_the_first_fault)
{
	static const struct {
		const char *name, *within;
		double at; /* of the alert "Down"; 0: none came */
		enum expect_state expected[2]; /* of name and within */
	} rows[] = {
	    {"Down", "30s", 29, {EXPECT_MET, EXPECT_MET}},
	    {"Down", "5s", 29, {EXPECT_MET, EXPECT_VIOLATED}},
	    {"Down", "5s", 19, {EXPECT_VIOLATED, EXPECT_VIOLATED}},
	    {"Other", "30s", 29, {EXPECT_VIOLATED, EXPECT_VIOLATED}},
	    {"Down", "5s", 0, {EXPECT_UNDECIDED, EXPECT_UNDECIDED}},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct conf_expect expects[2] = {
		    {.key = (char[]){"alert.name"},
		     .value = strdup(rows[i].name)},
		    {.key = (char[]){"alert.within"},
		     .value = strdup(rows[i].within)}};
		struct run_alert alert = {.name = (char[]){"Down"},
					  .firing = true,
					  .at_us = S(rows[i].at)};
		struct conf_scenario asked = scenarios[0];
		struct fixture f;

		set_up(&f);
		asked.expects = expects;
		asked.expects_count = 2;
		f.scenario.asked = &asked;
		f.run.alerts = &alert;
		f.run.alerts_count = rows[i].at > 0;
		for (size_t k = 0; k < 2; k++) {
			struct run_expect to = {.asked = &expects[k]};
			struct record part = {0};

			expect_judge(&f.run, 0, &part, &to);
			ck_assert_msg(to.state == rows[i].expected[k],
				      "%zu %zu: %s", i, k, to.why);
			free(to.found);
			free(to.why);
		}
		free(expects[0].value);
		free(expects[1].value);
	}
}
END_TEST

/* --- parts of a record ------------------------------------------------------
 */

START_TEST(a_part_holds_the_baseline_and_its_span)
{
	struct record part = {0};
	struct sim s;

	sim_init(&s, 1);
	sim_fault(sim_api(&s), "down", S(20), S(30));
	sim_fault(sim_api(&s), "hang", S(50), S(70));
	for (int i = 0; i < 80; i++)
		sim_call(&s, sim_api(&s), S(i), S(i) + 1000, CALL_OK);
	s.record.end_us = S(80);
	record_finish(&s.record);
	part_take(&s.record, S(20), (int64_t[]){S(45), S(60)}, &part);
	ck_assert_uint_eq(part.routes_count, s.record.routes_count);
	ck_assert_uint_eq(part.routes[1].calls.count, 20 + 15);
	ck_assert_uint_eq(part.routes[1].windows_count, 1);
	ck_assert_str_eq(part.routes[1].windows[0].kind, "hang");
	ck_assert_int_eq(part.routes[1].windows[0].to_us, S(60));
	ck_assert(part.routes[1].windows[0].lasts);
	ck_assert_uint_eq(part.routes[1].edge, 0);
	ck_assert_int_eq(part.end_us, S(60));
	record_fini(&part);
	sim_fini(&s);
}
END_TEST

START_TEST(siblings_are_routes_whose_calls_need_no_faulted_one)
{
	struct route *other;
	struct spread *all;
	struct sim s;

	sim_init(&s, 1);
	record_route(&s.record, "other");
	record_route(&s.record, "behind")->edge = 1; /* "api" calls it */
	sim_fault(sim_api(&s), "down", S(40), S(80));
	other = &s.record.routes[2];
	for (int i = 0; i < 80; i++) {
		sim_call(&s, sim_edge(&s), S(i), S(i) + 1000, CALL_OK);
		sim_call(&s, other, S(i), S(i) + 1000,
			 i < 40 ? CALL_OK : CALL_ERROR);
	}
	s.record.end_us = S(80);
	record_finish(&s.record);
	ck_assert_uint_eq(spread_find(&s.record, &all), 4);
	ck_assert(!all[0].sibling && !all[0].faulted && !all[0].worse);
	ck_assert(!all[1].sibling && all[1].faulted && !all[1].observed);
	ck_assert(all[2].sibling && all[2].observed && all[2].worse);
	ck_assert(!all[3].sibling);
	free(all);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("measure");
	TCase *tc = tcase_create("measure");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, totals_count_what_should_have_started_within_spans);
	tcase_add_test(tc, spans_that_touch_are_one);
	tcase_add_test(tc, availability_is_by_requests_and_by_time);
	tcase_add_test(tc, no_request_is_no_availability);
	tcase_add_loop_test(tc, success_is_met_only_if_n_could_show_it, 0,
			    COUNT_OF(shares));
	tcase_add_test(tc, alerts_are_matched_with_the_first_fault);
	tcase_add_test(tc, a_part_holds_the_baseline_and_its_span);
	tcase_add_test(tc, siblings_are_routes_whose_calls_need_no_faulted_one);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
