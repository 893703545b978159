/* SPDX-License-Identifier: Apache-2.0 */
/* A whole run: the proxy, the load, the course, the journal, the judgement, the
 * report. Whatever happens, faults are lifted before it returns, or the exit
 * code says that this could not be seen. */
#ifndef RUNNER_CONDUCT_H
#define RUNNER_CONDUCT_H

#include <stdbool.h>

#include "config/model.h"

/* Exit codes of a run and of the commands about one; docs/experiments.md. */
enum conduct_code {
	CONDUCT_MET = 0,
	CONDUCT_VIOLATED = 1,
	CONDUCT_BAD_FILE = 2, /* before there was a run; also usage */
	CONDUCT_UNSTEADY = 3, /* nothing was injected */
	CONDUCT_ABORTED = 4,
	CONDUCT_UNDECIDED = 5,
	CONDUCT_NOT_ROLLED_BACK = 6,
	CONDUCT_INTERRUPTED = 130,
};

struct conduct_options {
	const struct conf_model *model; /* with an experiment; borrowed */
	const char *file;		/* that it was read from */
	const char *dir;		/* for all that is written */
	const char
	    *control;	   /* URL of a proxy that runs; NULL: one of our own */
	const char *token; /* of its API; NULL: none */
	const char *only;  /* the one scenario to run; NULL: all */
	bool quiet;	   /* no progress */
	/* Readable: the run is to end. -1: never. */
	int interrupt_fd;
	int (*interrupt_take)(int fd); /* the signal that came; 0: none */
};

/* Runs it; says on stderr why it could not. Returns the exit code. */
int conduct(const struct conduct_options *options);

#endif
