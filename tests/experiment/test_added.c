/* SPDX-License-Identifier: Apache-2.0 */
/* What the proxy adds, from requests whose every part is known. */
#include "base/intern.h"
#include "experiment/added.h"
#include "tests/harness/check_run.h"

#define COUNT	 400
#define FAULT_US 50000000

static struct conf_load loads[1];
static struct conf_scenario scenarios[1];
static struct conf_experiment asked = {.loads = loads,
				       .loads_count = 1,
				       .scenarios = scenarios,
				       .scenarios_count = 1};
static struct sample samples[COUNT];
static struct run_step steps[1];
static struct run_scenario run_scenarios[1];
static struct run run;
static struct route *edge;

/* Request n: the proxy adds n µs, the upstream takes 5 ms. */
static void
set_up(void)
{
	loads[0] = (struct conf_load){.name = (char *)"users",
				      .target = (char *)"edge"};
	scenarios[0] = (struct conf_scenario){.steps_count = 1};
	steps[0] =
	    (struct run_step){.armed_us = FAULT_US, .lifted_us = 2 * FAULT_US};
	run_scenarios[0] =
	    (struct run_scenario){.asked = scenarios, .steps = steps};
	run = (struct run){.asked = &asked,
			   .scenarios = run_scenarios,
			   .duration_us = 3 * FAULT_US,
			   .samples = {samples, COUNT, COUNT}};
	edge = record_route(&run.record, intern("edge"));
	for (size_t i = 0; i < COUNT; i++) {
		int64_t at_us = 1000 + (int64_t)i * 100000;
		struct call *c = record_add(&edge->calls);

		samples[i] =
		    (struct sample){.id = i + 1,
				    .intended_us = at_us,
				    .start_us = at_us,
				    .first_us = at_us + 5000 + (int64_t)i,
				    .end_us = at_us + 6000 + (int64_t)i};
		c->id = i + 1;
		c->upstream_us = 5000;
	}
}

static void
tear_down(void)
{
	free(run.added_us);
	record_fini(&run.record);
}

START_TEST(quantiles_are_those_of_the_differences)
{
	struct totals_quantile q;

	set_up();
	added_measure(&run);
	ck_assert_uint_eq(run.added_n, COUNT);
	ck_assert_double_eq_tol(added_at(&run, 0.5).us, 199.5, 0.01);
	ck_assert_double_eq_tol(added_at(&run, 0.95).us, 379, 1);
	q = added_at(&run, 0.99);
	ck_assert(q.known && q.ci_us.lo < q.us && q.ci_us.hi > q.us);
	tear_down();
}
END_TEST

START_TEST(few_requests_have_no_interval)
{
	set_up();
	run.samples.count = 60;
	added_measure(&run);
	ck_assert_uint_eq(run.added_n, 60);
	ck_assert(added_at(&run, 0.5).known);
	ck_assert(!added_at(&run, 0.99).known);
	tear_down();
}
END_TEST

START_TEST(what_a_fault_may_have_delayed_is_left_out)
{
	set_up();
	edge->calls.items[0].kind = intern("latency");
	edge->calls.items[1].outcome = CALL_RESET;
	edge->calls.items[2].upstream_us = 0;
	samples[3].outcome = SAMPLE_FAILED;
	samples[4].id = 0;
	samples[5].end_us = FAULT_US;
	samples[6].first_us = 0;
	added_measure(&run);
	ck_assert_uint_eq(run.added_n, COUNT - 7);
	ck_assert_double_eq(run.added_us[0], 7);
	tear_down();
}
END_TEST

START_TEST(calls_that_the_driver_did_not_make_do_not_count)
{
	struct call *inner;

	set_up();
	inner = record_add(&record_route(&run.record, intern("api"))->calls);
	inner->id = 1;
	inner->upstream_us = 1;
	added_measure(&run);
	ck_assert_uint_eq(run.added_n, COUNT);
	tear_down();
}
END_TEST

START_TEST(without_requests_nothing_is_measured)
{
	set_up();
	run.samples.count = 0;
	added_measure(&run);
	ck_assert_uint_eq(run.added_n, 0);
	ck_assert(!added_at(&run, 0.5).known);
	tear_down();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    quantiles_are_those_of_the_differences,
	    few_requests_have_no_interval,
	    what_a_fault_may_have_delayed_is_left_out,
	    calls_that_the_driver_did_not_make_do_not_count,
	    without_requests_nothing_is_measured,
	    NULL,
	};

	return check_run("added", tests);
}
