/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy that the runner starts itself. It is a session of its own: a
 * signal to the runner's terminal does not reach it, and if the runner is
 * killed, it goes on passing traffic, without faults once their lease is over.
 * Only the runner's ordinary end stops it. */
#ifndef RUNNER_CHILD_H
#define RUNNER_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"
#include "runner/control.h"

struct child {
	pid_t pid;		      /* 0: none */
	char *log, *journal, *socket; /* owned paths */
};

struct child_options {
	const char *config, *dir;
	const char *token; /* of its API; NULL: none */
	uint64_t seed;
	int cancel_fd; /* readable: give up; -1: never */
};

/* Starts `faultwire run` over the file, its API at a socket in `dir`, and
 * waits until it is ready: `control` is then for it. False: it is not, and err
 * says why, with what it said last. child_stop() is due in both cases. */
bool child_start(struct child *c, const struct child_options *o,
		 struct control *control, struct error *err) WARN_UNUSED;
/* Has it ended by itself? Then err says how. */
bool child_ended(struct child *c, struct error *err);
/* Ends it, and waits until it is gone; its journal is whole then. */
void child_stop(struct child *c);

#endif
