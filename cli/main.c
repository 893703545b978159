/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/near.h"
#include "cli/libraries.h"
#include "cli/options.h"

static void
help(FILE *to)
{
	fprintf(to, "Usage: faultwire COMMAND [OPTION]…\n\n"
		    "A fault-injection proxy for TCP, TLS, HTTP, UDP and "
		    "DNS.\n\n"
		    "Commands:\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (!commands[i]->hidden)
			fprintf(to, "  %-16s %s\n", commands[i]->name,
			    commands[i]->summary);
	}
	fprintf(to, "\n\"faultwire COMMAND --help\" tells more; "
		    "\"faultwire --version\" the version.\n");
}

static int
unknown(const char *name)
{
	struct near near;

	near_start(&near, name);
	for (size_t i = 0; commands[i] != NULL; i++)
		near_offer(&near, commands[i]->name);
	near_offer(&near, "--help");
	near_offer(&near, "--version");
	fprintf(stderr,
	    "faultwire: there is no %s \"%s\"" NEAR_HINT "\n"
	    "Try \"faultwire --help\".\n",
	    name[0] == '-' ? "option" : "command", name, NEAR_ARGS(&near));
	return EXIT_USAGE;
}

/* "help WORD…" asks as "WORD… --help" does. */
static void
lead_by_help(int argc, char **argv)
{
	static char option[] = "--help";

	if (argc < 3 || strcmp(argv[1], "help") != 0)
		return;
	memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof(*argv));
	argv[argc - 1] = option;
}

/* Where a standard descriptor is closed, the next file or socket would take
 * its place, and get what is meant for the log. Standard output becomes one
 * that cannot be written to: that nobody sees what is printed is an error. */
static void
open_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		int how = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", how) != fd)
			abort();
	}
}

/* Under these names the program is what it stands in for; NULL: under none of
 * them. The entry point of images, "toxiproxy", takes commands as well. */
static const struct command *
front_of(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct command *command;
		bool takes_commands;
	} fronts[] = {
	    {"toxiproxy", &command_toxiproxy_server, true},
	    {"toxiproxy-cli", &command_toxiproxy_cli, false},
	    {"toxiproxy-server", &command_toxiproxy_server, false},
	};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argv[0];
	bool is_command = argc > 1 && argv[1][0] != '-';

	for (size_t i = 0; name != NULL && i < COUNT_OF(fronts); i++) {
		if (strcmp(name, fronts[i].name) == 0 &&
		    !(fronts[i].takes_commands && is_command))
			return fronts[i].command;
	}
	return NULL;
}

/* A command has failed if not all that it said could be written. */
static int
close_output(const char *name, int code)
{
	int error = fflush(stdout) != 0 ? errno : 0;

	if (error == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "faultwire %s: standard output took not all: %s\n",
	    name, error != 0 ? strerror(error) : "it cannot be written");
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

int
main(int argc, char **argv)
{
	const struct command *front = front_of(argc, argv);

	open_standard_descriptors();
	libraries_share_memory();
	signal(SIGPIPE, SIG_IGN);
	if (front != NULL)
		return close_output(front->name, front->run(argc, argv));
	lead_by_help(argc, argv);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return close_output("help", EXIT_DONE);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("faultwire %s\n", FAULTWIRE_VERSION);
		return close_output("--version", EXIT_DONE);
	}
	options_lead(commands, argc, argv);
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return close_output(argv[1],
			    commands[i]->run(argc - 1, argv + 1));
	}
	return unknown(argv[1]);
}
