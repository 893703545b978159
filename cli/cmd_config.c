/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire config: the state of a running faultwire as a file. */
#include "cli/cli.h"

static const struct option_row options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static int
print(struct cli *cli, int argc, char **args)
{
	int code = cli_call(cli, "GET",
	    cli->json ? "/v1/config?format=json" : "/v1/config", NULL, NULL);

	if (code == EXIT_DONE)
		cli_print_reply(cli);
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_config, argc, argv, print);
}

const struct command command_config = {
    .name = "config",
    .usage = "[OPTION]…",
    .summary = "Prints what is in force, as a file that `run -c` takes",
    .options = options,
    .run = run,
};
