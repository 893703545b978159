/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of a shell beside the run: each in a process group of its own, with
 * a time-out after which the whole group is killed. Nothing waits for them;
 * command_poll() tells when one is over. */
#ifndef RUNNER_COMMAND_H
#define RUNNER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"

/* Zeroed: none runs. */
struct command_run {
	pid_t pid; /* and its group; 0: none runs */
	int64_t until_us;
	int64_t timeout_us;
};

struct command_options {
	const char *text;	/* for sh -c */
	const char *output;	/* file that stdout goes to, appended */
	const char *errors;	/* likewise stderr; NULL: as output */
	const char *const *env; /* "NAME=value", NULL-ended; or NULL */
	int64_t timeout_us;
};

/* Starts it; its time counts from now_us, on the clock that command_poll() is
 * told of. False: it could not be, and err says why. */
bool command_start(struct command_run *c, const struct command_options *o,
		   int64_t now_us, struct error *err) WARN_UNUSED;
/* True: it is over, and none runs any more; *ok if its status was 0, else err
 * says what became of it. */
bool command_poll(struct command_run *c, int64_t now_us, bool *ok,
		  struct error *err);
/* Kills its group, and waits until its shell is gone. */
void command_kill(struct command_run *c);
/* Puts "exit status 3" or "killed by signal 9" into err; `status` is that of
 * waitpid(2). */
void command_status_text(int status, struct error *err);
/* In a fresh child: signals are as a program expects them. */
void command_signals(void);

#endif
