/* SPDX-License-Identifier: Apache-2.0 */
/* What a run owns, and the words of its states. */
#include "experiment/run.h"

#include <stdlib.h>

static void
scenario_fini(struct run_scenario *s)
{
	for (size_t i = 0; s->expects != NULL && i < s->asked->expects_count;
	     i++) {
		free(s->expects[i].found);
		free(s->expects[i].why);
	}
	free(s->expects);
	free(s->steps);
	free(s->verify.why);
	free(s->why);
}

void
run_fini(struct run *run)
{
	size_t scenarios = run->asked != NULL && run->scenarios != NULL
			       ? run->asked->scenarios_count
			       : 0;

	for (size_t i = 0; i < scenarios; i++)
		scenario_fini(&run->scenarios[i]);
	for (size_t i = 0; i < run->notes_count; i++)
		free(run->notes[i].text);
	for (size_t i = 0; i < run->alerts_count; i++)
		free(run->alerts[i].name);
	free(run->run_id);
	free(run->file);
	free(run->config_hash);
	free(run->previous);
	free(run->routes);
	free(run->phases);
	free(run->scenarios);
	free(run->steady);
	free(run->notes);
	free(run->alerts);
	free(run->samples.items);
	free(run->added_us);
	free(run->rollback_problem);
	record_fini(&run->record);
	verdicts_fini(&run->verdicts);
	*run = (struct run){0};
}

const char *
run_scenario_word(enum scenario_state state)
{
	static const char *const words[] = {
	    [SCENARIO_PENDING] = "PENDING",
	    [SCENARIO_RUN] = "RUN",
	    [SCENARIO_NOT_EXERCISED] = "NOT_EXERCISED",
	    [SCENARIO_INCONCLUSIVE] = "INCONCLUSIVE",
	    [SCENARIO_ABORTED] = "ABORTED",
	    [SCENARIO_INTERRUPTED] = "INTERRUPTED",
	};

	return words[state];
}

const char *
run_expect_word(enum expect_state state)
{
	static const char *const words[] = {
	    [EXPECT_MET] = "MET",
	    [EXPECT_VIOLATED] = "VIOLATED",
	    [EXPECT_UNDECIDED] = "UNDECIDED",
	};

	return words[state];
}

const char *
run_proof_word(enum proof_state state)
{
	static const char *const words[] = {
	    [PROOF_NONE] = "not armed",
	    [PROOF_MATCHED] = "matched",
	    [PROOF_NO_HIT] = "no hit",
	    [PROOF_WRONG_EFFECT] = "wrong effect",
	};

	return words[state];
}
