/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a run, as a function of the time it is told and of what
 * happens; it touches no socket and no clock, so that tests drive it by hand.
 *
 *	baseline ─► gate ─► start hook ─► faults ─► lifting ─► stop hook
 *	             ▲ │                                          │
 *	             │ └► not exercised                           ▼
 *	             └──────────── next scenario ◄─ read-back ◄─ recovery
 *	             └─► final ─► ended
 *
 * An interruption, a guard or the proxy's end lead to lifting from everywhere,
 * through the stop hook, and to the end. Times are microseconds of the run. */
#ifndef RUNNER_MACHINE_H
#define RUNNER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "experiment/run.h"

#define MACHINE_POLL_US	  INT64_C(50000)   /* how often it looks again */
#define MACHINE_VERIFY_US INT64_C(3000000) /* a lift may take to be seen */
#define MACHINE_NEVER	  INT64_MAX

enum machine_state {
	MACHINE_BASELINE,
	MACHINE_GATE,
	MACHINE_START_HOOK,
	MACHINE_FAULTS,
	MACHINE_LIFTING,
	MACHINE_STOP_HOOK,
	MACHINE_RECOVERY,
	MACHINE_READ_BACK,
	MACHINE_FINAL,
	MACHINE_ENDED,
};

/* What ends a run before its time; the first one counts. */
enum machine_end {
	END_NONE,
	END_UNSTEADY, /* before anything was injected */
	END_GUARD,    /* or a lease that is lost, or max_duration */
	END_INTERRUPTED,
	END_PROXY_GONE,
};

/* What the machine wants done. Everything is done, or has failed, on return;
 * but hooks and reading back, which end by an event. */
struct machine_ops {
	/* False, and why (owned): it was refused. */
	bool (*arm)(void *arg, const struct conf_step *step, char **why);
	bool (*lift)(void *arg, const struct conf_step *step, char **why);
	/* True: no flow has it any more. */
	bool (*lifted)(void *arg, const struct conf_step *step);
	void (*scale)(void *arg, double factor);
	/* Begins a command; machine_done() tells its end. */
	void (*hook)(void *arg, const struct conf_scenario *s, bool start);
	void (*read_back)(void *arg, size_t scenario);
	/* Steady? Of STEADY_BEFORE all of [from_us, to_us) counts, else the
	 * latest part of it. Keeps what was found, unless it only looks; why is
	 * owned, and may be NULL. */
	bool (*steady)(void *arg, const int64_t period_us[2], int keep,
		       char **why);
	/* The blackout that holds now (borrowed); NULL: none. */
	const char *(*blackout)(void *arg);
	/* The state changed: for a display. May be NULL. */
	void (*changed)(void *arg);
};

/* machine_ops.steady: keep */
enum { STEADY_LOOK, STEADY_BEFORE, STEADY_AFTER };

struct machine {
	struct run *run; /* borrowed; its timeline is written */
	const struct machine_ops *ops;
	void *arg;
	const char *only; /* the one scenario that is to run; NULL: all */

	enum machine_state state;
	enum machine_end end;
	char *end_why; /* owned */
	size_t scenario;
	int64_t since_us;  /* the state began then */
	int64_t until_us;  /* it ends then, at the latest */
	int64_t quiet_us;  /* no fault has been in force since then */
	size_t scale_next; /* index into load_scale */
	int64_t next_us;   /* of the faults: arm or lift */
	bool unrecovered;  /* a gate has given up already */
	bool injected, any_run, final_met;
	bool done; /* a command has ended, and why it failed: owned */
	char *done_why;
};

/* Begins at `now_us`. Borrows all: run (which has its scenarios), ops, arg and
 * only are set, the rest is zeroed. */
void machine_start(struct machine *m, int64_t now_us);
void machine_fini(struct machine *m);
/* Does what is due; returns when to call again at the latest. */
int64_t machine_step(struct machine *m, int64_t now_us);
/* The command or the reading back that was begun has ended; `why` (NULL: it
 * went well) is copied. machine_step() is due. */
void machine_done(struct machine *m, const char *why);
/* Ends the run; everything is lifted. `why` is copied. machine_step() is due.
 * The first call counts, but the proxy's end always does. */
void machine_stop(struct machine *m, enum machine_end end, const char *why);
/* The scenario under way; NULL: none. */
const struct conf_scenario *machine_scenario(const struct machine *m);
/* "baseline", "faults", … for people. */
const char *machine_state_name(enum machine_state state);
/* The exit code that the course of the run alone gives (enum conduct_code):
 * CONDUCT_MET if it went to its end and the services were steady then, whatever
 * the verdicts. */
int machine_exit_code(const struct machine *m);

#endif
