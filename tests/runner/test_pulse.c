/* SPDX-License-Identifier: Apache-2.0 */
/* Whether services are steady, and whether guards end a run, from samples. */
#include "runner/pulse.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define SECOND INT64_C(1000000)

/* `n` samples a second of load 0, from then on; every `bad`-th fails (0: none),
 * each takes so long. */
static void
add(struct pulse *l, const double from_to_s[2], int n, int bad,
    int64_t latency_us)
{
	int count = (int)((from_to_s[1] - from_to_s[0]) * n);

	for (int i = 0; i < count; i++) {
		int64_t at_us =
		    (int64_t)(from_to_s[0] * SECOND) + i * SECOND / n;
		const struct sample s = {.intended_us = at_us - latency_us,
					 .outcome = bad > 0 && i % bad == 0
							? SAMPLE_FAILED
							: SAMPLE_OK};

		pulse_add(l, &s, at_us);
	}
}

static void
lose(struct pulse *l, double at_s, int n)
{
	const struct sample s = {.outcome = SAMPLE_LOST};

	for (int i = 0; i < n; i++)
		pulse_add(l, &s, (int64_t)(at_s * SECOND));
}

START_TEST(windows_count_what_ended_in_them)
{
	struct pulse l;
	struct pulse_window w;

	pulse_init(&l, 2);
	add(&l, (double[]){0, 10}, 20, 4, 30000);
	lose(&l, 10, 3);
	pulse_take(&l, 0, (int64_t[]){0, 11 * SECOND}, &w);
	ck_assert_uint_eq(w.n, 200);
	ck_assert_uint_eq(w.failed, 50);
	ck_assert_uint_eq(w.lost, 3);
	ck_assert_int_eq(w.p95_us, 30000);
	pulse_take(&l, PULSE_ALL, (int64_t[]){9 * SECOND, 10 * SECOND}, &w);
	ck_assert_uint_eq(w.n, 20);
	pulse_take(&l, 1, (int64_t[]){0, 11 * SECOND}, &w);
	ck_assert_uint_eq(w.n, 0);
	pulse_fini(&l);
}
END_TEST

/* Asks at 20 s, of what came since 10 s. */
static bool
ask(const struct pulse *l, const struct conf_model *m, int64_t window_us,
    char **why)
{
	return pulse_is_steady(l, m->experiment,
			      &(struct pulse_steady){.from_us = 10 * SECOND,
						    .to_us = 20 * SECOND,
						    .window_us = window_us},
			      why);
}

START_TEST(steady_is_what_is_asked_for)
{
	struct conf_model *m = runner_load(
	    HEAD "steady = ( { of = \"users\"; success_min = 0.95; p95_max = "
		 "\"50ms\"; min_samples = 100; } );");
	struct pulse l;
	char *why;

	pulse_init(&l, 1);
	ck_assert(!ask(&l, m, 0, &why));
	ck_assert_str_eq(why, "users: only 0 requests, expected 100 at least");
	free(why);
	add(&l, (double[]){10, 20}, 20, 10, 10000);
	ck_assert(!ask(&l, m, 0, &why));
	ck_assert_str_eq(why, "users: 90% of 200 requests are good, expected "
			      "95% at least");
	free(why);
	pulse_fini(&l);
	pulse_init(&l, 1);
	add(&l, (double[]){10, 20}, 20, 0, 60000);
	ck_assert(!ask(&l, m, 0, &why));
	ck_assert_str_eq(why, "users: p95 is 60ms, expected 50ms at most");
	free(why);
	pulse_fini(&l);
	conf_model_unref(m);
}
END_TEST

START_TEST(the_latest_part_grows_until_it_has_its_samples)
{
	struct conf_model *m =
	    runner_load(HEAD "steady = ( { of = \"users\"; success_min = 0.95; "
			     "min_samples = 50; } );");
	struct pulse l;
	char *why;

	/* Bad until 15 s, good from then on; 20 a second. */
	pulse_init(&l, 1);
	add(&l, (double[]){10, 15}, 20, 2, 1000);
	add(&l, (double[]){15, 20}, 20, 0, 1000);
	ck_assert(ask(&l, m, 1 * SECOND, &why)); /* 4 s of it: 80 samples */
	ck_assert(!ask(&l, m, 8 * SECOND, &why));
	free(why);
	ck_assert(!ask(&l, m, 0, &why));
	free(why);
	pulse_fini(&l);
	conf_model_unref(m);
}
END_TEST

START_TEST(what_was_found_is_kept)
{
	struct conf_model *m =
	    runner_load(HEAD "steady = ( { of = \"users\"; } );");
	struct run run = {.asked = m->experiment};
	struct pulse l;
	char *why;

	pulse_init(&l, 1);
	add(&l, (double[]){10, 20}, 20, 4, 1000);
	ck_assert(pulse_is_steady(&l, m->experiment,
				 &(struct pulse_steady){.to_us = 20 * SECOND,
						       .keep = &run,
						       .after = true},
				 &why));
	ck_assert_uint_eq(run.steady_count, 1);
	ck_assert(run.steady[0].after && run.steady[0].met);
	ck_assert_uint_eq(run.steady[0].n, 200);
	ck_assert_double_eq(run.steady[0].success, 0.75);
	pulse_fini(&l);
	run.scenarios = NULL;
	run_fini(&run);
	conf_model_unref(m);
}
END_TEST

static const struct {
	const char *abort;
	int rate, bad, lost;
	int64_t latency_us;
	const char *why; /* NULL: it goes on */
} cases[] = {
    {"error_above = 0.6; for = \"5s\"; min_samples = 20;", 20, 1, 0, 1000,
     "guard on all loads: 100 of 100 requests failed: more than 60% for "
     "certain"},
    /* Half of them: Wilson's lower bound of 50 of 100 is 40 %. */
    {"error_above = 0.39; for = \"5s\";", 20, 2, 0, 1000, "more than 39%"},
    {"error_above = 0.45; for = \"5s\";", 20, 2, 0, 1000, NULL},
    /* Three failures are no reason. */
    {"error_above = 0.6; for = \"5s\"; min_samples = 1;", 1, 2, 0, 1000, NULL},
    {"error_above = 0.6; for = \"5s\"; min_samples = 200;", 20, 1, 0, 1000,
     NULL},
    {"p95_above = \"1s\"; for = \"5s\";", 20, 0, 0, 1500000, "p95 is 1.5s"},
    {"p95_above = \"2s\"; for = \"5s\";", 20, 0, 0, 1500000, NULL},
    {"lost_load_above = 0.05; for = \"5s\";", 20, 0, 10, 1000,
     "10 of 110 requests could not be sent (more than 5%)"},
    {"lost_load_above = 0.1; for = \"5s\";", 20, 0, 10, 1000, NULL},
    {"error_above = 0.6; for = \"5s\"; except = [ \"s\" ];", 20, 1, 0, 1000,
     NULL},
};

START_TEST(guards_end_what_is_bad_for_certain)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[1024], *why = NULL;
		struct conf_model *m;
		struct pulse l;
		bool ends;

		snprintf(text, sizeof(text),
			 HEAD "guards = { abort = ( { %s } ); }; scenarios = ( "
			      "{ name = \"s\"; faults = ( { route = \"api\"; "
			      "type = \"down\"; for = \"1s\"; } ); } );",
			 cases[i].abort);
		m = runner_load(text);
		pulse_init(&l, 1);
		add(&l, (double[]){0, 10}, cases[i].rate, cases[i].bad,
		    cases[i].latency_us);
		lose(&l, 10, cases[i].lost);
		ends = pulse_aborts(&l, m->experiment, "s", 10 * SECOND, &why);
		ck_assert_msg(ends == (cases[i].why != NULL), "%s: %s",
			      cases[i].abort, ends ? why : "it goes on");
		if (ends)
			ck_assert_msg(strstr(why, cases[i].why) != NULL,
				      "%s: %s", cases[i].abort, why);
		free(why);
		pulse_fini(&l);
		conf_model_unref(m);
	}
}
END_TEST

int
main(void)
{
	return check_run("live",
			 (const TTest *const[]){
			     windows_count_what_ended_in_them,
			     steady_is_what_is_asked_for,
			     the_latest_part_grows_until_it_has_its_samples,
			     what_was_found_is_kept,
			     guards_end_what_is_bad_for_certain, NULL});
}
