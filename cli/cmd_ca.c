/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire ca: the local certificate authority of intercepting routes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"
#include "proxy/ca.h"

static const struct command command_ca_init, command_ca_export;

struct ca_options {
	const char *dir;
};

static const struct option_row options[] = {
    {0, "dir", OPTION_TEXT, offsetof(struct ca_options, dir), "DIR",
	"folder of the CA; default $XDG_DATA_HOME/faultwire/ca, else "
	"~/.local/share/faultwire/ca"},
    {0},
};

static int
run_init(int argc, char **argv)
{
	struct ca_options opt = {0};
	int code = options_only(&command_ca_init, argc, argv, &opt);
	struct error err;
	char *path;

	if (code >= 0)
		return code;
	if (!ca_init(opt.dir, &err))
		return options_failed(&command_ca_init, &err);
	path = ca_cert_path(opt.dir);
	printf("%s: the CA that clients must trust; its key beside it is for "
	       "your eyes only\n", path);
	free(path);
	return EXIT_DONE;
}

static int
run_export(int argc, char **argv)
{
	struct ca_options opt = {0};
	int code = options_only(&command_ca_export, argc, argv, &opt);
	struct str pem = {0};
	struct error err;

	if (code >= 0)
		return code;
	if (!ca_export(opt.dir, &pem, &err)) {
		str_fini(&pem);
		options_failed(&command_ca_export, &err);
		if (err.code == ENOENT)
			fputs("\"faultwire ca init\" makes one.\n", stderr);
		return EXIT_FAILED;
	}
	fwrite(pem.text, 1, pem.len, stdout);
	str_fini(&pem);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct command command_ca_init = {
    .name = "ca init",
    .usage = "[--dir DIR]",
    .summary = "Makes a CA, once",
    .options = options,
    .run = run_init,
};

static const struct command command_ca_export = {
    .name = "ca export",
    .usage = "[--dir DIR]",
    .summary = "Prints the CA's certificate (PEM), for clients to trust",
    .options = options,
    .run = run_export,
};

static const struct command *const verbs[] = {
    &command_ca_export, &command_ca_init, NULL};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_ca, argc, argv);
}

const struct command command_ca = {
    .name = "ca",
    .usage = "init|export [--dir DIR]",
    .summary = "Makes and shows the local CA of intercepting routes",
    .run = run,
    .verbs = verbs,
};
