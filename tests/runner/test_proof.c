/* SPDX-License-Identifier: Apache-2.0 */
/* From a journal to what each step did. */
#include "runner/proof.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "runner/readback.h"
#include "load/template.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define SCENARIO                                                               \
	HEAD "scenarios = ( { name = \"s\"; faults = ( { route = \"api\"; "    \
	     "type = \"latency\"; for = \"2s\"; expect_hits = 2; }, { "        \
	     "partition = \"cut\"; for = \"1s\"; } ); } ); partitions = ( { "  \
	     "name = \"cut\"; enabled = false; groups = ( [ \"u\" ], [ \"s\" " \
	     "] ); } ); services = ( { name = \"u\"; addresses = "             \
	     "\"10.0.0.1\"; }, { name = \"s\"; } );"

#define EVENT(type, more)                                                      \
	"{\"type\":\"" type "\",\"route\":\"api\",\"fault\":\"s-1\"," more "}" \
	"\n"
#define HIT                                                                    \
	EVENT("decision",                                                      \
	      "\"ts_us\":1500000,\"verdict\":\"applied\",\"matched\":true")
#define MISS                                                                   \
	EVENT("decision",                                                      \
	      "\"ts_us\":1500000,\"verdict\":\"not_drawn\",\"matched\":true")
#define MEASURE(asked, achieved)                                               \
	EVENT("measure", "\"ts_us\":1600000,\"count\":2,\"asked_us\":" asked   \
			 ",\"achieved_us\":" achieved)

static const struct {
	const char *journal;
	uint64_t matched, applied;
	enum proof_state proof;
} cases[] = {
    {"", 0, 0, PROOF_NO_HIT},
    {HIT MISS, 2, 1, PROOF_NO_HIT},
    {HIT HIT, 2, 2, PROOF_MATCHED},
    {HIT HIT MEASURE("100000", "100500"), 2, 2, PROOF_MATCHED},
    {HIT HIT MEASURE("100000", "115000"), 2, 2, PROOF_MATCHED},
    {HIT HIT MEASURE("100000", "180000"), 2, 2, PROOF_WRONG_EFFECT},
    {HIT HIT MEASURE("100000", "30000"), 2, 2, PROOF_WRONG_EFFECT},
    /* What is nothing of ours, or no event at all. */
    {"rubbish\n{\"type\":\"decision\",\"route\":\"edge\",\"fault\":\"s-1\"}\n",
     0, 0, PROOF_NO_HIT},
    {EVENT("effect", "\"ts_us\":1500000") EVENT("effect", "\"ts_us\":1500000"),
     2, 2, PROOF_MATCHED},
};

/* The first step of the scenario after a journal was read; armed at 1 s. */
static struct run
read_text(const struct conf_model *m, const char *text, int64_t shift_us)
{
	struct run run = {.asked = m->experiment};
	const struct conf_scenario *s = &m->experiment->scenarios[0];
	FILE *file = fmemopen((void *)text, MAX(strlen(text), 1), "r");

	run.scenarios = xcalloc(2, sizeof(*run.scenarios));
	run.scenarios[0] = (struct run_scenario){.asked = s};
	run.scenarios[0].steps = xcalloc(3, sizeof(struct run_step));
	for (size_t i = 0; i < s->steps_count; i++)
		run.scenarios[0].steps[i] =
		    (struct run_step){.asked = &s->steps[i],
				      .armed_us = 1000000,
				      .lifted_us = 3000000};
	proof_read(file, shift_us, &run);
	fclose(file);
	return run;
}

START_TEST(a_step_is_proven_by_what_it_did)
{
	struct conf_model *m = runner_load(SCENARIO);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct run run = read_text(m, cases[i].journal, 0);
		const struct run_step *s = &run.scenarios[0].steps[0];

		ck_assert_msg(s->matched == cases[i].matched &&
				  s->applied == cases[i].applied &&
				  s->proof == cases[i].proof,
			      "%zu: matched %zu, applied %zu, proof %d", i,
			      (size_t)s->matched, (size_t)s->applied,
			      (int)s->proof);
		run_fini(&run);
	}
	conf_model_unref(m);
}
END_TEST

START_TEST(times_are_those_of_the_journal)
{
	struct conf_model *m = runner_load(SCENARIO);
	struct run run = read_text(
	    m,
	    EVENT("fault_armed", "\"ts_us\":6000200") EVENT(
		"fault_cleared",
		"\"ts_us\":8000300") "{\"type\":\"fault_armed\",\"route\":"
				     "\"edge\",\"fault\":"
				     "\"partition:cut/2\",\"ts_us\":6100000}\n"
				     "{\"type\":\"decision\",\"route\":"
				     "\"edge\",\"fault\":"
				     "\"partition:cut\",\"ts_us\":6100000,"
				     "\"verdict\":"
				     "\"applied\"}\n",
	    5000000);
	const struct run_step *s = run.scenarios[0].steps;

	ck_assert_int_eq(s[0].armed_us, 1000200);
	ck_assert_int_eq(s[0].lifted_us, 3000300);
	ck_assert_int_eq(s[1].armed_us, 1100000);
	ck_assert_uint_eq(s[1].applied, 1);
	ck_assert_uint_eq(run.events, 4);
	run_fini(&run);
	conf_model_unref(m);
}
END_TEST

START_TEST(what_is_stored_is_compared_with_what_was_sent)
{
	struct conf_model *m = runner_load(
	    "experiment = { name = \"x\"; }; routes = ( { name = \"edge\"; "
	    "listen = \":1\"; upstream = \"a:1\"; } ); load = ( { name = "
	    "\"users\"; target = \"edge\"; requests = ( { post = "
	    "\"/{uuid}\"; }, { get = \"/{seq}\"; } ); } );");
	struct sample samples[6] = {
	    {.seq = 1, .end_us = 10, .outcome = SAMPLE_OK},
	    {.seq = 2, .end_us = 10, .outcome = SAMPLE_OK},
	    {.seq = 3, .end_us = 10, .outcome = SAMPLE_TIMEOUT},
	    {.seq = 4, .end_us = 10, .outcome = SAMPLE_BROKEN},
	    {.seq = 5, .end_us = 10, .outcome = SAMPLE_OK, .request = 1},
	    {.seq = 6, .outcome = SAMPLE_LOST},
	};
	struct run run = {
	    .asked = m->experiment, .seed = 9, .samples = {samples, 6, 6}};
	char id[2][LOAD_UUID_SIZE], stored[256];
	struct run_verify v;

	load_uuid(9, "users", 1, id[0]);
	load_uuid(9, "users", 3, id[1]);
	snprintf(stored, sizeof(stored), "[\"%s\",\n \"%s\"]\nother\n%s\n",
		 id[0], id[1], id[0]);
	readback_judge(
	    &(struct readback){.run = &run, .until_us = 100, .stored = stored},
	    &v);
	ck_assert(v.done);
	ck_assert_uint_eq(v.acked, 2);
	ck_assert_uint_eq(v.lost, 1);
	ck_assert_uint_eq(v.ambiguous, 2);
	ck_assert_uint_eq(v.applied_in_doubt, 1);
	ck_assert_uint_eq(v.duplicates, 1);
	ck_assert_uint_eq(v.stored, 4);
	conf_model_unref(m);
}
END_TEST

/* What an earlier scenario left in doubt, or wrote twice, is not this one's;
 * what is gone by now is. */
START_TEST(only_the_scenario_s_own_writes_are_in_doubt)
{
	struct conf_model *m = runner_load(
	    "experiment = { name = \"x\"; }; routes = ( { name = \"edge\"; "
	    "listen = \":1\"; upstream = \"a:1\"; } ); load = ( { name = "
	    "\"users\"; target = \"edge\"; requests = ( { post = "
	    "\"/{uuid}\"; } ); } );");
	struct sample samples[] = {
	    {.seq = 1, .end_us = 10, .outcome = SAMPLE_OK},
	    {.seq = 2, .end_us = 20, .outcome = SAMPLE_TIMEOUT},
	    {.seq = 3, .end_us = 30, .outcome = SAMPLE_OK},
	    /* It began before the scenario did. */
	    {.seq = 4, .end_us = 60, .outcome = SAMPLE_BROKEN},
	    {.seq = 5, .start_us = 55, .end_us = 70, .outcome = SAMPLE_OK},
	    {.seq = 6, .start_us = 56, .outcome = SAMPLE_OPEN},
	};
	struct run run = {
	    .asked = m->experiment, .seed = 9, .samples = {samples, 6, 6}};
	static const uint64_t stored[] = {1, 1, 2, 2, 4, 5, 5, 5, 6};
	struct str text = {0};
	struct run_verify v;

	for (size_t i = 0; i < COUNT_OF(stored); i++) {
		char id[LOAD_UUID_SIZE];

		load_uuid(9, "users", stored[i], id);
		str_printf(&text, "%s\n", id);
	}
	readback_judge(&(struct readback){.run = &run,
					  .from_us = 50,
					  .until_us = 100,
					  .stored = text.text},
		       &v);
	ck_assert_uint_eq(v.acked, 3);
	ck_assert_uint_eq(v.lost, 1);
	ck_assert_uint_eq(v.ambiguous, 2);
	ck_assert_uint_eq(v.applied_in_doubt, 2);
	ck_assert_uint_eq(v.duplicates, 2);
	str_fini(&text);
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run(
	    "proof",
	    (const TTest *const[]){
		a_step_is_proven_by_what_it_did, times_are_those_of_the_journal,
		what_is_stored_is_compared_with_what_was_sent,
		only_the_scenario_s_own_writes_are_in_doubt, NULL});
}
