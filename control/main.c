/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/near.h"
#include "control/options.h"

const struct command *const commands[] = {
    &command_check,
    &command_faults,
    &command_healthcheck,
    &command_run,
    &command_toxiproxy_cli,
    &command_toxiproxy_server,
    NULL,
};

static void
help(FILE *to)
{
	fprintf(to, "Usage: faultwire COMMAND [OPTION]…\n\n"
		    "A fault-injection proxy for TCP and HTTP.\n\n"
		    "Commands:\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(to, "  %-16s %s\n", commands[i]->name,
		    commands[i]->summary);
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
	fprintf(stderr, "faultwire: there is no command \"%s\"", name);
	if (near.best != NULL)
		fprintf(stderr, ", did you mean \"%s\"?", near.best);
	fprintf(stderr, "\nTry \"faultwire --help\".\n");
	return EXIT_USAGE;
}

/* Where a standard descriptor is closed, the next file or socket would take
 * its place, and get what is meant for the log. */
static void
open_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			abort();
	}
}

/* Under these names the program is what it stands in for; NULL: under none of
 * them. */
static const struct command *
front_of(const char *program)
{
	static const struct command *const fronts[] = {
	    &command_toxiproxy_cli, &command_toxiproxy_server};
	const char *slash = program != NULL ? strrchr(program, '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : program;

	for (size_t i = 0; name != NULL && i < COUNT_OF(fronts); i++) {
		if (strcmp(name, fronts[i]->name) == 0)
			return fronts[i];
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct command *front = front_of(argv[0]);

	open_standard_descriptors();
	if (front != NULL)
		return front->run(argc, argv);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("faultwire %s\n", FAULTWIRE_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}
