/* SPDX-License-Identifier: Apache-2.0 */
/* A whole run of an experiment, as it was measured: what the report is a view
 * of. Filled by the runner, or by a test. Times are microseconds since the
 * run's start (those of the record), unless said otherwise; text is owned
 * unless said otherwise. */
#ifndef EXPERIMENT_RUN_H
#define EXPERIMENT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/experiment.h"
#include "experiment/record.h"
#include "experiment/verdict.h"

#define RUN_NEVER INT64_MIN /* a time that did not come */

/* --- load ------------------------------------------------------------------
 */

/* One request of the driver. */
struct sample {
	uint32_t load, request; /* indices into conf_experiment */
	uint64_t seq;		/* its {seq}; {uuid} is made from it */
	uint64_t id; /* hash of the X-Request-Id it bore, as the journal has
			it; 0: none */
	int64_t intended_us;		    /* when it should have started */
	int64_t start_us, first_us, end_us; /* 0: did not come to that */
	int status;			    /* of HTTP; else 0 */
	uint8_t outcome;		    /* enum sample_outcome */
	bool degraded;
	uint64_t bytes; /* of the answer's body */
};
enum sample_outcome {
	SAMPLE_OK,
	SAMPLE_FAILED, /* answered by a failure */
	SAMPLE_TIMEOUT,
	SAMPLE_BROKEN, /* refused, reset, ended early, unreadable */
	SAMPLE_LOST,   /* never sent: max_in_flight was reached, or there was no
			  descriptor, port or memory */
	SAMPLE_OPEN,   /* the run ended first */
};

struct samples {
	struct sample *items; /* owned; by intended_us */
	size_t count, room;
};

/* --- the timeline ------------------------------------------------------------
 */

struct phase {
	const char *name; /* constant: "baseline", "recovery", "final" */
	int64_t from_us, to_us;
};

enum proof_state {
	PROOF_NONE,	   /* not armed */
	PROOF_MATCHED,	   /* hit what it should, did what was asked */
	PROOF_NO_HIT,	   /* armed, and hit fewer than expected */
	PROOF_WRONG_EFFECT /* what was achieved misses what was asked */
};

/* One step of a scenario, as it went. */
struct run_step {
	const struct conf_step *asked;		 /* borrowed */
	int64_t planned_us, armed_us, lifted_us; /* RUN_NEVER; measured */
	uint64_t matched, applied;		 /* flows */
	double asked_value, achieved_value;	 /* of the kind's main effect */
	const char *unit;   /* constant; NULL: the kind has no measure */
	uint8_t proof;	    /* enum proof_state */
	bool lift_verified; /* in the data plane */
};

enum scenario_state {
	SCENARIO_PENDING,
	SCENARIO_RUN,
	SCENARIO_NOT_EXERCISED, /* never started; why says it */
	SCENARIO_INCONCLUSIVE,	/* its faults are not proven */
	SCENARIO_ABORTED,	/* a guard ended it */
	SCENARIO_INTERRUPTED,
};

/* What came of reading the written ids back; see runner/readback.h. */
struct run_verify {
	bool done;
	uint64_t acked, stored, lost; /* of the run so far */
	uint64_t ambiguous, applied_in_doubt, duplicates; /* the scenario's */
	char *why;					  /* if not done */
};

enum expect_state { EXPECT_MET, EXPECT_VIOLATED, EXPECT_UNDECIDED };

/* One expectation, judged. */
struct run_expect {
	const struct conf_expect *asked; /* borrowed */
	uint8_t state;			 /* enum expect_state */
	size_t verdict; /* index into run.verdicts that decided; SIZE_MAX */
	char *found;	/* "3 retries, exponential without jitter" */
	char *why;	/* one sentence with the numbers */
};

struct run_scenario {
	const struct conf_scenario *asked; /* borrowed */
	uint8_t state;			   /* enum scenario_state */
	int64_t from_us, to_us;		   /* with recovery; RUN_NEVER */
	struct run_step *steps;		   /* owned; as asked->steps */
	/* The longest behind any lift, of all routes; RUN_NEVER: unknown. */
	int64_t first_success_us, steady_us;
	int64_t client_wait_us, service_us, pool_us;
	struct run_verify verify;
	size_t verdicts_from, verdicts_count; /* of run.verdicts; run_judge() */
	struct run_expect *expects; /* owned; as asked->expects; run_judge() */
	char *why;		    /* of any state but SCENARIO_RUN */
};

struct run_note {
	int64_t at_us;
	const char *kind; /* constant: "guard", "hook", "lease", "alert", … */
	char *text;
};

/* A steady-state check, before or after. */
struct run_steady {
	const struct conf_steady *asked; /* borrowed */
	bool after, met;
	size_t n;
	double success, success_lo, success_hi;
	int64_t p95_us, p99_us;
};

/* A route of the experiment; texts are borrowed from the model. */
struct run_route {
	const char *name, *protocol, *listen, *upstream;
	const char *owner; /* who is to act on what was found; NULL: unsaid */
};

/* What came in from Alertmanager. */
struct run_alert {
	int64_t at_us;
	char *name;
	bool firing; /* false: resolved */
};

struct run {
	const struct conf_experiment *asked; /* borrowed; lives as long */
	char *run_id;			     /* short, unique */
	char *file;			     /* that the experiment stands in */
	char *config_hash;		     /* hex; NULL: no configuration */
	char *previous; /* report.json of the last run; NULL: that in the
			   folder the report is written to, if any */
	uint64_t seed;
	int64_t start_wall_us; /* of the epoch; 0: unknown */
	int64_t duration_us;
	struct run_route *routes; /* owned; those of the file, in order */
	size_t routes_count;
	struct phase *phases; /* owned */
	size_t phases_count;
	struct run_scenario *scenarios; /* owned; as asked->scenarios */
	struct run_steady *steady;	/* owned */
	size_t steady_count;
	struct run_note *notes; /* owned; in order */
	size_t notes_count;
	struct run_alert *alerts; /* owned; in order */
	size_t alerts_count;
	struct samples samples;
	int64_t driver_late_p99_us; /* the driver's own lateness; RUN_NEVER:
				       there was no driver */
	double *added_us; /* owned; by the proxy to requests before the first
			     fault, ascending; see added.h; run_judge() */
	size_t added_n;	  /* of them; 0: not measured */
	size_t events;	  /* lines of the journal; 0: unknown */
	struct record record;	  /* finished */
	struct verdicts verdicts; /* scenario by scenario; run_judge() */
	char *rollback_problem;	  /* NULL: every lift was verified */
	int exit_code;		  /* see docs/experiments.md */
};

/* Frees all that the run owns; what is borrowed stays. */
void run_fini(struct run *run);
/* Concludes: the verdicts of every scenario, from the part of the record that
 * is its own (the time before the first fault of all, and from from_us to
 * to_us), its recovery times, its expectations, and whether its faults are
 * proven (else it is SCENARIO_INCONCLUSIVE). Everything else must be there. A
 * pure function of the run; once. */
void run_judge(struct run *run);
/* Name of a state: "RUN", "MET", "matched", … */
const char *run_scenario_word(enum scenario_state state);
const char *run_expect_word(enum expect_state state);
const char *run_proof_word(enum proof_state state);

#endif
