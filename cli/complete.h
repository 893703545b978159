/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand next on a command line: one engine for all shells, driven by
 * the tables of commands, options, kinds and fields. The scripts of
 * `faultwire completion` only carry words here and candidates back. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/options.h"

/* Names that only a running faultwire knows. */
enum complete_live {
	LIVE_ROUTES,
	LIVE_FAULTS, /* of a route */
	LIVE_PARTITIONS,
	LIVE_SESSIONS,
	LIVE_KIND,   /* of a fault of a route: one name */
};

struct complete {
	const struct command *const *list; /* of the program; borrowed */
	/* The words behind the program's name; the last is the one to complete,
	 * "" if it is not begun. Borrowed. */
	int count;
	char **words;
	/* A candidate and its help (NULL: none). "" with help "files" asks the
	 * shell for names of files. */
	void (*offer)(void *arg, const char *word, const char *help);
	/* Calls complete_take() for each name; silent if it cannot. */
	void (*live)(void *arg, struct complete *c, enum complete_live what);
	void *arg;
	/* Found on the way, for `live`; NULL: not said. */
	const char *control, *token_file, *route, *fault;
	/* Inner: */
	const struct command *command;
	const char *kind;
	const char *current; /* the part of the last word that candidates fit */
	const char *before;  /* what stands before that part and is kept; owned
			      * while complete_run() runs */
	char kind_text[64];
};

/* Offers what may stand at the last word, in the order of the tables. */
void complete_run(struct complete *c);
/* A name that `live` found. */
void complete_take(struct complete *c, enum complete_live what,
    const char *name);

#endif
