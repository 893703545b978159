/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options the GNU way, from one table a command: the table
 * parses and prints the help. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/option.h"

/* Exit codes of every command (design: command line). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
};

enum option_type {
	OPTION_FLAG,  /* bool */
	OPTION_TEXT,  /* const char *; borrowed from argv */
	OPTION_TEXTS, /* struct option_texts: may be given several times */
};

struct option_row {
	char letter;	  /* 0: none */
	const char *name; /* without dashes; NULL ends the table */
	enum option_type type;
	size_t offset;	  /* into the command's struct */
	const char *value; /* how the help names the value */
	const char *help;
};

/* One command of the program. */
struct command {
	const char *name;    /* "run" */
	const char *usage;   /* what follows the name in the help */
	const char *summary; /* one line */
	const struct option_row *options;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
	const char *details; /* whole lines behind the options; NULL: none */
	/* How many arguments cli_begin() accepts beside options. */
	int args_min, args_max;
	/* NULL-ended; their names begin with this one's: "route add". */
	const struct command *const *verbs;
	/* What its arguments are, for completion: words of complete.c, the last
	 * for all that follow; NULL: nothing that can be completed. */
	const char *args;
	bool hidden; /* not for people */
};

#define ARGS_ANY 1000

/* Puts the value of an option (of a flag: any) where its row says. */
void options_store(const struct option_row *row, void *to, const char *value);
/* Parses argv[1 … argc-1] into `to`; what is no option is moved to the end,
 * and its first index returned. -1: usage was wrong (said on stderr); -2:
 * --help was asked for and printed. */
int options_parse(const struct command *command, int argc, char **argv,
    void *to);
/* The same for a command without arguments: -1: go on, else an exit code. */
int options_only(const struct command *command, int argc, char **argv,
    void *to);
/* Says on stderr what went wrong; returns EXIT_FAILED. */
int options_failed(const struct command *command, const struct error *err);
/* Runs the verb that argv[1] names. Returns an exit code. */
int options_run_verb(const struct command *command, int argc, char **argv);
/* Moves the first word that is no option, nor the value of an option of these
 * commands, to argv[1]: options may stand before the command. */
void options_lead(const struct command *const *list, int argc, char **argv);
/* The last word of a command's name: "add" of "route add". */
const char *options_verb(const struct command *command);

/* All commands of the program, alphabetical; NULL-ended. */
extern const struct command *const commands[];

extern const struct command command_ca, command_check, command_complete,
    command_completion, command_config, command_events, command_experiment,
    command_explain,
    command_fault, command_faults, command_grafana, command_healthcheck,
    command_intercept,
    command_partition,
    command_profiles, command_reactions, command_reload, command_reset,
    command_route, command_routes, command_run, command_sessions,
    command_status, command_top, command_verdict;
/* Stand in for Toxiproxy's programs; also chosen by the program's name. */
extern const struct command command_toxiproxy_cli, command_toxiproxy_server;

#endif
