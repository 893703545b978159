/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire reload: reads the configuration file again. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/show.h"

static const struct option_row options[] = {
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static void
print_warning(const json_t *warning)
{
	struct str text = {0};

	show_finding(&text, warning);
	fprintf(stderr, "warning: %s\n", text.text);
	str_fini(&text);
}

static int
reload(struct cli *cli, int argc, char **args)
{
	int code = cli_change(cli, "POST", "/v1/reload", NULL, NULL);
	const json_t *warnings = json_object_get(cli->answer, "warnings");

	if (!cli_talks(cli, code))
		return code;
	printf("The configuration is in force: generation %.0f, %.0f routes.\n",
	    cli_number(cli->answer, "generation"),
	    cli_number(cli->answer, "routes"));
	for (size_t i = 0; i < json_array_size(warnings); i++)
		print_warning(json_array_get(warnings, i));
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_reload, argc, argv, reload);
}

const struct command command_reload = {
    .name = "reload",
    .usage = "[OPTION]…",
    .summary = "Reads the configuration file again and applies it",
    .options = options,
    .run = run,
};
