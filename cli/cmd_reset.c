/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire reset: back to what the file says. */
#include "cli/cli.h"

static const struct option_row options[] = {
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static int
reset(struct cli *cli, int argc, char **args)
{
	return cli_change(cli, "POST", "/v1/reset", NULL,
	    "What the API had made or changed is gone.");
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_reset, argc, argv, reset);
}

const struct command command_reset = {
    .name = "reset",
    .usage = "[OPTION]…",
    .summary = "Takes back what the API made or changed",
    .options = options,
    .run = run,
};
