/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a run share. */
#ifndef RUNNER_CONDUCT_INNER_H
#define RUNNER_CONDUCT_INNER_H

#include <event2/event.h>

#include "load/driver.h"
#include "runner/child.h"
#include "runner/command.h"
#include "runner/conduct.h"
#include "runner/control.h"
#include "runner/follow.h"
#include "runner/pulse.h"
#include "runner/machine.h"
#include "runner/progress.h"

struct conductor {
	const struct conduct_options *options;
	const struct conf_experiment *e;
	struct run run;
	struct machine machine;
	struct pulse live;
	struct control control;
	struct child child;	    /* pid 0: none of ours runs */
	struct follow follow;	    /* of one that is not ours */
	struct command_run command; /* a hook, or reading back */
	char *read_path;	    /* what reading back printed; owned */
	size_t read_scenario;
	int64_t read_until_us;
	struct driver **drivers; /* owned, as the loads */
	struct event_base *base;
	struct event *tick, *interrupt;
	struct progress progress;
	int64_t origin_us;	    /* of the run, on the monotonic clock */
	int64_t shift_us;	    /* of the journal's times to the run's */
	int64_t renew_us, guard_us; /* when to next; of the run */
	unsigned interrupts;
	bool own; /* the proxy is, or was, ours */
	bool load_started;
	double load_factor; /* as of now; 0: nobody changed it */
};

/* Microseconds of the run. */
int64_t conductor_now(const struct conductor *c);
/* What the machine asks for. */
extern const struct machine_ops conductor_ops;
/* Looks after a command that runs. */
void conductor_poll_command(struct conductor *c);
/* Drivers of all loads, at rest. False: err says which cannot be. */
bool conductor_make_load(struct conductor *c, struct error *err);
/* Starts them all. */
void conductor_start_load(struct conductor *c);
/* Lets what is under way end for a moment, then ends everything. */
void conductor_stop_load(struct conductor *c);
/* What was measured, judged; the report is written. Returns the exit code. */
int conductor_conclude(struct conductor *c);

#endif
